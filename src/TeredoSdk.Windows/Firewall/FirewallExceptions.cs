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

    /// <summary>Whether a rule allows IPv6 inside IPv4, which 6to4 and ISATAP use.</summary>
    public static bool IsProtocol41(FirewallRule rule) => LetsIn(rule) && rule.Protocol == FirewallProtocol.IPv6;
}
