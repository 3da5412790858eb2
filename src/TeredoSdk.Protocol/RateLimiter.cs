using System.Numerics;

namespace TeredoSdk.Protocol;

/// <summary>One rate limit for everything together.</summary>
/// <remarks>
/// Uses the generic cell rate algorithm. Each event that passes moves a "theoretical arrival time" forward by one interval. An event is refused when
/// that time is more than a burst ahead of the clock. So one number holds the whole state.
/// </remarks>
struct RateGate
{
    readonly long _interval, _tolerance; // ticks
    long _arrival = long.MinValue;

    /// <param name="ratePerSecond">How many events pass per second on average; more than 0.</param>
    /// <param name="burst">How many events pass at once after a quiet time; at least 1.</param>
    public RateGate(double ratePerSecond, int burst) => (_interval, _tolerance) = Scale(ratePerSecond, burst);

    /// <summary>Lets one event pass if the rate allows it.</summary>
    public bool TryTake(Instant now) => TryAdvance(ref _arrival, now, _interval, _tolerance);

    internal static (long Interval, long Tolerance) Scale(double ratePerSecond, int burst)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ratePerSecond);
        ArgumentOutOfRangeException.ThrowIfLessThan(burst, 1);
        long interval = (long)Math.Max(1, TimeSpan.TicksPerSecond / ratePerSecond);
        return (interval, interval * (burst - 1));
    }

    internal static bool TryAdvance(ref long arrival, Instant now, long interval, long tolerance)
    {
        long ticks = now.SinceStart.Ticks, due = Math.Max(arrival, ticks);
        if (due - ticks > tolerance)
            return false;
        arrival = due + interval;
        return true;
    }
}

/// <summary>A rate limit for each of any number of keys, in fixed memory and without allocation.</summary>
/// <remarks>
/// A table of four-way sets. A new key takes the cell of its set with the earliest theoretical arrival time: the key in it has been quiet for
/// longest, so forgetting it loses least. The hash is seeded, so that no outsider can choose keys that fill one set.
/// </remarks>
sealed class RateLimiter
{
    const int Ways = 4;

    struct Cell
    {
        public ulong Key;
        public long Arrival; // 0: never, so that memory is touched only where a key has come
    }

    readonly Cell[] _cells;
    readonly long _interval, _tolerance;
    readonly SetHash _sets;

    /// <param name="ratePerSecond">How many events pass per key and second on average; more than 0.</param>
    /// <param name="burst">How many events pass at once after a quiet time; at least 1.</param>
    /// <param name="size">How many keys are remembered: a power of two from 8 to 2^24.</param>
    /// <param name="random">Seeds the hash.</param>
    public RateLimiter(double ratePerSecond, int burst, int size, IRandomSource random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 2 * Ways);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, 1 << 24);
        if (!BitOperations.IsPow2(size))
            throw new ArgumentOutOfRangeException(nameof(size), size, "The size must be a power of two.");
        (_interval, _tolerance) = RateGate.Scale(ratePerSecond, burst);
        _sets = new(size / Ways, random);
        _cells = new Cell[size];
    }

    /// <summary>Lets one event of the key pass if its rate allows it.</summary>
    /// <param name="now">The current instant, not before the clock's start.</param>
    /// <param name="key">The key.</param>
    public bool TryTake(Instant now, ulong key)
    {
        var set = _cells.AsSpan(_sets.Hash(key) * Ways, Ways);
        ref var oldest = ref set[0];
        foreach (ref var cell in set)
        {
            if (cell.Key == key)
                return RateGate.TryAdvance(ref cell.Arrival, now, _interval, _tolerance);
            if (cell.Arrival < oldest.Arrival)
                oldest = ref cell;
        }
        oldest = new() { Key = key };
        return RateGate.TryAdvance(ref oldest.Arrival, now, _interval, _tolerance);
    }
}
