using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>A UDP datagram at one point of the simulated internet.</summary>
/// <param name="Time">When it was there.</param>
/// <param name="From">The node that sent it last: a host, or a NAT that passed it on.</param>
/// <param name="Source">The IPv4 source.</param>
/// <param name="Target">The IPv4 destination.</param>
/// <param name="Ttl">The IPv4 time to live, in hops.</param>
/// <param name="Payload">The UDP payload; never changed afterwards.</param>
public readonly record struct SimulatedDatagram(Instant Time, ISimulatedNode From, IPv4Endpoint Source, IPv4Endpoint Target, byte Ttl,
    ReadOnlyMemory<byte> Payload)
{
    /// <summary>Size of the IPv4 and UDP headers in front of the payload, in octets.</summary>
    public const int HeaderSize = 28;

    /// <summary>Size of the whole IPv4 packet, in octets.</summary>
    public int Size => HeaderSize + Payload.Length;

    /// <summary>One line for a trace: time, node, endpoints, TTL, length.</summary>
    public override string ToString() => $"{Time} {From.Name}: {Source} > {Target} ttl {Ttl} length {Payload.Length}";
}

/// <summary>Why a datagram did not arrive.</summary>
public enum DatagramLoss
{
    /// <summary>A link lost it.</summary>
    Loss,
    /// <summary>It was larger than a link's MTU and the link does not fragment.</summary>
    TooLarge,
    /// <summary>Its time to live ran out.</summary>
    TtlExpired,
    /// <summary>Nobody has the target address.</summary>
    NoRoute,
    /// <summary>No socket is bound to the target port.</summary>
    NoSocket,
    /// <summary>A NAT has no mapping for it, or its filter does not let it in.</summary>
    Filtered,
    /// <summary>A NAT has no external port left for it.</summary>
    NoMapping,
    /// <summary>A NAT does not hairpin.</summary>
    NotHairpinned,
}

/// <summary>Something with an IPv4 address in the simulated internet: a host or a NAT.</summary>
public interface ISimulatedNode
{
    /// <summary>The name that traces show.</summary>
    string Name { get; }

    /// <summary>The link by which the node hangs on its network; ideal (no delay, no loss) unless changed.</summary>
    Link Uplink { get; }

    /// <summary>The network that the node's own address belongs to.</summary>
    SimulatedNetwork Network { get; }

    internal SimulatedRandom LinkRandom { get; }

    internal void Receive(SimulatedNetwork on, in SimulatedDatagram datagram);
}
