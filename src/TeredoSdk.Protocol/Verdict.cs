namespace TeredoSdk.Protocol;

/// <summary>What the driver must do with the octets that it just handed to a core.</summary>
public enum VerdictKind : byte
{
    /// <summary>Nothing: the packet is dropped. <see cref="Verdict.Reason"/> says why.</summary>
    Dropped,
    /// <summary>Hand the range <see cref="Verdict.Offset"/>, <see cref="Verdict.Length"/> of the same memory to the host.</summary>
    Deliver,
    /// <summary>Send the range of the same memory by UDP from <see cref="Verdict.Via"/> to <see cref="Verdict.Target"/>.</summary>
    Send,
    /// <summary>Nothing: the core copied the packet and keeps it until its peer answers.</summary>
    Held,
    /// <summary>Nothing: the core has handled the packet. Answers, if any, wait among the transmits.</summary>
    Consumed,
}

/// <summary>A core's decision about one packet. It is valid until the core is called again.</summary>
public readonly record struct Verdict
{
    /// <summary>What the driver must do.</summary>
    public VerdictKind Kind { get; private init; }

    /// <summary>Why the packet was dropped.</summary>
    public DropReason Reason { get; private init; }

    /// <summary>The start of the IPv6 packet in the memory that was handed in, in octets.</summary>
    public int Offset { get; private init; }

    /// <summary>The length of the IPv6 packet, in octets.</summary>
    public int Length { get; private init; }

    /// <summary>The UDP socket to send from.</summary>
    public LocalPort Via { get; private init; }

    /// <summary>The endpoint to send to.</summary>
    public IPv4Endpoint Target { get; private init; }

    /// <summary>The same verdict for a packet that starts later in the memory by the offset.</summary>
    internal Verdict Shift(int offset) => this with { Offset = Offset + offset };

    /// <summary>The core has handled the packet.</summary>
    public static Verdict Consumed => new() { Kind = VerdictKind.Consumed };

    /// <summary>The core keeps a copy of the packet.</summary>
    public static Verdict Held => new() { Kind = VerdictKind.Held };

    /// <summary>Hand a range to the host.</summary>
    public static Verdict Deliver(int offset, int length) => new() { Kind = VerdictKind.Deliver, Offset = offset, Length = length };

    /// <summary>Send a packet unchanged.</summary>
    public static Verdict Send(LocalPort via, IPv4Endpoint target, int length, int offset = 0) =>
        new() { Kind = VerdictKind.Send, Via = via, Target = target, Length = length, Offset = offset };

    /// <summary>The packet is dropped.</summary>
    public static Verdict Dropped(DropReason reason) => new() { Kind = VerdictKind.Dropped, Reason = reason };
}

/// <summary>Identifies one of a core's UDP sockets.</summary>
public readonly record struct LocalPort
{
    /// <summary>Makes an identifier from a number.</summary>
    /// <param name="id">The number. Two sockets that are open at the same time have different numbers.</param>
    public LocalPort(int id) => Id = id;

    /// <summary>A number that the core chose. Two sockets that are open at the same time have different numbers.</summary>
    public int Id { get; init; }

    /// <summary>A client's or relay's service port (RFC 4380 §2.18).</summary>
    public static LocalPort Service => new(0);

    /// <summary>A client's secondary port, which finds out how long the NAT keeps a mapping (RFC 4380 §5.2.7).</summary>
    public static LocalPort Interval => new(1);

    /// <summary>A client's socket on the discovery group 224.0.0.253:3544 (RFC 4380 §5.2.8).</summary>
    public static LocalPort Discovery => new(2);

    /// <summary>A server's socket on its primary address, port 3544.</summary>
    public static LocalPort ServerPrimary => new(3);

    /// <summary>A server's socket on its secondary address, port 3544.</summary>
    public static LocalPort ServerSecondary => new(4);

    /// <summary>The first socket of a server's stranger, which checks the clients' reachability (docs/protocol §9).</summary>
    public static LocalPort Reflector => new(5);

    /// <summary>The second socket of a server's stranger, at another port of the same address.</summary>
    public static LocalPort OtherReflector => new(6);

    /// <summary>The first of the random ports that a client opens for symmetric NATs (RFC 6081 §5.4).</summary>
    internal const int FirstRandom = 16;

    /// <summary>Whether this is a random port that serves one peer (RFC 6081 §5.4).</summary>
    public bool IsRandom => Id >= FirstRandom;

    /// <summary>The socket's name for logs.</summary>
    public override string ToString() => Id switch
    {
        0 => "service",
        1 => "interval",
        2 => "discovery",
        3 => "primary",
        4 => "secondary",
        5 => "reflector",
        6 => "other-reflector",
        _ => $"random-{Id - FirstRandom}",
    };
}

/// <summary>A datagram that the core asks the driver to send.</summary>
public readonly record struct Transmit
{
    /// <summary>The length of the UDP payload, in octets.</summary>
    public int Length { get; init; }

    /// <summary>The UDP socket to send from.</summary>
    public LocalPort Via { get; init; }

    /// <summary>The endpoint to send to.</summary>
    public IPv4Endpoint Target { get; init; }

    /// <summary>The IPv4 time to live in hops, or 0 for the socket's default.</summary>
    public byte Ttl { get; init; }
}
