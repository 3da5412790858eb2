using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <remarks>Real nodes, and the test's own code.</remarks>
public sealed partial class SimulatedInternet
{
    static readonly TimeSpan LongestRun = TimeSpan.FromDays(1);

    readonly SimulatedThread _thread;
    readonly List<TeredoNode> _nodes = [];

    /// <summary>
    /// The time of this internet as a clock, for the code of a test: it begins with the year 2026, its zone is UTC, and its timers fire as virtual time
    /// passes.
    /// </summary>
    public TimeProvider TimeProvider { get; }

    /// <summary>
    /// Runs code of the test, with real nodes (<see cref="SimulatedHost.StartNodeAsync"/>), and lets virtual time pass whenever all of it waits.
    /// </summary>
    /// <remarks>
    /// <para>
    /// The code runs on a thread of its own, and comes back to it after each <c>await</c>, also after those with <c>ConfigureAwait(false)</c> on something
    /// that a node or the <see cref="TimeProvider"/> completes. So it needs no locks, and the same code with the same seed sends the same packets at the same
    /// instants. That holds for code that waits only for nodes of this internet, for the <see cref="TimeProvider"/>, and for its own tasks.
    /// </para>
    /// <para>
    /// It does not hold for code that leaves the thread: <c>Task.Run</c>, <c>Task.Delay</c> without the time provider, files, other networks, and awaits with
    /// <c>ConfigureAwait(false)</c> on a channel, a semaphore or a task that other code of the test completes, or <c>WaitAsync</c> and <c>WhenAny</c> on a task whose
    /// continuations run asynchronously. When such code comes back, or uses a node, the
    /// run ends with an <see cref="InvalidOperationException"/> that says where. So it does when code blocks the thread for some
    /// seconds (<c>Result</c>, <c>Wait</c>, <c>Stream.Read</c>, NUnit's <c>Assert.ThrowsAsync</c>): nothing else could run meanwhile. Random numbers are the test's own affair: TLS makes other packets each time.
    /// </para>
    /// <para>At the end, nodes that were not disposed are disposed. Code that still waits then never goes on.</para>
    /// </remarks>
    /// <param name="code">The code; its exception is that of the returned task.</param>
    /// <param name="limit">The longest virtual time that the code may take; null for a day.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is not positive.</exception>
    /// <exception cref="InvalidOperationException">
    /// The code left its thread or blocks it, or it waits while nothing is left to happen, or a run is on already. The message says which.
    /// </exception>
    /// <exception cref="TimeoutException">The limit has passed, and the code has not ended.</exception>
    public Task RunAsync(Func<Task> code, TimeSpan? limit = null)
    {
        ArgumentNullException.ThrowIfNull(code);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit ?? LongestRun, TimeSpan.Zero, nameof(limit));
        return _thread.RunAsync(code, DisposeNodesAsync, limit ?? LongestRun);
    }

    internal Wakeups Wakeups => _thread;

    /// <summary>Whether the caller may act on this internet now. While a run is on, only its own thread may.</summary>
    internal bool Admits(string what) => !_thread.IsRunning || _thread.Admits(what);

    internal void RequireRun()
    {
        if (!_thread.IsRunning)
            throw new InvalidOperationException("A node starts only in code that SimulatedInternet.RunAsync runs: that lets virtual time pass while it waits.");
    }

    void RequireNoRun()
    {
        if (_thread.IsRunning)
            throw new InvalidOperationException("RunAsync is on, which lets time pass whenever the code waits: wait with Task.Delay and the internet's TimeProvider.");
    }

    internal void Add(TeredoNode node) => _nodes.Add(node);

    /// <summary>The address of a host or a server by its name; null when there is none.</summary>
    internal IPv4Address? Find(string name) => _hostsByName.TryGetValue(name, out var host) ? host.Address : null;

    async Task DisposeNodesAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _nodes.Clear();
    }
}
