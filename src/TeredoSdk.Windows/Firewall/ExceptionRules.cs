using System.Globalization;

namespace TeredoSdk.Windows.Firewall;

/// <summary>
/// Makes the rules for a request, and tells what a rule is by its content, because the names of Windows' own are translated. Equal requests give equal rules,
/// so that a second setup finds the rules of the first.
/// </summary>
static class ExceptionRules
{
    /// <summary>The service that runs the Teredo client.</summary>
    public const string TeredoService = "iphlpsvc";

    /// <summary>The keyword for the Teredo client's port in a rule; valid for inbound UDP only ([MS-FASP] 2.2.37).</summary>
    public const string TeredoPort = "Teredo";

    const string TeredoPortEnding = " (Teredo port)";

    /// <param name="request">A request that was checked before.</param>
    /// <param name="title">The application's name in the names of the rules.</param>
    public static IReadOnlyList<FirewallRule> Of(FirewallExceptionRequest request, string title) =>
        [.. ProgramRules(request, title), .. request.OpenTeredoPort ? [TeredoPortRule(request.Name, title)] : Array.Empty<FirewallRule>()];

    /// <summary>Whether a rule is the SDK's own and, when an application is named, belongs to that application.</summary>
    public static bool IsOwn(FirewallRule rule, string? application) =>
        FirewallExceptionRequest.OwnGrouping.Equals(rule.Grouping, StringComparison.OrdinalIgnoreCase)
        && (application is null || Names(application).Contains(rule.Name, StringComparer.OrdinalIgnoreCase));

    /// <summary>The names that rules of an application may have.</summary>
    public static string[] Names(string application) =>
        [RuleName(application, FirewallProtocol.Tcp), RuleName(application, FirewallProtocol.Udp), application + TeredoPortEnding];

    /// <summary>Whether a rule is in force and allows incoming packets.</summary>
    public static bool LetsIn(FirewallRule rule) => rule is { Enabled: true, Direction: FirewallDirection.In, Action: FirewallAction.Allow };

    /// <summary>Whether a rule opens the Teredo service's own UDP port, by the keyword for that port ("Required Firewall Exceptions for Teredo").</summary>
    public static bool IsTeredoPort(FirewallRule rule) => LetsIn(rule) && rule.Protocol == FirewallProtocol.Udp
        && string.Equals(rule.LocalPorts, TeredoPort, StringComparison.OrdinalIgnoreCase)
        && (rule.ServiceName is null or "*" || rule.ServiceName.Equals(TeredoService, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Whether Windows made a rule because its own question at a program's first listen was cancelled. It blocks the program, and a block beats every
    /// exception. No page describes such rules; as exports show them: in, for all ports of the program, and the user asked about tunnels.
    /// </summary>
    public static bool IsOfCancelledPrompt(FirewallRule rule) => rule is
    {
        Action: FirewallAction.Block, Direction: FirewallDirection.In, EdgeTraversal: EdgeTraversal.DeferToUser, Protocol: FirewallProtocol.Tcp or FirewallProtocol.Udp,
        LocalPorts: null, RemotePorts: null, RemoteAddresses: null, ServiceName: null, ProgramPath: not null,
    };

    static string RuleName(string application, FirewallProtocol protocol) =>
        $"{application} (Teredo, {(protocol == FirewallProtocol.Tcp ? "TCP" : "UDP")})";

    static IEnumerable<FirewallRule> ProgramRules(FirewallExceptionRequest request, string title) => request.ProgramPath is null ? []
        : Traffic(request).Select(each => ProgramRule(request, title, each.Protocol, each.Port));

    /// <summary>The protocols and ports that a request covers: the named ports, or all ports of both protocols when none is named.</summary>
    public static IEnumerable<(FirewallProtocol Protocol, int? Port)> Traffic(FirewallExceptionRequest request)
    {
        bool isAll = request is { TcpPort: null, UdpPort: null };
        if (isAll || request.TcpPort is not null)
            yield return (FirewallProtocol.Tcp, request.TcpPort);
        if (isAll || request.UdpPort is not null)
            yield return (FirewallProtocol.Udp, request.UdpPort);
    }

    static FirewallRule ProgramRule(FirewallExceptionRequest request, string title, FirewallProtocol protocol, int? port) => new()
    {
        Name = RuleName(title, protocol),
        Description = $"Lets peers reach {request.Name} through Teredo.",
        Grouping = FirewallExceptionRequest.OwnGrouping,
        // The path is expanded here, because its variables belong to this user; the firewall's service has others.
        ProgramPath = RuleComparison.Expand(request.ProgramPath!),
        Protocol = protocol,
        LocalPorts = port?.ToString(CultureInfo.InvariantCulture),
        EdgeTraversal = request.EdgeTraversal,
        Enabled = true,
    };

    static FirewallRule TeredoPortRule(string application, string title) => new()
    {
        Name = title + TeredoPortEnding,
        Description = $"Lets the Teredo client of Windows receive, for {application}.",
        Grouping = FirewallExceptionRequest.OwnGrouping,
        ServiceName = TeredoService,
        Protocol = FirewallProtocol.Udp,
        LocalPorts = TeredoPort,
        Enabled = true,
    };
}
