namespace TeredoSdk.Testing;

/// <summary>The time of a simulated internet as a clock. Timers fire on the thread that lets time pass.</summary>
sealed class VirtualTime(SimulatedInternet internet) : TimeProvider
{
    static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => internet.Now.SinceStart.Ticks;

    public override DateTimeOffset GetUtcNow() => Start + internet.Now.SinceStart;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new Timer(internet, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    sealed class Timer(SimulatedInternet internet, Action run) : ITimer
    {
        int _version;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            int version = ++_version; // what was set before is void
            if (dueTime != Timeout.InfiniteTimeSpan && internet.Admits("set a timer"))
                internet.At(internet.Now + dueTime, () => Fire(version, period));
            return true;
        }

        public void Dispose() => _version++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        void Fire(int version, TimeSpan period)
        {
            if (version != _version)
                return;
            if (period > TimeSpan.Zero)
                internet.At(internet.Now + period, () => Fire(version, period));
            run();
        }
    }
}
