using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Client;

/// <remarks>Peers on the local link: RFC 4380 §5.2.4 case 3 and §5.2.8.</remarks>
sealed partial class ClientPeers
{
    // Sends a unicast bubble to the endpoint where the peer was discovered, and a discovery bubble in case the peer has moved.
    void RunLocalRound(Instant now, PeerContact contact)
    {
        var bubbling = new PeerExchange.BubblingLocally();
        contact.Exchange = bubbling;
        if (!TryGrant(now, contact, bubbling))
            return;
        bubbling.RetryAt = now + NextRetry();
        if (Discovery!.Find(now, contact.Peer) is { } local)
            SendDirectBubble(now, contact, LocalPort.Service, local);
        Discovery.SendDiscoveryBubble(now);
    }

    /// <summary>Handles a discovered peer: makes an entry that is not trusted, and sends a bubble within the limits of §5.2.6.</summary>
    public void GreetLocally(Instant now, IPv6Address peer, IPv4Endpoint local)
    {
        int index = _table.Find(peer);
        if (index < 0 && _table.Add(now, peer, Newcomer.Stranger, out index) is not DropReason.None and var reason)
        {
            _context.Drops.Count(reason);
            return;
        }
        var contact = ContactOf(now, index);
        if (contact.Bubbles.TryGrant(now))
            SendDirectBubble(now, contact, LocalPort.Service, local);
    }
}
