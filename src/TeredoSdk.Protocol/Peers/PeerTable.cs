namespace TeredoSdk.Protocol.Peers;

/// <summary>What is known of a peer, one bit each.</summary>
[Flags]
enum PeerFlags : ushort
{
    None = 0,
    /// <summary>The mapping is verified (RFC 4380 §5.2). Set and cleared by the table only.</summary>
    Trusted = 1,
    /// <summary>The peer's direct packets come from another endpoint than its address embeds (RFC 6081 §5.3.1).</summary>
    SymmetricPeer = 2,
    /// <summary>Packets came to the service port (RFC 6081 §5.4.1).</summary>
    ReceivedOnPrimary = 4,
    /// <summary>Packets came to this peer's random port (RFC 6081 §5.4.1).</summary>
    ReceivedOnRandom = 8,
    /// <summary>We have sent it a packet of the host: it is no mere claim.</summary>
    Used = 16,
    /// <summary>It did not answer neighbor discovery trailers (RFC 6081 §5.7).</summary>
    IgnoresSolicitations = 32,
}

/// <summary>The part of a peer's state that the fast path needs.</summary>
struct PeerEntry
{
    /// <summary>Its IPv6 address; all 128 bits count.</summary>
    public Ipv6Address Address;
    /// <summary>When its last packet came directly.</summary>
    public Instant LastReceived;
    /// <summary>When the last packet of the host went to it.</summary>
    public Instant LastSent;
    /// <summary>Where it sends from, once known.</summary>
    public Ipv4Endpoint Mapping;
    /// <summary>Which of our ports it is reached from, as <see cref="LocalPort.Id"/>.</summary>
    public ushort Via;
    public PeerFlags Flags;
    /// <summary>The number of the state that only an exchange in progress needs, or -1.</summary>
    public int Contact;
    internal int Previous, Next;

    public readonly bool IsTrusted => (Flags & PeerFlags.Trusted) != 0;
    public readonly bool Has(PeerFlags flag) => (Flags & flag) != 0;
}
