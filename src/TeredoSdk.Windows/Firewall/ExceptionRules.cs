using System.Globalization;

namespace TeredoSdk.Windows.Firewall;

/// <summary>Makes the rules for a request. Equal requests give equal rules, so that a second setup finds the rules of the first.</summary>
/// <param name="windows">Tells the number of the Teredo port, for a firewall that knows only numbers.</param>
/// <param name="generation">The generation of the firewall, which limits what a rule can express.</param>
sealed class ExceptionRules(IWindowsSystem windows, FirewallGeneration generation)
{
    /// <summary>The service that runs the Teredo client.</summary>
    public const string TeredoService = "iphlpsvc";

    /// <summary>The keyword for the Teredo client's port in a rule; valid for inbound UDP only ([MS-FASP] 2.2.37).</summary>
    public const string TeredoPort = "Teredo";

    const string TeredoPortEnding = " (Teredo port)";

    bool KnowsPortsOnly => generation == FirewallGeneration.Xp;

    /// <param name="request">A request that was checked before.</param>
    /// <param name="title">The application's name in the names of the rules.</param>
    /// <exception cref="TeredoException">The system's firewall can't express the rules.</exception>
    public IReadOnlyList<FirewallRule> Of(FirewallExceptionRequest request, string title) =>
        [.. ProgramRules(request, title), .. request.OpenTeredoPort ? [TeredoPortRule(request.Name, title)] : Array.Empty<FirewallRule>()];

    /// <summary>Whether a rule is the SDK's own and, when an application is named, belongs to that application.</summary>
    public static bool IsOwn(FirewallRule rule, string? application) =>
        FirewallExceptionRequest.OwnGrouping.Equals(rule.Grouping, StringComparison.OrdinalIgnoreCase)
        && (application is null || Names(application).Contains(rule.Name, StringComparer.OrdinalIgnoreCase));

    /// <summary>Whether a name has the form of the SDK's rule names.</summary>
    public static bool HasOwnName(string name) => Names("").Any(ending => name.EndsWith(ending, StringComparison.OrdinalIgnoreCase));

    /// <summary>The names that rules of an application may have.</summary>
    public static string[] Names(string application) =>
        [RuleName(application, FirewallProtocol.Tcp), RuleName(application, FirewallProtocol.Udp), application + TeredoPortEnding];

    static string RuleName(string application, FirewallProtocol protocol) =>
        $"{application} (Teredo, {(protocol == FirewallProtocol.Tcp ? "TCP" : "UDP")})";

    IEnumerable<FirewallRule> ProgramRules(FirewallExceptionRequest request, string title)
    {
        if (request.ProgramPath is null)
            return [];
        if (KnowsPortsOnly && request is { TcpPort: null, UdpPort: null })
            throw new TeredoException(TeredoError.NotSupported,
                "This system's firewall (the XP-era interface) can only open ports: name the program's TCP or UDP port.");
        return Traffic(request).Select(each => ProgramRule(request, title, each.Protocol, each.Port));
    }

    /// <summary>The protocols and ports that a request covers: the named ports, or all ports of both protocols when none is named.</summary>
    public static IEnumerable<(FirewallProtocol Protocol, int? Port)> Traffic(FirewallExceptionRequest request)
    {
        bool isAll = request is { TcpPort: null, UdpPort: null };
        if (isAll || request.TcpPort is not null)
            yield return (FirewallProtocol.Tcp, request.TcpPort);
        if (isAll || request.UdpPort is not null)
            yield return (FirewallProtocol.Udp, request.UdpPort);
    }

    FirewallRule ProgramRule(FirewallExceptionRequest request, string title, FirewallProtocol protocol, int? port) => new()
    {
        Name = RuleName(title, protocol),
        Description = Description($"Lets peers reach {request.Name} through Teredo."),
        Grouping = FirewallExceptionRequest.OwnGrouping,
        // The path is expanded here, because its variables belong to this user; the firewall's service has others.
        ProgramPath = KnowsPortsOnly ? null : RuleComparison.Expand(request.ProgramPath!),
        Protocol = protocol,
        LocalPorts = port?.ToString(CultureInfo.InvariantCulture),
        EdgeTraversal = Edge(request.EdgeTraversal),
        Enabled = true,
    };

    FirewallRule TeredoPortRule(string application, string title) => new()
    {
        Name = title + TeredoPortEnding,
        Description = Description($"Lets the Teredo client of Windows receive, for {application}."),
        Grouping = FirewallExceptionRequest.OwnGrouping,
        ServiceName = KnowsPortsOnly ? null : TeredoService,
        Protocol = FirewallProtocol.Udp,
        LocalPorts = KnowsPortsOnly ? TeredoPortNumber().ToString(CultureInfo.InvariantCulture) : TeredoPort,
        EdgeTraversal = KnowsPortsOnly ? EdgeTraversal.Allow : EdgeTraversal.Deny,
        Enabled = true,
    };

    string? Description(string text) => KnowsPortsOnly ? null : text;

    EdgeTraversal Edge(EdgeTraversal wanted) => generation switch
    {
        FirewallGeneration.Xp => EdgeTraversal.Allow, // an open port accepts packets of any origin
        FirewallGeneration.Vista when wanted == EdgeTraversal.DeferToApp => EdgeTraversal.Allow,
        _ => wanted,
    };

    int TeredoPortNumber()
    {
        var port = windows.ReadTeredoPort();
        return port.IsKnown ? port.Value : throw new TeredoException(TeredoError.NotSupported,
            $"This system's firewall needs the number of the Teredo port, which is not known ({port.Reason!.TrimEnd('.')}): "
            + "bring Teredo up first, or set its client port.");
    }
}
