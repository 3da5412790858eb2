using System.Threading.Tasks.Sources;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>Those who wait for one side of a connection, or for a listener, to change. Waiting again and again allocates nothing.</summary>
/// <remarks>
/// Who waits looks again when woken: a wait says only that something has changed. The fields belong to the lock of the streams. Who waits goes on
/// where the wakeups say, never on the thread that wakes.
/// </remarks>
sealed class StreamWaits(InProcessStreams streams)
{
    Waiter? _first, _spare;

    /// <summary>Begins to wait. Called under the lock; awaited without it.</summary>
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        var wait = Take();
        return wait.BeginAsync(cancellationToken);
    }

    /// <summary>Begins to wait on this thread. Called under the lock; <see cref="Blocking.Wait"/> follows without it.</summary>
    public Blocking WaitBlocking()
    {
        var wait = Take();
        return new(this, wait);
    }

    /// <summary>Wakes everybody. Called under the lock.</summary>
    public void Wake()
    {
        for (var wait = _first; wait is not null;)
        {
            var next = wait.Next;
            wait.Next = null;
            wait.End(null);
            wait = next;
        }
        _first = null;
    }

    void Queue(Waiter wait) => streams.Wakeups.Queue(wait);

    Waiter Take()
    {
        var wait = _spare ?? new(this);
        _spare = null;
        wait.Next = _first;
        return _first = wait;
    }

    // Returns false when the wait has ended.
    bool Withdraw(Waiter wait)
    {
        lock (streams.Gate)
        {
            Waiter? before = null;
            for (var at = _first; at is not null; (before, at) = (at, at.Next))
            {
                if (at != wait)
                    continue;
                if (before is null)
                    _first = at.Next;
                else
                    before.Next = at.Next;
                at.Next = null;
                return true;
            }
            return false;
        }
    }

    void Return(Waiter wait)
    {
        lock (streams.Gate)
            _spare = wait;
    }

    // Returns false when the time is over. It is the node's, as all deadlines are.
    bool Wait(Waiter wait, TimeSpan limit)
    {
        bool isLimited = limit != Timeout.InfiniteTimeSpan;
        using (isLimited ? streams.Time.CreateTimer(static state => ((Waiter)state!).EndBlock(), wait, limit, Timeout.InfiniteTimeSpan) : null)
            wait.Block();
        bool isOver = Withdraw(wait);
        if (!isLimited) // or its timer might end another wait
            Return(wait);
        return !isOver;
    }

    /// <summary>A wait of a thread; the default is one that is over.</summary>
    public readonly struct Blocking
    {
        readonly StreamWaits _waits;
        readonly Waiter? _waiter;

        internal Blocking(StreamWaits waits, Waiter waiter)
        {
            (_waits, _waiter) = (waits, waiter);
            waiter.BeginBlock();
        }

        /// <returns>False when the time is over.</returns>
        public bool Wait(TimeSpan limit) => _waiter is null || _waits.Wait(_waiter, limit);
    }

    internal sealed class Waiter(StreamWaits waits) : IValueTaskSource, IThreadPoolWorkItem
    {
        ManualResetValueTaskSourceCore<bool> _core;
        CancellationTokenRegistration _registration;
        ManualResetEventSlim? _event; // of a thread that waits; kept for the next one
        Exception? _failure;
        bool _isBlocking;

        public Waiter? Next { get; set; }

        public ValueTask BeginAsync(CancellationToken cancellationToken)
        {
            _isBlocking = false;
            short version = _core.Version;
            _registration = cancellationToken.UnsafeRegister(static (state, token) => ((Waiter)state!).Cancel(token), this);
            return new(this, version);
        }

        public void BeginBlock()
        {
            _isBlocking = true;
            _event ??= new();
            _event.Reset();
        }

        public void Block() => _event!.Wait();

        public void EndBlock() => _event!.Set();

        public void End(Exception? failure)
        {
            _failure = failure;
            if (_isBlocking)
                _event!.Set();
            else
                waits.Queue(this);
        }

        void IThreadPoolWorkItem.Execute()
        {
            if (_failure is null)
                _core.SetResult(true);
            else
                _core.SetException(_failure);
        }

        void IValueTaskSource.GetResult(short token)
        {
            _registration.Dispose(); // waits for a cancellation under way, so none can meet the next wait
            try
            {
                _core.GetResult(token);
            }
            finally
            {
                _core.Reset();
                _failure = null;
                waits.Return(this);
            }
        }

        ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

        void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);

        void Cancel(CancellationToken token)
        {
            if (waits.Withdraw(this))
                End(new OperationCanceledException(token));
        }
    }
}
