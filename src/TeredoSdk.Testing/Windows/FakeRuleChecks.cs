using System.Buffers;
using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>Refuses the firewall rules that Windows refuses ([MS-FASP] 2.2.37, INetFwRule, INetFwRule2).</summary>
static class FakeRuleChecks
{
    const int MaxPath = 260;
    static readonly SearchValues<char> NotInPaths = SearchValues.Create("/*?\"<>|");

    /// <exception cref="TeredoException"><see cref="TeredoError.InvalidFirewallRule"/>.</exception>
    public static void Check(FirewallRule rule)
    {
        CheckTexts(rule);
        CheckPorts(rule);
        CheckEdgeTraversal(rule);
        if (rule.ProgramPath is { } path && !IsFullPath(path))
            throw Bad(rule, $"its program '{path}' is not a full path");
        if (rule.IcmpTypesAndCodes is not null && rule.Protocol is not (FirewallProtocol.Icmpv4 or FirewallProtocol.Icmpv6))
            throw Bad(rule, "ICMP types are for ICMP only");
    }

    /// <exception cref="TeredoException"><see cref="TeredoError.InvalidFirewallRule"/>.</exception>
    public static void Check(OpenPort port)
    {
        if (port.Name.Length == 0 || port.Port is < 1 or > ushort.MaxValue || port.Protocol is not (FirewallProtocol.Tcp or FirewallProtocol.Udp))
            throw new TeredoException(TeredoError.InvalidFirewallRule, $"The open port {port} needs a name, a port of 1 to 65535, and TCP or UDP.");
    }

    static void CheckTexts(FirewallRule rule)
    {
        if (rule.Name.Length == 0 || rule.Name.Contains('|') || rule.Name.Equals("all", StringComparison.OrdinalIgnoreCase))
            throw Bad(rule, "a name must not be empty, not 'all', and have no '|'");
        if (rule.Description?.Contains('|') == true || rule.Grouping?.Contains('|') == true)
            throw Bad(rule, "its description and its group must have no '|'");
    }

    static void CheckPorts(FirewallRule rule)
    {
        if (rule.LocalPorts is null && rule.RemotePorts is null)
            return;
        if (rule.Protocol is not (FirewallProtocol.Tcp or FirewallProtocol.Udp))
            throw Bad(rule, "ports are for TCP and UDP only");
        foreach (string port in Items(rule.LocalPorts))
            if (!IsPort(port) && !IsKeyword(rule, port))
                throw Bad(rule, $"'{port}' is not a local port");
        foreach (string port in Items(rule.RemotePorts))
            if (!IsPort(port))
                throw Bad(rule, $"'{port}' is not a remote port");
    }

    static void CheckEdgeTraversal(FirewallRule rule)
    {
        if (rule.EdgeTraversal == EdgeTraversal.Deny)
            return;
        if (rule.Direction != FirewallDirection.In)
            throw Bad(rule, "edge traversal is for inbound rules only");
        if (rule.EdgeTraversal == EdgeTraversal.DeferToUser
            && (rule.ProgramPath is null || rule.LocalPorts is not null || rule.RemotePorts is not null
            || rule.Protocol is not (FirewallProtocol.Tcp or FirewallProtocol.Udp)))
            throw Bad(rule, "asking the user needs a program, TCP or UDP, and no ports");
    }

    static bool IsFullPath(string path) => path.Length is > 0 and < MaxPath && !path.AsSpan().ContainsAny(NotInPaths)
        && (path.Contains('\\') || path.StartsWith('%'));

    static string[] Items(string? ports) => ports?.Split(',', StringSplitOptions.TrimEntries) ?? [];

    static bool IsKeyword(FirewallRule rule, string port) => rule.Direction == FirewallDirection.In && rule.Protocol switch
    {
        FirewallProtocol.Udp => port.Equals("Teredo", StringComparison.OrdinalIgnoreCase),
        FirewallProtocol.Tcp => port.ToUpperInvariant() is "RPC" or "RPC-EPMAP",
        _ => false,
    };

    static bool IsPort(string text) => text.Split('-') switch
    {
        [var one] => ushort.TryParse(one, out _),
        [var from, var to] => ushort.TryParse(from, out ushort first) && ushort.TryParse(to, out ushort last) && first <= last,
        _ => false,
    };

    static TeredoException Bad(FirewallRule rule, string why) =>
        new(TeredoError.InvalidFirewallRule, $"The firewall rule '{rule.Name}' is not valid: {why}.");
}
