namespace TeredoSdk.Protocol.Client;

/// <summary>An exchange with a peer that is not simply trusted. Each kind of exchange is a type that holds only its own data.</summary>
/// <remarks>At most one exchange runs with each peer. The fourth kind is the <see cref="ConnectivityTest"/>.</remarks>
abstract class PeerExchange
{
    /// <summary>When the exchange's next round is due.</summary>
    public Instant RetryAt { get; set; }

    /// <summary>Direct and indirect bubbles (RFC 4380 §5.2.4 case 5, §5.2.6).</summary>
    public sealed class Bubbling : PeerExchange
    {
        /// <summary>Whether we verified the peer, but the peer may not be able to verify us yet. The bubbles then go on while the peer is trusted.</summary>
        public bool WasVerified { get; set; }
    }

    /// <summary>Unicast and discovery bubbles on the local link (RFC 4380 §5.2.4 case 3).</summary>
    public sealed class BubblingLocally : PeerExchange;

    /// <summary>Bubbles with neighbor discovery trailers to a peer that was quiet (RFC 6081 §5.7).</summary>
    public sealed class Soliciting : PeerExchange
    {
        /// <summary>How many solicitations were sent.</summary>
        public int Solicitations { get; set; }
    }
}
