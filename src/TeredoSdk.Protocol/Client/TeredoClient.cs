using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>A Teredo client (RFC 4380 §5.2, with RFC 5991 and RFC 6081) as a state machine without sockets, clock or tasks.</summary>
/// <remarks>
/// <para>
/// The driver feeds inputs (<see cref="Start"/>, <see cref="HandleTimeout"/>, <see cref="HandleDatagram"/>,
/// <see cref="HandlePacket"/>, <see cref="HandleAnswer"/>, <see cref="HandleNetworkChanged"/> and the lease calls). After each
/// input, or burst of inputs, it calls <see cref="TryTakeRequest"/>, <see cref="TryTakeTransmit"/>,
/// <see cref="TryTakeDelivery"/> and <see cref="TryTakeEvent"/> until each returns false, and then waits for an input or
/// <see cref="NextDeadline"/>. Instants must never go backwards.
/// </para>
/// <para>Calls must not overlap: the type has no lock. Bad input from the network is counted in <see cref="Drops"/>, and never throws.</para>
/// </remarks>
public sealed partial class TeredoClient
{
    readonly ClientContext _context;
    readonly PortMapper _mapper;
    readonly ClientPeers _peers;
    readonly Qualification _qualification;
    readonly LocalDiscovery? _discovery;
    readonly IntervalDetermination? _interval;
    readonly HeldPackets _waking = new(new()); // packets of the host that woke a dormant client
    bool _running;

    /// <summary>Makes a client that does nothing before <see cref="Start"/>.</summary>
    /// <param name="options">The settings; validated here.</param>
    /// <param name="random">The source of nonces, flags, ports and jitter.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
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
        _ask = new(_context, _peers);
        _peers.Discovery = _discovery;
    }

    /// <summary>The client's state.</summary>
    public ClientState State => _qualification.State;

    /// <summary>
    /// The Teredo address, or null. A dormant client keeps its last address, and so does one whose network went away, for 30 s
    /// (<see cref="NetworkState.HasIPv4"/>); but peers can't reach them there.
    /// </summary>
    public TeredoAddress? Address => _context.Address;

    /// <summary>The server in use.</summary>
    public TeredoServerAddress Server => _context.Server;

    /// <summary>What the client knows of the NAT.</summary>
    public NatReport Nat => _qualification.Nat;

    /// <summary>
    /// The interval between two refreshes at the server, of which 75 to 100 % are used: that of the options, or a shorter one after the NAT forgot the
    /// mapping within it (down to 5 s), or a longer one by experiment (RFC 4380 §5.2.7).
    /// </summary>
    public TimeSpan RefreshInterval => _qualification.RefreshInterval;

    /// <summary>How many peers the client remembers.</summary>
    public int PeerCount => _peers.Count;

    /// <summary>How many packets were dropped, by reason.</summary>
    public DropCounters Drops => _context.Drops;

    /// <summary>When <see cref="HandleTimeout"/> must be called next; null when nothing is scheduled.</summary>
    public Instant? NextDeadline => Instant.Earlier(
        Instant.Earlier(_qualification.NextDeadline, _peers.NextDeadline),
        Instant.Earlier(Instant.Earlier(_discovery?.NextDeadline, _interval?.NextDeadline), _ask.NextDeadline));

    /// <summary>
    /// Whether the server's answer is overdue, or a retry is due: then the driver looks at the network, whose change nobody may have told, before it
    /// calls <see cref="HandleTimeout"/>.
    /// </summary>
    public bool IsAnswerOverdue(Instant now) => _qualification.IsAnswerOverdue(now);

    /// <summary>Starts the client: opens the service port, maps it if the options say so, and qualifies (RFC 4380 §5.2.1).</summary>
    /// <exception cref="InvalidOperationException">The client is running already.</exception>
    public void Start(Instant now)
    {
        _qualification.Start(now);
        Settle(now);
    }

    /// <summary>
    /// Stops the client: removes the port mapping (RFC 6081 §5.3.5), closes the ports and forgets the peers. It may be started again.
    /// </summary>
    public void Stop(Instant now)
    {
        _qualification.Stop();
        Settle(now);
    }

    /// <summary>Does everything that is due. Early or repeated calls change nothing.</summary>
    public void HandleTimeout(Instant now)
    {
        _qualification.HandleTimeout(now);
        Settle(now); // what follows runs only with an address
        _peers.HandleTimeout(now);
        _discovery?.HandleTimeout(now);
        _interval?.HandleTimeout(now);
        _ask.HandleTimeout(now);
    }

    /// <summary>Takes a UDP datagram (RFC 4380 §5.2.3).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket that received it.</param>
    /// <param name="source">The outer source.</param>
    /// <param name="payload">The UDP payload; it is not kept.</param>
    /// <returns>Deliver (hand the range to the host), Held, Consumed or Dropped.</returns>
    public Verdict HandleDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        int hint = -1;
        return TakeDatagram(now, via, source, payload, ref hint);
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
        _ = Segments.Count(buffer.Length, segmentSize, verdicts.Length);
        int count = 0, hint = -1;
        for (int at = 0; at < buffer.Length; at += segmentSize)
            verdicts[count++] = TakeDatagram(now, via, source, buffer.Slice(at, Math.Min(segmentSize, buffer.Length - at)), ref hint).Shift(at);
        return count;
    }

    /// <summary>Takes an IPv6 packet of the host (RFC 4380 §5.2.4).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="packet">The packet, exactly as long as its header says. It is not kept; a packet that must wait is copied.</param>
    /// <returns>Send (this memory, unchanged), Held, Consumed or Dropped.</returns>
    public Verdict HandlePacket(Instant now, ReadOnlySpan<byte> packet)
    {
        int hint = -1;
        return TakePacket(now, packet, ref hint);
    }

    /// <summary>Takes a run of IPv6 packets of the host of equal length. The last one may be shorter.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="buffer">The packets, one after the other. They are not kept; packets that must wait are copied.</param>
    /// <param name="segmentSize">The length of each packet except the last, in octets; at least 1.</param>
    /// <param name="verdicts">Receives a verdict for each packet; offsets count from the start of the buffer.</param>
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

    /// <summary>
    /// Takes a packet of the host that stands for many: a network device has not cut it into packets yet, all of which have its IPv6 header but for the
    /// length. It is taken only when its peer is trusted and fresh.
    /// </summary>
    /// <param name="now">The current instant.</param>
    /// <param name="packet">The packet, exactly as long as its header says, which may be far longer than the MTU.</param>
    /// <param name="verdict">Send: each packet that it is cut into goes there.</param>
    /// <returns>False when each packet must be handed in on its own (<see cref="HandlePacket"/>); then nothing has changed and nothing is counted.</returns>
    public bool TryHandleLongPacket(Instant now, ReadOnlySpan<byte> packet, out Verdict verdict)
    {
        verdict = default;
        return State == ClientState.Qualified && IPv6Packet.TryParse(packet, out var whole) && whole.Length == packet.Length
            && whole.Source == _context.Address && _peers.TryForward(now, whole, out verdict);
    }

    /// <summary>Takes the driver's answer to a request.</summary>
    public void HandleAnswer(Instant now, in RequestAnswer answer)
    {
        if (answer.Kind != ClientRequestKind.OpenPort)
            _qualification.HandleMappingAnswer(now, answer);
        else if (answer.Port == LocalPort.Service)
            _qualification.HandleOpened(now, answer);
        else if (answer.Port == LocalPort.Interval && _interval is not null)
            _interval.HandleOpened(now, answer);
        else if (answer.Port == LocalPort.Interval)
            _qualification.HandleCheckOpened(now, answer);
        else
            _peers.HandleOpened(now, answer);
        Settle(now);
    }

    /// <summary>Takes the new state of the host's network.</summary>
    public void HandleNetworkChanged(Instant now, NetworkState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        _qualification.HandleNetworkChanged(now, state);
        Settle(now);
    }

    /// <summary>Takes the present list of servers, for example after their names resolved to other addresses.</summary>
    /// <remarks>The server in use stays as long as it answers. An offline client tries at once, if the list has a new server.</remarks>
    /// <param name="now">The current instant.</param>
    /// <param name="servers">The servers in order of preference, as in <see cref="TeredoClientOptions.Servers"/>.</param>
    /// <exception cref="ArgumentException">The list is empty, or a server has not two global unicast addresses; then nothing has changed.</exception>
    public void HandleServersChanged(Instant now, IReadOnlyList<TeredoServerAddress> servers)
    {
        (_context.Options with { Servers = servers }).Validate();
        bool isNews = !servers.All(_context.Servers.Contains); // another order is none: names with several addresses give them in turn
        _context.Servers = [.. servers];
        if (!isNews)
            return;
        _qualification.HandleServersChanged(now);
        Settle(now);
    }

    /// <summary>Counts an opted-in listener that opened. The client does not go dormant while a lease is held, and a dormant client wakes.</summary>
    public void AcquireLease(Instant now) => _qualification.AcquireLease(now);

    /// <summary>Counts an opted-in listener that closed.</summary>
    /// <exception cref="InvalidOperationException">No lease is held.</exception>
    public void ReleaseLease(Instant now) => _qualification.ReleaseLease(now);

    /// <summary>Takes the next datagram to send.</summary>
    /// <param name="buffer">Receives the UDP payload; 65,507 octets always suffice.</param>
    /// <param name="transmit">Length, socket, target and TTL.</param>
    /// <returns>False when there is no datagram.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the datagram stays.</exception>
    public bool TryTakeTransmit(Span<byte> buffer, out Transmit transmit) => _context.Transmits.TryTake(buffer, out transmit);

    /// <summary>Takes the next IPv6 packet for the host: a packet that had to wait, or an ICMPv6 error.</summary>
    /// <param name="buffer">Receives the packet; 65,507 octets always suffice.</param>
    /// <param name="length">The packet's length, in octets.</param>
    /// <returns>False when there is no packet.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the packet stays.</exception>
    public bool TryTakeDelivery(Span<byte> buffer, out int length)
    {
        bool taken = _context.Deliveries.TryTake(buffer, out var delivery);
        length = delivery.Length;
        return taken;
    }

    /// <summary>Takes the next request to the driver.</summary>
    /// <returns>False when there is no request.</returns>
    public bool TryTakeRequest(out ClientRequest request) => _context.Requests.TryDequeue(out request);

    /// <summary>Takes the next event.</summary>
    /// <returns>False when there is no event.</returns>
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
            return HandleAdvertisement(now, via, source, encapsulation); // §5.2.3: never delivered to the host
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
            if (packet.IsBubble && _qualification.TakeCheck(now, packet.Source))
                return Verdict.Consumed;
            if (packet.IsBubble)
                return _peers.ReceiveIndirectBubble(now, encapsulation);
            if (encapsulation.HasOrigin)
                return _peers.ReceiveIndirectPacket(now, encapsulation);
            if (source == _context.PrimaryEndpoint && ReflectionMessage.IsCandidate(packet, request: false))
                return HandleReflectionAnswer(now, packet);
        }
        else if (encapsulation.HasOrigin || encapsulation.HasAuthentication)
            return _context.Drops.Drop(DropReason.UnexpectedHeader); // otherwise a peer could choose the target of our bubbles
        return ReflectionMessage.IsCandidate(packet, request: false) ? ReceiveProof(now, via, source, encapsulation)
            : _peers.Receive(now, via, source, encapsulation);
    }

    Verdict HandleAdvertisement(Instant now, LocalPort via, IPv4Endpoint source, in Encapsulation encapsulation)
    {
        var reason = Advertisement.Read(_context, encapsulation, out var advertisement);
        if (reason == DropReason.None)
            reason = via == LocalPort.Service ? _qualification.HandleAdvertisement(now, source, advertisement)
                : via == LocalPort.Interval ? _interval?.HandleAdvertisement(now, source, advertisement)
                    ?? _qualification.HandleCheckAdvertisement(source, advertisement)
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

    // There is an address, but the client is dormant or the address is about to be confirmed. The packet waits for that.
    Verdict WakeFor(Instant now, in IPv6Packet packet)
    {
        if (State == ClientState.Dormant)
            _qualification.Wake(now);
        for (; _waking.ExpiresAt <= now; _waking.Pop())
            _context.Drops.Count(DropReason.QueueExpired);
        return _waking.TryAdd(now, packet.Octets) ? Verdict.Held : _context.Drops.Drop(DropReason.QueueFull);
    }

    // Called after any input. Starts or ends the parts that run only with an address.
    void Settle(Instant now)
    {
        bool qualified = State == ClientState.Qualified;
        if (qualified == _running)
            return;
        _running = qualified;
        if (!qualified)
        {
            _peers.StopRefreshTimer();
            _qualification.StopCheck();
            _discovery?.Stop();
            _interval?.Stop();
            _ask.Stop();
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
            if (_waking.ExpiresAt <= now) // the server took too long to answer
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
