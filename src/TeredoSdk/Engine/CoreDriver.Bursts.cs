using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <remarks>Bursts: what came in or goes out together. The lock is taken once for each.</remarks>
abstract partial class CoreDriver<TWork>
{
    const int VerdictsAtOnce = 512;

    Burst? _burst = new(); // null while a thread uses it; another thread takes a new one

    /// <summary>Sends the datagrams of a batch. Each group has one source and one destination.</summary>
    /// <remarks>The core is asked once for each group of a trusted peer. What it drops is noted in <see cref="DatagramBatch.Group.Refused"/>.</remarks>
    public void Send(DatagramBatch batch)
    {
        if (Capture is not null)
            CaptureAll(batch);
        lock (Gate)
        {
            var now = Tick();
            foreach (ref var group in batch.Groups)
                Take(now, batch, ref group);
        }
        batch.Send();
        CarryOut();
    }

    /// <summary>Takes datagrams that came in.</summary>
    protected void Receive(LocalPort via, ReadOnlySpan<byte> buffer, ReadOnlySpan<DatagramRun> runs)
    {
        var burst = Interlocked.Exchange(ref _burst, null) ?? new();
        for (int at = 0, offset = 0; at < runs.Length;)
        {
            int count = 0;
            lock (Gate)
            {
                if (IsStopped)
                    break;
                var now = Tick();
                while (at < runs.Length && count < VerdictsAtOnce)
                {
                    count += Take(now, via, buffer, runs[at], ref offset, burst, count);
                    if (offset >= runs[at].Length)
                        (at, offset) = (at + 1, 0);
                }
            }
            Deliver(buffer, burst, count);
        }
        Volatile.Write(ref _burst, burst);
        CarryOut();
    }

    // Called under the lock. Takes as many datagrams of a run as there is room for, and moves the offset behind them.
    int Take(Instant now, LocalPort via, ReadOnlySpan<byte> buffer, in DatagramRun run, ref int offset, Burst burst, int count)
    {
        int start = run.Offset + offset, taken = 1;
        if (run.Length == 0)
            burst.Verdicts[count] = TakeDatagram(now, via, run.Source, default); // no run of datagrams is empty, but one datagram may be
        else
        {
            int length = (int)Math.Min(run.Length - offset, (VerdictsAtOnce - count) * (long)run.SegmentSize);
            taken = TakeDatagrams(now, via, run.Source, buffer.Slice(start, length), run.SegmentSize, burst.Verdicts.AsSpan(count));
            offset += length;
        }
        Traffic.Receive(taken, run.Length == 0 ? 0 : Math.Min(run.Length, offset) - (start - run.Offset));
        for (int i = count; i < count + taken; i++)
            (burst.Starts[i], burst.Sources[i]) = (start, run.Source);
        return taken;
    }

    // Hands on what is for the host.
    void Deliver(ReadOnlySpan<byte> buffer, Burst burst, int count)
    {
        int packets = 0;
        for (int i = 0; i < count; i++)
        {
            ref var verdict = ref burst.Verdicts[i];
            if (verdict.Kind == VerdictKind.Deliver)
                burst.Packets[packets++] = new(burst.Starts[i] + verdict.Offset, verdict.Length);
            else if (verdict.Kind == VerdictKind.Dropped)
                Log.PacketDropped(Logger, burst.Sources[i], verdict.Reason);
        }
        if (packets > 0)
            Deliver(buffer, burst.Packets.AsSpan(0, packets));
    }

    // Called under the lock.
    void Take(Instant now, DatagramBatch batch, ref DatagramBatch.Group group)
    {
        Verdict verdict;
        if (IsStopped)
            verdict = Verdict.Dropped(DropReason.NotQualified);
        else if (group.Count == 1)
            verdict = TakePacket(now, group.Whole.Octets);
        else if (!TakeLongPacket(now, group.Whole.Octets, out verdict))
        {
            TakeEach(now, batch, ref group);
            return;
        }
        group.Refused = verdict.Reason; // none but for what is dropped
        group.RefusedCount = verdict.Reason == DropReason.None ? 0 : group.Count;
        if (verdict.Kind == VerdictKind.Send)
        {
            (group.Target, group.Transport) = (verdict.Target, TransportOf(verdict.Via));
            Traffic.Send(group.Count, (group.Count - 1L) * group.SegmentSize + batch.LengthOf(group.First + group.Count - 1));
        }
    }

    // Called under the lock. The peer is not trusted, so the datagrams wait or are dropped.
    void TakeEach(Instant now, DatagramBatch batch, ref DatagramBatch.Group group)
    {
        Span<byte> datagram = stackalloc byte[DatagramBatch.MaxDatagramOctets];
        for (int i = group.First; i < group.First + group.Count; i++)
        {
            var reason = TakePacket(now, datagram[..batch.CopyTo(i, datagram)]).Reason;
            if (reason != DropReason.None && group.RefusedCount++ == 0)
                group.Refused = reason;
        }
    }

    void CaptureAll(DatagramBatch batch)
    {
        Span<byte> datagram = stackalloc byte[DatagramBatch.MaxDatagramOctets];
        for (int i = 0; i < batch.Count; i++)
            Capture!.TakePacket(datagram[..batch.CopyTo(i, datagram)]);
    }

    /// <summary>What a thread needs for a burst of datagrams.</summary>
    sealed class Burst
    {
        public readonly Verdict[] Verdicts = new Verdict[VerdictsAtOnce];
        public readonly int[] Starts = new int[VerdictsAtOnce]; // of the memory that the verdict's offset counts from
        public readonly IPv4Endpoint[] Sources = new IPv4Endpoint[VerdictsAtOnce];
        public readonly PacketRange[] Packets = new PacketRange[VerdictsAtOnce];
    }
}
