namespace TeredoSdk.Protocol;

/// <summary>Why a core, or the stack of sockets above it, dropped what it was handed. Counted, never thrown.</summary>
/// <remarks>
/// Sections are those of RFC 4380 unless another RFC is named. The reasons of the stack, the last ones, are about packets that the core let in, and
/// about those that the stack was going to send: a core of this package never gives them.
/// </remarks>
public enum DropReason : byte
{
    /// <summary>Not dropped.</summary>
    None,

    /// <summary>An authentication header longer than the datagram (§5.1.1).</summary>
    MalformedAuthentication,
    /// <summary>A cut origin indication (§5.1.1).</summary>
    MalformedOrigin,
    /// <summary>No IPv6 packet, or one longer than the datagram (§5.2.3, §5.3.1).</summary>
    MalformedPacket,
    /// <summary>An unknown trailer that asks for the packet to be discarded (RFC 6081 §4).</summary>
    UnknownTrailer,
    /// <summary>An alternate address trailer that breaks its rules (RFC 6081 §5.6.4.2).</summary>
    MalformedAlternateAddress,
    /// <summary>An ICMPv6 message with a wrong checksum or cut short.</summary>
    MalformedIcmpv6,
    /// <summary>A source routed packet (RFC 6169 §2.3.3).</summary>
    SourceRoute,

    /// <summary>The outer IPv4 source is not global unicast (§5.2.3, §5.3.1 rule 3).</summary>
    SourceNotGlobal,
    /// <summary>The outer source is one of our own addresses: a loop (RFC 6324).</summary>
    OwnAddress,
    /// <summary>The IPv4 address that the destination embeds is not global unicast (§5.2.4, §5.3.1, §5.4.1).</summary>
    DestinationNotGlobal,
    /// <summary>The Teredo address embeds port 3544: nothing but a server listens there, a loop (RFC 6324).</summary>
    ServerPort,
    /// <summary>The IPv6 source address is not allowed here: multicast, link-local, loopback, our own, or not ours going out.</summary>
    BadInnerSource,
    /// <summary>The IPv6 destination address is not allowed here.</summary>
    BadInnerDestination,

    /// <summary>Not qualified: no address yet, or none any more (§5.2).</summary>
    NotQualified,
    /// <summary>A router advertisement that breaks a rule of §5.2.1, or that nothing asked for.</summary>
    BadRouterAdvertisement,
    /// <summary>A router advertisement whose nonce is not the one sent, or without an authentication header (§5.2.2).</summary>
    BadNonce,
    /// <summary>An authentication value that does not fit, an unknown client identifier, or none where one is required (§5.2.2).</summary>
    BadAuthentication,

    /// <summary>An origin indication or authentication header from someone who is not our server (§5.2.3, §5.1.1).</summary>
    UnexpectedHeader,
    /// <summary>A packet from an untrusted sender (§5.2.3 last case).</summary>
    Untrusted,
    /// <summary>A packet that claims a peer's address but comes from another mapping (§5.2.3).</summary>
    MappingMismatch,
    /// <summary>A bubble without the nonce that RFC 6081 §5.2.4.4 asks for.</summary>
    NonceMismatch,
    /// <summary>Too many wrong nonces: bubbles for this peer are ignored for a while.</summary>
    NonceGuessing,
    /// <summary>An echo reply that answers no connectivity test (§5.2.9).</summary>
    UnexpectedEchoReply,
    /// <summary>A discovery bubble that breaks a rule of §5.2.8.</summary>
    BadDiscoveryBubble,
    /// <summary>Something other than a bubble or a router advertisement came to a port that carries nothing else.</summary>
    UnexpectedOnPort,

    /// <summary>The peer did not answer its bubbles lately (§5.2.6).</summary>
    PeerUnreachable,
    /// <summary>The peer's queue is full.</summary>
    QueueFull,
    /// <summary>The packet waited too long for its peer.</summary>
    QueueExpired,
    /// <summary>The peer table is full of entries that may not be evicted.</summary>
    PeerTableFull,
    /// <summary>A rate limit.</summary>
    RateLimited,

    /// <summary>A server carries bubbles and ICMPv6 only (§5.3.1 rule 2).</summary>
    NotBubbleOrIcmpv6,
    /// <summary>An ICMPv6 message too large for a server to forward.</summary>
    TooLarge,
    /// <summary>The Teredo source address does not embed the outer source (§5.3.1 rule 5, §5.4.2).</summary>
    SourceMismatch,
    /// <summary>None of the rules that let a server accept a packet holds (§5.3.1 rule 7).</summary>
    NotAccepted,
    /// <summary>The hop limit is used up.</summary>
    HopLimitExceeded,
    /// <summary>Forwarding to native IPv6 is switched off here.</summary>
    NoNativeRoute,
    /// <summary>The destination is outside the prefixes that the relay serves (§5.4.2).</summary>
    NotServed,

    /// <summary>No socket asked for it or takes packets of strangers.</summary>
    Unsolicited,
    /// <summary>Neither TCP, UDP nor ICMPv6, or one that the stack has no use for.</summary>
    UnsupportedProtocol,
    /// <summary>A segment, datagram or ICMPv6 message with a wrong checksum or cut short.</summary>
    MalformedTransport,
    /// <summary>The socket's queue is full.</summary>
    SocketQueueFull,
    /// <summary>More Echo Requests than are answered.</summary>
    EchoRateLimited,
    /// <summary>An answer that would have told a stranger that there is nothing: a TCP reset or an ICMPv6 error.</summary>
    AnswerToStranger,
}

/// <summary>How often each drop reason was counted since the core was made.</summary>
/// <remarks>Read under the same one-caller-at-a-time rule as the core.</remarks>
public sealed class DropCounters
{
    static readonly int Reasons = Enum.GetValues<DropReason>().Length;
    readonly long[] _counts = new long[Reasons];

    internal DropCounters()
    {
    }

    /// <summary>How often the reason was counted.</summary>
    /// <exception cref="IndexOutOfRangeException">The reason is none of <see cref="DropReason"/>.</exception>
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
