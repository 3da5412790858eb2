namespace TeredoSdk.Protocol.Relay;

/// <summary>Settings of a <see cref="TeredoRelay"/>, fixed when it is made.</summary>
public sealed record TeredoRelayOptions
{
    /// <summary>The IPv6 prefixes served: packets from Teredo clients are forwarded only to these, packets to clients taken only from them. A host-specific relay lists its own addresses as /128.</summary>
    public required IReadOnlyList<Ipv6Prefix> ServedPrefixes { get; init; }
}

/// <summary>A Teredo relay, or host-specific relay (RFC 4380 §5.4), as a state machine without sockets, clock or tasks.</summary>
public sealed class TeredoRelay
{
    /// <param name="options">The settings; validated here.</param>
    /// <param name="random">Where tokens and jitter come from.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and the range.</exception>
    public TeredoRelay(TeredoRelayOptions options, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
    }

    /// <summary>How many peers are remembered.</summary>
    public int PeerCount => throw new NotSupportedException();

    /// <summary>What was dropped, by reason.</summary>
    public DropCounters Drops { get; } = new();

    /// <summary>When <see cref="HandleTimeout"/> wants to be called next, or null when nothing is scheduled.</summary>
    public Instant? NextDeadline => throw new NotSupportedException();

    /// <summary>Does what is due. Early or repeated calls change nothing.</summary>
    public void HandleTimeout(Instant now) => throw new NotSupportedException();

    /// <summary>Takes a UDP datagram (RFC 4380 §5.4.2).</summary>
    /// <returns>Deliver (forward the range to the IPv6 side), Held, Consumed or Dropped.</returns>
    public Verdict HandleDatagram(Instant now, LocalPort via, Ipv4Endpoint source, ReadOnlySpan<byte> payload) => throw new NotSupportedException();

    /// <summary>Takes an IPv6 packet for a Teredo client from the IPv6 side (RFC 4380 §5.4.1).</summary>
    /// <returns>Send, Held or Dropped.</returns>
    public Verdict HandlePacket(Instant now, ReadOnlySpan<byte> packet) => throw new NotSupportedException();

    /// <summary>Takes a datagram to be sent.</summary>
    public bool TryTakeTransmit(Span<byte> buffer, out Transmit transmit) => throw new NotSupportedException();

    /// <summary>Takes an IPv6 packet for the IPv6 side.</summary>
    public bool TryTakeDelivery(Span<byte> buffer, out int length) => throw new NotSupportedException();
}
