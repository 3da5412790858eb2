using System.Globalization;

namespace TeredoSdk.Windows.Doctor;

/// <summary>
/// Makes the command line for changes that this process may not make. The user pastes it into an elevated prompt, be it cmd or PowerShell: whatever
/// the program and the application are called, it runs nothing but <c>teredo</c>.
/// </summary>
static class SetupCommandLine
{
    // The teredo command names itself by its full path, for the elevated prompt may have another PATH. No quoting of a program serves both shells.
    static readonly string Command = Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "teredo" && ShellText.Quote(path) == path
        ? path : "teredo";

    /// <returns>For example: teredo setup --app C:\App\App.exe --name "An App" --yes.</returns>
    public static string Setup(string programPath, string name, int? tcpPort, int? udpPort, EdgeTraversal edge, params IEnumerable<string> more) =>
        Line("setup", programPath, name, [.. Port("--tcp", tcpPort), .. Port("--udp", udpPort), .. Edge(edge), .. more]);

    public static string Remove(string programPath, string name) => Line("remove", programPath, name, []);

    static string[] Port(string option, int? port) => port is { } number ? [option, number.ToString(CultureInfo.InvariantCulture)] : [];

    static string[] Edge(EdgeTraversal edge) => edge switch
    {
        EdgeTraversal.Allow => ["--edge", "allow"],
        EdgeTraversal.Deny => ["--edge", "none"],
        _ => [], // DeferToApp is the default
    };

    static string Line(string command, string programPath, string name, string[] more)
    {
        string[] values = [RuleComparison.Expand(programPath), name]; // the shell would replace variables, or would not
        string[] escaped = values.All(ShellText.IsSafe) ? [] : ["--escaped"];
        if (escaped.Length > 0)
            values = [.. values.Select(ShellText.Escape)];
        return string.Join(' ',
            ((string[])[Command, command, "--app", values[0], "--name", values[1], .. more, .. escaped, "--yes"]).Select(ShellText.Quote));
    }
}
