namespace TeredoSdk.Windows.Firewall;

/// <summary>Traffic that Windows' Teredo or IPv6 itself needs.</summary>
/// <param name="Words">What it is, as the rest of "lets ... in" or "blocks ...".</param>
/// <param name="Direction">In or out.</param>
/// <param name="Protocol">UDP or ICMPv6.</param>
/// <param name="Number">The UDP port (of the other end when it goes out), or the ICMPv6 type; null for the Teredo service's own port, whatever its number.</param>
sealed record NeededTraffic(string Words, FirewallDirection Direction, FirewallProtocol Protocol, int? Number)
{
    /// <summary>Whether it comes through the tunnel, so that a rule without edge traversal does not let it in.</summary>
    public bool IsTunneled { get; init; }

    /// <summary>Whether it never leaves the link, so that a rule for local addresses is enough.</summary>
    public bool IsLocal { get; init; }

    /// <summary>The services that send or take it. Rules for other services do not concern it, although they run in the same program.</summary>
    public IReadOnlyList<string> Services { get; init; } = [ExceptionRules.TeredoService];
}

/// <summary>Judges traffic of the system itself as the firewall does: by rules that are in force in the active profiles, and a block beats every allow.</summary>
/// <remarks>Source: "Required Firewall Exceptions for Teredo", KB 968510; [MS-FASP] 2.2.34.</remarks>
/// <param name="status">The active profiles; null when they are not known, which counts as all.</param>
/// <param name="rules">All rules.</param>
sealed class SystemTraffic(FirewallStatus? status, IReadOnlyList<FirewallRule> rules)
{
    const string ServiceHost = @"\svchost.exe", Kernel = "System";

    /// <summary>The Teredo service's own port, at which its peers' packets arrive.</summary>
    public static NeededTraffic TeredoPort { get; } = new("UDP to the Teredo service's own port", FirewallDirection.In, FirewallProtocol.Udp, null);

    /// <summary>Echo Requests of peers.</summary>
    public static NeededTraffic Echo { get; } = new("ICMPv6 Echo Requests", FirewallDirection.In, FirewallProtocol.Icmpv6, 128) { IsTunneled = true };

    /// <summary>The messages without which connections over IPv6 hang: errors (1 to 4), which come from far, and discovery (133 to 136), which does not.</summary>
    public static IReadOnlyList<NeededTraffic> Icmpv6 { get; } =
    [
        .. ((int[])[1, 2, 3, 4]).Select(type => Of(type) with { IsTunneled = true }),
        .. ((int[])[133, 134, 135, 136]).Select(type => Of(type) with { IsLocal = true }),
    ];

    /// <summary>What goes out. Windows lets it, unless a rule blocks it.</summary>
    public static IReadOnlyList<NeededTraffic> Outgoing { get; } =
    [
        new("UDP to port 3544 of the Teredo server", FirewallDirection.Out, FirewallProtocol.Udp, 3544),
        new("DNS questions (UDP to port 53)", FirewallDirection.Out, FirewallProtocol.Udp, 53) { Services = [ExceptionRules.TeredoService, "dnscache"] },
        new("UPnP's search for the gateway (UDP to port 1900)", FirewallDirection.Out, FirewallProtocol.Udp, 1900) { Services = [ExceptionRules.TeredoService, "ssdpsrv"] },
        new("ICMPv6 Echo Requests", FirewallDirection.Out, FirewallProtocol.Icmpv6, 128),
    ];

    /// <summary>The rule that blocks the traffic, or null.</summary>
    public FirewallRule? Blocking(NeededTraffic traffic) => rules.FirstOrDefault(rule => rule is { Enabled: true, Action: FirewallAction.Block }
        && Concerns(rule, traffic) && rule.RemoteAddresses is null && Profiles.Any(profile => rule.Profiles.HasFlag(profile)));

    /// <summary>Whether a rule lets the traffic in from everywhere, in every active profile. A block is not looked at.</summary>
    public bool IsLetIn(NeededTraffic traffic) => rules.Any(rule => ExceptionRules.LetsIn(rule) && Concerns(rule, traffic)
        && EffectivePolicy.IsForStrangers(traffic.IsLocal ? rule with { RemoteAddresses = null, LocalAddresses = null }
            : EffectivePolicy.Tunneled(rule, traffic.IsTunneled))
        && (!traffic.IsTunneled || rule.EdgeTraversal != EdgeTraversal.Deny)
        && Profiles.All(profile => rule.Profiles.HasFlag(profile)));

    IEnumerable<FirewallProfiles> Profiles => status is null ? [FirewallProfiles.Domain, FirewallProfiles.Private, FirewallProfiles.Public]
        : status.Active.Where(profile => profile.Enabled).Select(profile => profile.Profile);

    static NeededTraffic Of(int type) => new($"ICMPv6 of type {type}", FirewallDirection.In, FirewallProtocol.Icmpv6, type);

    static bool Concerns(FirewallRule rule, NeededTraffic traffic) => rule.Direction == traffic.Direction
        && (rule.Protocol == FirewallProtocol.Any || rule.Protocol == traffic.Protocol) && IsOfTheSystem(rule, traffic)
        && (traffic.Protocol == FirewallProtocol.Icmpv6 ? HasType(rule, traffic.Number!.Value) : HasPort(rule, traffic));

    // Rules for other programs concern neither the system nor its services.
    static bool IsOfTheSystem(FirewallRule rule, NeededTraffic traffic) => (rule.ProgramPath is not { } path
        || path.Equals(Kernel, StringComparison.OrdinalIgnoreCase) || path.EndsWith(ServiceHost, StringComparison.OrdinalIgnoreCase))
        && (rule.ServiceName is null or "*" || traffic.Services.Contains(rule.ServiceName, StringComparer.OrdinalIgnoreCase));

    static bool HasType(FirewallRule rule, int type) => rule.IcmpTypesAndCodes is not { } types
        || types.Split(',', ';').Any(each => each.Split(':')[0].Trim() == $"{type}");

    static bool HasPort(FirewallRule rule, NeededTraffic traffic) => traffic.Number is { } number
        ? rule.RemotePorts is not { } ports || new Traffic(FirewallProtocol.Udp, $"{number}").HasPort(rule with { LocalPorts = ports })
        : rule.LocalPorts is null || rule.LocalPorts.Equals(ExceptionRules.TeredoPort, StringComparison.OrdinalIgnoreCase);
}
