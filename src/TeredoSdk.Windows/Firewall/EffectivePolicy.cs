namespace TeredoSdk.Windows.Firewall;

/// <summary>Decides whether the firewall lets traffic in. Several rules may apply, and the profile and policies override all of them.</summary>
/// <param name="status">The active profiles.</param>
/// <param name="rules">All rules.</param>
sealed class EffectivePolicy(FirewallStatus status, IReadOnlyList<FirewallRule> rules)
{
    /// <summary>The condition that overrides every rule; null when there is none.</summary>
    public FirewallExceptionCheck? Overruled()
    {
        if (status.Active.Count > 0 && !status.Active.Any(profile => profile.Enabled))
            return new()
            {
                State = FirewallExceptionState.FirewallOff,
                Error = TeredoError.FirewallOff,
                Problem = "The Windows Firewall is off, and Teredo may refuse to work without one: switch it on from an elevated prompt with "
                + "`netsh advfirewall set currentprofile state on`.",
            };
        if (status.ModifyState == FirewallModifyState.GroupPolicyOverride)
            return Overridden(
                "A group policy overrides the firewall's local rules: ask the administrator of this machine to add the exception there.");
        if (status.Active.FirstOrDefault(profile => profile.Enabled && profile.BlocksAllInbound) is { Enabled: true } blocking)
            return Overridden($"The firewall blocks all incoming connections on {blocking.Profile} networks, whatever the rules say: "
                + "clear 'Block all incoming connections' in the firewall's settings of that profile.");
        return status.ModifyState != FirewallModifyState.InboundBlocked ? null : Overridden(
            "The firewall blocks all incoming connections, whatever the rules say: clear 'Block all incoming connections' in its settings.");
    }

    /// <summary>Checks whether the rules let traffic in.</summary>
    /// <param name="traffic">The traffic.</param>
    /// <param name="advice">How to add the exception, for example: run ... from an elevated prompt.</param>
    public FirewallExceptionCheck Judge(Traffic traffic, string advice)
    {
        FirewallRule[] named = [.. rules.Where(traffic.IsNamedBy)];
        if (named.Where(rule => IsBlocking(rule, traffic)).ToArray() is { Length: > 0 } blocking)
            return Overridden($"The rule '{blocking[0].Name}' blocks incoming packets for {traffic.Listener}, and a block overrides every exception: "
                + "disable that rule in the firewall's advanced settings (wf.msc).", blocking);
        if (named.Where(rule => IsAllowing(rule) && Shortfall(rule, traffic) is null).ToArray() is { Length: > 0 } allowing)
            return new() { State = FirewallExceptionState.InForce, Rules = allowing };
        // Names the program's own rules that fall short. Rules for all programs are left out, because they belong to others.
        if (named.Where(rule => IsAllowing(rule) && (rule.ProgramPath ?? rule.ServiceName) is not null).ToArray() is { Length: > 0 } almost)
            return Overridden($"The rule '{almost[0].Name}' for {traffic.Listener} {Shortfall(almost[0], traffic)}: {advice}, "
                + "or change that rule in the firewall's advanced settings (wf.msc).", almost);
        return new()
        {
            State = FirewallExceptionState.Missing,
            Error = TeredoError.FirewallExceptionMissing,
            Problem = $"The firewall has no exception for {Protocol(traffic)} to {traffic.Listener}: {advice}.",
        };
    }

    static FirewallExceptionCheck Overridden(string problem, params IReadOnlyList<FirewallRule> rules) =>
        new()
        {
            State = FirewallExceptionState.Overridden,
            Error = TeredoError.FirewallExceptionOverridden,
            Problem = problem,
            Rules = rules,
        };

    static bool IsAllowing(FirewallRule rule) => rule.Action == FirewallAction.Allow;

    bool IsBlocking(FirewallRule rule, Traffic traffic) => rule is { Action: FirewallAction.Block, Enabled: true }
        && traffic.HasPort(rule) && (rule.LocalPorts is null || !traffic.IsAnyPortEnough)
        && (rule.RemoteAddresses is null || HasIPv6(rule.RemoteAddresses))
        && IsForStrangers(rule with { RemoteAddresses = null })
        && ActiveProfiles().Any(profile => rule.Profiles.HasFlag(profile));

    // Says why a rule does not let the traffic in, as the rest of a sentence about the rule.
    string? Shortfall(FirewallRule rule, Traffic traffic)
    {
        if (!rule.Enabled)
            return "is disabled";
        if (ActiveProfiles().FirstOrDefault(profile => !rule.Profiles.HasFlag(profile)) is not FirewallProfiles.None and var profile)
            return $"does not apply on {profile} networks, and such a network is connected";
        if (!traffic.HasPort(rule))
            return $"is for the port {rule.LocalPorts} only";
        if (!IsForStrangers(rule))
            return "is for some addresses, interfaces or users only";
        return traffic.IsTunneled && rule.EdgeTraversal == EdgeTraversal.Deny ? "does not allow packets through a tunnel (edge traversal)" : null;
    }

    // Peers may have any address and port, come through a tunnel, and are not authenticated.
    static bool IsForStrangers(FirewallRule rule) => rule is
    {
        RemoteAddresses: null, LocalAddresses: null, RemotePorts: null, Interfaces: null, InterfaceTypes: null,
        SecureFlags: 0, LocalAppPackageId: null, LocalUserAuthorizedList: null, RemoteUserAuthorizedList: null, RemoteMachineAuthorizedList: null,
    };

    // A block of IPv6 addresses may concern peers. A block of IPv4 addresses, or of a keyword such as LocalSubnet, does not.
    static bool HasIPv6(string addresses) => addresses.Contains(':', StringComparison.Ordinal);

    IEnumerable<FirewallProfiles> ActiveProfiles() => status.Active.Where(profile => profile.Enabled).Select(profile => profile.Profile);

    static string Protocol(Traffic traffic) => traffic.Protocol == FirewallProtocol.Tcp ? "TCP" : "UDP";
}
