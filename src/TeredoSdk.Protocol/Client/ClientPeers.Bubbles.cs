using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <remarks>Bubbles: RFC 4380 §5.2.6, RFC 6081 §5.2.4 (nonces), §5.6.4 (alternate addresses).</remarks>
sealed partial class ClientPeers
{
    const int MaxBubbleSize = Bubble.Size + 64;

    bool UsesNonces => (_context.Options.Extensions & (TeredoExtensions.SymmetricNatSupport | TeredoExtensions.Hairpinning)) != 0;

    // One round of RFC 4380 §5.2.4 case 5. Timers start the repeats; packets do not.
    void RunBubbleRound(Instant now, PeerContact contact)
    {
        var bubbling = contact.Exchange as PeerExchange.Bubbling ?? new();
        contact.Exchange = bubbling;
        bool unconfirmed = IsUnconfirmed(contact);
        if (unconfirmed && contact.Pairs.Count >= BubbleSchedule.MaxBubblesWithoutReply)
            Fail(now, contact, UnreachableReason.DirectPathBlocked);
        else if (TryGrant(now, contact, bubbling))
        {
            bubbling.RetryAt = now + NextRetry();
            SendPair(now, contact);
            if (unconfirmed)
                Flush(now, contact); // no nonce came within a round, so the peer may have none
        }
    }

    // Sends the bubbles of one grant: the direct bubble with its copies to alternate addresses, and the indirect bubble.
    void SendPair(Instant now, PeerContact contact)
    {
        contact.Pairs.Count++;
        contact.Received?.IsSinceLastPair = false;
        SendDirectBubbles(now, contact, Ttl(contact), answering: false);
        SendIndirectly(now, contact);
    }

    // Once the peer was heard indirectly, it has opened its side, so the default TTL is right.
    static byte Ttl(PeerContact contact) => contact.WasHeardIndirectly ? (byte)0 : contact.Pairs.LowTtl;

    // Sends to the endpoint in the peer's address, to the port that the peer says its NAT will use, and to the peer's alternate addresses.
    // A peer can invent the latter two. So in an answer each of them needs an allowance of its own; otherwise many peers could name one victim.
    void SendDirectBubbles(Instant now, PeerContact contact, byte ttl, bool answering)
    {
        TeredoAddress.TryCreate(contact.Peer, out var peer);
        SendDirectBubble(now, contact, LocalPort.Service, peer.MappedEndpoint, ttl); // §5.2.4; RFC 6081 §5.4.4.3
        if (contact.RandomPort is { IsOpen: true } own && contact.WasHeardIndirectly)
            SendFromRandomPort(now, contact, own);
        else if (contact.PeerRandomPort != 0) // RFC 6081 §5.4.4.4: the peer expects our bubbles at that port
            Try(new(peer.MappedEndpoint.Address, contact.PeerRandomPort));
        foreach (var alternate in contact.Received is { } received ? received.Alternates : default) // RFC 6081 §5.6.4.2
            if (MayTry(alternate, peer))
                Try(alternate);

        void Try(IPv4Endpoint target)
        {
            if (!answering || _answers.TryTake(now, target.Key))
                SendDirectBubble(now, contact, LocalPort.Service, target, ttl);
        }
    }

    void SendDirectBubble(Instant now, PeerContact contact, LocalPort via, IPv4Endpoint target, byte ttl = 0)
    {
        Span<byte> datagram = stackalloc byte[MaxBubbleSize];
        int length = Bubble.Write(datagram, _context.Address!.Value, contact.Peer);
        if (contact.Received?.Nonce is { } nonce && UsesNonces) // RFC 6081 §5.2.4.2: the received nonce; no trailer before one came
            length += TrailerSet.WriteNonce(datagram[length..], nonce);
        if (via.IsRandom && contact.RandomPort is { Predicted: not 0 and var predicted } && contact.PeerRandomPort != 0) // RFC 6081 §5.4.4.3
            length += TrailerSet.WriteRandomPort(datagram[length..], predicted);
        _context.Send(now, via, target, datagram[..length], ttl);
    }

    // The indirect half of a round. When a random port is needed, it waits until the port is open, or until the echo test is over.
    void SendIndirectly(Instant now, PeerContact contact)
    {
        if (contact.EchoFailoverAt is not null || (WantsRandomPort(now, contact) && TryOpenRandomPort(contact)))
            return;
        if (contact.RandomPort is { IsOpen: true, Predicted: 0 } own)
            StartEchoTest(now, contact, own); // the last test found nothing, or a refresh cleared its result (RFC 6081 §5.5.2.1)
        else
            SendIndirectBubble(now, contact);
    }

    // RFC 4380 §5.2.6: to the peer's server, which forwards the bubble with our origin.
    void SendIndirectBubble(Instant now, PeerContact contact)
    {
        TeredoAddress.TryCreate(contact.Peer, out var peer);
        Span<byte> datagram = stackalloc byte[MaxBubbleSize];
        int length = Bubble.Write(datagram, _context.Address!.Value, contact.Peer);
        if (UsesNonces)
            length += TrailerSet.WriteNonce(datagram[length..], contact.Nonces.Next(now, _context.Random)); // RFC 6081 §5.2.4.1
        ref var entry = ref _table[contact.Index];
        if (_context.Options.Has(TeredoExtensions.Hairpinning) && !entry.IsUsable(now))
            length += WriteAlternates(datagram[length..]); // RFC 6081 §5.6.4.1
        if (contact.RandomPort is { Predicted: not 0 } own)
        {
            length += TrailerSet.WriteRandomPort(datagram[length..], own.Predicted); // RFC 6081 §5.4.4.2
            own.IsAdvertised = true;
        }
        _context.Send(now, LocalPort.Service, ServerOf(peer), datagram[..length]);
    }

    // RFC 6081 §5.6.4.1: the local endpoint first, then the gateway's mapping if it differs from the mapped endpoint.
    int WriteAlternates(Span<byte> octets)
    {
        Span<IPv4Endpoint> addresses = [_context.Local, _context.PortMapping.GetValueOrDefault()];
        return TrailerSet.WriteAlternateAddresses(octets, _context.PortMapping is null ? addresses[..1] : addresses);
    }

    // A peer can invent the addresses that it lists. So addresses of a site are tried only when we share the site or the outer NAT with the peer.
    // Well-known ports, our own endpoints and addresses that are not unicast are never tried.
    bool MayTry(IPv4Endpoint alternate, TeredoAddress peer)
    {
        if (!MayBeClientPort(alternate.Port) || alternate.Address.IsLoopback || _context.Policy.IsDirectedBroadcast(alternate.Address)
            || _context.IsOwn(alternate) || alternate == peer.MappedEndpoint)
            return false;
        return AddressPolicy.IsSiteLocal(alternate.Address)
            ? _context.Policy.IsAttached(alternate.Address) || _context.Mapped.Address == peer.MappedEndpoint.Address
            : _context.Policy.IsGlobalUnicast(alternate);
    }

    // No client's NAT uses well-known ports, and only servers and relays use the Teredo port.
    static bool MayBeClientPort(ushort port) => port >= 1024 && port != TeredoPorts.Server;

    void SendSolicitation(Instant now, PeerContact contact, LocalPort via, IPv4Endpoint target,
        NeighborDiscoveryType type = NeighborDiscoveryType.Solicitation)
    {
        Span<byte> datagram = stackalloc byte[MaxBubbleSize];
        int length = Bubble.Write(datagram, _context.Address!.Value, contact.Peer);
        length += TrailerSet.WriteNeighborDiscovery(datagram[length..], type); // RFC 6081 §4.4
        _context.Send(now, via, target, datagram[..length]);
    }

    // Answers have an allowance of their own: under the 2 s of RFC 4380 §5.2.6 the exchange of RFC 6081 §6.1 could not run.
    // The target's allowance comes last, so that what the gate refuses does not use it up.
    bool MayAnswer(Instant now, IPv4Endpoint target, bool used) =>
        _answers.HasRoom(now, target.Key) && Gate.TryTake(now, target.Address, used) && _answers.TryTake(now, target.Key);
}
