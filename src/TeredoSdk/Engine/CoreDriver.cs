using Microsoft.Extensions.Logging;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>Drives a sans-IO core: feeds it datagrams, packets and time, and does the work that the core asks for.</summary>
/// <remarks>
/// One lock guards the core, and no system call runs under it. One thread at a time does the core's work, in the order in which the core asked for
/// it. A thread that feeds an input does the work afterwards, unless another thread is already doing it; that thread then does the new work, too.
/// An input that the work itself feeds is handled the same way. Packets of trusted peers are an exception: the thread that brought such a packet
/// also sends or delivers it. Safe for any number of threads.
/// </remarks>
/// <typeparam name="TWork">One piece of work that the core asks for.</typeparam>
abstract partial class CoreDriver<TWork> : IAsyncDisposable where TWork : struct
{
    readonly DeadlineTimer _timer;
    Instant? _armedFor;
    bool _carrying;

    protected CoreDriver(TimeProvider time, ILogger log)
    {
        (Clock, Logger) = (new(time), log);
        _timer = new(time, HandleTimeout);
    }

    /// <summary>Records the packets that are sent; null when nothing is captured.</summary>
    public PacketCapture? Capture { get; init; }

    protected Lock Gate { get; } = new();

    /// <summary>What was sent and received. Used under the lock.</summary>
    protected Traffic Traffic;

    protected EngineClock Clock { get; }

    protected ILogger Logger { get; }

    /// <summary>Holds the octets of the current piece of work. Only the thread that does the work uses it.</summary>
    protected byte[] Buffer { get; } = new byte[ushort.MaxValue];

    /// <summary>Whether the core gets no more inputs. Read and set under the lock.</summary>
    protected bool IsStopped { get; set; }

    /// <summary>Sends an IPv6 packet.</summary>
    /// <returns>Send, Held or Consumed; or Dropped with the reason.</returns>
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
            {
                transport = TransportOf(verdict.Via);
                Traffic.Send(1, verdict.Length);
            }
        }
        transport?.Send(verdict.Target, packet.Slice(verdict.Offset, verdict.Length), 0);
        CarryOut();
        return verdict;
    }

    public Traffic CopyTraffic()
    {
        lock (Gate)
            return Traffic;
    }

    /// <summary>Disposes the timer. Derived classes dispose everything else.</summary>
    public virtual ValueTask DisposeAsync() => _timer.DisposeAsync();

    /// <summary>Does the work that the core asks for, unless another thread is already doing it; that thread then does the new work, too.</summary>
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
            catch (Exception e) // a defect of ours must not stop the remaining work
            {
                Log.EngineFault(Logger, e);
            }
        }
    }

    /// <summary>The current instant. Called under the lock.</summary>
    protected virtual Instant Tick() => Clock.Now;

    /// <summary>The core's next deadline. Called under the lock.</summary>
    protected abstract Instant? NextDeadline { get; }

    /// <summary>Tells the core the current instant, so that it handles what is due. Called under the lock.</summary>
    protected abstract void TakeTimeout(Instant now);

    /// <summary>Does what has to be done before the core handles what is due. Called without the lock.</summary>
    protected virtual void PrepareTimeout()
    {
        // Most cores need nothing.
    }

    /// <summary>Hands the core a datagram. Called under the lock.</summary>
    protected abstract Verdict TakeDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload);

    /// <summary>Hands the core datagrams of one source; all have the segment size, but the last may be shorter. Called under the lock.</summary>
    /// <returns>How many verdicts were written.</returns>
    protected abstract int TakeDatagrams(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> octets, int segmentSize,
        Span<Verdict> verdicts);

    /// <summary>Hands the core a packet that stands for many. Called under the lock.</summary>
    /// <returns>False when each of them must be handed in.</returns>
    protected abstract bool TakeLongPacket(Instant now, ReadOnlySpan<byte> packet, out Verdict verdict);

    /// <summary>Hands the core a packet. Called under the lock.</summary>
    protected abstract Verdict TakePacket(Instant now, ReadOnlySpan<byte> packet);

    /// <summary>The transport of a port, or null while the port is closed. Called under the lock.</summary>
    protected abstract IUdpTransport? TransportOf(LocalPort port);

    /// <summary>Takes the next piece of work from the core and puts its octets into <see cref="Buffer"/>. Called under the lock.</summary>
    /// <returns>False when there is no work.</returns>
    protected abstract bool TryTakeWork(out TWork work);

    /// <summary>Does a piece of work. Called without the lock.</summary>
    protected abstract void Do(in TWork work);

    /// <summary>Takes packets out of the tunnel; the octets are valid only during the call. Several threads may call this at once.</summary>
    /// <param name="buffer">The buffer in which the packets lie.</param>
    /// <param name="packets">The packets; the callee may change this memory.</param>
    protected abstract void Deliver(ReadOnlySpan<byte> buffer, Span<PacketRange> packets);

    /// <summary>Takes one packet out of the tunnel.</summary>
    protected void Deliver(ReadOnlySpan<byte> packet)
    {
        var range = new PacketRange(0, packet.Length);
        Deliver(packet, new(ref range));
    }

    void HandleTimeout()
    {
        PrepareTimeout();
        lock (Gate)
        {
            _armedFor = null;
            if (!IsStopped)
                TakeTimeout(Tick());
        }
        CarryOut();
    }

    // Returns false when no work is left; then another thread may take over.
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
