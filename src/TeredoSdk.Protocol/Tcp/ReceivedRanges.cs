using System.Buffers;

namespace TeredoSdk.Protocol.Tcp;

/// <summary>What became of a range.</summary>
enum RangeOutcome : byte
{
    Added,
    /// <summary>All of it came before.</summary>
    Known,
    /// <summary>There are too many ranges, so its octets must come again.</summary>
    Refused,
}

/// <summary>The ranges that came ahead of a gap, in the order of the sequence space. Their number is bounded. Empty, they hold no memory.</summary>
struct ReceivedRanges
{
    /// <summary>How many there may be. It is not in an RFC.</summary>
    public const int Capacity = 256;

    struct Range
    {
        public long Start, End;
        public long Stamp; // when it last grew
    }

    Range[]? _ranges;
    long _stamp;

    public int Count { get; private set; }

    /// <summary>Adds a range and joins it with those that it touches.</summary>
    public RangeOutcome Add(long start, long end)
    {
        int first = 0;
        while (first < Count && _ranges![first].End < start)
            first++;
        int last = first;
        while (last < Count && _ranges![last].Start <= end)
            last++;
        if (last == first)
            return Insert(first, start, end);
        ref var range = ref _ranges![first];
        bool isKnown = last == first + 1 && range.Start <= start && range.End >= end;
        range.Stamp = ++_stamp; // RFC 2018 §4: the first block is the one that the last segment belongs to
        range.Start = Math.Min(range.Start, start);
        range.End = Math.Max(_ranges[last - 1].End, end);
        _ranges.AsSpan(last..Count).CopyTo(_ranges.AsSpan(first + 1));
        Count -= last - first - 1;
        return isKnown ? RangeOutcome.Known : RangeOutcome.Added;
    }

    /// <summary>Removes what is before a position, or follows it without a gap.</summary>
    /// <returns>The position behind which there is a gap.</returns>
    public long TakeUpTo(long position)
    {
        int taken = 0;
        while (taken < Count && _ranges![taken].Start <= position)
            position = Math.Max(position, _ranges[taken++].End);
        if (taken > 0)
            _ranges.AsSpan(taken..Count).CopyTo(_ranges);
        Count -= taken;
        if (Count == 0)
            Clear();
        return position;
    }

    /// <summary>The ranges that grew last, the newest first (RFC 2018 §4).</summary>
    /// <returns>How many were written.</returns>
    public readonly int CopyNewest(Span<(long Start, long End)> newest)
    {
        long below = long.MaxValue;
        int count = 0;
        for (; count < Math.Min(newest.Length, Count); count++)
        {
            int best = -1;
            for (int i = 0; i < Count; i++)
                if (_ranges![i].Stamp < below && (best < 0 || _ranges[i].Stamp > _ranges[best].Stamp))
                    best = i;
            newest[count] = (_ranges![best].Start, _ranges[best].End);
            below = _ranges[best].Stamp;
        }
        return count;
    }

    public void Clear()
    {
        if (_ranges is not null)
            ArrayPool<Range>.Shared.Return(_ranges);
        (_ranges, Count) = (null, 0);
    }

    RangeOutcome Insert(int index, long start, long end)
    {
        if (Count == Capacity)
            return RangeOutcome.Refused;
        if (_ranges is null || Count == _ranges.Length)
        {
            var ranges = ArrayPool<Range>.Shared.Rent(Math.Max(16, Count * 2));
            _ranges.AsSpan(0, Count).CopyTo(ranges);
            if (_ranges is not null)
                ArrayPool<Range>.Shared.Return(_ranges);
            _ranges = ranges;
        }
        _ranges.AsSpan(index..Count).CopyTo(_ranges.AsSpan(index + 1));
        _ranges[index] = new() { Start = start, End = end, Stamp = ++_stamp };
        Count++;
        return RangeOutcome.Added;
    }
}
