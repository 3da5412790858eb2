using System.Net;

namespace TeredoSdk;

/// <summary>What happened to a node's address.</summary>
public enum TeredoStateChangeKind
{
    /// <summary>There is an address, for the first time.</summary>
    Qualified,
    /// <summary>The address is another one now; the old one is void. Sockets stay open and report the new one.</summary>
    AddressChanged,
    /// <summary>There is no address any more. The node tries to get one again; sockets stay open.</summary>
    Lost,
    /// <summary>There is an address again, the same or another one.</summary>
    Regained,
    /// <summary>Idle for long: the address stands but is not kept up until a bind or a datagram wakes the node.</summary>
    Dormant,
    /// <summary>The machine has native IPv6, and is a host-specific relay instead of a client (RFC 4380 §5.5).</summary>
    Relay,
}

/// <summary>A change of a node's address.</summary>
public sealed record TeredoStateChange
{
    /// <summary>What happened.</summary>
    public required TeredoStateChangeKind Kind { get; init; }

    /// <summary>The address now, or null.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The address before, or null when there was none.</summary>
    public IPAddress? PreviousAddress { get; init; }
}
