using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <remarks>Reception: RFC 4380 §5.2.3, RFC 6081 §5.2.4.4 and §5.4.4.5.</remarks>
sealed partial class ClientPeers
{
    /// <summary>The fast path (§5.2.3 case 1): takes a bare packet of a trusted, fresh peer that comes from the peer's mapping.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket that received it.</param>
    /// <param name="source">The outer source.</param>
    /// <param name="payload">The datagram.</param>
    /// <param name="hint">The index of the previous packet's entry, or -1; receives that of this packet.</param>
    /// <returns>True when the whole datagram is a packet for the host; false when <see cref="Receive"/> must handle it.</returns>
    public bool TryReceive(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload, ref int hint)
    {
        if (source.Port == TeredoPorts.Server || !IPv6Packet.TryParse(payload, out var packet) || packet.Length != payload.Length
            || packet.Destination != _context.Address)
            return false;
        var peer = packet.Source;
        int index = hint >= 0 && _table[hint].Address == peer ? hint : _table.Find(peer);
        hint = index;
        if (index < 0)
            return false;
        ref var entry = ref _table[index];
        if (!entry.IsUsable(now) || entry.Mapping != source || entry.Via != via.Id || packet.IsBubble || packet.HasSourceRoute || Awaits(entry))
            return false;
        entry.LastReceived = now;
        _context.LastTraffic = now;
        return true; // what is left to the slow way, it decides alike
    }

    // Whether a packet from the peer may end an exchange or a connectivity test that is under way.
    bool Awaits(in PeerEntry entry) => entry.Contact >= 0 && _contacts[entry.Contact]!.Exchange is not null;

    /// <summary>Decides about a packet for our address that came without the server's headers.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket that received it.</param>
    /// <param name="source">The outer source.</param>
    /// <param name="encapsulation">The parsed datagram.</param>
    public Verdict Receive(Instant now, LocalPort via, IPv4Endpoint source, in Encapsulation encapsulation)
    {
        var packet = encapsulation.Packet;
        var peer = packet.Source;
        int index = _table.Find(peer);
        if (packet.HasSourceRoute)
            return _context.Drops.Drop(DropReason.SourceRoute); // RFC 6169 §2.3.3
        if (!TrailerSet.TryParse(encapsulation.TrailerOctets, out var trailers))
            return _context.Drops.Drop(DropReason.UnknownTrailer); // RFC 6081 §4
        if (peer == _context.Address)
            return _context.Drops.Drop(DropReason.BadInnerSource);
        if (_context.IsOwn(source))
            return _context.Drops.Drop(DropReason.OwnAddress); // RFC 6324: packets that we send there come back to us
        if (via.IsRandom && !IsPeerOf(via, peer, source))
            return _context.Drops.Drop(DropReason.UnexpectedOnPort);
        if (TeredoAddress.TryCreate(peer, out var teredo) && !teredo.HasOldPrefix)
            return ReceiveFromTeredo(now, via, source, encapsulation, teredo, index, trailers);
        return peer.IsNative && !teredo.HasOldPrefix
            ? ReceiveFromNative(now, source, encapsulation, index)
            : _context.Drops.Drop(DropReason.BadInnerSource); // for example, link-local, multicast or unique local
    }

    // A random port belongs to one peer, and accepts datagrams only from that peer's IPv4 address.
    bool IsPeerOf(LocalPort via, IPv6Address peer, IPv4Endpoint source) =>
        _randomPorts.TryGetValue(via.Id, out var contact) && contact.Peer == peer
        && TeredoAddress.TryCreate(peer, out var teredo) && teredo.MappedEndpoint.Address == source.Address;

    Verdict ReceiveFromTeredo(Instant now, LocalPort via, IPv4Endpoint source, in Encapsulation encapsulation,
        TeredoAddress peer, int index, in TrailerSet trailers)
    {
        bool bubble = encapsulation.Packet.IsBubble;
        if (index >= 0 && _table[index] is { IsTrusted: true } entry && entry.Mapping == source && entry.Via == via.Id)
            Refresh(now, index, bubble, trailers.Nonce); // §5.2.3 case 1
        else
        {
            var reason = Verify(now, via, source, peer, ref index, bubble, trailers, out bool byNonce);
            if (reason != DropReason.None)
                return _context.Drops.Drop(reason);
            if (Moved(now, via, source, index, byNonce))
                return _context.Drops.Drop(DropReason.MappingMismatch);
            Trust(now, index, via, source, byNonce);
        }
        if (!bubble)
            return Deliver(now, encapsulation);
        if (trailers.NeighborDiscovery is { } type)
            HandleNeighborDiscovery(now, index, type);
        return Verdict.Consumed; // §5.2.3: a bubble is never delivered
    }

    // Decides whether a sender whose mapping is not known may become trusted.
    DropReason Verify(Instant now, LocalPort via, IPv4Endpoint source, TeredoAddress peer, ref int index, bool bubble,
        in TrailerSet trailers, out bool byNonce)
    {
        byNonce = false;
        var contact = FindContact(index);
        if (peer.MappedEndpoint == source && CheckPeer(peer) == DropReason.None) // §5.2.3 case 3; RFC 6081 §5.2.4.4
        {
            byNonce = bubble && contact?.Nonces.Matches(now, trailers.Nonce) == true;
            return index < 0 ? AddStranger(now, peer, source, out index) : DropReason.None;
        }
        if (Discovery?.Matches(now, peer, source) == true && via == LocalPort.Service) // §5.2.3 case 5
        {
            return index < 0 ? _table.Add(now, peer, Newcomer.Stranger, out index) : DropReason.None;
        }
        if (!bubble)
            return _context.Policy.IsGlobalUnicast(source) ? DropReason.MappingMismatch : DropReason.SourceNotGlobal;
        if (contact is null || !UsesNonces)
            return DropReason.NonceMismatch;
        if (contact.Nonces.IsDeaf(now))
            return DropReason.NonceGuessing;
        byNonce = contact.Nonces.Matches(now, trailers.Nonce); // RFC 6081 §5.2.4.4: from any source
        if (byNonce && source.Port is not (0 or TeredoPorts.Server) && !_context.Policy.IsDirectedBroadcast(source.Address)
            && (_context.Policy.IsGlobalUnicast(source) || AddressPolicy.IsSiteLocal(source.Address))) // RFC 6081 §5.6: hairpinning
            return DropReason.None;
        if (trailers.Nonce is not null)
            contact.Nonces.CountGuess(now);
        return DropReason.NonceMismatch;
    }

    // A stranger's packet got in: our NAT filters nothing, or the gateway has mapped the port. A NAT that filters by address lets in every port of an
    // address that we have sent to, so a second peer at the same address shows nothing.
    DropReason AddStranger(Instant now, TeredoAddress peer, IPv4Endpoint source, out int index)
    {
        if (!_answers.Contains(now, source.Key) && !_context.IsPortMapped && IsStranger(source.Address))
            _context.Filtering = FilteringBehaviour.EndpointIndependent;
        return _table.Add(now, peer, Newcomer.Verified, out index);
    }

    // RFC 6081 §5.4.4.5: a trusted peer sends from another mapping. After 30 s without data it is verified again; before that, the packet is ignored.
    // While bubbles are under way, the peer counts as not trusted. A move from a random port to the service port is always accepted. So is one of a
    // quiet peer with a nonce of ours: it has just been asked, and the answer to its bubble was that question.
    bool Moved(Instant now, LocalPort via, IPv4Endpoint source, int index, bool byNonce)
    {
        ref var entry = ref _table[index];
        if (!entry.IsTrusted || entry.Mapping == default || FindContact(index)?.Exchange is PeerExchange.Bubbling)
            return false;
        if (entry.Via != via.Id && !via.IsRandom)
            return false;
        if (entry.Mapping == source && entry.Via == via.Id)
            return false;
        bool idle = !entry.IsFresh(now) && now - entry.LastSent >= PeerTable.Validity;
        if (idle && byNonce)
            return false;
        if (!idle && !via.IsRandom)
            return true;
        if (via.IsRandom && entry.Has(PeerFlags.ReceivedOnPrimary))
            return true;
        _table.Distrust(index);
        entry.Flags &= ~(PeerFlags.ReceivedOnPrimary | PeerFlags.ReceivedOnRandom);
        var contact = ContactOf(now, index);
        if (via.IsRandom)
            CloseRandomPort(contact);
        if (contact.Bubbles.TryGrant(now))
            SendIndirectly(now, contact);
        Schedule(contact);
        return true;
    }

    // The peer's mapping is verified: the peer becomes trusted, and waiting packets are sent (§5.2.3; RFC 6081 §5.2.4.4, §5.4.4.5).
    void Trust(Instant now, int index, LocalPort via, IPv4Endpoint source, bool byNonce)
    {
        _table.Trust(index);
        ref var entry = ref _table[index];
        entry.Mapping = source;
        entry.Via = (ushort)via.Id;
        bool embedded = TeredoAddress.TryCreate(entry.Address, out var address) && address.MappedEndpoint == source;
        entry.Flags = (entry.Flags & ~PeerFlags.PathDependent)
            | (embedded || AddressPolicy.IsSiteLocal(source.Address) ? PeerFlags.None : PeerFlags.SymmetricPeer) // RFC 6081 §5.3.4.1; not inside our NAT
            | (via.IsRandom ? PeerFlags.ReceivedOnRandom : PeerFlags.ReceivedOnPrimary);
        entry.LastReceived = now;
        if (FindContact(index) is not { } contact)
            return;
        contact.Bubbles.Reset(); // §5.2.6
        contact.UnreachableUntil = Instant.MinValue;
        if (byNonce)
            contact.Nonces.Void();
        if (!via.IsRandom)
            CloseRandomPort(contact); // RFC 6081 §5.4.4.5
        if (address == default)
            Finish(now, contact);
        else
            Confirm(now, contact, byNonce && (!embedded || contact.Exchange is null), NeedsNonceOfPeer(source));
        if (IsUnconfirmed(contact) && (embedded || !_context.IsSymmetric) && !contact.HasNonceOfPeer && UsesNonces)
            entry.Flags |= PeerFlags.AwaitsNonce; // the peer would drop packets now; its indirect bubble will come
        else
            Flush(now, contact);
    }

    // A bubble that is trusted for its nonce is answered once. The answer tells the peer our mapping or, when the peer started the exchange, that its
    // bubbles arrive. This departs from the letter of RFC 4380 §5.2.6, but RFC 6081 §6.1 needs it. When the peer can verify us only by its nonce, its
    // bubbles do not show whether it did. Ours then go on until the peer sends more than a bubble, for one exchange at most.
    void Confirm(Instant now, PeerContact contact, bool answer, bool needsNonce)
    {
        ref var entry = ref _table[contact.Index];
        answer |= needsNonce && contact.HasNonceOfPeer;
        if (answer && MayAnswer(now, Target(entry), entry.Has(PeerFlags.Used)))
            SendDirectBubble(now, contact, new(entry.Via), Target(entry));
        if (needsNonce && contact.Exchange is PeerExchange.Bubbling bubbling)
            bubbling.WasVerified = true;
        else
            Finish(now, contact);
    }

    // The peer does not see us at the endpoint in our address: our NAT is symmetric, or the peer is inside our NAT.
    bool NeedsNonceOfPeer(IPv4Endpoint mapping) => _context.IsSymmetric || AddressPolicy.IsSiteLocal(mapping.Address);

    // Handles a packet that came from a trusted Teredo peer's mapping. A bubble that answers ours does not show that the peer can verify us: our own
    // mapping may be another one since it last did. So that is settled as for a new peer.
    void Refresh(Instant now, int index, bool bubble, uint? nonce)
    {
        ref var entry = ref _table[index];
        entry.LastReceived = now;
        if (FindContact(index) is not { } contact)
            return;
        if (bubble && contact.Exchange is PeerExchange.Bubbling { WasVerified: false })
        {
            Trust(now, index, new(entry.Via), entry.Mapping, contact.Nonces.Matches(now, nonce));
            return;
        }
        contact.Bubbles.Reset();
        if (bubble && IsUnconfirmed(contact))
            return;
        if (contact.Exchange is not null)
            Finish(now, contact);
        Flush(now, contact);
    }

    void HandleNeighborDiscovery(Instant now, int index, NeighborDiscoveryType type)
    {
        ref var entry = ref _table[index];
        if (type == NeighborDiscoveryType.Advertisement)
            entry.Flags &= ~PeerFlags.IgnoresSolicitations;
        else if (_context.Options.Has(TeredoExtensions.ServerLoadReduction))
            Advertise(now, ContactOf(now, index));
    }

    // The peer is verified and gets no more packets than it sent, so the allowance for answers to bubbles does not apply. It would stop a peer that
    // sends data every 31 s, because such a peer solicits ten times in 300 s.
    void Advertise(Instant now, PeerContact contact)
    {
        ref var entry = ref _table[contact.Index];
        if (now < contact.AdvertiseAfter || !Gate.TryTake(now, Target(entry).Address, entry.Has(PeerFlags.Used)))
            return;
        contact.AdvertiseAfter = now + AdvertisementSpacing;
        SendSolicitation(now, contact, new(entry.Via), Target(entry), NeighborDiscoveryType.Advertisement); // RFC 6081 §5.7.4.2
    }

    Verdict Deliver(Instant now, in Encapsulation encapsulation)
    {
        _context.LastTraffic = now;
        return Verdict.Deliver(encapsulation.PacketOffset, encapsulation.Packet.Length);
    }

    /// <summary>Takes a bubble that our server forwarded. RFC 4380 §5.2.3 makes this a MAY, but behind a NAT nothing works without it.</summary>
    public Verdict ReceiveIndirectBubble(Instant now, in Encapsulation encapsulation)
    {
        if (!TrailerSet.TryParse(encapsulation.TrailerOctets, out var trailers))
            return _context.Drops.Drop(DropReason.UnknownTrailer);
        if (trailers.HasMalformedAlternateAddress)
            return _context.Drops.Drop(DropReason.MalformedAlternateAddress); // RFC 6081 §5.6.4.2
        var source = encapsulation.Packet.Source;
        if (source.IsMulticast || source.IsUnspecified || source.IsLoopback || source == _context.Address)
            return _context.Drops.Drop(DropReason.BadInnerSource);
        if (!TeredoAddress.TryCreate(source, out var peer))
            return AnswerOrigin(now, encapsulation, trailers);
        var reason = CheckPeer(peer);
        if (reason != DropReason.None)
            return _context.Drops.Drop(reason);
        int index = _table.Find(source);
        bool isNew = index < 0;
        if (isNew && !MayAnswer(now, peer.MappedEndpoint, used: false))
            return _context.Drops.Drop(DropReason.RateLimited); // without an answer there is no use in an entry
        reason = isNew ? _table.Add(now, source, Newcomer.Stranger, out index) : DropReason.None;
        return reason == DropReason.None ? AnswerPeer(now, ContactOf(now, index), peer, trailers, mayAnswer: isNew) : _context.Drops.Drop(reason);
    }

    // Relays and miredo send bubbles from an address of their own. The answer goes to the origin that the server saw, with the two IPv6 addresses
    // exchanged. No entry is made, because the sender is not known as a peer.
    Verdict AnswerOrigin(Instant now, in Encapsulation encapsulation, in TrailerSet trailers)
    {
        if (!encapsulation.HasOrigin)
            return _context.Drops.Drop(DropReason.BadInnerSource);
        var origin = encapsulation.Origin.MappedEndpoint;
        if (!_context.Policy.IsGlobalUnicast(origin) || _context.IsOwn(origin))
            return _context.Drops.Drop(DropReason.DestinationNotGlobal);
        if (!MayAnswer(now, origin, used: false))
            return _context.Drops.Drop(DropReason.RateLimited);
        Span<byte> datagram = stackalloc byte[MaxBubbleSize];
        int length = Bubble.Write(datagram, encapsulation.Packet.Destination, encapsulation.Packet.Source);
        if (trailers.Nonce is { } nonce && UsesNonces)
            length += TrailerSet.WriteNonce(datagram[length..], nonce);
        _context.Send(now, LocalPort.Service, origin, datagram[..length]);
        return Verdict.Consumed;
    }

    Verdict AnswerPeer(Instant now, PeerContact contact, TeredoAddress peer, in TrailerSet trailers, bool mayAnswer)
    {
        contact.IdleAt = now + IdleTimeout;
        var received = contact.Received ??= new();
        received.Update(trailers, _context.Options.Has(TeredoExtensions.Hairpinning));
        if (_context.Options.Has(TeredoExtensions.SymmetricNatSupport))
            TakePeerRandomPort(now, contact, received, peer, trailers.RandomPort.GetValueOrDefault());
        ref var entry = ref _table[contact.Index];
        bool trusted = entry.IsUsable(now);
        if (!mayAnswer && !MayAnswer(now, trusted ? Target(entry) : peer.MappedEndpoint, entry.Has(PeerFlags.Used)))
            return _context.Drops.Drop(DropReason.RateLimited);
        if (trusted)
        {
            SendDirectBubble(now, contact, new(entry.Via), Target(entry)); // RFC 6081 §5.6.4.2: one bubble, to the peer's mapping
            Flush(now, contact);
        }
        else
        {
            SendDirectBubbles(now, contact, ttl: 0, answering: true); // the default TTL, because the peer has opened its side
            if (MayTrouble(now, ServerOf(peer)) && contact.Bubbles.TryGrant(now)) // RFC 6081 §6.1 step 6: a symmetric peer needs our nonce
                SendIndirectly(now, contact);
        }
        Schedule(contact);
        return Verdict.Consumed;
    }

    // Our own server may always be used. Another server may be a victim that peers made up, so it gets no more than any endpoint that we answer. This
    // does no harm: a client of another server that needs our nonce could not have sent its bubble through our server (RFC 4380 §5.3.1 rule 5).
    bool MayTrouble(Instant now, IPv4Endpoint server) => server == _context.PrimaryEndpoint || _answers.TryTake(now, server.Key);

    /// <summary>
    /// Takes another packet with an origin indication from our server. It makes no peer trusted, but starts the test of a native sender.
    /// </summary>
    public Verdict ReceiveIndirectPacket(Instant now, in Encapsulation encapsulation)
    {
        var source = encapsulation.Packet.Source;
        if (!source.IsNative)
            return _context.Drops.Drop(DropReason.Untrusted);
        int index = _table.Find(source);
        var reason = index < 0 ? _table.Add(now, source, Newcomer.Stranger, out index) : DropReason.None;
        if (reason != DropReason.None)
            return _context.Drops.Drop(reason);
        if (!_table[index].IsTrusted)
            TestIfNew(now, ContactOf(now, index)); // §5.2.3
        return _context.Drops.Drop(DropReason.Untrusted);
    }
}
