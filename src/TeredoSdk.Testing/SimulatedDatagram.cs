using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>A UDP datagram at one point of the simulated internet.</summary>
public readonly record struct SimulatedDatagram
{
    /// <summary>When the datagram was at this point.</summary>
    public required Instant Time { get; init; }

    /// <summary>The node that sent it last: a host, or a NAT that forwarded it.</summary>
    public required ISimulatedNode From { get; init; }

    /// <summary>The IPv4 source.</summary>
    public required IPv4Endpoint Source { get; init; }

    /// <summary>The IPv4 destination.</summary>
    public required IPv4Endpoint Target { get; init; }

    /// <summary>The IPv4 time to live, in hops.</summary>
    public required byte Ttl { get; init; }

    /// <summary>The UDP payload. It never changes.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>The size of the IPv4 and UDP headers before the payload, in octets.</summary>
    public const int HeaderSize = 28;

    /// <summary>The size of the whole IPv4 packet, in octets.</summary>
    public int Size => HeaderSize + Payload.Length;

    /// <summary>One line for a trace: time, node, endpoints, TTL, length.</summary>
    public override string ToString() => $"{Time} {From.Name}: {Source} > {Target} ttl {Ttl} length {Payload.Length}";

    /// <summary>Whether both are equal, including their octets.</summary>
    public bool Equals(SimulatedDatagram other) =>
        (Time, From, Source, Target, Ttl) == (other.Time, other.From, other.Source, other.Target, other.Ttl)
        && Payload.Span.SequenceEqual(other.Payload.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Time, Payload.Length);
}

/// <summary>Why a datagram did not arrive.</summary>
public enum DatagramLoss
{
    /// <summary>A link lost the datagram.</summary>
    Loss,
    /// <summary>The datagram was larger than a link's MTU, and the link does not fragment.</summary>
    TooLarge,
    /// <summary>The datagram's time to live ran out.</summary>
    TtlExpired,
    /// <summary>No node has the target address.</summary>
    NoRoute,
    /// <summary>No socket is bound to the target port.</summary>
    NoSocket,
    /// <summary>A NAT has no mapping for the datagram, or its filter drops it.</summary>
    Filtered,
    /// <summary>A NAT has no external port left for the datagram.</summary>
    NoMapping,
    /// <summary>A NAT does not hairpin.</summary>
    NotHairpinned,
}

/// <summary>A node with an IPv4 address in the simulated internet: a host or a NAT.</summary>
public interface ISimulatedNode
{
    /// <summary>The name in traces.</summary>
    string Name { get; }

    /// <summary>The link between the node and its network; by default ideal (no delay, no loss).</summary>
    Link Uplink { get; }

    /// <summary>The network that the node's own address belongs to.</summary>
    SimulatedNetwork Network { get; }

    internal SimulatedRandom LinkRandom { get; }

    internal void Receive(SimulatedNetwork on, in SimulatedDatagram datagram);
}
