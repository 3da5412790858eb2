namespace TeredoSdk.Protocol;

/// <summary>Why a core, or the stack above it, dropped a packet. Drops are counted, and never throw.</summary>
/// <remarks>
/// Sections are those of RFC 4380 unless another RFC is named. The last reasons are those of the stack. They concern packets that the core accepted,
/// or packets that the stack was about to send; the cores of this package never use them.
/// </remarks>
public enum DropReason : byte
{
    /// <summary>The packet was not dropped.</summary>
    None,

    /// <summary>An authentication header is longer than the datagram (§5.1.1).</summary>
    MalformedAuthentication,
    /// <summary>An origin indication is cut short (§5.1.1).</summary>
    MalformedOrigin,
    /// <summary>There is no IPv6 packet, or its header gives a length beyond the datagram (§5.2.3, §5.3.1).</summary>
    MalformedPacket,
    /// <summary>An unknown trailer asks for the packet to be discarded (RFC 6081 §4).</summary>
    UnknownTrailer,
    /// <summary>An alternate address trailer breaks its rules (RFC 6081 §5.6.4.2).</summary>
    MalformedAlternateAddress,
    /// <summary>An ICMPv6 message has a wrong checksum or is cut short.</summary>
    MalformedIcmpv6,
    /// <summary>The packet is source-routed (RFC 6169 §2.3.3).</summary>
    SourceRoute,

    /// <summary>The outer IPv4 source is not global unicast (§5.2.3, §5.3.1 rule 3).</summary>
    SourceNotGlobal,
    /// <summary>The outer source is one of our own addresses, so there is a loop (RFC 6324).</summary>
    OwnAddress,
    /// <summary>The IPv4 address in the destination is not global unicast (§5.2.4, §5.3.1, §5.4.1).</summary>
    DestinationNotGlobal,
    /// <summary>The Teredo address has port 3544. Only servers listen there, so there would be a loop (RFC 6324).</summary>
    ServerPort,
    /// <summary>
    /// The IPv6 source address is not allowed: it is multicast, link-local, loopback or, on a packet that came in, our own; or the host sends from an
    /// address that is not ours.
    /// </summary>
    BadInnerSource,
    /// <summary>The IPv6 destination address is not allowed.</summary>
    BadInnerDestination,

    /// <summary>The client is not qualified, so it has no address (§5.2).</summary>
    NotQualified,
    /// <summary>A router advertisement breaks a rule of §5.2.1, or nobody solicited it.</summary>
    BadRouterAdvertisement,
    /// <summary>A router advertisement has a wrong nonce, or no authentication header (§5.2.2).</summary>
    BadNonce,
    /// <summary>The authentication value is wrong or missing, or the client identifier is unknown (§5.2.2).</summary>
    BadAuthentication,

    /// <summary>A sender that is not our server used an origin indication or an authentication header (§5.2.3, §5.1.1).</summary>
    UnexpectedHeader,
    /// <summary>The sender is not trusted (§5.2.3, last case).</summary>
    Untrusted,
    /// <summary>The packet has a peer's address, but comes from another mapping (§5.2.3).</summary>
    MappingMismatch,
    /// <summary>A bubble lacks the nonce that RFC 6081 §5.2.4.4 demands.</summary>
    NonceMismatch,
    /// <summary>Too many wrong nonces came, so bubbles of this peer are ignored for a while.</summary>
    NonceGuessing,
    /// <summary>An echo reply answers no connectivity test (§5.2.9).</summary>
    UnexpectedEchoReply,
    /// <summary>A discovery bubble breaks a rule of §5.2.8.</summary>
    BadDiscoveryBubble,
    /// <summary>A packet other than a bubble or a router advertisement came to a port that serves nothing else.</summary>
    UnexpectedOnPort,

    /// <summary>The peer did not answer recent bubbles (§5.2.6).</summary>
    PeerUnreachable,
    /// <summary>The peer's queue is full.</summary>
    QueueFull,
    /// <summary>The packet waited too long for its peer.</summary>
    QueueExpired,
    /// <summary>The peer table is full of entries that may not be evicted.</summary>
    PeerTableFull,
    /// <summary>The peer's IPv4 address, or the /64 of a native peer, has 64 peers, none of which may be evicted.</summary>
    PeerAddressFull,
    /// <summary>A rate limit was reached.</summary>
    RateLimited,

    /// <summary>A server forwards only bubbles and ICMPv6 (§5.3.1 rule 2).</summary>
    NotBubbleOrIcmpv6,
    /// <summary>The ICMPv6 message is too large for a server to forward.</summary>
    TooLarge,
    /// <summary>The endpoint in the Teredo source address is not the outer source (§5.3.1 rule 5, §5.4.2).</summary>
    SourceMismatch,
    /// <summary>No rule lets the server accept the packet (§5.3.1 rule 7).</summary>
    NotAccepted,
    /// <summary>The hop limit is used up.</summary>
    HopLimitExceeded,
    /// <summary>Forwarding to native IPv6 is switched off.</summary>
    NoNativeRoute,
    /// <summary>The destination is outside the prefixes that the relay serves (§5.4.2).</summary>
    NotServed,
    /// <summary>A request for a check of reachability is shorter than what it could cause (docs/protocol §9.4).</summary>
    ReflectionTooSmall,
    /// <summary>An order for a check of reachability has no cookie, an old one, or another client's (docs/protocol §9.4).</summary>
    BadReflectionCookie,

    /// <summary>The packet belongs to no flow, and no socket at its port accepts strangers.</summary>
    Unsolicited,
    /// <summary>The packet is neither TCP, UDP nor ICMPv6, or the stack does not support its protocol.</summary>
    UnsupportedProtocol,
    /// <summary>A segment, datagram or ICMPv6 message has a wrong checksum or is cut short.</summary>
    MalformedTransport,
    /// <summary>The socket's queue is full.</summary>
    SocketQueueFull,
    /// <summary>More Echo Requests came in than are answered.</summary>
    EchoRateLimited,
    /// <summary>A TCP reset or an ICMPv6 error would have told a stranger that nothing listens here.</summary>
    AnswerToStranger,
    /// <summary>The source or destination port is 0, so no answer can go there (RFC 6335 §6, RFC 768).</summary>
    PortZero,
    /// <summary>The IPv6 packet is larger than the MTU of 1280 octets (RFC 4380 §5.1.2), so an answer of the same size could not be sent.</summary>
    AboveMtu,
}

/// <summary>Counts the drops of a core by reason, since the core was made.</summary>
/// <remarks>Calls must not overlap with calls to the core.</remarks>
public sealed class DropCounters
{
    static readonly int Reasons = Enum.GetValues<DropReason>().Length;
    readonly long[] _counts = new long[Reasons];

    internal DropCounters()
    {
    }

    /// <summary>How often the reason was counted.</summary>
    /// <exception cref="IndexOutOfRangeException">The reason is not a value of <see cref="DropReason"/>.</exception>
    public long this[DropReason reason] => _counts[(int)reason];

    /// <summary>The sum over all reasons.</summary>
    public long Total => _counts.Sum();

    internal Verdict Drop(DropReason reason)
    {
        _counts[(int)reason]++;
        return Verdict.Dropped(reason);
    }

    internal void Count(DropReason reason) => _counts[(int)reason]++;
}
