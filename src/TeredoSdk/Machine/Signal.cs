namespace TeredoSdk.Machine;

/// <summary>A result that code waits for. The code goes on where the wakeups say. Safe for any number of threads.</summary>
sealed class Signal<T>(Wakeups wakeups) : IThreadPoolWorkItem
{
    readonly TaskCompletionSource<T> _source = new(); // completed by the wakeups, so what waits may go on within the call
    T _result = default!;
    Exception? _failure;
    int _ended;

    /// <summary>Completes soon after the result is there.</summary>
    public Task<T> Task => _source.Task;

    /// <summary>Whether there is a result, or a failure.</summary>
    public bool HasEnded => Volatile.Read(ref _ended) != 0;

    /// <returns>False when there was one already.</returns>
    public bool TrySetResult(T result)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return false;
        _result = result;
        wakeups.Queue(this);
        return true;
    }

    /// <summary>Ends the wait with an exception, which counts as observed.</summary>
    public void TrySetException(Exception failure)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
            return;
        _failure = failure;
        wakeups.Queue(this);
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_failure is null)
        {
            _source.SetResult(_result);
            return;
        }
        _ = _source.Task.ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _source.SetException(_failure);
    }
}
