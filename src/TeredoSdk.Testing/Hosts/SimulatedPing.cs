using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Testing;

/// <summary>An ICMPv6 Echo Request and the answers to it.</summary>
public sealed class SimulatedPing
{
    internal SimulatedPing(IPv6Address target, ushort sequence, Instant sentAt)
    {
        Target = target;
        Sequence = sequence;
        SentAt = sentAt;
    }

    /// <summary>The address that was pinged.</summary>
    public IPv6Address Target { get; }

    /// <summary>When the host sent the request. The Teredo client may have held it back.</summary>
    public Instant SentAt { get; }

    /// <summary>The time from the request to the reply; null while there is no reply.</summary>
    public TimeSpan? RoundTrip { get; internal set; }

    /// <summary>How many replies came; more than one when the network duplicates.</summary>
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
public readonly record struct SimulatedIcmpv6Error
{
    /// <summary>When it arrived.</summary>
    public required Instant Time { get; init; }

    /// <summary>The type: Destination Unreachable, Packet Too Big or Time Exceeded (RFC 4443 §3).</summary>
    public required Icmpv6Type Type { get; init; }

    /// <summary>The code within the type.</summary>
    public required byte Code { get; init; }

    /// <summary>The sender of the error.</summary>
    public required IPv6Address Source { get; init; }

    /// <summary>The destination of the packet that caused the error.</summary>
    public required IPv6Address Destination { get; init; }
}

/// <summary>An IPv6 packet that a host received.</summary>
public readonly record struct SimulatedPacket
{
    /// <summary>When it arrived.</summary>
    public required Instant Time { get; init; }

    /// <summary>The whole packet.</summary>
    public required ReadOnlyMemory<byte> Octets { get; init; }

    /// <summary>Whether both are equal, including their octets.</summary>
    public bool Equals(SimulatedPacket other) => Time == other.Time && Octets.Span.SequenceEqual(other.Octets.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Time, Octets.Length);
}

/// <summary>The payload of a UDP datagram over IPv6 that a host received.</summary>
public readonly record struct SimulatedIPv6Datagram
{
    /// <summary>When it arrived.</summary>
    public required Instant Time { get; init; }

    /// <summary>The sender.</summary>
    public required IPv6Address Source { get; init; }

    /// <summary>The source port.</summary>
    public required ushort SourcePort { get; init; }

    /// <summary>The destination port.</summary>
    public required ushort DestinationPort { get; init; }

    /// <summary>The payload.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>Whether both are equal, including their octets.</summary>
    public bool Equals(SimulatedIPv6Datagram other) =>
        (Time, Source, SourcePort, DestinationPort) == (other.Time, other.Source, other.SourcePort, other.DestinationPort)
        && Payload.Span.SequenceEqual(other.Payload.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Time, Payload.Length);
}
