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
public sealed partial class TeredoRelay
{
    readonly IRandomSource _random;
    readonly RelayRules _rules;
    readonly bool _sendDirectBubbles;
    readonly PeerTable _peers;
    readonly RelayContacts _contacts = new();
    readonly PacketQueue _transmits = new(), _deliveries = new();
    readonly UnreachableErrors _errors;
    readonly RelayLimits _limits;

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
        _limits = new(random);
    }

    /// <summary>How many peers the relay remembers.</summary>
    public int PeerCount => _peers.Count;

    /// <summary>How many packets were dropped, by reason.</summary>
    public DropCounters Drops { get; } = new();

    /// <summary>When <see cref="HandleTimeout"/> must be called next; null when nothing is scheduled.</summary>
    public Instant? NextDeadline => Instant.Earlier(_contacts.NextDeadline, _peers.SweepAt);

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
        _peers.Sweep(now);
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

    /// <summary>
    /// Takes a packet from the IPv6 side that stands for many: a network device has not cut it into packets yet, all of which have its IPv6 header but
    /// for the length. It is taken only when its client is trusted and fresh.
    /// </summary>
    /// <param name="now">The current instant.</param>
    /// <param name="packet">The packet, exactly as long as its header says, which may be far longer than the MTU.</param>
    /// <param name="verdict">Send: each packet that it is cut into goes there.</param>
    /// <returns>False when each packet must be handed in on its own (<see cref="HandlePacket"/>); then nothing has changed and nothing is counted.</returns>
    public bool TryHandleLongPacket(Instant now, ReadOnlySpan<byte> packet, out Verdict verdict)
    {
        verdict = default;
        if (!IPv6Packet.TryParse(packet, out var whole) || whole.Length != packet.Length || _rules.CheckFromNative(whole) != DropReason.None
            || _peers.Find(whole.Destination) is var peer && (peer < 0 || !_peers[peer].IsUsable(now)))
            return false;
        MarkSent(now, peer);
        verdict = Verdict.Send(LocalPort.Service, _peers[peer].Mapping, packet.Length);
        return true;
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
            MarkSent(now, peer);
            held.Pop();
        }
        _contacts.Close(entry.Contact);
        entry.Contact = -1;
    }
}
