namespace TeredoSdk.Protocol.Tcp;

/// <summary>How windows follow congestion.</summary>
enum TcpCongestion : byte
{
    /// <summary>RFC 9438.</summary>
    Cubic,
    /// <summary>RFC 5681 and 6582.</summary>
    NewReno,
}

/// <summary>The settings of connections. Many connections share one object, which must not change while one of them lives.</summary>
sealed class TcpOptions
{
    /// <summary>The settings if nothing else is said.</summary>
    public static TcpOptions Default { get; } = new();

    /// <summary>The size of the first packets, headers included; RFC 4380 §5.1.2 gives Teredo's links an MTU of 1280 octets.</summary>
    public int PathOctets { get; init; } = 1280;

    /// <summary>The size up to which larger packets are tried (RFC 8899); the size that the peer may use follows from it.</summary>
    public int MaxPathOctets { get; init; } = 1280;

    /// <summary>How many octets wait for their acknowledgment or to be sent, at most.</summary>
    public int SendBufferOctets { get; init; } = 4 << 20;

    /// <summary>How many octets wait to be read at first; the buffer grows with the measured rate.</summary>
    public int InitialReceiveBufferOctets { get; init; } = 64 << 10;

    /// <summary>How many octets wait to be read at most; this chooses the window's scale (RFC 7323 §2.3).</summary>
    public int MaxReceiveBufferOctets { get; init; } = 4 << 20;

    /// <summary>How many octets that wait to be read, or for what is before them, the connections of a host keep in all. It is not in an RFC.</summary>
    public long MaxReceivedOctets { get; init; } = 128 << 20;

    /// <summary>How the window follows congestion.</summary>
    public TcpCongestion Congestion { get; init; }

    /// <summary>Whether small segments wait for the acknowledgment of those before them (RFC 9293 §3.7.4: the Nagle algorithm).</summary>
    public bool Nagle { get; init; } = true;

    /// <summary>Whether selective acknowledgments are offered (RFC 2018).</summary>
    public bool Sack { get; init; } = true;

    /// <summary>Whether timestamps are offered (RFC 7323).</summary>
    public bool Timestamps { get; init; } = true;

    /// <summary>Whether the window's scale is offered (RFC 7323).</summary>
    public bool WindowScale { get; init; } = true;

    /// <summary>Whether explicit notification of congestion is offered (RFC 3168).</summary>
    public bool Ecn { get; init; }

    /// <summary>Whether segments are spread over the round trip.</summary>
    public bool Pacing { get; init; } = true;

    /// <summary>How long an attempt to connect goes on (RFC 9293 §3.8.3: MUST-23, 3 minutes).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long data may stay without acknowledgment (RFC 9293 §3.10.1, RFC 5482 §1).</summary>
    public TimeSpan UserTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>After how long a silence the peer is asked for a sign of life; null: never (RFC 9293 §3.8.4: MUST-25, off by default).</summary>
    public TimeSpan? KeepAliveTime { get; init; }

    /// <summary>How long it takes from one question to the next.</summary>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(75);

    /// <summary>After how many questions without answer the connection ends (RFC 9293 §3.8.4: MUST-26, not after one).</summary>
    public int KeepAliveCount { get; init; } = 9;

    /// <summary>How long a segment may live; TIME-WAIT takes twice as long. RFC 9293 §3.4.2 has 2 minutes.</summary>
    public TimeSpan MaxSegmentLifetime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The smallest retransmission timeout. RFC 6298 §2.4 has 1 s.</summary>
    public TimeSpan MinRetransmissionTimeout { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long an acknowledgment waits for another segment (RFC 9293 §3.8.6.3: MUST-40, less than 0.5 s).</summary>
    public TimeSpan AcknowledgmentDelay { get; init; } = TimeSpan.FromMilliseconds(40);

    /// <summary>What is announced as the largest segment, in octets: it counts no options (RFC 6691 §2).</summary>
    public int MaxSegmentOctets => Math.Max(PathOctets, MaxPathOctets) - Wire.IPv6Packet.HeaderSize - TcpSegment.HeaderSize;

    /// <summary>The scale of the window that is offered (RFC 7323 §2.2).</summary>
    public int OfferedScale => Math.Min(TcpOption.MaxWindowScale, Math.Max(0, System.Numerics.BitOperations.Log2((uint)MaxReceiveBufferOctets) - 15));
}
