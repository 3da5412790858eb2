using System.Globalization;
using System.Text;
using TeredoSdk.Windows;

namespace TeredoSdk.Setup;

/// <summary>The command line that does what a plan does, for a terminal of Windows.</summary>
static class ElevatedCommand
{
    public static string ForSetup(TeredoSetupOptions options) => Line("setup", options, [
        .. options.TcpPort is { } tcp ? ["--tcp", tcp.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(),
        .. options.UdpPort is { } udp ? ["--udp", udp.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(),
        .. options.EdgeTraversal switch
        {
            EdgeTraversal.Allow => ["--edge", "allow"],
            EdgeTraversal.Deny => ["--edge", "none"],
            _ => Array.Empty<string>(),
        },
        .. options.EnableTeredo ? ["--enable-teredo"] : Array.Empty<string>(),
        .. options.Server is { } server ? ["--server", server] : Array.Empty<string>(),
    ]);

    public static string ForRemoval(TeredoSetupOptions options) => Line("remove", options, []);

    static string Line(string command, TeredoSetupOptions options, string[] more) =>
        string.Join(' ', ((string[])["teredo", command, "--app", options.ProgramPath, "--name", options.Name, .. more, "--yes"]).Select(Quote));

    // As CommandLineToArgvW takes it apart: backslashes are doubled before a quotation mark only.
    static string Quote(string argument)
    {
        if (argument.Length > 0 && argument.All(c => char.IsLetterOrDigit(c) || @"\:./-_".Contains(c)))
            return argument;
        var quoted = new StringBuilder("\"");
        int backslashes = 0;
        foreach (char c in argument)
        {
            if (c == '"')
                quoted.Append('\\', backslashes + 1);
            backslashes = c == '\\' ? backslashes + 1 : 0;
            quoted.Append(c);
        }
        return quoted.Append('\\', backslashes).Append('"').ToString();
    }
}
