using System.Diagnostics;
using System.Runtime.ExceptionServices;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>The one thread of a run: it does what is ready, in order, and lets time pass when nothing is.</summary>
/// <remarks>
/// Code of the test runs in the synchronization context of the run, so that it comes back here after each wait. What the engine and the events of the
/// internet do runs without a context: a continuation that wants none then stays on this thread, too.
/// </remarks>
sealed class SimulatedThread(EventQueue events) : Wakeups
{
    const int MaxStepsAtOneInstant = 1_000_000;

    static readonly string[] Own = ["System.", "TeredoSdk,", "TeredoSdk.Testing,"];

    const int LooksAtABlockedThread = 6;

    static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500), PatienceForOthers = TimeSpan.FromSeconds(2);

    readonly Queue<(SendOrPostCallback Callback, object? State, bool IsOfTest)> _ready = new();
    Thread? _thread; // null while no run is on
    Context? _context;
    string? _stray;
    long _steps; // since somebody looked

    /// <summary>Whether a run is on.</summary>
    public bool IsRunning => Volatile.Read(ref _thread) is not null;

    /// <summary>Whether the caller is in a run, and on its thread. Notes the stray otherwise.</summary>
    public bool Admits(string what, object? continuation = null)
    {
        if (Thread.CurrentThread == Volatile.Read(ref _thread))
            return true;
        if (IsRunning)
            Interlocked.CompareExchange(ref _stray, Describe(what, continuation), null);
        return false;
    }

    public override void Queue(IThreadPoolWorkItem work)
    {
        if (!IsRunning)
            OnPool.Queue(work); // the run is over, and somebody disposes a node of it once more
        else if (Admits("woke code of a node"))
            _ready.Enqueue((static state => ((IThreadPoolWorkItem)state!).Execute(), work, false));
    }

    /// <summary>Runs the test's code on a thread of its own until it ends, and then cleans up.</summary>
    public Task RunAsync(Func<Task> code, Func<Task> cleanUp, TimeSpan limit)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                Run(code, cleanUp, limit);
                ended.TrySetResult();
            }
            catch (Exception e)
            {
                ended.TrySetException(e);
            }
        });
        (thread.IsBackground, thread.Name) = (true, "Simulated internet");
        if (Interlocked.CompareExchange(ref _thread, thread, null) is not null)
            throw new InvalidOperationException("A run of this internet is on already; RunAsync can't be called within it, or twice at once.");
        thread.Start();
        _ = WatchAsync(thread, ended);
        return ended.Task;
    }

    // A thread that blocks never goes on, because nobody else could wake it. It is left behind.
    async Task WatchAsync(Thread thread, TaskCompletionSource ended)
    {
        for (int idle = 0; !ended.Task.IsCompleted; await Task.WhenAny(ended.Task, Task.Delay(LookInterval)).ConfigureAwait(false))
        {
            long steps = Interlocked.Exchange(ref _steps, 0);
            bool isBlocked = steps == 0 && (thread.ThreadState & System.Threading.ThreadState.WaitSleepJoin) != 0;
            idle = isBlocked ? idle + 1 : 0;
            if (idle > LooksAtABlockedThread)
                ended.TrySetException(new InvalidOperationException($"The test's code blocks its thread, at {events.Now}: nothing else runs meanwhile, so it would "
                    + "wait for ever. Await, in place of Result, Wait, Stream.Read and NUnit's Assert.ThrowsAsync."));
        }
    }

    void Run(Func<Task> code, Func<Task> cleanUp, TimeSpan limit)
    {
        _context = new(this);
        try
        {
            var failure = Complete(code, limit);
            Forget();
            var further = Complete(cleanUp, limit);
            (failure ?? further)?.Throw();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
            Forget();
            _context = null;
            Volatile.Write(ref _thread, null);
        }
    }

    void Forget()
    {
        _ready.Clear();
        _stray = null;
    }

    ExceptionDispatchInfo? Complete(Func<Task> code, TimeSpan limit)
    {
        try
        {
            SynchronizationContext.SetSynchronizationContext(_context);
            var task = Begin(code);
            var (end, instant) = (events.Now + limit, events.Now);
            for (int steps = 0; !task.IsCompleted; steps++)
            {
                if (Volatile.Read(ref _stray) is { } stray)
                    throw new InvalidOperationException(stray);
                if (events.Now != instant)
                    (instant, steps) = (events.Now, 0);
                if (steps > MaxStepsAtOneInstant)
                    throw new InvalidOperationException($"Time stands still at {events.Now}: code of the test goes on and on without waiting for time.");
                Step(end, limit);
            }
            task.GetAwaiter().GetResult();
            return null;
        }
        catch (Exception e)
        {
            return ExceptionDispatchInfo.Capture(e);
        }
    }

    static Task Begin(Func<Task> code)
    {
        try
        {
            return code();
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    void Step(Instant end, TimeSpan limit)
    {
        _steps++;
        if (_ready.TryDequeue(out var next))
        {
            SynchronizationContext.SetSynchronizationContext(next.IsOfTest ? _context : null);
            next.Callback(next.State);
            return;
        }
        SynchronizationContext.SetSynchronizationContext(null);
        bool isEmpty = events.IsEmpty;
        if ((isEmpty || !events.Step(end)) && !SpinWait.SpinUntil(() => Volatile.Read(ref _stray) is not null, PatienceForOthers))
            throw isEmpty
                ? new InvalidOperationException($"The test's code waits, but at {events.Now} nothing is left that could happen.")
                : new TimeoutException($"The test's code did not end within {limit} of virtual time.");
    }

    static string Describe(string what, object? continuation) =>
        $"Another thread {what}{(WhoIsIt(continuation) is { } who ? $" ({who})" : "")}. In RunAsync, code stays on the thread of the run: "
        + "wait with the internet's TimeProvider, and not with Task.Run, Task.Delay of the system's time, files or other networks.";

    // The method of the test that goes on, or that called.
    static string? WhoIsIt(object? continuation) => continuation is Action { Target: { } box } && box.GetType().GenericTypeArguments is [.., var machine]
        ? machine.FullName
        : new StackTrace().GetFrames().Select(DiagnosticMethodInfo.Create).Where(method => method?.DeclaringAssemblyName is { } assembly
            && !Own.Any(name => assembly.StartsWith(name, StringComparison.Ordinal))).Select(method => $"{method!.DeclaringTypeName}.{method.Name}").FirstOrDefault();

    /// <summary>The context of the test's code.</summary>
    sealed class Context(SimulatedThread owner) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state)
        {
            if (owner.Admits("went on with code of the test", state))
                owner._ready.Enqueue((d, state, true));
        }

        public override void Send(SendOrPostCallback d, object? state)
        {
            if (owner.Admits("went on with code of the test", state))
                d(state);
        }

        public override SynchronizationContext CreateCopy() => this;
    }
}
