using System.Globalization;
using System.Text;

namespace TeredoSdk.Windows.Doctor;

/// <summary>Arguments of command lines that mean the same in cmd and in PowerShell.</summary>
/// <remarks>
/// No quoting serves both: between quotation marks, cmd replaces <c>%NAME%</c> and PowerShell <c>$NAME</c> and <c>`</c>, each has its own way
/// to write a quotation mark, and PowerShell takes the typographic ones for it. So such characters are escaped in a way of our own.
/// </remarks>
static class ShellText
{
    // Between quotation marks these stand for themselves in both.
    const string Harmless = @" \:./-_()[]{},;'#@&+=~^*?<>|";

    /// <summary>Whether both shells pass on the text as it is, when it stands between quotation marks.</summary>
    public static bool IsSafe(string text) =>
        text is not ['-', ..] && !EndsAsEscape(text) && text.EnumerateRunes().All(rune => rune.Value < 0x80
            ? char.IsAsciiLetterOrDigit((char)rune.Value) || Harmless.Contains((char)rune.Value)
            : Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark);

    /// <summary>Writes each UTF-16 unit that is not safe, and each equals sign, as <c>=</c> and four hexadecimal digits, which <c>teredo --escaped</c> reads.</summary>
    public static string Escape(string text)
    {
        var escaped = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            bool stays = c switch
            {
                '=' => false,
                '-' => i > 0,
                '\\' => i < text.Length - 1,
                _ => IsSafe(c.ToString()),
            };
            _ = stays ? escaped.Append(c) : escaped.Append(CultureInfo.InvariantCulture, $"={(int)c:X4}");
        }
        return escaped.ToString();
    }

    /// <summary>Puts quotation marks around a safe text, unless it needs none.</summary>
    public static string Quote(string argument) => NeedsNone(argument) ? argument : $"\"{argument}\"";

    static bool NeedsNone(string argument) => argument.Length > 0 && argument.All(c => char.IsLetterOrDigit(c) || @"\:./-_".Contains(c));

    // Before the last quotation mark a backslash would be read as its escape, and versions of PowerShell differ in what they make of two.
    static bool EndsAsEscape(string text) => text is [.., '\\'] && !NeedsNone(text);
}
