using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Relay;

/// <summary>A Teredo relay or host-specific relay (RFC 4380 §5.4) as a state machine without sockets, clock or tasks.</summary>
/// <remarks>
/// <para>
/// The driver feeds inputs (<see cref="HandleTimeout"/>, <see cref="HandleDatagram"/>, <see cref="HandlePacket"/>). After each
/// input, or burst of inputs, it calls <see cref="TryTakeTransmit"/> and <see cref="TryTakeDelivery"/> until each returns false,
/// and then waits for an input or <see cref="NextDeadline"/>. Instants must never go backwards. Calls must not overlap: the type
/// has no lock. Bad input from the network is counted in <see cref="Drops"/>, and never throws.
/// </para>
/// <para>
/// RFC 4380 §5.4.1 demands bubbles with a local IPv6 source. Ours have a link-local source with 64 fresh random bits. Every client answers to the
/// source of the bubble that it got. So the destination of an answer proves that it belongs to one of our last two bubbles of the last 30 s. Such an
/// answer is accepted even when it comes from another mapping than the one in the client's address. This is the only way to reach a client behind a
/// symmetric NAT. The random bits are valid for one answer.
/// </para>
/// <para>
/// The relay does not change packets. The IPv6 router that hands packets in and takes them (the host's kernel) decrements the hop limits.
/// </para>
/// </remarks>
public sealed class TeredoRelay
{
    static readonly TimeSpan MaxJitter = TimeSpan.FromMilliseconds(250); // keeps the 2 s timer and the 2 s spacing apart

    // Not in the RFC. When a direct bubble reaches the client's NAT before the client has sent, that NAT may choose another port (Linux does). A
    // bubble that dies on the way opens our own NAT just as well. So the first bubbles reach only a few hops.
    static ReadOnlySpan<byte> DirectBubbleTtls => [2, 4, 8, 0];

    readonly IRandomSource _random;
    readonly RelayRules _rules;
    readonly bool _sendDirectBubbles;
    readonly PeerTable _peers;
    readonly RelayContacts _contacts = new();
    readonly PacketQueue _transmits = new(), _deliveries = new();
    readonly UnreachableErrors _errors;

    /// <summary>Makes a relay, which works at once.</summary>
    /// <param name="options">The settings; validated here.</param>
    /// <param name="random">The source of tokens and jitter.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
    public TeredoRelay(TeredoRelayOptions options, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        options.Validate();
        _random = random;
        _rules = new(options);
        _sendDirectBubbles = options.SendDirectBubbles;
        _peers = new(options.MaxPeers, options.MaxPeers / 2, random) { Removing = CloseContact };
        _errors = new(_deliveries);
    }

    /// <summary>How many peers the relay remembers.</summary>
    public int PeerCount => _peers.Count;

    /// <summary>How many packets were dropped, by reason.</summary>
    public DropCounters Drops { get; } = new();

    /// <summary>When <see cref="HandleTimeout"/> must be called next; null when nothing is scheduled.</summary>
    public Instant? NextDeadline => _contacts.NextDeadline;

    /// <summary>Does everything that is due. Early or repeated calls change nothing.</summary>
    public void HandleTimeout(Instant now)
    {
        while (_contacts.TryPeekDue(now, out int number))
        {
            var contact = _contacts[number];
            ExpireHeld(now, contact);
            if (contact.NextStep <= now)
                Advance(now, contact);
            if (_peers[contact.Peer].Contact == number)
                _contacts.Schedule(number);
        }
    }

    /// <summary>Takes a UDP datagram (RFC 4380 §5.4.2).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket that received it; a relay has only the service port.</param>
    /// <param name="source">The outer source.</param>
    /// <param name="payload">The UDP payload; it is not kept.</param>
    /// <returns>Deliver (forward the range to the IPv6 side), Consumed or Dropped.</returns>
    public Verdict HandleDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        int hint = -1;
        return Receive(now, source, payload, 0, ref hint);
    }

    /// <summary>Takes a run of UDP datagrams of equal length from one source. The last one may be shorter.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket that received them.</param>
    /// <param name="source">The outer source.</param>
    /// <param name="buffer">The UDP payloads, one after the other; they are not kept.</param>
    /// <param name="segmentSize">The length of each payload except the last, in octets; at least 1.</param>
    /// <param name="verdicts">Receives a verdict for each datagram; offsets count from the start of the buffer.</param>
    /// <returns>How many verdicts were written.</returns>
    /// <exception cref="ArgumentException">There are more segments than verdicts, or the segment size is not positive.</exception>
    public int HandleDatagrams(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> buffer, int segmentSize, Span<Verdict> verdicts)
    {
        int count = Segments.Count(buffer.Length, segmentSize, verdicts.Length), hint = -1;
        for (int i = 0, at = 0; i < count; i++, at += segmentSize)
            verdicts[i] = Receive(now, source, buffer.Slice(at, Math.Min(segmentSize, buffer.Length - at)), at, ref hint);
        return count;
    }

    /// <summary>Takes an IPv6 packet for a Teredo client from the IPv6 side (RFC 4380 §5.4.1).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="packet">The packet, exactly as long as its header says. It is not kept; a packet that must wait is copied.</param>
    /// <returns>Send (this memory, unchanged), Held or Dropped.</returns>
    public Verdict HandlePacket(Instant now, ReadOnlySpan<byte> packet)
    {
        int hint = -1;
        return Forward(now, packet, 0, ref hint);
    }

    /// <summary>Takes a run of IPv6 packets of equal length from the IPv6 side. The last one may be shorter.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="buffer">The packets, one after the other.</param>
    /// <param name="segmentSize">The length of each packet except the last, in octets; at least 1.</param>
    /// <param name="verdicts">Receives a verdict for each packet; offsets count from the start of the buffer.</param>
    /// <returns>How many verdicts were written.</returns>
    /// <exception cref="ArgumentException">There are more segments than verdicts, or the segment size is not positive.</exception>
    public int HandlePackets(Instant now, ReadOnlySpan<byte> buffer, int segmentSize, Span<Verdict> verdicts)
    {
        int count = Segments.Count(buffer.Length, segmentSize, verdicts.Length), hint = -1;
        for (int i = 0, at = 0; i < count; i++, at += segmentSize)
            verdicts[i] = Forward(now, buffer.Slice(at, Math.Min(segmentSize, buffer.Length - at)), at, ref hint);
        return count;
    }

    /// <summary>Takes the next datagram to send.</summary>
    /// <param name="buffer">Receives the UDP payload; 65,507 octets always suffice.</param>
    /// <param name="transmit">Length, socket, target and TTL.</param>
    /// <returns>False when there is no datagram.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the datagram stays.</exception>
    public bool TryTakeTransmit(Span<byte> buffer, out Transmit transmit) => _transmits.TryTake(buffer, out transmit);

    /// <summary>Takes the next IPv6 packet for the IPv6 side, which is an ICMPv6 error.</summary>
    /// <param name="buffer">Receives the packet; 1280 octets always suffice.</param>
    /// <param name="length">The packet's length, in octets.</param>
    /// <returns>False when there is no packet.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the packet stays.</exception>
    public bool TryTakeDelivery(Span<byte> buffer, out int length)
    {
        bool taken = _deliveries.TryTake(buffer, out var delivery);
        length = delivery.Length;
        return taken;
    }

    // ---- From a client (RFC 4380 §5.4.2)

    Verdict Receive(Instant now, IPv4Endpoint source, ReadOnlySpan<byte> payload, int start, ref int hint)
    {
        if (!Encapsulation.TryParse(payload, out var datagram, out var reason))
            return Drops.Drop(reason);
        if (!datagram.TrailerOctets.IsEmpty && !TrailerSet.TryParse(datagram.TrailerOctets, out _))
            return Drops.Drop(DropReason.UnknownTrailer); // RFC 6081 §4; a relay ignores the other trailers
        var packet = datagram.Packet;
        if (!packet.Source.IsTeredo)
            return Drops.Drop(DropReason.BadInnerSource); // §5.4.2
        int peer = Find(packet.Source, ref hint);
        reason = CheckSender(now, source, packet, peer);
        if (reason != DropReason.None)
            return Drops.Drop(reason);
        Hear(now, peer, source);
        if (packet.IsBubble)
            return Verdict.Consumed; // not forwarded: the IPv6 side would answer its hop limit of 0 with an error
        reason = _rules.CheckToNative(packet);
        return reason != DropReason.None ? Drops.Drop(reason) : Verdict.Deliver(start + datagram.PacketOffset, packet.Length);
    }

    int Find(IPv6Address address, ref int hint)
    {
        if (hint < 0 || _peers[hint].Address != address)
            hint = _peers.Find(address);
        return hint;
    }

    DropReason CheckSender(Instant now, IPv4Endpoint source, in IPv6Packet packet, int peer)
    {
        bool usable = peer >= 0 && _peers[peer].IsUsable(now);
        if (usable && _peers[peer].Mapping == source)
            return DropReason.None;
        var reason = _rules.CheckOuterSource(source);
        if (reason != DropReason.None)
            return reason;
        TeredoAddress.TryCreate(packet.Source, out var client);
        bool embedded = client.MappedEndpoint == source;
        if (peer < 0)
            return embedded ? DropReason.Untrusted : DropReason.SourceMismatch; // §5.4.2: a packet without an entry may be dropped
        if (packet.IsBubble && _peers[peer].Contact is >= 0 and int number && _contacts[number].Matches(now, packet.Destination))
            return DropReason.None; // departs from §5.4.2; see the remarks of the type
        // §5.4.2. While a verified mapping is fresh, no other is accepted; otherwise forged packets could redirect a symmetric client's traffic.
        return _peers[peer].Mapping == source || (embedded && !usable) ? DropReason.None : DropReason.SourceMismatch;
    }

    void Hear(Instant now, int peer, IPv4Endpoint source)
    {
        ref var entry = ref _peers[peer];
        entry.LastReceived = now; // §5.4.2
        if (entry.Mapping != source)
            entry.Mapping = source;
        if (!entry.IsTrusted)
            _peers.Trust(peer); // §5.4.2
        if (entry.Contact >= 0)
            Release(now, peer);
    }

    // Sends the packets that waited, in their order (§5.4.1).
    void Release(Instant now, int peer)
    {
        ref var entry = ref _peers[peer];
        var held = _contacts[entry.Contact].Held;
        while (held.TryPeek(out var packet, out _))
        {
            _transmits.Add(packet, LocalPort.Service, entry.Mapping);
            MarkSent(now, ref entry);
            held.Pop();
        }
        _contacts.Close(entry.Contact);
        entry.Contact = -1;
    }

    // ---- To a client (RFC 4380 §5.4.1)

    Verdict Forward(Instant now, ReadOnlySpan<byte> octets, int start, ref int hint)
    {
        if (!IPv6Packet.TryParse(octets, out var packet) || packet.Length != octets.Length)
            return Drops.Drop(DropReason.MalformedPacket);
        var reason = _rules.CheckFromNative(packet);
        if (reason != DropReason.None)
            return Drops.Drop(reason);
        int peer = Find(packet.Destination, ref hint);
        if (peer < 0 || !_peers[peer].IsUsable(now))
            return Contact(now, packet, peer, out hint);
        ref var entry = ref _peers[peer];
        MarkSent(now, ref entry);
        return Verdict.Send(LocalPort.Service, entry.Mapping, packet.Length, start); // §5.4.1 case 1
    }

    static void MarkSent(Instant now, ref PeerEntry entry)
    {
        entry.LastSent = now;
        entry.Flags |= PeerFlags.Used;
    }

    // §5.4.1 case 3. Case 2, for a client whose address says that it is behind a cone NAT, is treated in the same way (RFC 5991 §3.2).
    Verdict Contact(Instant now, in IPv6Packet packet, int peer, out int newPeer)
    {
        newPeer = peer;
        if (peer < 0)
        {
            var reason = AddPeer(now, packet.Destination, out newPeer);
            if (reason != DropReason.None)
                return Drops.Drop(reason);
        }
        _peers.Distrust(newPeer); // a trusted peer that was not heard for 30 s must be verified again
        ref var entry = ref _peers[newPeer];
        if (entry.Contact < 0)
        {
            entry.Contact = _contacts.Open(newPeer);
            _contacts[entry.Contact].NextStep = now;
        }
        var contact = _contacts[entry.Contact];
        if (contact.IsUnreachable)
        {
            _errors.Answer(now, packet.Octets);
            return Drops.Drop(DropReason.PeerUnreachable);
        }
        if (contact.Schedule.Count == 0)
            Advance(now, contact);
        bool held = contact.Held.TryAdd(now, packet.Octets);
        _contacts.Schedule(entry.Contact);
        return held ? Verdict.Held : Drops.Drop(DropReason.QueueFull);
    }

    DropReason AddPeer(Instant now, IPv6Address address, out int peer)
    {
        peer = -1;
        if (!TeredoAddress.TryCreate(address, out var client))
            return DropReason.BadInnerDestination;
        var reason = _rules.CheckClient(client);
        if (reason != DropReason.None)
            return reason;
        peer = _peers.Add(now, address, client.RateLimitKey, trusted: false);
        if (peer < 0)
            return DropReason.PeerTableFull;
        _peers[peer].Mapping = client.MappedEndpoint;
        return DropReason.None;
    }

    // ---- Bubbles

    // Takes the next step when it is due: sends the next bubbles, gives up waiting for the answer, or ends the contact.
    void Advance(Instant now, RelayContact contact)
    {
        if (contact.IsUnreachable)
        {
            _peers.Remove(contact.Peer); // §5.4.1; done this late so that the budget of §5.2.6 is remembered
            return;
        }
        if (contact.Schedule.TryGrant(now))
        {
            SendBubbles(now, contact);
            contact.NextStep = now + BubbleSchedule.Spacing + _random.NextBetween(TimeSpan.Zero, MaxJitter); // §5.4.1: 2 s
            return;
        }
        contact.IsUnreachable = true; // §5.4.1: after the first bubble and three repeats
        contact.NextStep = contact.Schedule.WindowEnd;
        while (contact.Held.Count > 0)
            FailOldest(now, contact, DropReason.PeerUnreachable);
    }

    void SendBubbles(Instant now, RelayContact contact)
    {
        ref var entry = ref _peers[contact.Peer];
        TeredoAddress.TryCreate(entry.Address, out var client);
        Span<byte> bubble = stackalloc byte[Bubble.Size];
        Bubble.Write(bubble, contact.NextSource(now, _random.NextUInt64()), entry.Address);
        if (_sendDirectBubbles) // sent first, so that our NAT is open when the answer to the indirect bubble comes
            _transmits.Add(bubble, LocalPort.Service, entry.Mapping, DirectBubbleTtls[contact.Schedule.Count - 1]);
        _transmits.Add(bubble, LocalPort.Service, new(client.Server, TeredoPorts.Server)); // §5.4.1
    }

    void ExpireHeld(Instant now, RelayContact contact)
    {
        while (contact.Held.ExpiresAt is { } expiry && expiry <= now)
            FailOldest(now, contact, DropReason.QueueExpired);
    }

    void FailOldest(Instant now, RelayContact contact, DropReason reason)
    {
        contact.Held.TryPeek(out var packet, out _);
        _errors.Answer(now, packet);
        contact.Held.Pop();
        Drops.Count(reason);
    }

    // The waiting packets are deleted with the entry (§5.4.1).
    void CloseContact(int peer)
    {
        ref var entry = ref _peers[peer];
        if (entry.Contact < 0)
            return;
        for (int held = _contacts[entry.Contact].Held.Count; held > 0; held--)
            Drops.Count(DropReason.PeerTableFull);
        _contacts.Close(entry.Contact);
        entry.Contact = -1;
    }
}
