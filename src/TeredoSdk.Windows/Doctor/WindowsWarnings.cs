using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Doctor;

/// <summary>Finds conditions that hinder Windows' Teredo but do not keep it off.</summary>
static class WindowsWarnings
{
    const int TeredoMtu = 1280; // RFC 4380 §5.1.2

    /// <summary>Finds what hinders in what was read. An argument that is null is not known, and causes no finding.</summary>
    public static IEnumerable<Finding> Find(IReadOnlyList<FirewallRule>? rules, FirewallStatus? status, Reading<FirewallHealth> health,
        IReadOnlyList<WindowsAddress>? addresses, IReadOnlyList<string>? products) =>
        [.. OfFirewall(status, health, products), .. OfRules(rules, status), .. OfAddresses(rules, addresses ?? [])];

    /// <summary>What Windows has set otherwise than the application asks for. Windows takes a server only when Teredo is switched on.</summary>
    public static IEnumerable<Finding> OfOptions(TeredoSwitches switches, TeredoOptions options)
    {
        if (switches.ServerName is { } server && options.Servers.Count > 0
            && !options.Servers.Any(text => ServerName.TryParse(text, out var name) && TeredoActivation.IsSameServer(name.Primary, server)))
            yield return switches.PolicyServer is null ? ClientFindings.OtherServer(server)
                : ClientFindings.ServerByPolicy(server, options.Servers[0]) with { Severity = FindingSeverity.Warning, Error = null };
        var (configuration, usual) = (switches.Configuration, new TeredoOptions());
        if (options.ClientPort != 0 && configuration.ClientPort != options.ClientPort)
            yield return ClientFindings.OptionNotApplied($"{nameof(TeredoOptions.ClientPort)} {options.ClientPort}",
                configuration.ClientPort is > 0 and var port ? $"the port {port}" : "any port", $"clientport={options.ClientPort}");
        if (options.RefreshInterval != usual.RefreshInterval && configuration.RefreshInterval != options.RefreshInterval)
            yield return ClientFindings.OptionNotApplied($"{nameof(TeredoOptions.RefreshInterval)} {options.RefreshInterval.TotalSeconds:0} s",
                configuration.RefreshInterval is { Ticks: > 0 } interval ? $"a refresh each {interval.TotalSeconds:0} s" : "the usual refresh interval",
                $"refreshinterval={options.RefreshInterval.TotalSeconds:0}");
    }

    static IEnumerable<Finding> OfFirewall(FirewallStatus? status, Reading<FirewallHealth> health, IReadOnlyList<string>? products)
    {
        if (status is { IsEnabled: false })
            yield return FirewallFindings.Off();
        if (health is { IsKnown: true, Value: not FirewallHealth.Good and var poor })
            yield return FirewallFindings.NotHealthy(poor);
        if (products is { Count: > 0 })
            yield return FirewallFindings.Other(products);
    }

    // For this program, these may be errors; here it is not known whether it needs an exception.
    static IEnumerable<Finding> OfRules(IReadOnlyList<FirewallRule>? rules, FirewallStatus? status)
    {
        if (status is { ModifyState: FirewallModifyState.InboundBlocked } || status?.Active.Any(profile => profile.BlocksAllInbound) == true)
            yield return FirewallFindings.BlocksAll(null) with { Severity = FindingSeverity.Warning };
        if (status is { ModifyState: FirewallModifyState.GroupPolicyOverride })
            yield return FirewallFindings.Policy() with { Severity = FindingSeverity.Warning };
        if (rules is null || status is { IsEnabled: false })
            yield break;
        var system = new SystemTraffic(status, rules);
        NeededTraffic[] all = [SystemTraffic.TeredoPort, .. SystemTraffic.Icmpv6, SystemTraffic.Echo, .. SystemTraffic.Outgoing];
        foreach (var blocked in all.GroupBy(system.Blocking))
            if (blocked.Key is { } rule)
                yield return FirewallFindings.BlocksSystem(rule, [.. blocked.Select(traffic => traffic.Words)]);
        if (Lacks(SystemTraffic.TeredoPort))
            yield return FirewallFindings.TeredoPort();
        if (Lacks(SystemTraffic.Echo))
            yield return FirewallFindings.Echo();
        if (SystemTraffic.Icmpv6.Where(Lacks).Select(traffic => traffic.Number!.Value).ToArray() is { Length: > 0 } lacking)
            yield return FirewallFindings.Icmpv6(lacking);

        // What is blocked was said above.
        bool Lacks(NeededTraffic traffic) => !system.IsLetIn(traffic) && system.Blocking(traffic) is null;
    }

    static IEnumerable<Finding> OfAddresses(IReadOnlyList<FirewallRule>? rules, IReadOnlyList<WindowsAddress> addresses)
    {
        if (rules is not null && addresses.Any(found => IsOtherTunnel(found.Address)) && !rules.Any(rule => ExceptionRules.LetsIn(rule) && rule.Protocol == FirewallProtocol.IPv6))
            yield return FirewallFindings.Protocol41();
        bool hasTeredo = addresses.Any(found => found.Address.IsIPv6Teredo);
        if (!hasTeredo && addresses.Any(WindowsAddresses.IsNative))
            yield return ClientFindings.BesideNativeIPv6();
        if (WindowsAddresses.FindTeredo(addresses) is { IsTunnel: true, MtuOctets: not (0 or TeredoMtu) } other)
            yield return SurroundingFindings.Mtu(other, TeredoMtu);
        if (hasTeredo && WindowsAddresses.FindTeredo(addresses) is { IsTunnel: false } odd)
            yield return ClientFindings.NoTunnel(odd.Address, odd.InterfaceName);
    }

    // 6to4 is 2002::/16; ISATAP has the interface identifiers of RFC 5214 §6.1.
    static bool IsOtherTunnel(IPAddress address) => IPv6Address.FromIPAddress(address).Is6to4
        || address.GetAddressBytes().AsSpan(8) is [0x00 or 0x02, 0x00, 0x5E, 0xFE, ..];
}
