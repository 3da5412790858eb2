namespace Chat;

/// <summary>Text of strangers.</summary>
static class Words
{
    const int MaxNameLength = 24;

    /// <summary>Without what could steer a terminal.</summary>
    public static string Clean(string text) => string.Concat(text.Where(c => !char.IsControl(c)));

    /// <summary>A name: one word of bounded length.</summary>
    public static string Clean(string name, string otherwise)
    {
        string word = string.Concat(name.Where(c => char.IsLetterOrDigit(c) || c is '-' or '_').Take(MaxNameLength));
        return word.Length > 0 ? word : otherwise;
    }

    /// <summary>The first word, and the text behind it.</summary>
    public static (string Word, string Tail) Split(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
    }
}
