using System.Diagnostics.CodeAnalysis;

namespace TeredoSdk.Windows;

/// <summary>The Windows Firewall as the SDK sees it. Reading needs no administrator.</summary>
[Experimental("TEREDO001")]
public interface IWindowsFirewall
{
    /// <summary>Which interfaces the firewall has.</summary>
    Reading<FirewallGeneration> Generation { get; }

    /// <summary>All rules (<c>INetFwRules</c>, Windows Vista and later).</summary>
    Reading<IReadOnlyList<FirewallRule>> ReadRules();

    /// <summary>What holds for the profiles that are active now.</summary>
    Reading<FirewallStatus> ReadStatus();

    /// <summary>The firewalls that other makers registered (<c>INetFwProducts</c>, Windows 7 and later): display names.</summary>
    Reading<IReadOnlyList<string>> ReadProducts();

    /// <summary>The globally open ports of the current profile (<c>INetFwMgr</c>, the XP-era interface).</summary>
    Reading<IReadOnlyList<OpenPort>> ReadOpenPorts();

    /// <summary>Adds a rule. The caller has made sure that there is none of that name.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), the firewall's service does not run (<see cref="TeredoError.FirewallUnavailable"/>), the
    /// rule is not valid (<see cref="TeredoError.InvalidFirewallRule"/>), or this firewall can't express it (<see cref="TeredoError.NotSupported"/>). Nothing
    /// is added.
    /// </exception>
    void Add(FirewallRule rule);

    /// <summary>Changes the rule of that name, property by property in the order that the system's checks want.</summary>
    /// <exception cref="TeredoException">
    /// As of <see cref="Add"/>; also when there is no such rule (<see cref="TeredoError.InvalidFirewallRule"/>). Properties that were changed before stay so.
    /// </exception>
    void Update(FirewallRule rule);

    /// <summary>Removes the rule of a name; one that is not there is no error.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or the firewall's service does not run (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    void Remove(string name);

    /// <summary>Opens a port for all programs by the XP-era interface.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or the interface is not there (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    void AddOpenPort(OpenPort port);

    /// <summary>Closes such a port; one that is not open is no error.</summary>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or the interface is not there (<see cref="TeredoError.FirewallUnavailable"/>).
    /// </exception>
    void RemoveOpenPort(int port, FirewallProtocol protocol);
}

/// <summary>Which of the firewall's interfaces a system has.</summary>
public enum FirewallGeneration
{
    /// <summary>None at all.</summary>
    None,
    /// <summary><c>INetFwMgr</c>: ports and programs (Windows XP SP2).</summary>
    Xp,
    /// <summary><c>INetFwRule</c>: rules, with edge traversal on or off (Windows Vista).</summary>
    Vista,
    /// <summary><c>INetFwRule2</c>: edge traversal may be left to the application (Windows 7).</summary>
    Windows7,
    /// <summary><c>INetFwRule3</c>: app packages and users (Windows 8).</summary>
    Windows8,
}

/// <summary>An IP protocol of a rule, by its number; any other number may be cast.</summary>
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

/// <summary>Which way a rule looks (<c>NET_FW_RULE_DIRECTION</c>).</summary>
public enum FirewallDirection
{
    /// <summary>What comes in.</summary>
    In = 1,
    /// <summary>What goes out.</summary>
    Out = 2,
}

/// <summary>What a rule does (<c>NET_FW_ACTION</c>).</summary>
public enum FirewallAction
{
    /// <summary>Blocks.</summary>
    Block = 0,
    /// <summary>Allows.</summary>
    Allow = 1,
}

/// <summary>The profiles of networks (<c>NET_FW_PROFILE_TYPE2</c>).</summary>
[Flags]
public enum FirewallProfiles
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Networks of a domain.</summary>
    Domain = 1,
    /// <summary>Private networks.</summary>
    Private = 2,
    /// <summary>Public networks.</summary>
    Public = 4,
    /// <summary>All networks, also those of profiles to come.</summary>
    All = int.MaxValue,
}

/// <summary>
/// Whether a rule lets traffic of a Teredo tunnel in (<c>NET_FW_EDGE_TRAVERSAL_TYPE</c>). Not CIM's numbers, where 2 and 3 change places.
/// </summary>
public enum EdgeTraversal
{
    /// <summary>No.</summary>
    Deny = 0,
    /// <summary>Yes, whatever the application asked for.</summary>
    Allow = 1,
    /// <summary>While the listening socket is <see cref="System.Net.Sockets.IPProtectionLevel.Unrestricted"/> (Windows 7 and later).</summary>
    DeferToApp = 2,
    /// <summary>The person is asked when a socket wants it (Windows 7 and later).</summary>
    DeferToUser = 3,
}

/// <summary>Whether local rules change anything (<c>NET_FW_MODIFY_STATE</c>).</summary>
[Experimental("TEREDO001")]
public enum FirewallModifyState
{
    /// <summary>They do.</summary>
    Ok = 0,
    /// <summary>Group policy overrides them.</summary>
    GroupPolicyOverride = 1,
    /// <summary>All that comes in unasked is blocked.</summary>
    InboundBlocked = 2,
}

/// <summary>What holds for one profile.</summary>
public readonly record struct FirewallProfileStatus
{
    /// <summary>Which one.</summary>
    public FirewallProfiles Profile { get; init; }

    /// <summary>Whether the firewall is on.</summary>
    public bool Enabled { get; init; }

    /// <summary>Whether all that comes in unasked is blocked, whatever the rules say.</summary>
    public bool BlocksAllInbound { get; init; }

    /// <summary>What becomes of what no rule names.</summary>
    public FirewallAction DefaultInbound { get; init; }
}

/// <summary>What holds for the profiles that are active now.</summary>
[Experimental("TEREDO001")]
public sealed record FirewallStatus
{
    /// <summary>Those profiles, each with its state.</summary>
    public required IReadOnlyList<FirewallProfileStatus> Active { get; init => field = ValueList.Of(value); }

    /// <summary>Whether local rules change anything.</summary>
    public FirewallModifyState ModifyState { get; init; }

    /// <summary>Whether the firewall is on in every active profile.</summary>
    public bool IsEnabled => Active.All(profile => profile.Enabled);
}

/// <summary>A port that is open for all programs (<c>INetFwOpenPort</c>).</summary>
[Experimental("TEREDO001")]
public sealed record OpenPort
{
    /// <summary>What people see.</summary>
    public required string Name { get; init; }

    /// <summary>The port, 1 to 65535.</summary>
    public required int Port { get; init; }

    /// <summary>TCP or UDP.</summary>
    public required FirewallProtocol Protocol { get; init; }

    /// <summary>Whether it is in force.</summary>
    public bool Enabled { get; init; } = true;
}
