namespace TeredoSdk.Tests;

/// <summary>A clock that stands still until it is moved, and then runs what is due, in order, on the caller's thread.</summary>
sealed class ManualTime : TimeProvider
{
    readonly Lock _gate = new();
    readonly List<ManualTimer> _timers = [];
    DateTimeOffset _wallClock = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    TimeSpan _elapsed;
    TaskCompletionSource? _quiet;
    static int _waiting; // threads of the pool that only end later

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Elapsed
    {
        get
        {
            lock (_gate)
                return _elapsed;
        }
    }

    public override long GetTimestamp() => Elapsed.Ticks;

    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
            return _wallClock;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, () => callback(state));
        lock (_gate)
            _timers.Add(timer);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Ends when no timer would fire any more.</summary>
    public Task WhenNoTimerIsArmed()
    {
        lock (_gate)
        {
            _quiet ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            LookForQuiet();
            return _quiet.Task;
        }
    }

    /// <summary>Whether a timer is due in that span from now.</summary>
    public bool IsArmedWithin(TimeSpan notBefore, TimeSpan notAfter)
    {
        lock (_gate)
            return _timers.Exists(timer => timer.DueAt - _elapsed is { } due && due >= notBefore && due <= notAfter);
    }

    /// <summary>How many timers are armed.</summary>
    public int Armed
    {
        get
        {
            lock (_gate)
                return _timers.Count(timer => timer.DueAt is not null);
        }
    }

    /// <summary>Lets time pass.</summary>
    public void Advance(TimeSpan by)
    {
        var end = Elapsed + by;
        LetOthersFinish();
        while (TakeDue(end) is { } timer)
        {
            timer.Run();
            LetOthersFinish();
        }
        MoveTo(end);
    }

    /// <summary>Lets time pass until the next timer is due, and runs it; nothing when none is armed.</summary>
    public void AdvanceToTheNextTimer() => TakeDue(TimeSpan.MaxValue)?.Run();

    /// <summary>Lets time pass until something holds.</summary>
    /// <returns>How much passed.</returns>
    public TimeSpan AdvanceUntil(Func<bool> holds, TimeSpan limit)
    {
        var start = Elapsed;
        LetOthersFinish();
        while (!holds())
        {
            if (TakeDue(start + limit) is { } timer)
            {
                timer.Run();
                LetOthersFinish();
            }
            // What runs on another thread may still arm a timer, or bring what is waited for.
            else if (!SpinWait.SpinUntil(() => holds() || IsArmedWithin(TimeSpan.Zero, start + limit - Elapsed), PatienceForOthers))
                throw new AssertionException($"Nothing came of {limit.TotalSeconds} s of virtual time.");
        }
        return Elapsed - start;
    }

    /// <summary>The machine sleeps: the wall clock goes on, monotonic time stands still.</summary>
    public void Sleep(TimeSpan by)
    {
        lock (_gate)
            _wallClock += by;
    }

    static readonly TimeSpan PatienceForOthers = TimeSpan.FromSeconds(20);

    // What the last timer gave to other threads has its turn before time goes on, as it has on a machine where seconds lie between: what waits for a thread of
    // the pool, and what runs on one. The limit is for threads that wait for time itself, or for the test; they are not waited for again.
    static void LetOthersFinish()
    {
        if (!SpinWait.SpinUntil(() => ThreadPool.PendingWorkItemCount == 0 && OthersAtWork <= _waiting, TimeSpan.FromSeconds(1)))
            _waiting = OthersAtWork;
        _waiting = Math.Min(_waiting, OthersAtWork);
    }

    // How many threads of the pool are at work, but for the caller's.
    static int OthersAtWork
    {
        get
        {
            ThreadPool.GetMaxThreads(out int most, out _);
            ThreadPool.GetAvailableThreads(out int available, out _);
            return most - available - (Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
        }
    }

    // Under the lock.
    void LookForQuiet()
    {
        if (_timers.TrueForAll(timer => timer.DueAt is null))
            _quiet?.TrySetResult();
    }

    ManualTimer? TakeDue(TimeSpan end)
    {
        lock (_gate)
        {
            var timer = _timers.Where(timer => timer.DueAt <= end).MinBy(timer => timer.DueAt);
            if (timer is null)
                return null;
            MoveTo(timer.DueAt!.Value);
            timer.DueAt = null;
            return timer;
        }
    }

    void MoveTo(TimeSpan at)
    {
        lock (_gate)
            if (at > _elapsed)
                (_wallClock, _elapsed) = (_wallClock + (at - _elapsed), at);
    }

    sealed class ManualTimer(ManualTime time, Action run) : ITimer
    {
        public TimeSpan? DueAt;

        public void Run() => run();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Assert.That(period == Timeout.InfiniteTimeSpan || period == TimeSpan.Zero, "no periodic timers here");
            lock (time._gate)
            {
                DueAt = dueTime == Timeout.InfiniteTimeSpan ? null : time._elapsed + dueTime;
                time.LookForQuiet();
            }
            return true;
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                time.LookForQuiet();
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
