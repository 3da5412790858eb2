using System.Globalization;
using System.Text;

namespace TeredoSdk.Windows.Firewall;

/// <summary>What does from an elevated prompt what this process may not.</summary>
static class SetupCommand
{
    /// <returns>Such as: run `teredo setup --app "C:\App\App.exe" --name "App"` from an elevated prompt.</returns>
    public static string Advice(FirewallExceptionRequest request) => request.ProgramPath is { } path
        ? $"run `{Setup(request, path)}` from an elevated prompt"
        : "run this program once from an elevated prompt";

    /// <param name="rule">One of the rules that shall go.</param>
    /// <param name="application">Whose they are; null for all applications.</param>
    public static string RemovalAdvice(FirewallRule rule, string? application) => application is not null && rule.ProgramPath is { } path
        ? $"run `teredo remove --app {Quoted(path)} --name {Quoted(application)}` from an elevated prompt"
        : "run this program once from an elevated prompt";

    static string Setup(FirewallExceptionRequest request, string path)
    {
        var command = new StringBuilder($"teredo setup --app {Quoted(path)} --name {Quoted(request.Name)}");
        if (request.TcpPort is { } tcp)
            command.Append(CultureInfo.InvariantCulture, $" --tcp {tcp}");
        if (request.UdpPort is { } udp)
            command.Append(CultureInfo.InvariantCulture, $" --udp {udp}");
        return command.Append(Edge(request.EdgeTraversal)).ToString();
    }

    static string Edge(EdgeTraversal edge) => edge switch
    {
        EdgeTraversal.Allow => " --edge allow",
        EdgeTraversal.Deny => " --edge none",
        _ => "", // the default
    };

    // As Windows takes a command line apart.
    static string Quoted(string text) => $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
