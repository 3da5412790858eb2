using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Windows.Activation;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Doctor;

/// <summary>Warnings about conditions that hinder Windows' Teredo but do not keep it off: sentences with advice.</summary>
static class WindowsWarnings
{
    /// <summary>Finds warnings in what was read. An argument that is null is not known, and causes no warning.</summary>
    public static IEnumerable<string> Find(IReadOnlyList<FirewallRule>? rules, FirewallStatus? status, Reading<FirewallHealth> health,
        IReadOnlyList<WindowsAddress>? addresses, IReadOnlyList<string>? products) =>
        [.. OfFirewall(status, health, products), .. OfRules(rules, status), .. OfAddresses(rules, addresses ?? [])];

    /// <summary>Warns when Windows uses a server that the options do not name. Windows takes a server only when Teredo is switched on.</summary>
    public static IEnumerable<string> OfServer(string? server, IList<string> wanted)
    {
        if (server is null || wanted.Count == 0 || wanted.Any(text => ServerName.TryParse(text, out var name) && IsSame(name.Primary, server)))
            yield break;
        yield return $"Windows' Teredo uses the server {server}, which is not among {nameof(TeredoOptions)}.{nameof(TeredoOptions.Servers)}. Set "
            + $"another server in an elevated prompt (netsh interface teredo set state servername=HOST), or use the provider "
            + $"{nameof(TeredoProvider.Embedded)}.";
    }

    static bool IsSame(string one, string other) => one.TrimEnd('.').Equals(other.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    static IEnumerable<string> OfFirewall(FirewallStatus? status, Reading<FirewallHealth> health, IReadOnlyList<string>? products)
    {
        if (status is { IsEnabled: false })
            yield return "The Windows Firewall is off in an active profile. It blocks nothing there, but Teredo may refuse to work without a firewall. "
                + "To switch it on, run netsh advfirewall set currentprofile state on.";
        if (health is { IsKnown: true, Value: not FirewallHealth.Good })
            yield return "Windows Security finds no firewall that is on, and Teredo may refuse to work then. Switch a firewall on in Windows Security.";
        if (products is { Count: > 0 })
            yield return $"Another firewall is registered ({string.Join(", ", products)}): it also decides which packets get in. Allow this program there.";
    }

    static IEnumerable<string> OfRules(IReadOnlyList<FirewallRule>? rules, FirewallStatus? status)
    {
        if (status is { ModifyState: FirewallModifyState.InboundBlocked } || status?.Active.Any(profile => profile.BlocksAllInbound) == true)
            yield return "The firewall blocks all unsolicited incoming packets, whatever the rules say. Allow the programs of the list in Windows "
                + "Security, Firewall & network protection.";
        if (status is { ModifyState: FirewallModifyState.GroupPolicyOverride })
            yield return "A group policy overrides the firewall's local rules. Ask the administrator of this machine to allow this program.";
        if (rules is null || status is { IsEnabled: false })
            yield break;
        if (!rules.Any(FirewallExceptions.IsTeredoPort))
            yield return "No firewall rule allows UDP to the Teredo service's own port. Enable Windows' rule \"Core Networking - Teredo (UDP-In)\".";
        if (!rules.Any(FirewallExceptions.IsEcho))
            yield return "No firewall rule allows ICMPv6 Echo Requests, so nobody can ping this machine. Enable \"File and Printer Sharing (Echo "
                + "Request - ICMPv6-In)\".";
        if (FirewallExceptions.LackingIcmpv6(rules) is { Length: > 0 } lacking)
            yield return $"No firewall rule allows the ICMPv6 types {string.Join(", ", lacking)}; connections over IPv6 hang without them. Enable "
                + "Windows' rules of the group \"Core Networking\" for ICMPv6.";
    }

    static IEnumerable<string> OfAddresses(IReadOnlyList<FirewallRule>? rules, IReadOnlyList<WindowsAddress> addresses)
    {
        if (rules is not null && addresses.Any(found => IsOtherTunnel(found.Address)) && !rules.Any(FirewallExceptions.IsProtocol41))
            yield return "A 6to4 or ISATAP address is in use, but no firewall rule allows protocol 41. Enable Windows' rule \"Core Networking - "
                + "IPv6 (IPv6-In)\".";
        bool hasTeredo = addresses.Any(found => found.Address.IsIPv6Teredo);
        if (!hasTeredo && addresses.Any(WindowsAddresses.IsNative))
            yield return WindowsProblems.BesideNativeIPv6;
        if (hasTeredo && WindowsAddresses.FindTeredo(addresses) is { IsTunnel: false } odd)
            yield return $"The Teredo address {odd.Address} is on {odd.InterfaceName}, which is not a tunnel: the address may not belong to Windows' "
                + "own Teredo.";
    }

    // 6to4 is 2002::/16; ISATAP has the interface identifiers of RFC 5214 §6.1.
    static bool IsOtherTunnel(IPAddress address) => IPv6Address.FromIPAddress(address).Is6to4
        || address.GetAddressBytes().AsSpan(8) is [0x00 or 0x02, 0x00, 0x5E, 0xFE, ..];
}
