namespace TeredoSdk.Windows.Tests;

/// <summary>The system's time, but what would give up after more than five seconds never does: on a slow machine nothing is given up.</summary>
sealed class PatientTime : TimeProvider
{
    static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(System.CreateTimer(callback, state, Patiently(dueTime), period));

    static TimeSpan Patiently(TimeSpan dueTime) => dueTime > Longest ? Timeout.InfiniteTimeSpan : dueTime;

    sealed class Timer(ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Patiently(dueTime), period);

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
