using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk.Windows;

/// <summary>The Windows Firewall as the SDK uses it. Reading needs no administrator.</summary>
[Experimental("TEREDO001")]
public interface IWindowsFirewall
{
    /// <summary>Reads all rules (<c>INetFwRules</c>).</summary>
    Reading<IReadOnlyList<FirewallRule>> ReadRules();

    /// <summary>
    /// Reads one rule (<c>INetFwRules.Item</c>), without a pass over all rules, of which a store may have tens of thousands. A rule that was just added
    /// may not be seen for some time.
    /// </summary>
    /// <param name="name">The name; its case does not matter.</param>
    /// <returns>One of the rules of that name, or null when there is none.</returns>
    Reading<FirewallRule?> ReadRule(string name);

    /// <summary>Reads the state of the profiles that are active now.</summary>
    Reading<FirewallStatus> ReadStatus();

    /// <summary>Reads the display names of the firewalls that other vendors registered (<c>INetFwProducts</c>).</summary>
    Reading<IReadOnlyList<string>> ReadProducts();

    /// <summary>Reads the globally open ports of the current profile (<c>INetFwMgr</c>, the XP-era interface).</summary>
    Reading<IReadOnlyList<OpenPort>> ReadOpenPorts();

    /// <summary>Adds a rule. The caller has checked that no rule has the same name.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), the firewall's service does not run (<see cref="TeredoError.FirewallUnavailable"/>), the
    /// rule is not valid (<see cref="TeredoError.InvalidFirewallRule"/>), or this firewall can't express it (<see cref="TeredoError.NotSupported"/>). Nothing
    /// is added.
    /// </exception>
    void Add(FirewallRule rule);

    /// <summary>Changes the rule of that name, one property after the other, in the order that the system's checks require.</summary>
    /// <exception cref="TeredoException">
    /// The errors of <see cref="Add"/>, or there is no rule of that name (<see cref="TeredoError.InvalidFirewallRule"/>). Properties that were
    /// already changed stay changed.
    /// </exception>
    void Update(FirewallRule rule);

    /// <summary>
    /// Removes the rule of a name; of several, one or all: the page of INetFwRules::Remove does not say. Does nothing when there is no such rule.
    /// </summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or the firewall's service does not run (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    void Remove(string name);

    /// <summary>Opens a port for all programs through the XP-era interface.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or the interface does not exist (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    void AddOpenPort(OpenPort port);

    /// <summary>Closes a port that is open for all programs. Does nothing when it is not open.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or the interface does not exist (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    void RemoveOpenPort(int port, FirewallProtocol protocol);
}

/// <summary>The IP protocol of a rule. Any other protocol number can be cast to this type.</summary>
public enum FirewallProtocol
{
    /// <summary>ICMP for IPv4.</summary>
    Icmpv4 = 1,
    /// <summary>TCP.</summary>
    Tcp = 6,
    /// <summary>UDP.</summary>
    Udp = 17,
    /// <summary>IPv6 in IPv4: 6to4 and ISATAP, not Teredo.</summary>
    IPv6 = 41,
    /// <summary>ICMPv6.</summary>
    Icmpv6 = 58,
    /// <summary>Any protocol.</summary>
    Any = 256,
}

/// <summary>The direction of a rule (<c>NET_FW_RULE_DIRECTION</c>).</summary>
public enum FirewallDirection
{
    /// <summary>Incoming traffic.</summary>
    In = 1,
    /// <summary>Outgoing traffic.</summary>
    Out = 2,
}

/// <summary>The action of a rule (<c>NET_FW_ACTION</c>).</summary>
public enum FirewallAction
{
    /// <summary>The rule blocks the traffic.</summary>
    Block = 0,
    /// <summary>The rule allows the traffic.</summary>
    Allow = 1,
}

/// <summary>The profiles of networks (<c>NET_FW_PROFILE_TYPE2</c>).</summary>
[Flags]
public enum FirewallProfiles
{
    /// <summary>No profile.</summary>
    None = 0,
    /// <summary>Networks of a domain.</summary>
    Domain = 1,
    /// <summary>Private networks.</summary>
    Private = 2,
    /// <summary>Public networks.</summary>
    Public = 4,
    /// <summary>All profiles, including future ones.</summary>
    All = int.MaxValue,
}

/// <summary>
/// Whether a rule lets traffic of a Teredo tunnel in (<c>NET_FW_EDGE_TRAVERSAL_TYPE</c>). CIM has other numbers: there 2 and 3 are swapped.
/// </summary>
public enum EdgeTraversal
{
    /// <summary>Traffic of the tunnel does not get in.</summary>
    Deny = 0,
    /// <summary>Traffic of the tunnel gets in, whatever the application asked for.</summary>
    Allow = 1,
    /// <summary>
    /// Traffic of the tunnel gets in while the listening socket is <see cref="System.Net.Sockets.IPProtectionLevel.Unrestricted"/>.
    /// </summary>
    DeferToApp = 2,
    /// <summary>Windows asks the user when a socket wants traffic of the tunnel.</summary>
    DeferToUser = 3,
}

/// <summary>Whether local rules have an effect (<c>NET_FW_MODIFY_STATE</c>).</summary>
[Experimental("TEREDO001")]
public enum FirewallModifyState
{
    /// <summary>Local rules have an effect.</summary>
    Ok = 0,
    /// <summary>Group policy overrides local rules.</summary>
    GroupPolicyOverride = 1,
    /// <summary>The firewall blocks all unsolicited incoming traffic.</summary>
    InboundBlocked = 2,
}

/// <summary>The state of one profile.</summary>
public readonly record struct FirewallProfileStatus
{
    /// <summary>The profile.</summary>
    public FirewallProfiles Profile { get; init; }

    /// <summary>Whether the firewall is on in this profile.</summary>
    public bool Enabled { get; init; }

    /// <summary>Whether the firewall blocks all unsolicited incoming traffic, whatever the rules say.</summary>
    public bool BlocksAllInbound { get; init; }

    /// <summary>The action for incoming traffic that no rule matches.</summary>
    public FirewallAction DefaultInbound { get; init; }
}

/// <summary>The state of the firewall in the profiles that are active now.</summary>
[Experimental("TEREDO001")]
public sealed record FirewallStatus
{
    /// <summary>The active profiles, each with its state.</summary>
    public required IReadOnlyList<FirewallProfileStatus> Active { get; init => field = ValueList.Of(value); }

    /// <summary>Whether local rules have an effect.</summary>
    public FirewallModifyState ModifyState { get; init; }

    /// <summary>Whether the firewall is on in every active profile.</summary>
    public bool IsEnabled => Active.All(profile => profile.Enabled);
}

/// <summary>A port that is open for all programs (<c>INetFwOpenPort</c>).</summary>
[Experimental("TEREDO001")]
public sealed record OpenPort
{
    /// <summary>The name that people see.</summary>
    public required string Name { get; init; }

    /// <summary>The port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>TCP or UDP.</summary>
    public required FirewallProtocol Protocol { get; init; }

    /// <summary>Whether the entry is in force.</summary>
    public bool Enabled { get; init; } = true;
}
