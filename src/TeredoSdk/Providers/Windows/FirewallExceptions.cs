using TeredoSdk.Windows;

namespace TeredoSdk.Providers.Windows;

/// <summary>
/// The exceptions that Windows' Teredo itself needs in the firewall, by what rules say and not by their names, which are translated.
/// </summary>
/// <remarks>Source: "Required Firewall Exceptions for Teredo"; [MS-FASP] 2.2.37 for the keyword.</remarks>
static class FirewallExceptions
{
    /// <summary>Whether a rule is in force and lets something in.</summary>
    public static bool LetsIn(FirewallRule rule) =>
        rule is { Enabled: true, Direction: FirewallDirection.In, Action: FirewallAction.Allow };

    /// <summary>The Teredo service's own UDP port, by the keyword that follows it.</summary>
    public static bool IsTeredoPort(FirewallRule rule) => LetsIn(rule) && rule.Protocol == FirewallProtocol.Udp
        && string.Equals(rule.LocalPorts, "Teredo", StringComparison.OrdinalIgnoreCase)
        && (rule.ServiceName is null or "*" || rule.ServiceName.Equals("iphlpsvc", StringComparison.OrdinalIgnoreCase));

    /// <summary>Echo Requests over IPv6.</summary>
    public static bool IsEcho(FirewallRule rule) => LetsIn(rule) && rule.Protocol == FirewallProtocol.Icmpv6
        && (rule.IcmpTypesAndCodes is null || rule.IcmpTypesAndCodes.Split(',').Any(type => type.Trim().Split(':')[0] == "128"));

    /// <summary>IPv6 in IPv4, which 6to4 and ISATAP are carried by.</summary>
    public static bool IsProtocol41(FirewallRule rule) => LetsIn(rule) && rule.Protocol == FirewallProtocol.Ipv6;
}
