using System.Buffers;

namespace TeredoSdk.Protocol.Tcp;

/// <summary>What became of octets that were sent.</summary>
[Flags]
enum SentState : byte
{
    InFlight = 0,
    /// <summary>The peer has them, but not all before them (RFC 2018).</summary>
    Sacked = 1,
    /// <summary>They are believed lost and must be sent again.</summary>
    Lost = 2,
    /// <summary>They were sent more than once.</summary>
    Repeated = 4,
    /// <summary>They were a packet that tried a larger size of the path (RFC 8899 §4.2): its loss says nothing of congestion.</summary>
    Probe = 8,
}

/// <summary>Octets without a gap that were sent together and have the same fate. <see cref="End"/> is behind the last one.</summary>
struct SentRun
{
    public long Start, End;
    public Instant SentAt;
    public SentState State;

    public readonly bool IsIn(SentState state) => (State & state) != 0;
}

/// <summary>All that was sent and is not acknowledged, in the order of the sequence space: the scoreboard of RFC 2018 and 8985.</summary>
/// <remarks>A train of segments is one run until a selective acknowledgment or a loss cuts it. Empty, it holds no memory.</remarks>
struct SentRuns
{
    SentRun[]? _runs; // a ring; a power of two long
    int _head;

    public int Count { get; private set; }

    /// <summary>How many octets are sacked.</summary>
    public long SackedOctets { get; private set; }

    /// <summary>How many octets are lost and were not sent again.</summary>
    public long LostOctets { get; private set; }

    public readonly ref SentRun this[int index] => ref _runs![(_head + index) & (_runs.Length - 1)];

    /// <summary>Adds what was sent for the first time.</summary>
    public void Add(long start, long end, Instant now, SentState state = SentState.InFlight)
    {
        if (Count > 0)
        {
            ref var last = ref this[Count - 1];
            if (last.SentAt == now && last.State == state && state == SentState.InFlight)
            {
                last.End = end;
                return;
            }
        }
        Reserve();
        Count++;
        this[Count - 1] = new() { Start = start, End = end, SentAt = now, State = state };
    }

    /// <summary>Cuts a run in two at a position inside it.</summary>
    public void Split(int index, long position)
    {
        Reserve();
        for (int i = Count++; i > index; i--)
            this[i] = this[i - 1];
        this[index].End = position;
        this[index + 1].Start = position;
    }

    /// <summary>Changes the state of a run.</summary>
    public void Set(int index, SentState state)
    {
        ref var run = ref this[index];
        Tally(run, -1);
        run.State = state;
        Tally(run, +1);
    }

    /// <summary>The run was sent again.</summary>
    public void Repeat(int index, Instant now)
    {
        Set(index, this[index].State & ~(SentState.Lost | SentState.Probe) | SentState.Repeated);
        this[index].SentAt = now;
    }

    /// <summary>Removes the first run.</summary>
    public void RemoveFirst()
    {
        Tally(this[0], -1);
        _head++;
        if (--Count == 0)
            Clear();
    }

    /// <summary>Moves the start of the first run.</summary>
    public void TrimFirst(long start)
    {
        Tally(this[0], -1);
        this[0].Start = start;
        Tally(this[0], +1);
    }

    /// <summary>Joins sacked runs with each other and with sacked neighbours, so that their number stays small.</summary>
    public void JoinSacked(int first, int last)
    {
        int to = Math.Max(0, first - 1);
        for (int from = to + 1; from < Count; from++)
        {
            if (from <= last + 1 && this[to].IsIn(SentState.Sacked) && this[from].IsIn(SentState.Sacked))
                this[to].End = this[from].End;
            else if (from > last + 1 && to == from - 1)
                return; // none was joined
            else
                this[++to] = this[from];
        }
        Count = Math.Min(Count, to + 1);
    }

    /// <summary>The index of the run that a position is in, or of the first one behind it; <see cref="Count"/> if there is none.</summary>
    public readonly int Find(long position)
    {
        int low = 0, high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (this[middle].End <= position)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    public void Clear()
    {
        if (_runs is not null)
            ArrayPool<SentRun>.Shared.Return(_runs);
        (_runs, _head, Count, SackedOctets, LostOctets) = (null, 0, 0, 0, 0);
    }

    void Tally(in SentRun run, int sign)
    {
        if (run.IsIn(SentState.Sacked))
            SackedOctets += sign * (run.End - run.Start);
        else if (run.IsIn(SentState.Lost))
            LostOctets += sign * (run.End - run.Start);
    }

    void Reserve()
    {
        if (_runs is not null && Count < _runs.Length)
            return;
        var runs = ArrayPool<SentRun>.Shared.Rent(Math.Max(16, Count * 2));
        for (int i = 0; i < Count; i++)
            runs[i] = this[i];
        if (_runs is not null)
            ArrayPool<SentRun>.Shared.Return(_runs);
        (_runs, _head) = (runs, 0);
    }
}
