namespace TeredoSdk.Protocol.Tcp;

/// <summary>The two ends of a connection, seen from here.</summary>
readonly record struct TcpFlow(IPv6Address LocalAddress, ushort LocalPort, IPv6Address RemoteAddress, ushort RemotePort)
{
    /// <summary>The flow that a segment from the peer belongs to.</summary>
    public static TcpFlow Of(in TcpSegment segment) => new(segment.Destination, segment.DestinationPort, segment.Source, segment.SourcePort);
}

/// <summary>The numbers that nobody may guess, which the host chooses for each connection.</summary>
/// <param name="Sequence">The initial sequence number (RFC 6528 §3).</param>
/// <param name="TimestampOffset">What is added to the clock of the timestamps (RFC 7323 §5.4).</param>
readonly record struct TcpStart(uint Sequence, uint TimestampOffset)
{
    /// <summary>The value of the timestamp option at an instant: a clock of 1 ms (RFC 7323 §5.4).</summary>
    public uint Timestamp(Instant now) => (uint)(now.SinceStart.Ticks / TimeSpan.TicksPerMillisecond) + TimestampOffset;
}
