using System.Globalization;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Firewall;

/// <summary>A kind of inbound traffic that should get in: to a program or a service, of one protocol, to one port or to all ports.</summary>
/// <param name="Protocol">TCP or UDP.</param>
/// <param name="Ports">The port's names; a rule must contain one of them. Empty for all ports.</param>
sealed record Traffic(FirewallProtocol Protocol, params IReadOnlyList<string> Ports)
{
    // The program of the process that services run in.
    const string ServiceHost = @"\svchost.exe";

    /// <summary>The program that listens; null for a service.</summary>
    public string? ProgramPath { get; init; }

    /// <summary>The service that listens; null for a program.</summary>
    public string? ServiceName { get; init; }

    /// <summary>Whether a rule for any one port is enough, because it is not known which port the program will use.</summary>
    public bool IsAnyPortEnough { get; init; }

    /// <summary>Whether the traffic comes out of a tunnel.</summary>
    public bool IsTunneled { get; init; }

    /// <summary>The program or service that listens, in words.</summary>
    public string Listener => ProgramPath is { } path ? $"'{path}'" : $"the service {ServiceName}";

    /// <summary>Whether an inbound rule concerns this listener and protocol. The rule's other conditions are not checked.</summary>
    public bool IsNamedBy(FirewallRule rule) => rule.Direction == FirewallDirection.In
        && (rule.Protocol == FirewallProtocol.Any || rule.Protocol == Protocol)
        && IsListener(rule);

    /// <summary>Whether a rule applies to the port or, when no port is named, to all ports.</summary>
    public bool HasPort(FirewallRule rule) => rule.LocalPorts is not { } ports || IsAnyPortEnough || Ports.Any(port => Contains(ports, port));

    bool IsListener(FirewallRule rule) => ServiceName is null
        ? rule.ServiceName is null && (rule.ProgramPath is not { } path || RuleComparison.SamePath(path, ProgramPath!))
        : (rule.ServiceName is null or "*" || rule.ServiceName.Equals(ServiceName, StringComparison.OrdinalIgnoreCase))
            && (rule.ProgramPath is not { } host || host.EndsWith(ServiceHost, StringComparison.OrdinalIgnoreCase));

    static bool Contains(string ports, string port) =>
        ports.Split(',', StringSplitOptions.TrimEntries).Any(item => item.Equals(port, StringComparison.OrdinalIgnoreCase) || IsWithin(item, port));

    static bool IsWithin(string range, string port) =>
        range.Split('-') is [var first, var last] && IsNumber(first, out int from) && IsNumber(last, out int to) && IsNumber(port, out int number)
        && from <= number && number <= to;

    static bool IsNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

/// <summary>Decides whether the firewall lets traffic in. Several rules may apply, and the profile and policies override all of them.</summary>
/// <param name="status">The active profiles.</param>
/// <param name="rules">All rules.</param>
sealed class EffectivePolicy(FirewallStatus status, IReadOnlyList<FirewallRule> rules)
{
    /// <summary>The condition that overrides every rule; null when there is none.</summary>
    public FirewallExceptionCheck? Overruled()
    {
        if (status.Active.Count > 0 && !status.Active.Any(profile => profile.Enabled))
            return new() { LetsIn = true, Finding = FirewallFindings.Off() };
        if (status.ModifyState == FirewallModifyState.GroupPolicyOverride)
            return Shut(FirewallFindings.Policy());
        if (status.Active.FirstOrDefault(profile => profile.Enabled && profile.BlocksAllInbound) is { Enabled: true } blocking)
            return Shut(FirewallFindings.BlocksAll(blocking.Profile));
        return status.ModifyState != FirewallModifyState.InboundBlocked ? null : Shut(FirewallFindings.BlocksAll(null));
    }

    /// <summary>Checks whether the rules let traffic in.</summary>
    /// <param name="traffic">The traffic.</param>
    /// <param name="fix">How to add the exception; null when that would not help.</param>
    public FirewallExceptionCheck Judge(Traffic traffic, Fix? fix)
    {
        FirewallRule[] named = [.. rules.Where(traffic.IsNamedBy)];
        if (named.Where(rule => IsBlocking(rule, traffic)).ToArray() is { Length: > 0 } blocking)
            return Shut(FirewallFindings.BlockRule(blocking[0], traffic.Listener), blocking);
        if (named.Where(rule => IsAllowing(rule) && Shortfall(rule, traffic) is null).ToArray() is { Length: > 0 } allowing)
            return new() { LetsIn = true, Rules = allowing };
        // Names the program's own rules that fall short. Rules for all programs are left out, because they belong to others.
        if (named.Where(rule => IsAllowing(rule) && (rule.ProgramPath ?? rule.ServiceName) is not null).ToArray() is { Length: > 0 } almost)
            return Shut(FirewallFindings.Narrow(almost[0], traffic.Listener, Shortfall(almost[0], traffic)!, fix), almost);
        return Shut(traffic.ProgramPath is { } path && RequestChecks.IsHost(path) ? FirewallFindings.IsHost(path)
            : FirewallFindings.NoException(Describe(traffic), traffic.Listener, fix));
    }

    static FirewallExceptionCheck Shut(Finding finding, params IReadOnlyList<FirewallRule> rules) =>
        new() { LetsIn = false, Finding = finding, Rules = rules };

    static bool IsAllowing(FirewallRule rule) => rule.Action == FirewallAction.Allow;

    bool IsBlocking(FirewallRule rule, Traffic traffic) => rule is { Action: FirewallAction.Block, Enabled: true }
        && traffic.HasPort(rule) && (rule.LocalPorts is null || !traffic.IsAnyPortEnough)
        && (rule.RemoteAddresses is null || HasIPv6(rule.RemoteAddresses))
        && IsForStrangers(Tunneled(rule, traffic.IsTunneled) with { RemoteAddresses = null })
        && ActiveProfiles().Any(profile => rule.Profiles.HasFlag(profile));

    // Says why a rule does not let the traffic in, as the rest of a sentence about the rule.
    string? Shortfall(FirewallRule rule, Traffic traffic)
    {
        if (!rule.Enabled)
            return "is disabled";
        if (ActiveProfiles().FirstOrDefault(profile => !rule.Profiles.HasFlag(profile)) is not FirewallProfiles.None and var profile)
            return $"does not apply on {profile} networks, and such a network is connected";
        if (!traffic.HasPort(rule))
            return $"is for the port {rule.LocalPorts} only{(traffic.Ports is [var port] ? $", not for {port}" : "")}";
        if (!IsForStrangers(Tunneled(rule, traffic.IsTunneled)))
            return "is for some addresses, interfaces or users only";
        return traffic.IsTunneled && rule.EdgeTraversal == EdgeTraversal.Deny ? "does not allow packets through a tunnel (edge traversal)" : null;
    }

    /// <summary>Whether a rule is for everybody. Peers may have any address and port, come through a tunnel, and are not authenticated.</summary>
    public static bool IsForStrangers(FirewallRule rule) => rule is
    {
        RemoteAddresses: null, LocalAddresses: null, RemotePorts: null, Interfaces: null, InterfaceTypes: null,
        SecureFlags: 0, LocalAppPackageId: null, LocalUserAuthorizedList: null, RemoteUserAuthorizedList: null, RemoteMachineAuthorizedList: null,
    };

    /// <summary>The rule as it is for a tunnel's traffic, which comes to a Teredo address of this machine.</summary>
    public static FirewallRule Tunneled(FirewallRule rule, bool isTunneled) =>
        isTunneled && HasTeredo(rule.LocalAddresses) ? rule with { LocalAddresses = null } : rule;

    static bool HasTeredo(string? addresses) =>
        addresses?.Split(',', StringSplitOptions.TrimEntries).Contains(ListenRules.TeredoPrefix, StringComparer.OrdinalIgnoreCase) == true;

    // A block of IPv6 addresses may concern peers. A block of IPv4 addresses, or of a keyword such as LocalSubnet, does not.
    static bool HasIPv6(string addresses) => addresses.Contains(':', StringComparison.Ordinal);

    IEnumerable<FirewallProfiles> ActiveProfiles() => status.Active.Where(profile => profile.Enabled).Select(profile => profile.Profile);

    static string Describe(Traffic traffic) => (traffic.Protocol == FirewallProtocol.Tcp ? "TCP" : "UDP")
        + (traffic is { ProgramPath: not null, Ports: [var port] } ? $" port {port}" : "");
}
