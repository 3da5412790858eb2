using System.Buffers.Binary;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>What is going on with a peer that is not simply trusted.</summary>
enum Exchange : byte
{
    None,
    /// <summary>Direct and indirect bubbles (RFC 4380 §5.2.4 case 5, §5.2.6).</summary>
    Bubbling,
    /// <summary>Unicast and discovery bubbles on the local link (RFC 4380 §5.2.4 case 3).</summary>
    BubblingLocally,
    /// <summary>Neighbor discovery trailers (RFC 6081 §5.7).</summary>
    Soliciting,
    /// <summary>An IPv6 connectivity test (RFC 4380 §5.2.9).</summary>
    Testing,
}

/// <summary>The part of a peer's state that only an exchange needs (RFC 4380 §5.2; RFC 6081 §5.2.1 to §5.7.1).</summary>
sealed class PeerContact(int id, int index, IPv6Address peer, HoldBudget outgoing, HoldBudget incoming)
{
    static readonly TimeSpan NonceLifetime = TimeSpan.FromSeconds(30);
    static readonly TimeSpan GuessWindow = TimeSpan.FromSeconds(2), GuessPenalty = TimeSpan.FromSeconds(30);
    const int MaxGuesses = 10;
    const int MaxPings = 4;

    /// <summary>How much data a connectivity test carries: identifier and nonce are random (RFC 4380 §5.2.9 asks for 64 bits).</summary>
    public const int PingDataSize = 16;

    public int Id => id;
    public int Index => index;
    public IPv6Address Peer => peer;

    /// <summary>Packets of the host that wait for the peer.</summary>
    public HeldPackets Outgoing { get; } = new(outgoing);

    /// <summary>Packets of a native peer that wait for a connectivity test.</summary>
    public HeldPackets Incoming { get; } = new(incoming);

    /// <summary>The budget of bubbles, or of connectivity tests for a native peer.</summary>
    public BubbleSchedule Bubbles; // a mutable struct: a field, so that its methods change it

    public Exchange Exchange;
    public Instant ExchangeAt;
    public int Pairs;
    public int Solicitations;
    public bool HeardIndirectly;
    public Instant AdvertiseAfter = Instant.MinValue;
    public Instant UnreachableUntil = Instant.MinValue;
    public Instant IdleAt;

    /// <summary>The nonce of the peer's last indirect bubble (RFC 6081 §5.2.1: NonceReceived).</summary>
    public uint? NonceReceived { get; private set; }

    /// <summary>Trusted, but the peer may not be able to verify us yet; the bubbles go on.</summary>
    public bool IsUnconfirmed;

    /// <summary>Whether the peer sent an indirect bubble since our last pair: it does not trust us.</summary>
    public bool HeardSincePair;

    public AlternateAddressList Alternates;
    public int AlternateCount;

    // RFC 6081 §5.4.1 and §5.5.1
    public LocalPort RandomPort;
    public bool AwaitingPort, PortOpen;
    public ushort AdvertisedPort;  // RandomPort of §5.4 and §5.5: what our NAT is predicted to use
    public bool HasAdvertised;     // an indirect bubble told the peer
    public ushort PeerRandomPort;
    public int RefreshCount;

    /// <summary>Whether bubbles with a low TTL do not get out of our own NATs.</summary>
    public bool NeedsDefaultTtl;

    public ulong EchoNonceLower, EchoNonceUpper;
    public ushort EchoLower, EchoUpper;
    public int EchoRetry;
    public Instant? EchoFailoverAt;

    public ushort PingIdentifier;
    ulong _pingHigh, _pingLow;
    Instant _pingAt = Instant.MinValue;

    uint _nonceSent, _nonceBefore; // 0: none, which RFC 6081 §5.2.1 uses for it
    Instant _nonceSentAt, _nonceBeforeAt;
    int _guesses;
    Instant _guessesSince = Instant.MinValue, _deafUntil = Instant.MinValue;

    public bool UsesRandomPort => AwaitingPort || PortOpen;

    /// <summary>When something is due next.</summary>
    public Instant Deadline
    {
        get
        {
            var at = Exchange == Exchange.None ? IdleAt : ExchangeAt;
            return EchoFailoverAt is { } failover && failover < at ? failover : at;
        }
    }

    /// <summary>A new nonce for an indirect bubble (RFC 6081 §5.2.4.1). It and the one before stay valid for 30 s.</summary>
    public uint NextNonce(Instant now, IRandomSource random)
    {
        (_nonceBefore, _nonceBeforeAt) = (_nonceSent, _nonceSentAt);
        (_nonceSent, _nonceSentAt) = (random.NextNonce(), now);
        return _nonceSent;
    }

    /// <summary>Whether a direct bubble carries a nonce that we sent (RFC 6081 §5.2.4.4).</summary>
    public bool Matches(Instant now, uint? nonce) => nonce is > 0 &&
        ((nonce == _nonceSent && now - _nonceSentAt < NonceLifetime) || (nonce == _nonceBefore && now - _nonceBeforeAt < NonceLifetime));

    public void VoidNonces() => _nonceSent = _nonceBefore = 0;

    /// <summary>Stores the nonce of an indirect bubble, or forgets the last one when it has none (RFC 6081 §5.2.4.3).</summary>
    public void Receive(uint? nonce) => NonceReceived = nonce;

    /// <summary>Counts a wrong nonce; ten within 2 s make us deaf to bubbles of this peer for 30 s.</summary>
    public void CountGuess(Instant now)
    {
        if (now - _guessesSince >= GuessWindow)
            (_guessesSince, _guesses) = (now, 0);
        if (++_guesses >= MaxGuesses)
            _deafUntil = now + GuessPenalty;
    }

    public bool IsDeaf(Instant now) => now < _deafUntil;

    /// <summary>A fresh nonce for a connectivity test (RFC 4380 §5.2.9).</summary>
    public void NextPing(IRandomSource random)
    {
        (_pingHigh, _pingLow) = (random.NextUInt64(), random.NextUInt64());
        PingIdentifier = (ushort)random.NextUInt64();
    }

    public void WritePingData(Instant now, Span<byte> data)
    {
        _pingAt = now;
        BinaryPrimitives.WriteUInt64BigEndian(data, _pingHigh);
        BinaryPrimitives.WriteUInt64BigEndian(data[8..], _pingLow);
    }

    /// <summary>Whether an echo reply answers our connectivity test in time.</summary>
    public bool AnswersPing(Instant now, in EchoMessage echo) =>
        _pingAt != Instant.MinValue && now - _pingAt < BubbleSchedule.Spacing * MaxPings && echo.IsReply && echo.Identifier == PingIdentifier
        && echo.Data.Length == PingDataSize && BinaryPrimitives.ReadUInt64BigEndian(echo.Data) == _pingHigh
        && BinaryPrimitives.ReadUInt64BigEndian(echo.Data[8..]) == _pingLow;

    public void VoidPing() => _pingAt = Instant.MinValue;

    public void ClearEchoTest()
    {
        EchoNonceLower = EchoNonceUpper = 0;
        EchoLower = EchoUpper = 0;
        EchoRetry = 0;
        EchoFailoverAt = null;
    }
}
