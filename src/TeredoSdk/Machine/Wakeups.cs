namespace TeredoSdk.Machine;

/// <summary>Where code goes on that waited: never on the thread that wakes it, which may hold a lock or have more to do. Safe for any number of threads.</summary>
/// <remarks>A real node uses the thread pool. The simulated internet has its own kind, so that everything happens on its one thread, in the same order each time.</remarks>
abstract class Wakeups
{
    /// <summary>On a thread of the pool.</summary>
    public static Wakeups OnPool { get; } = new Pool();

    /// <summary>Whether code that was woken goes on on a thread of the pool.</summary>
    public bool AreOnPool => this == OnPool;

    /// <summary>Does the work soon, after the caller.</summary>
    public abstract void Queue(IThreadPoolWorkItem work);

    /// <summary>Does the work soon, after the caller.</summary>
    public void Queue(Action work) => Queue(new Work(work));

    /// <summary>Cancels, without running on this thread what that causes.</summary>
    public virtual Task CancelAsync(CancellationTokenSource source)
    {
        var cancelled = new Signal<bool>(this);
        Queue(() =>
        {
            source.Cancel();
            cancelled.TrySetResult(true);
        });
        return cancelled.Task;
    }

    /// <summary>Waits for a task. The wait does not go on on the thread that cancels it.</summary>
    /// <exception cref="TimeoutException">The time is over.</exception>
    public virtual async Task<T> WaitAsync<T>(Task<T> task, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var cancelled = new CancellationTokenSource();
        using var registration = cancellationToken.UnsafeRegister(_ => Queue(cancelled.Cancel), null);
        return await task.WaitAsync(timeout, time, cancelled.Token).ConfigureAwait(false);
    }

    sealed class Pool : Wakeups
    {
        public override void Queue(IThreadPoolWorkItem work) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: false);

        public override Task CancelAsync(CancellationTokenSource source) => source.CancelAsync();

        public override Task<T> WaitAsync<T>(Task<T> task, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken) =>
            task.WaitAsync(timeout, time, cancellationToken);
    }

    sealed class Work(Action action) : IThreadPoolWorkItem
    {
        void IThreadPoolWorkItem.Execute() => action();
    }
}
