namespace Chat;

/// <summary>Cleans and splits text that comes from strangers.</summary>
static class Words
{
    const int MaxNameLength = 24;

    /// <summary>Removes characters that could control a terminal.</summary>
    public static string Clean(string text) => string.Concat(text.Where(c => !char.IsControl(c)));

    /// <summary>Makes a name: one word of limited length.</summary>
    public static string Clean(string name, string otherwise)
    {
        string word = string.Concat(name.Where(c => char.IsLetterOrDigit(c) || c is '-' or '_').Take(MaxNameLength));
        return word.Length > 0 ? word : otherwise;
    }

    /// <summary>Makes a name differ from those that are taken: by a number in brackets, which nobody can have in a name of their own.</summary>
    public static string Distinct(string name, IReadOnlyCollection<string> taken)
    {
        string distinct = name;
        for (int number = 2; taken.Contains(distinct); number++)
            distinct = $"{name}({number})";
        return distinct;
    }

    /// <summary>Splits a line into its first word and the text after it.</summary>
    public static (string Word, string Tail) Split(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return space < 0 ? (line, "") : (line[..space], line[(space + 1)..]);
    }
}
