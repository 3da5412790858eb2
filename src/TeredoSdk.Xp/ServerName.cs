using System.Linq;

namespace TeredoSdk.Xp;

/// <summary>Checks the name of a Teredo server before it is given to netsh: a host name (RFC 1123 §2.1) or an IPv4 address.</summary>
static class ServerName
{
    const int LongestName = 253, LongestLabel = 63; // RFC 1035 §2.3.4, as text without the root

    /// <summary>
    /// Throws unless the name is valid. A valid name has no character that netsh or a command line could misread (spaces, quotes, '=').
    /// </summary>
    public static void Check(string name)
    {
        string[] labels = name.Split('.');
        bool isValid = name.Length <= LongestName && labels.All(IsLabel) && (!IsNumber(labels.Last()) || IsAddress(labels));
        if (!isValid)
            throw new XpTeredoException(XpTeredoError.InvalidServerName,
                $"'{name}' is not the name of a Teredo server: expected a host name of letters, digits, hyphens and dots,"
                + " such as teredo.example.net, or an IPv4 address.");
    }

    static bool IsLabel(string label) =>
        label.Length is > 0 and <= LongestLabel && label.All(IsLetterDigitOrHyphen) && label[0] != '-' && label[label.Length - 1] != '-';

    static bool IsLetterDigitOrHyphen(char c) => c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '-';

    // No host name ends with a number, so an address is never taken for a host name.
    static bool IsNumber(string label) => label.All(c => c is >= '0' and <= '9');

    // A leading zero is refused: some programs read such a number as octal, others as decimal.
    static bool IsAddress(string[] labels) =>
        labels.Length == 4 && labels.All(label => byte.TryParse(label, out byte octet) && label == octet.ToString());
}
