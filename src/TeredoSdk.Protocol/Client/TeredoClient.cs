using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>A Teredo client (RFC 4380 §5.2 with RFC 5991 and RFC 6081) as a state machine without sockets, clock or tasks.</summary>
/// <remarks>
/// <para>
/// The driver feeds inputs (<see cref="Start"/>, <see cref="HandleTimeout"/>, <see cref="HandleDatagram"/>,
/// <see cref="HandlePacket"/>, <see cref="HandleAnswer"/>, <see cref="HandleNetworkChanged"/> and the lease calls). After each
/// input, or burst of inputs, it calls <see cref="TryTakeRequest"/>, <see cref="TryTakeTransmit"/>,
/// <see cref="TryTakeDelivery"/> and <see cref="TryTakeEvent"/> until each returns false, and then waits for an input or
/// <see cref="NextDeadline"/>. Instants must never go backwards.
/// </para>
/// <para>One caller at a time: the type has no lock. Bad input from the network is counted in <see cref="Drops"/>, never thrown.</para>
/// </remarks>
public sealed class TeredoClient
{
    readonly ClientContext _context;
    readonly PortMapper _mapper;
    readonly ClientPeers _peers;
    readonly Qualification _qualification;
    readonly LocalDiscovery? _discovery;
    readonly IntervalDetermination? _interval;
    readonly HeldPackets _waking = new(new()); // packets of the host that woke a dormant client
    bool _running;

    /// <summary>Makes a client, which does nothing before <see cref="Start"/>.</summary>
    /// <param name="options">The settings; validated here.</param>
    /// <param name="random">Where nonces, flags, ports and jitter come from.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and the range.</exception>
    public TeredoClient(TeredoClientOptions options, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        options.Validate();
        _context = new(options, random);
        _mapper = new(_context);
        _peers = new(_context);
        _qualification = new(_context, _mapper, _peers);
        _discovery = options.LocalDiscovery ? new(_context, _peers) : null;
        _interval = options.DetermineInterval ? new(_context, _qualification) : null;
        _peers.Discovery = _discovery;
    }

    /// <summary>Where the client stands.</summary>
    public ClientState State => _qualification.State;

    /// <summary>The Teredo address, or null while there is none. A dormant client keeps its last one, which nobody can reach until it wakes.</summary>
    public TeredoAddress? Address => _context.Address;

    /// <summary>The server in use.</summary>
    public TeredoServerAddress Server => _context.Server;

    /// <summary>What is known of the NAT.</summary>
    public NatReport Nat => _qualification.Nat;

    /// <summary>How many peers are remembered.</summary>
    public int PeerCount => _peers.Count;

    /// <summary>What was dropped, by reason.</summary>
    public DropCounters Drops => _context.Drops;

    /// <summary>When <see cref="HandleTimeout"/> wants to be called next, or null when nothing is scheduled.</summary>
    public Instant? NextDeadline => Instant.Earlier(
        Instant.Earlier(_qualification.NextDeadline, _peers.NextDeadline),
        Instant.Earlier(_discovery?.NextDeadline, _interval?.NextDeadline));

    /// <summary>Starts the client: opens the service port, maps it if asked to, and qualifies (RFC 4380 §5.2.1).</summary>
    /// <exception cref="InvalidOperationException">It runs already.</exception>
    public void Start(Instant now)
    {
        _qualification.Start(now);
        Settle(now);
    }

    /// <summary>Stops the client: removes the port mapping (RFC 6081 §5.3.5), closes its ports, forgets its peers. It may be started again.</summary>
    public void Stop(Instant now)
    {
        _qualification.Stop();
        Settle(now);
    }

    /// <summary>Does what is due. Early or repeated calls change nothing.</summary>
    public void HandleTimeout(Instant now)
    {
        _qualification.HandleTimeout(now);
        Settle(now); // what follows runs only with an address
        _peers.HandleTimeout(now);
        _discovery?.HandleTimeout(now);
        _interval?.HandleTimeout(now);
    }

    /// <summary>Takes a UDP datagram (RFC 4380 §5.2.3).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket it came to.</param>
    /// <param name="source">Where it came from.</param>
    /// <param name="payload">The UDP payload; not kept.</param>
    /// <returns>Deliver (hand the range to the host), Held, Consumed or Dropped.</returns>
    public Verdict HandleDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        int hint = -1;
        return TakeDatagram(now, via, source, payload, ref hint);
    }

    /// <summary>Takes a run of equally long UDP datagrams from one source, the last of which may be shorter.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket they came to.</param>
    /// <param name="source">Where they came from.</param>
    /// <param name="buffer">The UDP payloads, one behind the other; not kept.</param>
    /// <param name="segmentSize">Length of each but the last, in octets; at least 1.</param>
    /// <param name="verdicts">Receives a verdict for each; offsets count from the buffer's start.</param>
    /// <returns>How many verdicts were written.</returns>
    /// <exception cref="ArgumentException">There are more segments than verdicts, or the segment size is not positive.</exception>
    public int HandleDatagrams(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> buffer, int segmentSize, Span<Verdict> verdicts)
    {
        _ = Segments.Count(buffer.Length, segmentSize, verdicts.Length);
        int count = 0, hint = -1;
        for (int at = 0; at < buffer.Length; at += segmentSize)
            verdicts[count++] = TakeDatagram(now, via, source, buffer.Slice(at, Math.Min(segmentSize, buffer.Length - at)), ref hint).Shift(at);
        return count;
    }

    /// <summary>Takes an IPv6 packet of the host (RFC 4380 §5.2.4).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="packet">The packet, exactly as long as its header says; not kept, but copied when it must wait.</param>
    /// <returns>Send (the same memory, as it is), Held, Consumed or Dropped.</returns>
    public Verdict HandlePacket(Instant now, ReadOnlySpan<byte> packet)
    {
        int hint = -1;
        return TakePacket(now, packet, ref hint);
    }

    /// <summary>Takes a run of equally long IPv6 packets of the host, the last of which may be shorter.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="buffer">The packets, one behind the other; not kept, but copied where they must wait.</param>
    /// <param name="segmentSize">Length of each but the last, in octets; at least 1.</param>
    /// <param name="verdicts">Receives a verdict for each; offsets count from the buffer's start.</param>
    /// <returns>How many verdicts were written.</returns>
    /// <exception cref="ArgumentException">There are more segments than verdicts, or the segment size is not positive.</exception>
    public int HandlePackets(Instant now, ReadOnlySpan<byte> buffer, int segmentSize, Span<Verdict> verdicts)
    {
        _ = Segments.Count(buffer.Length, segmentSize, verdicts.Length);
        int count = 0, hint = -1;
        for (int at = 0; at < buffer.Length; at += segmentSize)
            verdicts[count++] = TakePacket(now, buffer.Slice(at, Math.Min(segmentSize, buffer.Length - at)), ref hint).Shift(at);
        return count;
    }

    /// <summary>Takes the driver's answer to a request.</summary>
    public void HandleAnswer(Instant now, in RequestAnswer answer)
    {
        if (answer.Kind != ClientRequestKind.OpenPort)
            _qualification.HandleMappingAnswer(now, answer);
        else if (answer.Port == LocalPort.Service)
            _qualification.HandleOpened(now, answer);
        else if (answer.Port == LocalPort.Interval)
            _interval?.HandleOpened(now, answer);
        else
            _peers.HandleOpened(now, answer);
        Settle(now);
    }

    /// <summary>Takes what changed in the host's network.</summary>
    public void HandleNetworkChanged(Instant now, NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _qualification.HandleNetworkChanged(now, state);
        Settle(now);
    }

    /// <summary>Takes the servers as they are now, for example because their names lead elsewhere.</summary>
    /// <remarks>The server in use stays as long as it answers; an offline client asks the new ones at once, if they are others.</remarks>
    /// <param name="now">The current instant.</param>
    /// <param name="servers">The servers in order of preference, as in <see cref="TeredoClientOptions.Servers"/>.</param>
    /// <exception cref="ArgumentException">There is none, or one's addresses are not two global unicast ones; nothing has changed.</exception>
    public void HandleServersChanged(Instant now, IReadOnlyList<TeredoServerAddress> servers)
    {
        (_context.Options with { Servers = servers }).Validate();
        if (servers.SequenceEqual(_context.Servers))
            return;
        _context.Servers = [.. servers];
        _qualification.HandleServersChanged(now);
        Settle(now);
    }

    /// <summary>An opted-in listener opened: while any lease is held the client does not go dormant; a dormant one wakes.</summary>
    public void AcquireLease(Instant now) => _qualification.AcquireLease(now);

    /// <summary>An opted-in listener closed.</summary>
    /// <exception cref="InvalidOperationException">No lease is held.</exception>
    public void ReleaseLease(Instant now) => _qualification.ReleaseLease(now);

    /// <summary>Takes a datagram to be sent.</summary>
    /// <param name="buffer">Receives the UDP payload; 65,507 octets always suffice.</param>
    /// <param name="transmit">Length, socket, target and TTL.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the datagram stays.</exception>
    public bool TryTakeTransmit(Span<byte> buffer, out Transmit transmit) => _context.Transmits.TryTake(buffer, out transmit);

    /// <summary>Takes an IPv6 packet for the host: one that had to wait, or an ICMPv6 error.</summary>
    /// <param name="buffer">Receives the packet; 65,507 octets always suffice.</param>
    /// <param name="length">Its length, in octets.</param>
    /// <returns>False when there is none.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the packet stays.</exception>
    public bool TryTakeDelivery(Span<byte> buffer, out int length)
    {
        bool taken = _context.Deliveries.TryTake(buffer, out var delivery);
        length = delivery.Length;
        return taken;
    }

    /// <summary>Takes a request to the driver.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryTakeRequest(out ClientRequest request) => _context.Requests.TryDequeue(out request);

    /// <summary>Takes an event.</summary>
    /// <returns>False when there is none.</returns>
    public bool TryTakeEvent([NotNullWhen(true)] out ClientEvent? clientEvent) => _context.TryTakeEvent(out clientEvent);

    Verdict TakeDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload, ref int hint)
    {
        if (State == ClientState.Qualified && _peers.TryReceive(now, via, source, payload, ref hint))
            return Verdict.Deliver(0, payload.Length);
        hint = -1; // the table may change below
        return TakeSlowly(now, via, source, payload);
    }

    Verdict TakeSlowly(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        if (!Encapsulation.TryParse(payload, out var encapsulation, out var reason))
            return _context.Drops.Drop(reason); // RFC 4380 §5.2.3: silently
        var packet = encapsulation.Packet;
        bool fromServer = source == _context.PrimaryEndpoint || source == _context.SecondaryEndpoint;
        if (fromServer && Advertisement.IsCandidate(packet))
            return HandleAdvertisement(now, via, source, encapsulation); // §5.2.3: never to the host
        if (State != ClientState.Qualified)
            return _context.Drops.Drop(DropReason.NotQualified);
        if (via == LocalPort.Discovery)
            return _discovery?.HandleDatagram(now, source, encapsulation) ?? _context.Drops.Drop(DropReason.UnexpectedOnPort);
        if (via == LocalPort.Interval)
            return _interval?.HandleDatagram(now, source, encapsulation) ?? _context.Drops.Drop(DropReason.UnexpectedOnPort);
        if (packet.Destination != _context.Address)
            return _context.Drops.Drop(DropReason.BadInnerDestination); // all 128 bits (RFC 5991 §3.1)
        if (fromServer && via == LocalPort.Service)
        {
            _context.LastServerReceived = now; // §5.2.3
            if (packet.IsBubble)
                return _peers.ReceiveIndirectBubble(now, encapsulation);
            if (encapsulation.HasOrigin)
                return _peers.ReceiveIndirectPacket(now, encapsulation);
        }
        else if (encapsulation.HasOrigin || encapsulation.HasAuthentication)
            return _context.Drops.Drop(DropReason.UnexpectedHeader); // else a peer could aim our bubbles
        return _peers.Receive(now, via, source, encapsulation);
    }

    Verdict HandleAdvertisement(Instant now, LocalPort via, IPv4Endpoint source, in Encapsulation encapsulation)
    {
        var reason = Advertisement.Read(_context, encapsulation, out var advertisement);
        if (reason == DropReason.None)
            reason = via == LocalPort.Service ? _qualification.HandleAdvertisement(now, source, advertisement)
                : via == LocalPort.Interval ? _interval?.HandleAdvertisement(now, source, advertisement) ?? DropReason.BadNonce
                : _peers.HandleAdvertisement(now, via, source, advertisement);
        if (reason != DropReason.None)
            return _context.Drops.Drop(reason);
        Settle(now);
        return Verdict.Consumed;
    }

    Verdict TakePacket(Instant now, ReadOnlySpan<byte> octets, ref int hint)
    {
        if (!IPv6Packet.TryParse(octets, out var packet) || packet.Length != octets.Length)
            return _context.Drops.Drop(DropReason.MalformedPacket);
        if (packet.Source != _context.Address)
            return _context.Drops.Drop(_context.Address is null ? DropReason.NotQualified : DropReason.BadInnerSource);
        return State == ClientState.Qualified ? _peers.Forward(now, packet, ref hint) : WakeFor(now, packet);
    }

    // The address stands, but it is dormant or about to be confirmed: the packet waits for that.
    Verdict WakeFor(Instant now, in IPv6Packet packet)
    {
        if (State == ClientState.Dormant)
            _qualification.Wake(now);
        for (; _waking.ExpiresAt <= now; _waking.Pop())
            _context.Drops.Count(DropReason.QueueExpired);
        return _waking.TryAdd(now, packet.Octets) ? Verdict.Held : _context.Drops.Drop(DropReason.QueueFull);
    }

    // After any input: starts what runs only with an address, or ends it.
    void Settle(Instant now)
    {
        bool qualified = State == ClientState.Qualified;
        if (qualified == _running)
            return;
        _running = qualified;
        if (!qualified)
        {
            _peers.StopRefreshTimer();
            _discovery?.Stop();
            _interval?.Stop();
            return;
        }
        _peers.StartRefreshTimer(now);
        _discovery?.Start(now);
        _interval?.Start();
        ReleaseWaking(now);
    }

    void ReleaseWaking(Instant now)
    {
        for (int hint = -1; _waking.TryPeek(out var packet, out _); _waking.Pop())
        {
            if (_waking.ExpiresAt <= now) // the server was away meanwhile
            {
                _context.Drops.Count(DropReason.QueueExpired);
                continue;
            }
            var verdict = TakePacket(now, packet, ref hint);
            if (verdict.Kind == VerdictKind.Send)
                _context.Send(now, verdict.Via, verdict.Target, packet);
        }
    }
}
