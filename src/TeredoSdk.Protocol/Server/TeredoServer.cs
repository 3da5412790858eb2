namespace TeredoSdk.Protocol.Server;

/// <summary>Settings of a <see cref="TeredoServer"/>, fixed when it is made.</summary>
public sealed record TeredoServerOptions
{
    /// <summary>The primary IPv4 address, which client addresses embed.</summary>
    public required Ipv4Address Primary { get; init; }

    /// <summary>The secondary IPv4 address, or null for a server with one address: clients can then not check their mapping behaviour.</summary>
    public Ipv4Address? Secondary { get; init; }
}

/// <summary>A Teredo server (RFC 4380 §5.3) as a stateless state machine without sockets, clock or tasks.</summary>
public sealed class TeredoServer
{
    /// <param name="options">The settings; validated here.</param>
    /// <param name="random">Seeds the hash of the rate limits.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and the range.</exception>
    public TeredoServer(TeredoServerOptions options, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
    }

    /// <summary>What was dropped, by reason.</summary>
    public DropCounters Drops { get; } = new();

    /// <summary>Takes a UDP datagram.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via"><see cref="LocalPort.ServerPrimary"/> or <see cref="LocalPort.ServerSecondary"/>.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="payload">The UDP payload; not kept.</param>
    /// <returns>Consumed (an answer or a forward waits in <see cref="TryTakeTransmit"/> or <see cref="TryTakeDelivery"/>) or Dropped.</returns>
    public Verdict HandleDatagram(Instant now, LocalPort via, Ipv4Endpoint source, ReadOnlySpan<byte> payload) => throw new NotSupportedException();

    /// <summary>Takes a datagram to be sent.</summary>
    public bool TryTakeTransmit(Span<byte> buffer, out Transmit transmit) => throw new NotSupportedException();

    /// <summary>Takes an IPv6 packet for the native internet.</summary>
    public bool TryTakeDelivery(Span<byte> buffer, out int length) => throw new NotSupportedException();
}
