using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>Takes an IPv6 packet from the tunnel. Any thread, several at once; the octets are valid only during the call.</summary>
delegate void RelayDelivery(ReadOnlySpan<byte> packet);

/// <summary>The driver of a <see cref="TeredoRelay"/>: its socket, its clock and its timer.</summary>
/// <remarks>
/// One lock guards the core, and no system call runs under it. What the core wants sent is sent by one thread at a time, in the core's
/// order. Safe for any number of threads.
/// </remarks>
sealed class RelayDriver : IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly TeredoRelay _core;
    readonly EngineClock _clock;
    readonly DeadlineTimer _timer;
    readonly RelayDelivery _deliver;
    readonly ILogger _log;
    readonly IUdpTransport _transport;
    readonly byte[] _buffer = new byte[ushort.MaxValue]; // of the thread that carries out
    Instant? _armedFor;
    bool _carrying, _stopped;

    /// <exception cref="SocketException">The endpoint can't be bound.</exception>
    public RelayDriver(TeredoRelayOptions options, IRandomSource random, IHostNetwork network, IPv4Endpoint local, TimeProvider time,
        RelayDelivery deliver, ILogger log)
    {
        _core = new(options, random);
        (_deliver, _log) = (deliver, log);
        _clock = new(time);
        _timer = new(time, HandleTimeout);
        lock (_gate) // a datagram that comes meanwhile waits until there is something to answer with
            _transport = network.Open(local, HandleDatagram);
    }

    public IPv4Endpoint LocalEndpoint => _transport.LocalEndpoint;

    public int PeerCount
    {
        get
        {
            lock (_gate)
                return _core.PeerCount;
        }
    }

    /// <summary>How often each reason was counted; reasons that never occurred are left out.</summary>
    public Dictionary<DropReason, long> CopyDrops()
    {
        lock (_gate)
            return Enum.GetValues<DropReason>().Select(reason => (reason, _core.Drops[reason])).Where(drop => drop.Item2 > 0).ToDictionary();
    }

    /// <summary>Sends an IPv6 packet to a Teredo client.</summary>
    public void Send(ReadOnlySpan<byte> packet)
    {
        Verdict verdict;
        lock (_gate)
        {
            if (_stopped)
                return;
            verdict = _core.HandlePacket(_clock.Now, packet);
        }
        if (verdict.Kind == VerdictKind.Send)
            _transport.Send(verdict.Target, packet.Slice(verdict.Offset, verdict.Length), 0);
        CarryOut();
    }

    /// <summary>Closes the socket and waits until it is used no more. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _stopped = true;
        await _timer.DisposeAsync().ConfigureAwait(false);
        _transport.Dispose();
        await _transport.Completion.ConfigureAwait(false);
    }

    void HandleTimeout()
    {
        lock (_gate)
        {
            _armedFor = null;
            if (!_stopped)
                _core.HandleTimeout(_clock.Now);
        }
        CarryOut();
    }

    void HandleDatagram(IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        Verdict verdict;
        lock (_gate)
        {
            if (_stopped)
                return;
            verdict = _core.HandleDatagram(_clock.Now, LocalPort.Service, source, payload);
        }
        if (verdict.Kind == VerdictKind.Deliver)
            _deliver(payload.Slice(verdict.Offset, verdict.Length));
        else if (verdict.Kind == VerdictKind.Dropped)
            Log.PacketDropped(_log, source, verdict.Reason);
        CarryOut();
    }

    void CarryOut()
    {
        lock (_gate)
        {
            if (_carrying)
                return; // that thread will see what the core wants now, too
            _carrying = true;
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
        Transmit transmit;
        bool isTransmit, isDelivery = false;
        int length = 0;
        Instant? deadline = null;
        var now = default(Instant);
        lock (_gate)
        {
            isTransmit = _core.TryTakeTransmit(_buffer, out transmit);
            if (!isTransmit && !(isDelivery = _core.TryTakeDelivery(_buffer, out length)))
            {
                deadline = _stopped ? null : _core.NextDeadline;
                if (deadline == _armedFor)
                    return _carrying = false;
                _armedFor = deadline;
                now = _clock.Now;
            }
        }
        if (isTransmit)
            _transport.Send(transmit.Target, _buffer.AsSpan(0, transmit.Length), transmit.Ttl);
        else if (isDelivery)
            _deliver(_buffer.AsSpan(0, length));
        else
            _timer.Set(deadline, now);
        return true;
    }
}
