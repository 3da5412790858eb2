using System.Globalization;

namespace TeredoSdk.Windows.Doctor;

/// <summary>
/// The advice to change the firewall, by means that every Windows has: netsh and wf.msc. (The <c>teredo</c> command is on few machines of players.) The
/// commands mean the same in cmd and in PowerShell, whatever the program is called.
/// </summary>
/// <remarks>Source: "Netsh advfirewall firewall" for the arguments.</remarks>
static class FirewallAdvice
{
    const string Netsh = "netsh advfirewall firewall", ByHand = "the firewall's advanced settings (wf.msc)";

    /// <summary>Says how to add an exception.</summary>
    /// <param name="request">The exception.</param>
    /// <param name="own">The application's own command that does it; null for netsh.</param>
    public static Fix ToAdd(FirewallExceptionRequest request, string? own = null)
    {
        if (own is not null)
            return new() { Sentence = $"Run `{own}` from an elevated prompt.", Command = own, NeedsAdministrator = true };
        if (request.ProgramPath is not { } path)
            return new() { Sentence = $"In {ByHand}, enable Windows' rule \"Core Networking - Teredo (UDP-In)\".", NeedsAdministrator = true };
        string program = RuleComparison.Expand(path);
        if (!ShellText.IsSafe(program) || !ShellText.IsSafe(request.Name))
            return new()
            {
                Sentence = $"In {ByHand}, add an inbound rule that allows {Ports(request)} to the program '{program}', with {EdgeInWords(request.EdgeTraversal)} in its "
                    + "properties; remove it there to undo that.",
                NeedsAdministrator = true,
            };
        string rule = $"name=\"{request.Name}\" dir=in", ofProgram = $"program=\"{program}\"";
        string[] commands = [.. Protocols(request).Select(each => $"{Netsh} add rule {rule} action=allow {ofProgram} {each} edge={Edge(request.EdgeTraversal)}")];
        return new()
        {
            Sentence = $"From an elevated prompt, run `{string.Join("` and `", commands)}`; `{Netsh} delete rule {rule} {ofProgram}` undoes it.",
            Command = string.Join('\n', commands),
            NeedsAdministrator = true,
        };
    }

    /// <summary>A check that advises the application's own command where it would advise to add an exception.</summary>
    public static FirewallExceptionCheck Of(FirewallExceptionCheck check, string? own) => own is not null
        && check.Finding is { Id: FindingIds.FirewallNoException or FindingIds.FirewallExceptionNarrow } lacking
        ? check with { Finding = lacking with { Fix = ToAdd(new() { Name = own }, own) } } : check;

    /// <summary>Says how to remove a rule.</summary>
    public static Fix ToRemove(string rule, string programPath)
    {
        string program = RuleComparison.Expand(programPath);
        if (!ShellText.IsSafe(rule) || !ShellText.IsSafe(program))
            return new() { Sentence = $"Remove the rule '{rule}' in {ByHand}.", NeedsAdministrator = true, IsReversible = false };
        string command = $"{Netsh} delete rule name=\"{rule}\" dir=in program=\"{program}\"";
        return new() { Sentence = $"From an elevated prompt, run `{command}`.", Command = command, NeedsAdministrator = true, IsReversible = false };
    }

    // Without a port, one rule is for all protocols; edge traversal that is deferred to the application needs no protocol (NET_FW_EDGE_TRAVERSAL_TYPE).
    static string[] Protocols(FirewallExceptionRequest request) => request is { TcpPort: null, UdpPort: null } ? ["protocol=any"]
        : [.. Of("TCP", request.TcpPort), .. Of("UDP", request.UdpPort)];

    static string[] Of(string protocol, int? port) =>
        port is { } number ? [string.Create(CultureInfo.InvariantCulture, $"protocol={protocol} localport={number}")] : [];

    static string Ports(FirewallExceptionRequest request) => request switch
    {
        { TcpPort: null, UdpPort: null } => "any protocol",
        { TcpPort: { } tcp, UdpPort: { } udp } => $"TCP port {tcp} and UDP port {udp}",
        { TcpPort: { } tcp } => $"TCP port {tcp}",
        _ => $"UDP port {request.UdpPort}",
    };

    static string Edge(EdgeTraversal edge) => edge switch
    {
        EdgeTraversal.Allow => "yes",
        EdgeTraversal.Deny => "no",
        _ => "deferapp",
    };

    static string EdgeInWords(EdgeTraversal edge) => edge switch
    {
        EdgeTraversal.Allow => "edge traversal allowed",
        EdgeTraversal.Deny => "no edge traversal",
        _ => "edge traversal deferred to the application",
    };
}
