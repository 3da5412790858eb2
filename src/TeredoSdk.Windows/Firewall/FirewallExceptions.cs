namespace TeredoSdk.Windows.Firewall;

/// <summary>
/// Finds the firewall exceptions that Windows' Teredo itself needs. It looks at the rules' content, not at their names, which are translated.
/// </summary>
/// <remarks>Source: "Required Firewall Exceptions for Teredo"; [MS-FASP] 2.2.37 for the keyword.</remarks>
static class FirewallExceptions
{
    /// <summary>Whether a rule is in force and allows incoming packets.</summary>
    public static bool LetsIn(FirewallRule rule) =>
        rule is { Enabled: true, Direction: FirewallDirection.In, Action: FirewallAction.Allow };

    /// <summary>Whether a rule is in force and allows packets that come through a tunnel.</summary>
    public static bool LetsTunnelsIn(FirewallRule rule) => LetsIn(rule) && rule.EdgeTraversal != EdgeTraversal.Deny;

    /// <summary>Whether a rule opens the Teredo service's own UDP port, by the keyword for that port.</summary>
    public static bool IsTeredoPort(FirewallRule rule) => LetsIn(rule) && rule.Protocol == FirewallProtocol.Udp
        && string.Equals(rule.LocalPorts, ExceptionRules.TeredoPort, StringComparison.OrdinalIgnoreCase)
        && (rule.ServiceName is null or "*" || rule.ServiceName.Equals(ExceptionRules.TeredoService, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a rule allows Echo Requests over IPv6.</summary>
    public static bool IsEcho(FirewallRule rule) => IsIcmpv6(rule, 128);

    /// <summary>
    /// The types of ICMPv6 messages that IPv6 needs and no rule allows. Needed are errors (1 to 4) and router and neighbor discovery (133 to 136).
    /// </summary>
    public static int[] LackingIcmpv6(IReadOnlyList<FirewallRule> rules) =>
        [.. ((int[])[1, 2, 3, 4, 133, 134, 135, 136]).Where(type => !rules.Any(rule => IsIcmpv6(rule, type)))];

    /// <summary>Whether a rule allows IPv6 inside IPv4, which 6to4 and ISATAP use.</summary>
    public static bool IsProtocol41(FirewallRule rule) => LetsIn(rule) && rule.Protocol == FirewallProtocol.IPv6;

    static bool IsIcmpv6(FirewallRule rule, int type) => LetsIn(rule) && rule.Protocol == FirewallProtocol.Icmpv6
        && (rule.IcmpTypesAndCodes is not { } types || types.Split(',').Any(each => each.Split(':')[0].Trim() == $"{type}"));
}
