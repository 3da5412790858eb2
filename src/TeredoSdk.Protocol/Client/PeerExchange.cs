namespace TeredoSdk.Protocol.Client;

/// <summary>What is going on with a peer that is not simply trusted: one type for each exchange, with only that exchange's data.</summary>
/// <remarks>At most one runs with each peer. The fourth kind is the <see cref="ConnectivityTest"/>.</remarks>
abstract class PeerExchange
{
    /// <summary>When its next round is due.</summary>
    public Instant RetryAt { get; set; }

    /// <summary>Direct and indirect bubbles (RFC 4380 §5.2.4 case 5, §5.2.6).</summary>
    public sealed class Bubbling : PeerExchange
    {
        /// <summary>Trusted, but the peer may not be able to verify us yet; the bubbles go on.</summary>
        public bool IsUnconfirmed { get; set; }
    }

    /// <summary>Unicast and discovery bubbles on the local link (RFC 4380 §5.2.4 case 3).</summary>
    public sealed class BubblingLocally : PeerExchange;

    /// <summary>Neighbor discovery trailers to a peer that was quiet (RFC 6081 §5.7).</summary>
    public sealed class Soliciting : PeerExchange
    {
        /// <summary>How many solicitations were sent.</summary>
        public int Solicitations { get; set; }
    }
}
