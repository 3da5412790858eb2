using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>The content of a peer's last indirect bubble (RFC 6081 §5.2.4.3, §5.4.4.4 and §5.6.4.2).</summary>
sealed class ReceivedBubble
{
    AlternateAddressList _alternates;
    int _alternateCount;

    /// <summary>The bubble's nonce, which our direct bubbles repeat; null when it had none (RFC 6081 §5.2.1: NonceReceived).</summary>
    public uint? Nonce { get; private set; }

    /// <summary>Other endpoints at which the peer says that it is reachable (RFC 6081 §5.6).</summary>
    public ReadOnlySpan<IPv4Endpoint> Alternates => ((ReadOnlySpan<IPv4Endpoint>)_alternates)[.._alternateCount];

    /// <summary>
    /// The port that the peer says its NAT will use, or 0 (RFC 6081 §5.4.1: PeerRandomPort). A later bubble without a port does not clear it.
    /// </summary>
    public ushort RandomPort { get; set; }

    /// <summary>Whether the bubble came since our last exchange with the peer began.</summary>
    public bool IsOfThisExchange { get; set; }

    /// <summary>Whether the bubble came since our last pair of bubbles. The peer does not trust us then.</summary>
    public bool IsSinceLastPair { get; set; }

    /// <summary>Takes the content of the next bubble.</summary>
    /// <param name="trailers">The bubble's trailers.</param>
    /// <param name="hairpinning">Whether alternate addresses are used (RFC 6081 §5.6).</param>
    public void Update(in TrailerSet trailers, bool hairpinning)
    {
        IsOfThisExchange = IsSinceLastPair = true;
        Nonce = trailers.Nonce; // RFC 6081 §5.2.4.3
        _alternateCount = hairpinning ? trailers.AlternateAddressCount : 0;
        trailers.AlternateAddresses[.._alternateCount].CopyTo(_alternates); // RFC 6081 §5.6.4.2
    }
}
