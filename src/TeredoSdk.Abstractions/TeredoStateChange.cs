using System.Net;

namespace TeredoSdk;

/// <summary>What happened to a node's address.</summary>
public enum TeredoStateChangeKind
{
    /// <summary>The node has an address for the first time.</summary>
    Qualified,
    /// <summary>The node has another address; the old one is no longer valid. Sockets stay open and report the new address.</summary>
    AddressChanged,
    /// <summary>The node has no address any more, and tries to get one again. Sockets stay open.</summary>
    Lost,
    /// <summary>The node has an address again, the same or another one.</summary>
    Regained,
    /// <summary>The node was idle for a long time. It has its address, but does not keep it up until a bind or a datagram wakes the node.</summary>
    Dormant,
    /// <summary>The machine has native IPv6, and is now a host-specific relay instead of a client (RFC 4380 §5.5).</summary>
    Relay,
}

/// <summary>A change of a node's address.</summary>
public sealed record TeredoStateChange
{
    /// <summary>What happened.</summary>
    public required TeredoStateChangeKind Kind { get; init; }

    /// <summary>The address after the change, or null when there is none.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The address before the change, or null when there was none.</summary>
    public IPAddress? PreviousAddress { get; init; }
}
