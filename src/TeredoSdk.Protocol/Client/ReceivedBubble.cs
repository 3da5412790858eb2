using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>What the last indirect bubble of one peer said (RFC 6081 §5.2.4.3, §5.4.4.4 and §5.6.4.2).</summary>
sealed class ReceivedBubble
{
    AlternateAddressList _alternates;
    int _alternateCount;

    /// <summary>Its nonce, which our direct bubbles repeat, or null when it had none (RFC 6081 §5.2.1: NonceReceived).</summary>
    public uint? Nonce { get; private set; }

    /// <summary>Where else the peer says it is reachable (RFC 6081 §5.6).</summary>
    public ReadOnlySpan<IPv4Endpoint> Alternates => ((ReadOnlySpan<IPv4Endpoint>)_alternates)[.._alternateCount];

    /// <summary>The port that the peer says its NAT will use, or 0 (RFC 6081 §5.4.1: PeerRandomPort). It outlives a bubble without one.</summary>
    public ushort RandomPort { get; set; }

    /// <summary>Whether it came since our last exchange with the peer began.</summary>
    public bool IsOfThisExchange { get; set; }

    /// <summary>Whether it came since our last pair: the peer does not trust us.</summary>
    public bool IsSinceLastPair { get; set; }

    /// <summary>Takes the next one in the place of the last one.</summary>
    /// <param name="trailers">Its trailers.</param>
    /// <param name="hairpinning">Whether alternate addresses count (RFC 6081 §5.6).</param>
    public void Update(in TrailerSet trailers, bool hairpinning)
    {
        IsOfThisExchange = IsSinceLastPair = true;
        Nonce = trailers.Nonce; // RFC 6081 §5.2.4.3
        _alternateCount = hairpinning ? trailers.AlternateAddressCount : 0;
        trailers.AlternateAddresses[.._alternateCount].CopyTo(_alternates); // RFC 6081 §5.6.4.2
    }
}
