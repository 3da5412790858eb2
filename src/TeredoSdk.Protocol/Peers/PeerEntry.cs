namespace TeredoSdk.Protocol.Peers;

/// <summary>Facts about a peer, one bit each.</summary>
[Flags]
enum PeerFlags : ushort
{
    None = 0,
    /// <summary>The peer's mapping is verified (RFC 4380 §5.2). Only the table sets and clears this flag.</summary>
    Trusted = 1,
    /// <summary>The peer's direct packets come from another endpoint than the one in its address (RFC 6081 §5.3.1).</summary>
    SymmetricPeer = 2,
    /// <summary>Packets came to the service port (RFC 6081 §5.4.1).</summary>
    ReceivedOnPrimary = 4,
    /// <summary>Packets came to this peer's random port (RFC 6081 §5.4.1).</summary>
    ReceivedOnRandom = 8,
    /// <summary>
    /// The host wants the peer, or both have sent to each other. So the peer is not just an address that a stranger claimed. Only the table sets this
    /// flag.
    /// </summary>
    Used = 16,
    /// <summary>The peer did not answer neighbor discovery trailers (RFC 6081 §5.7).</summary>
    IgnoresSolicitations = 32,
    /// <summary>The peer is trusted, but can't verify us before we get its nonce. Packets of the host wait for that.</summary>
    AwaitsNonce = 64,
    /// <summary>The host has sent to the peer, which may have been an answer to a packet with a forged source.</summary>
    Answered = 128,
    /// <summary>The host sent to the peer first. Only the table sets this flag, always together with <see cref="Used"/>.</summary>
    Wanted = 256,
    /// <summary>The flags that a new mapping resets.</summary>
    PathDependent = SymmetricPeer | ReceivedOnPrimary | ReceivedOnRandom | AwaitsNonce,
}

/// <summary>Why a peer comes into the table.</summary>
enum Newcomer
{
    /// <summary>Somebody claims to be the peer.</summary>
    Stranger,
    /// <summary>A packet came from the endpoint in the peer's address.</summary>
    Verified,
    /// <summary>The host sends to the peer.</summary>
    Wanted,
}

/// <summary>The part of a peer's state that the fast path needs.</summary>
struct PeerEntry
{
    /// <summary>The peer's IPv6 address; all 128 bits are compared.</summary>
    public IPv6Address Address;
    /// <summary>When the peer's last direct packet came.</summary>
    public Instant LastReceived;
    /// <summary>When the host's last packet went to the peer.</summary>
    public Instant LastSent;
    /// <summary>The endpoint that the peer sends from, once known.</summary>
    public IPv4Endpoint Mapping;
    /// <summary>The port of ours that reaches the peer, as <see cref="LocalPort.Id"/>.</summary>
    public ushort Via;
    public PeerFlags Flags;
    /// <summary>The number of the peer's contact, which only an exchange needs; -1 without one.</summary>
    public int Contact;
    internal int Previous, Next, NextOfOwner;
    internal uint Queued;

    public readonly bool IsTrusted => (Flags & PeerFlags.Trusted) != 0;
    /// <summary>Whether a packet of the peer came in the last 30 s (RFC 4380 §5.2.4).</summary>
    public readonly bool IsFresh(Instant now) => now - LastReceived < PeerTable.Validity;
    /// <summary>Whether packets may be sent to the peer at once: it is trusted and fresh (RFC 4380 §5.2.4 case 1).</summary>
    public readonly bool IsUsable(Instant now) => IsTrusted && IsFresh(now);
    public readonly bool Has(PeerFlags flag) => (Flags & flag) != 0;
    /// <summary>When the last packet went in either direction.</summary>
    public readonly Instant LastPacket => LastReceived > LastSent ? LastReceived : LastSent;
}
