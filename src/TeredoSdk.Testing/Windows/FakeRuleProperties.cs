using TeredoSdk.Windows;

namespace TeredoSdk.Testing;

/// <summary>The properties of a stored rule, which Windows commits one at a time.</summary>
static class FakeRuleProperties
{
    /// <summary>
    /// Each property with a function that takes it from another rule, in an order that the checks of INetFwRule allow: ports before a protocol that has
    /// none, and a protocol before its ports.
    /// </summary>
    public static IReadOnlyList<(string Name, Func<FirewallRule, FirewallRule, FirewallRule> Take)> InOrder { get; } =
    [
        (nameof(FirewallRule.Description), static (stored, wanted) => stored with { Description = wanted.Description }),
        (nameof(FirewallRule.Grouping), static (stored, wanted) => stored with { Grouping = wanted.Grouping }),
        (nameof(FirewallRule.ServiceName), static (stored, wanted) => stored with { ServiceName = wanted.ServiceName }),
        (nameof(FirewallRule.ProgramPath), static (stored, wanted) => stored with { ProgramPath = wanted.ProgramPath }),
        (nameof(FirewallRule.Protocol), static (stored, wanted) => stored with
        {
            Protocol = wanted.Protocol,
            LocalPorts = HasPorts(wanted) ? stored.LocalPorts : null,
            RemotePorts = HasPorts(wanted) ? stored.RemotePorts : null,
            IcmpTypesAndCodes = HasPorts(wanted) ? null : stored.IcmpTypesAndCodes,
        }),
        (nameof(FirewallRule.LocalPorts), static (stored, wanted) => stored with { LocalPorts = wanted.LocalPorts }),
        (nameof(FirewallRule.RemotePorts), static (stored, wanted) => stored with { RemotePorts = wanted.RemotePorts }),
        (nameof(FirewallRule.IcmpTypesAndCodes), static (stored, wanted) => stored with { IcmpTypesAndCodes = wanted.IcmpTypesAndCodes }),
        (nameof(FirewallRule.LocalAddresses), static (stored, wanted) => stored with { LocalAddresses = wanted.LocalAddresses }),
        (nameof(FirewallRule.RemoteAddresses), static (stored, wanted) => stored with { RemoteAddresses = wanted.RemoteAddresses }),
        (nameof(FirewallRule.Interfaces), static (stored, wanted) => stored with { Interfaces = wanted.Interfaces }),
        (nameof(FirewallRule.InterfaceTypes), static (stored, wanted) => stored with { InterfaceTypes = wanted.InterfaceTypes }),
        (nameof(FirewallRule.Profiles), static (stored, wanted) => stored with { Profiles = wanted.Profiles }),
        (nameof(FirewallRule.EdgeTraversal), static (stored, wanted) => stored with { EdgeTraversal = wanted.EdgeTraversal }),
        (nameof(FirewallRule.Action), static (stored, wanted) => stored with { Action = wanted.Action }),
        (nameof(FirewallRule.Enabled), static (stored, wanted) => stored with { Enabled = wanted.Enabled }),
        // What is left has no checks: the direction, the name's case, and the properties of Windows 8.
        ("Others", static (_, wanted) => wanted),
    ];

    static bool HasPorts(FirewallRule rule) => rule.Protocol is FirewallProtocol.Tcp or FirewallProtocol.Udp;
}
