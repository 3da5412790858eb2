using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Client;

/// <summary>The part of a peer's state that only exchanges need (RFC 4380 §5.2; RFC 6081 §5.2.1 to §5.7.1).</summary>
/// <remarks>Each exchange keeps its data in a type of its own, which is null while there are none.</remarks>
sealed class PeerContact(int id, int index, IPv6Address peer, HoldBudget outgoing)
{
    public int Id => id;
    public int Index => index;
    public IPv6Address Peer => peer;

    /// <summary>Packets of the host that wait for the peer.</summary>
    public HeldPackets Outgoing { get; } = new(outgoing);

    // These are mutable structs. They must be fields, so that their methods change them and not a copy.
    public BubbleSchedule Bubbles; // the budget of bubbles, or of connectivity tests for a native peer
    public BubblePairs Pairs;
    public NonceBook Nonces;

    /// <summary>The exchange under way, or null.</summary>
    public PeerExchange? Exchange { get; set; }

    /// <summary>The connectivity test under way, or the last one without an answer; its reply may still come.</summary>
    public ConnectivityTest? Test { get; private set; }

    /// <summary>The content of the peer's last indirect bubble; null when none came.</summary>
    public ReceivedBubble? Received { get; set; }

    /// <summary>Our random port for the peer, or null.</summary>
    public RandomPortExchange? RandomPort { get; set; }

    /// <summary>When the contact may be forgotten, if no exchange is under way then.</summary>
    public Instant IdleAt { get; set; }

    public Instant UnreachableUntil { get; set; } = Instant.MinValue;

    /// <summary>No solicitation is answered before this instant (RFC 6081 §5.7.2).</summary>
    public Instant AdvertiseAfter { get; set; } = Instant.MinValue;

    /// <summary>Whether an indirect bubble came since the last exchange began.</summary>
    public bool WasHeardIndirectly => Received is { IsOfThisExchange: true };

    /// <summary>Whether that bubble had a nonce. One of an earlier exchange may be void at the peer.</summary>
    public bool HasNonceOfPeer => Received is { IsOfThisExchange: true, Nonce: not null };

    /// <summary>The port that the peer says its NAT will use, or 0.</summary>
    public ushort PeerRandomPort => Received?.RandomPort ?? 0;

    /// <summary>When the answers of an echo test are overdue, or null.</summary>
    public Instant? EchoFailoverAt => RandomPort?.EchoTest?.FailoverAt;

    /// <summary>When the contact needs attention next.</summary>
    public Instant Deadline
    {
        get
        {
            var at = Exchange?.RetryAt ?? IdleAt;
            return EchoFailoverAt is { } failover && failover < at ? failover : at;
        }
    }

    /// <summary>Makes a connectivity test the exchange. Replies to an earlier test no longer count.</summary>
    public void Start(ConnectivityTest test) => Exchange = Test = test;

    /// <summary>Ends the last connectivity test, because it was answered.</summary>
    public void EndTest() => Test = null;
}
