using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Testing;

/// <summary>An ICMPv6 Echo Request and what came back.</summary>
public sealed class SimulatedPing
{
    internal SimulatedPing(IPv6Address target, ushort sequence, Instant sentAt)
    {
        Target = target;
        Sequence = sequence;
        SentAt = sentAt;
    }

    /// <summary>Who was asked.</summary>
    public IPv6Address Target { get; }

    /// <summary>When the host sent it; the Teredo client may hold it back.</summary>
    public Instant SentAt { get; }

    /// <summary>From the request to the reply, or null while there is none.</summary>
    public TimeSpan? RoundTrip { get; internal set; }

    /// <summary>How often a reply came: more than once when the network duplicates.</summary>
    public int Replies { get; internal set; }

    /// <summary>The ICMPv6 error that came instead of a reply, or null.</summary>
    public SimulatedIcmpv6Error? Error { get; internal set; }

    /// <summary>Whether the reply came.</summary>
    public bool Succeeded => RoundTrip is not null;

    /// <summary>Whether the reply or an error came.</summary>
    public bool Completed => Succeeded || Error is not null;

    internal ushort Sequence { get; }
}

/// <summary>An ICMPv6 error that a host received.</summary>
/// <param name="Time">When.</param>
/// <param name="Type">The type: Destination Unreachable, Packet Too Big or Time Exceeded (RFC 4443 §3).</param>
/// <param name="Code">The code within the type.</param>
/// <param name="Source">Who sent the error.</param>
/// <param name="Destination">Whom the packet that caused it was for.</param>
public readonly record struct SimulatedIcmpv6Error(Instant Time, Icmpv6Type Type, byte Code, IPv6Address Source, IPv6Address Destination);

/// <summary>An IPv6 packet that a host received.</summary>
/// <param name="Time">When.</param>
/// <param name="Octets">The whole packet.</param>
public readonly record struct SimulatedPacket(Instant Time, ReadOnlyMemory<byte> Octets);

/// <summary>The payload of a UDP datagram over IPv6 that a host received.</summary>
/// <param name="Time">When.</param>
/// <param name="Source">Who sent it.</param>
/// <param name="SourcePort">From which port.</param>
/// <param name="DestinationPort">To which port.</param>
/// <param name="Payload">The payload.</param>
public readonly record struct SimulatedIPv6Datagram(Instant Time, IPv6Address Source, ushort SourcePort, ushort DestinationPort,
    ReadOnlyMemory<byte> Payload);
