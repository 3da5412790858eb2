using TeredoSdk.Protocol;

namespace TeredoSdk.Fuzz;

/// <summary>So many in a window that starts with the first one, and at a distance: the budget of docs/protocol §3.9.</summary>
public sealed class Budget(int limit, TimeSpan window, TimeSpan spacing)
{
    Instant? _start, _last;
    int _count;

    /// <summary>Whether a window has begun and is not over.</summary>
    public bool IsOpen(Instant now) => _start is { } start && now - start < window;

    /// <summary>Counts one. Several at one instant are one when <paramref name="merge"/> is set.</summary>
    public void Count<T>(Instant now, string what, T whom, bool merge = true, bool judge = true)
    {
        if (merge && _last == now)
            return;
        if (judge && _last is { } last && now - last < spacing)
            throw new Finding($"{what} {whom}: {(now - last).TotalSeconds} s after the one before");
        if (!IsOpen(now))
            (_start, _count) = (now, 0);
        _last = now;
        if (++_count > limit && judge)
            throw new Finding($"{what} {whom}: number {_count} in {window.TotalSeconds} s");
    }

    /// <summary>The window begins anew; the spacing stays.</summary>
    public void Reset() => (_start, _count) = (null, 0);
}

/// <summary>So many in any second.</summary>
public sealed class RateOracle(int limit)
{
    readonly Queue<Instant> _times = new();

    /// <summary>Counts one.</summary>
    public void Count(Instant now, string what)
    {
        while (_times.TryPeek(out var oldest) && now - oldest >= TimeSpan.FromSeconds(1))
            _times.Dequeue();
        _times.Enqueue(now);
        Finding.Unless(_times.Count <= limit, $"{what}: number {_times.Count} in one second");
    }
}

/// <summary>A token bucket for each of any number of keys (docs/protocol §5.4).</summary>
public sealed class TokenBuckets<TKey>(double ratePerSecond, int burst) where TKey : notnull
{
    const double Rounding = 1e-3;
    readonly Dictionary<TKey, (double Tokens, Instant At)> _buckets = [];

    /// <summary>Takes one.</summary>
    public void Take(Instant now, TKey key, string what)
    {
        var (tokens, at) = _buckets.TryGetValue(key, out var bucket) ? bucket : (burst, now);
        tokens = Math.Min(burst, tokens + (now - at).TotalSeconds * ratePerSecond) - 1;
        _buckets[key] = (tokens, now);
        Finding.Unless(tokens >= -Rounding, $"{what} {key}: more than {ratePerSecond} per second after {burst}");
    }
}
