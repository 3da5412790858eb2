namespace TeredoSdk.Tests.Shared;

/// <summary>A clock on which a wait of at most a second is over at once, and has taken its time. What would give up later never does.</summary>
sealed class HurriedTime : TimeProvider
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(1);

    long _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _passed);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        bool isWait = dueTime <= Longest;
        if (isWait)
            Interlocked.Add(ref _passed, dueTime.Ticks);
        return System.CreateTimer(callback, state, isWait ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
    }
}
