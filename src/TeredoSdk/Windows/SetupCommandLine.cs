using System.Globalization;
using System.Text;

namespace TeredoSdk.Windows;

/// <summary>The command line that does from an elevated prompt of Windows what this process may not.</summary>
static class SetupCommandLine
{
    /// <returns>Such as: teredo setup --app C:\App\App.exe --name "An App" --yes.</returns>
    public static string Setup(string programPath, string name, int? tcpPort, int? udpPort, EdgeTraversal edge, params IEnumerable<string> more) =>
        Line("setup", programPath, name, [.. Port("--tcp", tcpPort), .. Port("--udp", udpPort), .. Edge(edge), .. more]);

    public static string Remove(string programPath, string name) => Line("remove", programPath, name, []);

    /// <summary>What would make the exception, as the rest of a sentence.</summary>
    public static string Advice(FirewallExceptionRequest request) => request.ProgramPath is { } path
        ? Run(Setup(path, request.Name, request.TcpPort, request.UdpPort, request.EdgeTraversal))
        : RunProgram;

    /// <inheritdoc cref="Advice"/>
    /// <param name="rule">One of the rules that shall go.</param>
    /// <param name="application">Whose they are; null for all applications.</param>
    public static string RemovalAdvice(FirewallRule rule, string? application) =>
        application is not null && rule.ProgramPath is { } path ? Run(Remove(path, application)) : RunProgram;

    const string RunProgram = "run this program once from an elevated prompt";

    static string Run(string command) => $"run `{command}` from an elevated prompt";

    static string[] Port(string option, int? port) => port is { } number ? [option, number.ToString(CultureInfo.InvariantCulture)] : [];

    static string[] Edge(EdgeTraversal edge) => edge switch
    {
        EdgeTraversal.Allow => ["--edge", "allow"],
        EdgeTraversal.Deny => ["--edge", "none"],
        _ => [], // the default
    };

    static string Line(string command, string programPath, string name, string[] more) =>
        string.Join(' ', ((string[])["teredo", command, "--app", programPath, "--name", name, .. more, "--yes"]).Select(Quote));

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
