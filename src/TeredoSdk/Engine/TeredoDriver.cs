using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>The layer above the driver. It takes the packets and the events of the core, and is called without the driver's lock.</summary>
interface IDriverClient
{
    /// <summary>Takes IPv6 packets for the host; the octets are valid only during the call. Several threads may call this at once.</summary>
    /// <param name="buffer">The buffer in which the packets lie.</param>
    /// <param name="packets">The packets; the callee may change this memory.</param>
    void Receive(ReadOnlySpan<byte> buffer, Span<PacketRange> packets);

    /// <summary>Takes an event. The calls come one at a time, in order.</summary>
    void Handle(ClientEvent clientEvent);
}

/// <summary>One piece of a client's work. One of the properties is set.</summary>
readonly record struct ClientWork
{
    /// <summary>The machine slept.</summary>
    public bool HasResumed { get; init; }

    public ClientRequest? Request { get; init; }

    /// <summary>A datagram to send over <see cref="Transport"/>, which is null while the port is closed.</summary>
    public Transmit? Transmit { get; init; }

    public IUdpTransport? Transport { get; init; }

    public ClientEvent? Event { get; init; }

    /// <summary>The size of a packet to deliver, when no other property is set.</summary>
    public int Delivery { get; init; }
}

/// <summary>The driver of a <see cref="TeredoClient"/>: its sockets, clock, timer and network. Safe for any number of threads.</summary>
sealed partial class TeredoDriver : CoreDriver<ClientWork>, ITrafficCounter
{
    readonly TeredoClient _core;
    readonly IHostNetwork _network;
    readonly IDriverClient _client;
    readonly ServicePortMapping _mapping;
    readonly Dictionary<LocalPort, IUdpTransport> _transports = [];
    readonly List<Task> _closing = [];
    NetworkState _state = new();
    bool _slept;

    public TeredoDriver(TeredoClientOptions options, EngineParts parts, TimeProvider time, IDriverClient client, ILogger log) : base(time, log)
    {
        (_core, _network, _client) = (new(options, parts.Random), parts.Network, client);
        _mapping = new(parts.PortMapper, AnswerMapping, options.AllowPrivateAddresses ? AddressPolicy.Lab : AddressPolicy.Strict, log);
    }

    /// <summary>Whether the meter counts what it sends and drops.</summary>
    public bool IsCounted { get; init; } = true;

    /// <summary>Why the last port could not be opened, or null.</summary>
    public SocketException? PortFailure { get; private set; }

    /// <summary>The state of the service port's mapping at the gateway.</summary>
    public PortMappingStatus PortMapping => _mapping.Status;

    public TeredoAddress? Address
    {
        get
        {
            lock (Gate)
                return _core.Address;
        }
    }

    public void Start()
    {
        if (IsCounted)
            Metrics.Add(this);
        _network.Changed += HandleNetworkChanged;
        var state = _network.Describe(_core.Server.Primary);
        lock (Gate)
        {
            _state = state;
            _core.HandleNetworkChanged(Clock.Now, state);
            _core.Start(Clock.Now);
        }
        CarryOut();
    }

    /// <summary>Keeps the client from going dormant, and wakes it.</summary>
    public void AcquireLease() => Feed(static (core, now) => core.AcquireLease(now));

    public void ReleaseLease() => Feed(static (core, now) => core.ReleaseLease(now));

    /// <summary>Tells the core the current addresses of the servers.</summary>
    public void SetServers(IReadOnlyList<TeredoServerAddress> servers) => Feed((core, now) => core.HandleServersChanged(now, servers));

    /// <summary>Starts a check of reachability, which ends with an event.</summary>
    /// <returns>False when the client is not qualified, or a check is running.</returns>
    public bool TryCheckReachability()
    {
        bool starts = false;
        Feed((core, now) => starts = core.TryCheckReachability(now));
        return starts;
    }

    /// <summary>Reads the core.</summary>
    public T Read<T>(Func<TeredoClient, T> read)
    {
        lock (Gate)
            return read(_core);
    }

    TrafficRole ITrafficCounter.Role => TrafficRole.Client;

    /// <summary>How often each of the given reasons was counted.</summary>
    public long[] CopyDrops(DropReason[] reasons)
    {
        lock (Gate)
            return Array.ConvertAll(reasons, reason => _core.Drops[reason]);
    }

    public bool HasNativeIPv6
    {
        get
        {
            lock (Gate)
                return _state.HasNativeIPv6;
        }
    }

    /// <summary>How the service port moves datagrams, or null while it is closed.</summary>
    public TransportFacts? Transport
    {
        get
        {
            lock (Gate)
                return _transports.TryGetValue(LocalPort.Service, out var transport) ? transport.Facts : null;
        }
    }

    /// <summary>Has the service port send no datagram, so that the code of it is compiled.</summary>
    public void SendNothing()
    {
        IUdpTransport? transport;
        lock (Gate)
            transport = TransportOf(LocalPort.Service);
        transport?.Send(new DatagramBatch(1, 0), 0, 0);
    }

    /// <summary>The endpoint of the service port, or null while it is closed.</summary>
    public IPv4Endpoint? LocalEndpoint
    {
        get
        {
            lock (Gate)
                return _transports.TryGetValue(LocalPort.Service, out var transport) ? transport.LocalEndpoint : null;
        }
    }

    /// <summary>The wall-clock time of an instant of the core.</summary>
    public DateTimeOffset ToWallClock(Instant instant)
    {
        lock (Gate)
            return Clock.ToWallClock(instant);
    }

    /// <summary>Stops the core, closes every socket, removes the port mapping and waits until all of them are out of use. Idempotent.</summary>
    public override async ValueTask DisposeAsync()
    {
        _network.Changed -= HandleNetworkChanged;
        lock (Gate)
        {
            if (!IsStopped)
                _core.Stop(Clock.Now);
            IsStopped = true;
        }
        CarryOut();
        await base.DisposeAsync().ConfigureAwait(false);
        IUdpTransport[] open;
        Task[] closing;
        lock (Gate)
        {
            open = [.. _transports.Values];
            closing = [.. _closing, .. open.Select(transport => transport.Completion)];
            _transports.Clear();
        }
        foreach (var transport in open)
            transport.Dispose();
        Metrics.Remove(this);
        await Task.WhenAll([.. closing, _mapping.DisposeAsync().AsTask()]).ConfigureAwait(false);
    }

    protected override Instant? NextDeadline => _core.NextDeadline;

    // Also tells the core when the machine slept since the last instant.
    protected override Instant Tick()
    {
        var now = Clock.Read(out bool slept);
        if (slept)
        {
            _slept = true; // logged later, without the lock
            _core.HandleNetworkChanged(now, _state with { Resumed = true });
        }
        return now;
    }

    protected override void TakeTimeout(Instant now) => _core.HandleTimeout(now);

    protected override Verdict TakeDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload) =>
        _core.HandleDatagram(now, via, source, payload);

    protected override int TakeDatagrams(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> octets, int segmentSize,
        Span<Verdict> verdicts) => _core.HandleDatagrams(now, via, source, octets, segmentSize, verdicts);

    protected override Verdict TakePacket(Instant now, ReadOnlySpan<byte> packet) => _core.HandlePacket(now, packet);

    protected override bool TakeLongPacket(Instant now, ReadOnlySpan<byte> packet, out Verdict verdict) =>
        _core.TryHandleLongPacket(now, packet, out verdict);

    protected override IUdpTransport? TransportOf(LocalPort port) => _transports.GetValueOrDefault(port);

    protected override bool TryTakeWork(out ClientWork work)
    {
        work = default;
        if (_slept)
            (_slept, work) = (false, new() { HasResumed = true });
        else if (_core.TryTakeRequest(out var request))
            work = new() { Request = request };
        else if (_core.TryTakeTransmit(Buffer, out var transmit))
        {
            work = new() { Transmit = transmit, Transport = TransportOf(transmit.Via) };
            Traffic.Send(1, transmit.Length);
        }
        else if (_core.TryTakeEvent(out var clientEvent)) // taken before deliveries: the ICMPv6 errors there tell the same in less detail
            work = new() { Event = clientEvent };
        else if (_core.TryTakeDelivery(Buffer, out int length))
            work = new() { Delivery = length };
        else
            return false;
        return true;
    }

    protected override void Do(in ClientWork work)
    {
        if (work.HasResumed)
        {
            Log.Resumed(Logger);
            _mapping.Renew(); // the timer of the mapping stood still, too
        }
        else if (work.Request is { } request)
            Do(request);
        else if (work.Transmit is { } transmit)
        {
            if (IsCounted)
                CountBubble(transmit.Target, Buffer.AsSpan(0, transmit.Length));
            work.Transport?.Send(transmit.Target, Buffer.AsSpan(0, transmit.Length), transmit.Ttl);
        }
        else if (work.Event is { } clientEvent)
        {
            if (clientEvent is ClientEvent.AddressChanged) // the NAT may have restarted and lost its mappings
                _mapping.Renew();
            if (clientEvent is ClientEvent.Qualified && IsGatewayUnknown) // now that the server has answered, the system knows it
                HandleNetworkChanged();
            _client.Handle(clientEvent);
        }
        else
            Deliver(Buffer.AsSpan(0, work.Delivery));
    }

    protected override void Deliver(ReadOnlySpan<byte> buffer, Span<PacketRange> packets) => _client.Receive(buffer, packets);

    void Feed(Action<TeredoClient, Instant> input)
    {
        lock (Gate)
            if (!IsStopped)
                input(_core, Tick());
        CarryOut();
    }

    void Do(in ClientRequest request)
    {
        switch (request.Kind)
        {
            case ClientRequestKind.OpenPort:
                Open(request.Port, request.Number);
                break;
            case ClientRequestKind.ClosePort:
                Close(request.Port);
                break;
            case ClientRequestKind.MapPort:
                _mapping.Begin(request.Local, request.Number);
                break;
            case ClientRequestKind.UnmapPort:
                _mapping.End();
                break;
            case ClientRequestKind.GetExternalAddress: // every answer to MapPort carries it already
                Feed(static (core, now) => core.HandleAnswer(now, RequestAnswer.NoExternalAddress));
                break;
        }
    }

    void AnswerMapping(Func<bool> isCurrent, RequestAnswer answer) => Feed((core, now) =>
    {
        if (isCurrent())
            core.HandleAnswer(now, answer);
    });

    void Open(LocalPort port, ushort number)
    {
        IUdpTransport? transport = null;
        try
        {
            IPv4Address address;
            lock (Gate)
                address = _state.LocalAddress;
            transport = _network.Open(new(address, number), (buffer, runs) => Receive(port, buffer, runs));
            Log.PortOpened(Logger, port, transport.LocalEndpoint);
        }
        catch (SocketException e)
        {
            PortFailure = e;
            Log.PortNotOpened(Logger, port, number, e.Message);
        }
        lock (Gate)
        {
            if (!IsStopped)
            {
                if (transport is not null)
                    _transports[port] = transport;
                _core.HandleAnswer(Tick(), transport is null ? RequestAnswer.NotOpened(port) : RequestAnswer.Opened(port, transport.LocalEndpoint));
                return;
            }
        }
        transport?.Dispose();
    }

    void Close(LocalPort port)
    {
        IUdpTransport? transport;
        lock (Gate)
        {
            if (!_transports.Remove(port, out transport))
                return;
            _closing.RemoveAll(task => task.IsCompleted);
            _closing.Add(transport.Completion);
        }
        transport.Dispose();
    }

    static void CountBubble(IPv4Endpoint target, ReadOnlySpan<byte> datagram)
    {
        if (Encapsulation.TryParse(datagram, out var encapsulation, out _) && encapsulation.Packet.IsBubble)
            Metrics.CountBubble(isIndirect: target.Port == TeredoPorts.Server); // no peer uses the server's port
    }
}
