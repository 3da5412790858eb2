using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>Drives a sans-IO core: feeds it datagrams, packets and time, and carries out what it wants.</summary>
/// <remarks>
/// One lock guards the core, and no system call runs under it. What the core wants done is carried out by one thread at a time, in the order the core
/// said it: by whoever fed an input and finds nobody at it. An input that comes meanwhile, be it from within that work, only feeds the core. Packets of
/// trusted peers do not take that way: their verdict is carried out by the thread that brought them. Safe for any number of threads.
/// </remarks>
/// <typeparam name="TWork">One thing that the core wants done.</typeparam>
abstract class CoreDriver<TWork> : IAsyncDisposable where TWork : struct
{
    readonly DeadlineTimer _timer;
    Instant? _armedFor;
    bool _carrying;

    protected CoreDriver(TimeProvider time, ILogger log)
    {
        (Clock, Logger) = (new(time), log);
        _timer = new(time, HandleTimeout);
    }

    /// <summary>Takes the packets that are sent; null for nobody.</summary>
    public PacketCapture? Capture { get; init; }

    protected Lock Gate { get; } = new();

    protected EngineClock Clock { get; }

    protected ILogger Logger { get; }

    /// <summary>What the work at hand carries; of the thread that carries out.</summary>
    protected byte[] Buffer { get; } = new byte[ushort.MaxValue];

    /// <summary>Whether nothing goes to the core any more. Under the lock.</summary>
    protected bool IsStopped { get; set; }

    /// <summary>Sends an IPv6 packet.</summary>
    /// <returns>Send, Held or Consumed, or Dropped and why.</returns>
    public Verdict Send(ReadOnlySpan<byte> packet)
    {
        Capture?.TakePacket(packet);
        Verdict verdict;
        IUdpTransport? transport = null;
        lock (Gate)
        {
            if (IsStopped)
                return Verdict.Dropped(DropReason.NotQualified);
            verdict = TakePacket(Tick(), packet);
            if (verdict.Kind == VerdictKind.Send)
                transport = TransportOf(verdict.Via);
        }
        transport?.Send(verdict.Target, packet.Slice(verdict.Offset, verdict.Length), 0);
        CarryOut();
        return verdict;
    }

    /// <summary>Disposes the timer; the rest is the derived class's.</summary>
    public virtual ValueTask DisposeAsync() => _timer.DisposeAsync();

    /// <summary>Takes a datagram that came in.</summary>
    protected void Receive(LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        Verdict verdict;
        lock (Gate)
        {
            if (IsStopped)
                return;
            verdict = TakeDatagram(Tick(), via, source, payload);
        }
        if (verdict.Kind == VerdictKind.Deliver)
            Deliver(payload.Slice(verdict.Offset, verdict.Length));
        else if (verdict.Kind == VerdictKind.Dropped)
            Log.PacketDropped(Logger, source, verdict.Reason);
        CarryOut();
    }

    /// <summary>Carries out what the core wants, unless another thread is at it: that one sees what the core wants now, too.</summary>
    protected void CarryOut()
    {
        lock (Gate)
        {
            if (_carrying)
                return;
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
                Log.EngineFault(Logger, e);
            }
        }
    }

    /// <summary>The current instant. Under the lock.</summary>
    protected virtual Instant Tick() => Clock.Now;

    /// <summary>The core's next deadline. Under the lock.</summary>
    protected abstract Instant? NextDeadline { get; }

    /// <summary>Tells the core that it is later now. Under the lock.</summary>
    protected abstract void TakeTimeout(Instant now);

    /// <summary>Hands the core a datagram. Under the lock.</summary>
    protected abstract Verdict TakeDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload);

    /// <summary>Hands the core a packet. Under the lock.</summary>
    protected abstract Verdict TakePacket(Instant now, ReadOnlySpan<byte> packet);

    /// <summary>The transport of a port, or null while it is closed. Under the lock.</summary>
    protected abstract IUdpTransport? TransportOf(LocalPort port);

    /// <summary>Takes the next thing that the core wants done; its octets go to <see cref="Buffer"/>. Under the lock.</summary>
    /// <returns>False when it wants nothing.</returns>
    protected abstract bool TryTakeWork(out TWork work);

    /// <summary>Does it, without the lock.</summary>
    protected abstract void Do(in TWork work);

    /// <summary>Takes a packet out of the tunnel; valid only during the call. Any thread, several at once.</summary>
    protected abstract void Deliver(ReadOnlySpan<byte> packet);

    void HandleTimeout()
    {
        lock (Gate)
        {
            _armedFor = null;
            if (!IsStopped)
                TakeTimeout(Tick());
        }
        CarryOut();
    }

    // False when nothing is left to do; then another thread may take over.
    bool CarryOutNext()
    {
        TWork work;
        bool isWork;
        Instant? deadline = null;
        var now = default(Instant);
        lock (Gate)
        {
            isWork = TryTakeWork(out work);
            if (!isWork)
            {
                deadline = IsStopped ? null : NextDeadline;
                if (deadline == _armedFor)
                    return _carrying = false;
                (_armedFor, now) = (deadline, Clock.Now);
            }
        }
        if (isWork)
            Do(work);
        else
            _timer.Set(deadline, now);
        return true;
    }
}
