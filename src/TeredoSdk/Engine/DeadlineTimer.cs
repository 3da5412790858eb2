using TeredoSdk.Protocol;

namespace TeredoSdk.Engine;

/// <summary>A timer for the deadlines of a core.</summary>
sealed class DeadlineTimer(TimeProvider time, Action due) : IAsyncDisposable
{
    static readonly TimeSpan MaxWait = TimeSpan.FromDays(1);

    readonly ITimer _timer = time.CreateTimer(static due => ((Action)due!)(), due, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    /// <summary>Sets the timer to a deadline; null stops it.</summary>
    public void Set(Instant? deadline, Instant now) =>
        _timer.Change(deadline is { } at ? DueTime(at - now) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    // Timers count whole milliseconds. We round up: a timer that fires early finds nothing due in the core and would only be set again.
    static TimeSpan DueTime(TimeSpan wait) => wait <= TimeSpan.Zero ? TimeSpan.Zero
        : wait > MaxWait ? MaxWait : TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
}
