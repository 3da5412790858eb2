using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <remarks>Transmission: RFC 4380 §5.2.4, RFC 6081 §5.7 (server load reduction).</remarks>
sealed partial class ClientPeers
{
    const int MaxSolicitations = 3; // RFC 6081 §5.7.2

    // RFC 4787 REQ-5: the least that a NAT keeps a mapping. A peer that was quiet for longer may be behind a NAT that no longer lets our solicitations
    // in, and these would use up the bubbles that open the path again.
    static readonly TimeSpan MappingLifetime = TimeSpan.FromMinutes(2);

    /// <summary>Decides about a packet of the host whose source is our address.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="packet">The packet.</param>
    /// <param name="hint">The index of the previous packet's entry, or -1; receives that of this packet.</param>
    public Verdict Forward(Instant now, in IPv6Packet packet, ref int hint)
    {
        var destination = packet.Destination;
        int index = hint >= 0 && _table[hint].Address == destination ? hint : _table.Find(destination);
        hint = index;
        if (TryForward(now, packet, index, out var verdict))
            return verdict;
        hint = -1; // the table may change below
        return ForwardToUntrusted(now, packet, index);
    }

    /// <summary>Decides about a packet of the host whose peer is trusted and fresh; any other changes nothing.</summary>
    public bool TryForward(Instant now, in IPv6Packet packet, out Verdict verdict) => TryForward(now, packet, _table.Find(packet.Destination), out verdict);

    bool TryForward(Instant now, in IPv6Packet packet, int index, out Verdict verdict)
    {
        verdict = default;
        if (index < 0)
            return false;
        ref var entry = ref _table[index];
        if (!entry.IsUsable(now) || entry.Has(PeerFlags.AwaitsNonce)) // §5.2.4 case 1
            return false;
        _table.NoteSent(now, index); // RFC 6081 §5.4.4.1: only when data is really sent
        _context.LastTraffic = now;
        verdict = Verdict.Send(new(entry.Via), Target(entry), packet.Length);
        return true;
    }

    // RFC 6081 §5.3.4.2, §5.3.4.3: behind a symmetric NAT with a reserved port, a symmetric peer is reached at the endpoint in its address, and not
    // at the endpoint that it sends from.
    IPv4Endpoint Target(in PeerEntry entry) =>
        entry.Has(PeerFlags.SymmetricPeer) && _context.IsSymmetric && _context.IsPortMapped && _context.PortMapping is null
        && _context.Options.Has(TeredoExtensions.UpnpSymmetricNat) && TeredoAddress.TryCreate(entry.Address, out var address)
            ? address.MappedEndpoint : entry.Mapping;

    Verdict ForwardToUntrusted(Instant now, in IPv6Packet packet, int index)
    {
        var destination = packet.Destination;
        var reason = CheckDestination(destination, out var teredo, out bool isTeredo);
        if (reason == DropReason.BadInnerDestination)
            return _context.Refuse(now, packet, reason);
        if (reason != DropReason.None)
            return _context.Drops.Drop(reason); // §5.2.4: silently
        _context.LastTraffic = now;
        reason = index < 0 ? _table.Add(now, destination, Newcomer.Wanted, out index) : DropReason.None;
        if (reason != DropReason.None)
            return _context.Refuse(now, packet, reason);
        var contact = ContactOf(now, index);
        if (now < contact.UnreachableUntil || (contact.Exchange is null && contact.Bubbles.IsExhausted(now)))
            return _context.Refuse(now, packet, DropReason.PeerUnreachable);
        DropExpired(now, contact.Outgoing); // makes room
        if (!contact.Outgoing.TryAdd(now, packet.Octets))
            return _context.Drops.Drop(DropReason.QueueFull);
        _table.Want(now, index); // so strangers can't displace it
        if (contact.Exchange is null)
            StartExchange(now, contact, isTeredo);
        Schedule(contact);
        return Verdict.Held;
    }

    void StartExchange(Instant now, PeerContact contact, bool isTeredo)
    {
        contact.Pairs.Count = 0;
        contact.Received?.IsOfThisExchange = false;
        ref var entry = ref _table[contact.Index];
        if (!isTeredo)
            StartTest(now, contact); // §5.2.4 case 2
        else if (entry.IsTrusted && now - entry.LastReceived < MappingLifetime && !entry.Has(PeerFlags.IgnoresSolicitations)
            && _context.Options.Has(TeredoExtensions.ServerLoadReduction))
            Solicit(now, contact, new()); // RFC 6081 §5.7.4.1
        else if (Discovery?.Find(now, contact.Peer) is not null)
            RunLocalRound(now, contact); // §5.2.4 case 3
        else
            RunBubbleRound(now, contact); // §5.2.4 case 5; RFC 5991 §3.2 leaves case 4 out
    }

    // §5.2.4: refuses destinations that must not be sent to, and Teredo loops as in RFC 6324.
    DropReason CheckDestination(IPv6Address destination, out TeredoAddress teredo, out bool isTeredo)
    {
        isTeredo = TeredoAddress.TryCreate(destination, out teredo);
        if (destination == _context.Address || (isTeredo && teredo.HasOldPrefix))
            return DropReason.BadInnerDestination;
        return isTeredo ? CheckPeer(teredo) : destination.IsNative ? DropReason.None : DropReason.BadInnerDestination;
    }

    DropReason CheckPeer(TeredoAddress peer) =>
        !_context.Policy.IsWellFormed(peer) ? DropReason.DestinationNotGlobal
        : peer.MappedEndpoint.Port == TeredoPorts.Server ? DropReason.ServerPort
        : _context.IsOwn(peer.MappedEndpoint) || _context.IsOwn(ServerOf(peer)) ? DropReason.OwnAddress
        : DropReason.None;

    static IPv4Endpoint ServerOf(TeredoAddress peer) => new(peer.Server, TeredoPorts.Server);

    // RFC 6081 §5.7: checks whether a peer that was quiet for 30 s is still there. Solicitations go out at 0, 2 and 4 s, the third together with an
    // ordinary pair of bubbles. Each takes a grant of §5.2.6, so that there are never more than four bubbles without a direct answer.
    void Solicit(Instant now, PeerContact contact, PeerExchange.Soliciting soliciting)
    {
        contact.Exchange = soliciting;
        if (!TryGrant(now, contact, soliciting))
            return;
        ref var entry = ref _table[contact.Index];
        SendSolicitation(now, contact, new(entry.Via), Target(entry));
        soliciting.RetryAt = now + RetryTimeout; // RFC 6081 §5.7.4.1
        if (++soliciting.Solicitations < MaxSolicitations)
            return;
        entry.Flags |= PeerFlags.IgnoresSolicitations; // next time bubbles are sent at once
        contact.Exchange = new PeerExchange.Bubbling { RetryAt = soliciting.RetryAt };
        SendPair(now, contact);
    }

    // Takes a grant. Without one, waits for the next grant or, when the budget is used up, gives up.
    bool TryGrant(Instant now, PeerContact contact, PeerExchange exchange)
    {
        if (contact.Bubbles.TryGrant(now))
            return true;
        if (contact.Bubbles.IsExhausted(now))
            Fail(now, contact, exchange is ConnectivityTest ? UnreachableReason.NoRelay
                : contact.WasHeardIndirectly ? UnreachableReason.DirectPathBlocked : UnreachableReason.Silent);
        else
            exchange.RetryAt = contact.Bubbles.Last + RetryTimeout;
        return false;
    }

    TimeSpan NextRetry() => RetryTimeout + _context.Random.NextBetween(TimeSpan.Zero, RetryJitter);

    // Sends the waiting packets in order (§5.2.3: packets in the queue are sent when the peer becomes trusted).
    void Flush(Instant now, PeerContact contact)
    {
        ref var entry = ref _table[contact.Index];
        entry.Flags &= ~PeerFlags.AwaitsNonce;
        DropExpired(now, contact.Outgoing);
        while (contact.Outgoing.TryPeek(out var packet, out _))
        {
            _table.NoteSent(now, contact.Index);
            _context.Send(now, new(entry.Via), Target(entry), packet);
            contact.Outgoing.Pop();
        }
    }

    // Packets that have waited for 8 s are dropped.
    void DropExpired(Instant now, HeldPackets held)
    {
        for (; held.ExpiresAt <= now; held.Pop())
            _context.Drops.Count(DropReason.QueueExpired);
    }
}
