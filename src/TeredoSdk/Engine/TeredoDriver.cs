using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine.PortMapping;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>What is above the driver: takes the packets and the events of the core. Called without the driver's lock.</summary>
interface IDriverClient
{
    /// <summary>Takes an IPv6 packet for the host; valid only during the call. Any thread, several at once.</summary>
    void Receive(ReadOnlySpan<byte> packet);

    /// <summary>Takes an event; one at a time, in order.</summary>
    void Handle(ClientEvent clientEvent);
}

/// <summary>The driver of a <see cref="TeredoClient"/>: its sockets, its clock, its timer, and the network it runs on.</summary>
/// <remarks>
/// One lock guards the core, and no system call runs under it. What the core wants done is carried out by one thread at a time,
/// in the order the core said it: whoever fed an input and finds nobody at it. An input that comes meanwhile, be it from within
/// that work, only feeds the core. Packets of trusted peers do not take that way: their verdict is carried out by the thread that
/// brought them. Safe for any number of threads.
/// </remarks>
sealed class TeredoDriver : IDropCounter, IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly TeredoClient _core;
    readonly IHostNetwork _network;
    readonly IDriverClient _client;
    readonly ILogger _log;
    readonly EngineClock _clock;
    readonly DeadlineTimer _timer;
    readonly ServicePortMapping _mapping;
    readonly Dictionary<LocalPort, IUdpTransport> _transports = [];
    readonly List<Task> _closing = [];
    readonly byte[] _buffer = new byte[ushort.MaxValue]; // of the thread that carries out
    NetworkState _state = new();
    Instant? _armedFor;
    bool _carrying, _stopped, _slept;

    public TeredoDriver(TeredoClientOptions options, EngineParts parts, TimeProvider time, IDriverClient client, ILogger log)
    {
        _core = new(options, parts.Random);
        (_network, _client, _log) = (parts.Network, client, log);
        _clock = new(time);
        _mapping = new(parts.PortMapper, AnswerMapping, log);
        _timer = new(time, HandleTimeout);
        Metrics.Add(this);
    }

    /// <summary>Why the last port could not be opened, or null.</summary>
    public SocketException? PortFailure { get; private set; }

    /// <summary>How the mapping of the service port at the gateway stands.</summary>
    public PortMappingStatus PortMapping => _mapping.Status;

    public TeredoAddress? Address
    {
        get
        {
            lock (_gate)
                return _core.Address;
        }
    }

    public void Start()
    {
        _network.Changed += HandleNetworkChanged;
        var state = _network.Describe(_core.Server.Primary);
        lock (_gate)
        {
            _state = state;
            _core.HandleNetworkChanged(_clock.Now, state);
            _core.Start(_clock.Now);
        }
        CarryOut();
    }

    /// <summary>Sends an IPv6 packet whose source is our address.</summary>
    /// <returns>Send, Held or Consumed, or Dropped and why.</returns>
    public Verdict Send(ReadOnlySpan<byte> packet)
    {
        Verdict verdict;
        IUdpTransport? transport = null;
        lock (_gate)
        {
            if (_stopped)
                return Verdict.Dropped(DropReason.NotQualified);
            verdict = _core.HandlePacket(Tick(), packet);
            if (verdict.Kind == VerdictKind.Send)
                _transports.TryGetValue(verdict.Via, out transport);
        }
        transport?.Send(verdict.Target, packet.Slice(verdict.Offset, verdict.Length), 0);
        CarryOut();
        return verdict;
    }

    /// <summary>Keeps the client from going dormant, and wakes it.</summary>
    public void AcquireLease() => Feed(static (core, now) => core.AcquireLease(now));

    public void ReleaseLease() => Feed(static (core, now) => core.ReleaseLease(now));

    /// <summary>Tells where the servers are now.</summary>
    public void SetServers(IReadOnlyList<TeredoServerAddress> servers) => Feed((core, now) => core.HandleServersChanged(now, servers));

    /// <summary>Reads the core.</summary>
    public T Read<T>(Func<TeredoClient, T> read)
    {
        lock (_gate)
            return read(_core);
    }

    /// <summary>How often each of the reasons was counted.</summary>
    public long[] CopyDrops(DropReason[] reasons)
    {
        lock (_gate)
            return Array.ConvertAll(reasons, reason => _core.Drops[reason]);
    }

    public bool HasNativeIPv6
    {
        get
        {
            lock (_gate)
                return _state.HasNativeIPv6;
        }
    }

    /// <summary>The endpoint of the service port, or null while it is closed.</summary>
    public IPv4Endpoint? LocalEndpoint
    {
        get
        {
            lock (_gate)
                return _transports.TryGetValue(LocalPort.Service, out var transport) ? transport.LocalEndpoint : null;
        }
    }

    /// <summary>The wall-clock time of an instant of the core.</summary>
    public DateTimeOffset ToWallClock(Instant instant)
    {
        lock (_gate)
            return _clock.ToWallClock(instant);
    }

    /// <summary>Stops the core, closes every socket, removes the port mapping and waits until nothing is used any more. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        _network.Changed -= HandleNetworkChanged;
        lock (_gate)
        {
            if (!_stopped)
                _core.Stop(_clock.Now);
            _stopped = true;
        }
        CarryOut();
        await _timer.DisposeAsync().ConfigureAwait(false);
        IUdpTransport[] open;
        Task[] closing;
        lock (_gate)
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

    void HandleTimeout()
    {
        lock (_gate)
        {
            _armedFor = null;
            if (!_stopped)
                _core.HandleTimeout(Tick());
        }
        CarryOut();
    }

    void HandleNetworkChanged()
    {
        try
        {
            var state = _network.Describe(Read(core => core.Server.Primary));
            Log.NetworkChanged(_log, state.LocalAddress, state.HasIPv4);
            lock (_gate)
            {
                if (_stopped)
                    return;
                _state = state;
                _core.HandleNetworkChanged(Tick(), state);
            }
            CarryOut();
        }
        catch (Exception e) // on a thread of the runtime: nobody else would see it
        {
            Log.EngineFault(_log, e);
        }
    }

    void HandleDatagram(LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        Verdict verdict;
        lock (_gate)
        {
            if (_stopped)
                return;
            verdict = _core.HandleDatagram(Tick(), via, source, payload);
        }
        if (verdict.Kind == VerdictKind.Deliver)
            _client.Receive(payload.Slice(verdict.Offset, verdict.Length));
        else if (verdict.Kind == VerdictKind.Dropped)
            Log.PacketDropped(_log, source, verdict.Reason);
        CarryOut();
    }

    void Feed(Action<TeredoClient, Instant> input)
    {
        lock (_gate)
            if (!_stopped)
                input(_core, Tick());
        CarryOut();
    }

    // Under the lock: the current instant, after telling the core when the machine slept since the last one.
    Instant Tick()
    {
        var now = _clock.Read(out bool slept);
        if (slept)
        {
            _slept = true; // told when the lock is released
            _core.HandleNetworkChanged(now, _state with { Resumed = true });
        }
        return now;
    }

    void CarryOut()
    {
        bool slept;
        lock (_gate)
        {
            if (_carrying)
                return; // that thread will see what the core wants now, too
            _carrying = true;
            (slept, _slept) = (_slept, false);
        }
        if (slept)
        {
            Log.Resumed(_log);
            _mapping.Renew(); // its timer stood still, too
        }
        while (true)
        {
            try
            {
                if (!CarryOutNext())
                    return;
            }
            catch (Exception e) // a defect of ours: the rest goes on
            {
                Log.EngineFault(_log, e);
            }
        }
    }

    // False when nothing is left to do; then another thread may take over.
    bool CarryOutNext()
    {
        ClientRequest request;
        bool isRequest, isTransmit = false, isDelivery = false;
        Transmit transmit = default;
        int length = 0;
        ClientEvent? clientEvent = null;
        IUdpTransport? transport = null;
        Instant? deadline = null;
        var now = default(Instant);
        lock (_gate)
        {
            isRequest = _core.TryTakeRequest(out request);
            if (!isRequest && (isTransmit = _core.TryTakeTransmit(_buffer, out transmit)))
                _transports.TryGetValue(transmit.Via, out transport);
            else if (!isRequest && !_core.TryTakeEvent(out clientEvent)) // before the ICMPv6 errors that tell the same with fewer words
                isDelivery = _core.TryTakeDelivery(_buffer, out length);
            if (!isRequest && !isTransmit && !isDelivery && clientEvent is null)
            {
                deadline = _stopped ? null : _core.NextDeadline;
                if (deadline == _armedFor)
                    return _carrying = false;
                _armedFor = deadline;
                now = _clock.Now;
            }
        }
        if (isRequest)
            CarryOut(request);
        else if (isTransmit)
        {
            CountBubble(transmit.Target, _buffer.AsSpan(0, transmit.Length));
            transport?.Send(transmit.Target, _buffer.AsSpan(0, transmit.Length), transmit.Ttl);
        }
        else if (isDelivery)
            _client.Receive(_buffer.AsSpan(0, length));
        else if (clientEvent is not null)
        {
            if (clientEvent is ClientEvent.AddressChanged) // a NAT that was restarted has forgotten
                _mapping.Renew();
            _client.Handle(clientEvent);
        }
        else
            _timer.Set(deadline, now);
        return true;
    }

    void CarryOut(in ClientRequest request)
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
            case ClientRequestKind.GetExternalAddress: // every answer to MapPort tells it
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
            lock (_gate)
                address = _state.LocalAddress;
            transport = _network.Open(new(address, number), (source, payload) => HandleDatagram(port, source, payload));
            Log.PortOpened(_log, port, transport.LocalEndpoint);
        }
        catch (SocketException e)
        {
            PortFailure = e;
            Log.PortNotOpened(_log, port, number, e.Message);
        }
        lock (_gate)
        {
            if (!_stopped)
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
        lock (_gate)
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
            Metrics.CountBubble(isIndirect: target.Port == TeredoPorts.Server); // a peer never has that port
    }
}
