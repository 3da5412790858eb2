using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Client;

/// <summary>The part of a peer's state that only an exchange needs (RFC 4380 §5.2; RFC 6081 §5.2.1 to §5.7.1).</summary>
/// <remarks>What an exchange knows stands in a type of its own, which is null while there is nothing to know.</remarks>
sealed class PeerContact(int id, int index, IPv6Address peer, HoldBudget outgoing)
{
    public int Id => id;
    public int Index => index;
    public IPv6Address Peer => peer;

    /// <summary>Packets of the host that wait for the peer.</summary>
    public HeldPackets Outgoing { get; } = new(outgoing);

    // Mutable structs: fields, so that their methods change them.
    public BubbleSchedule Bubbles; // the budget of bubbles, or of connectivity tests for a native peer
    public BubblePairs Pairs;
    public NonceBook Nonces;

    /// <summary>What is under way, or null.</summary>
    public PeerExchange? Exchange { get; set; }

    /// <summary>The connectivity test under way, or the last one that was not answered: its reply may still come.</summary>
    public ConnectivityTest? Test { get; private set; }

    /// <summary>What the peer's last indirect bubble said; null when none came.</summary>
    public ReceivedBubble? Received { get; set; }

    /// <summary>Our random port for the peer; null when it has none.</summary>
    public RandomPortExchange? RandomPort { get; set; }

    /// <summary>When the contact is looked at to be forgotten, if no exchange is under way then.</summary>
    public Instant IdleAt { get; set; }

    public Instant UnreachableUntil { get; set; } = Instant.MinValue;

    /// <summary>Before when no solicitation is answered (RFC 6081 §5.7.2).</summary>
    public Instant AdvertiseAfter { get; set; } = Instant.MinValue;

    /// <summary>Trusted, but the peer may not be able to verify us yet.</summary>
    public bool IsUnconfirmed => Exchange is PeerExchange.Bubbling { IsUnconfirmed: true };

    /// <summary>Whether an indirect bubble came since the last exchange began.</summary>
    public bool WasHeardIndirectly => Received is { IsOfThisExchange: true };

    /// <summary>The port that the peer says its NAT will use, or 0.</summary>
    public ushort PeerRandomPort => Received?.RandomPort ?? 0;

    /// <summary>When the answers of an echo test are overdue, or null.</summary>
    public Instant? EchoFailoverAt => RandomPort?.EchoTest?.FailoverAt;

    /// <summary>When something is due next.</summary>
    public Instant Deadline
    {
        get
        {
            var at = Exchange?.RetryAt ?? IdleAt;
            return EchoFailoverAt is { } failover && failover < at ? failover : at;
        }
    }

    /// <summary>A connectivity test becomes the exchange; replies to the one before count no more.</summary>
    public void Start(ConnectivityTest test) => Exchange = Test = test;

    /// <summary>The last connectivity test was answered.</summary>
    public void EndTest() => Test = null;
}
