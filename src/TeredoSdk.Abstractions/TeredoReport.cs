using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk;

/// <summary>What provides the Teredo address.</summary>
public enum TeredoProvider
{
    /// <summary>The first of the others that can qualify, in their order. Never in a report.</summary>
    Auto,
    /// <summary>The Teredo of Windows.</summary>
    Windows,
    /// <summary>A Teredo interface of this machine that is already up, for example that of miredo.</summary>
    Interface,
    /// <summary>The SDK's own client, inside the application.</summary>
    Embedded,
}

/// <summary>A way that was not taken, and why.</summary>
public sealed record PassedOver
{
    /// <summary>What it is: a provider, or the kernel sockets of one.</summary>
    public required string Way { get; init; }

    /// <summary>A sentence that says why, and what would help.</summary>
    public required string Reason { get; init; }
}

/// <summary>Where a node stands.</summary>
public enum TeredoState
{
    /// <summary>Not started, or disposed.</summary>
    Stopped,
    /// <summary>There is no IPv4 path, or native IPv6 that a whole machine's Teredo gives way to (RFC 4380 §5.5); goes on when that changes.</summary>
    Suppressed,
    /// <summary>Asking a server for an address.</summary>
    Qualifying,
    /// <summary>Has an address.</summary>
    Qualified,
    /// <summary>Has no address; tries again later.</summary>
    Offline,
    /// <summary>Idle with no opted-in socket. A bind or a datagram wakes it.</summary>
    Dormant,
}

/// <summary>Whether strangers get in. Having an address does not answer that.</summary>
public enum Reachability
{
    /// <summary>There is an address, but no stranger's packet has come in since it was got.</summary>
    NotChecked,
    /// <summary>Nobody can get in: there is no address.</summary>
    No,
    /// <summary>A packet that nothing had asked for came in.</summary>
    Yes,
}

/// <summary>The one description of a node's state, as it was when asked for.</summary>
public sealed record TeredoReport
{
    /// <summary>What provides the address.</summary>
    public required TeredoProvider Provider { get; init; }

    /// <summary>Whether sockets are ordinary ones of the kernel, TCP among them, or live inside the process.</summary>
    public required bool KernelSockets { get; init; }

    /// <summary>What was passed over on the way to this provider, in the order tried.</summary>
    public IReadOnlyList<PassedOver> PassedOver { get; init => field = ValueList.Of(value); } = ValueList<PassedOver>.Empty;

    /// <summary>Where the node stands.</summary>
    public required TeredoState State { get; init; }

    /// <summary>The Teredo address, or null while there is none. A dormant node keeps its last one, which nobody can reach until it wakes.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Whether a stranger's packet came in at this address.</summary>
    public required Reachability Reachability { get; init; }

    /// <summary>The primary address of the server in use, or null when it is not known.</summary>
    public IPAddress? Server { get; init; }

    /// <summary>The secondary address of the server in use, or null when it is not known.</summary>
    public IPAddress? SecondaryServer { get; init; }

    /// <summary>How the NAT maps ports, or "not checked" (RFC 4787 §4.1).</summary>
    public required MappingBehaviour Mapping { get; init; }

    /// <summary>Which packets the NAT lets in, or "not checked" (RFC 4787 §5).</summary>
    public required FilteringBehaviour Filtering { get; init; }

    /// <summary>The NAT's name in RFC 3489's words: none, cone, restricted, symmetric or unknown.</summary>
    public required string NatName { get; init; }

    /// <summary>Whether the NAT keeps port numbers; null while there is no address.</summary>
    public bool? PortPreserving { get; init; }

    /// <summary>The UDP endpoint on this machine that Teredo is carried over, or null while none is open.</summary>
    public IPEndPoint? LocalEndPoint { get; init; }

    /// <summary>That endpoint as the server sees it, or null while there is no address.</summary>
    public IPEndPoint? MappedEndPoint { get; init; }

    /// <summary>Whether the gateway leads an external UDP port to the node, or "not asked".</summary>
    public PortMappingState PortMapping { get; init; }

    /// <summary>The endpoint that the gateway leads to the node, or null while it does not. Behind several NATs it may be a private one.</summary>
    public IPEndPoint? PortMappingEndPoint { get; init; }

    /// <summary>The protocol that the gateway was asked by: PCP, NAT-PMP or UPnP IGD; null when none gave a mapping.</summary>
    public string? PortMappingProtocol { get; init; }

    /// <summary>Why there is no mapping, and what would help; null unless it is <see cref="PortMappingState.NotMapped"/>.</summary>
    public string? PortMappingProblem { get; init; }

    /// <summary>The largest IPv6 packet, in octets, or null before the first qualification.</summary>
    public int? MtuOctets { get; init; }

    /// <summary>What to do when the host has native IPv6. <see cref="NativeIPv6Mode.Beside"/> is a departure from RFC 4380 §5.5.</summary>
    public required NativeIPv6Mode NativeIPv6 { get; init; }

    /// <summary>Whether the host has native IPv6: a global address and a default route.</summary>
    public required bool HasNativeIPv6 { get; init; }

    /// <summary>How many sockets are open.</summary>
    public required int Sockets { get; init; }

    /// <summary>How many of them take unsolicited packets.</summary>
    public required int UnrestrictedSockets { get; init; }

    /// <summary>How many peers are remembered.</summary>
    public required int Peers { get; init; }

    /// <summary>What was dropped since the start, by reason; reasons that never occurred are left out.</summary>
    public required IReadOnlyDictionary<DropReason, long> Drops { get; init => field = ValueDictionary.Of(value); }

    /// <summary>What is wrong, or null while nothing is.</summary>
    public TeredoError? Error { get; init; }

    /// <summary>The sentence to <see cref="Error"/>: why, and what to do.</summary>
    public string? Problem { get; init; }

    /// <summary>Windows' own Teredo and what stands in its way; null where another provider runs.</summary>
    public WindowsReport? Windows { get; init; }

    /// <summary>When the node tries again, or null while it does not wait for that.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}
