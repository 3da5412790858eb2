using System.Diagnostics.CodeAnalysis;
using TeredoSdk.Links;

namespace TeredoSdk.Sockets;

/// <summary>A socket that can hold a share in a node.</summary>
interface ILeaseHolder
{
    /// <summary>Gives the socket a share, which it releases when it is closed.</summary>
    void Attach(ILinkLease lease);
}

/// <summary>Nodes that sockets with equal options share. Releasing the last lease stops the node. Safe for any number of threads.</summary>
sealed class NodePool<TNode>(Func<TeredoOptions, CancellationToken, Task<TNode>> start) where TNode : class, IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly Dictionary<TeredoOptions, SharedNode> _nodes = new(TeredoOptions.Comparer);
    readonly Dictionary<TeredoOptions, Task> _stopping = new(TeredoOptions.Comparer);

    /// <summary>Opens a socket on the shared node. The socket gets a lease, so that the node lives at least as long as the socket.</summary>
    public async Task<T> OpenAsync<T>(TeredoOptions? options, Func<TNode, Task<T>> open, CancellationToken cancellationToken) where T : ILeaseHolder
    {
        var lease = await LeaseAsync(options, cancellationToken).ConfigureAwait(false);
        try
        {
            var socket = await open(lease.Node).ConfigureAwait(false);
            socket.Attach(lease);
            return socket;
        }
        catch
        {
            await lease.ReleaseAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Starts a node with these options, or shares the running one.</summary>
    public async Task<NodeLease<TNode>> LeaseAsync(TeredoOptions? options, CancellationToken cancellationToken)
    {
        var settings = (options ?? new()).Snapshot();
        cancellationToken.ThrowIfCancellationRequested();
        SharedNode? shared;
        lock (_gate)
        {
            if (!_nodes.TryGetValue(settings, out shared) || shared.HasFailed)
                _nodes[settings] = shared = new(this, settings);
            shared.Users++;
        }
        try
        {
            // A caller that gives up its wait does not stop the start for other callers; the start ends only when the last caller gives up.
            var node = await shared.StartAsync(start).WaitAsync(cancellationToken).ConfigureAwait(false);
            return new NodeLease<TNode>(shared, node);
        }
        catch
        {
            await shared.ReleaseAsync().ConfigureAwait(false);
            throw;
        }
    }

    Task? StopOf(TeredoOptions options)
    {
        lock (_gate)
            return _stopping.GetValueOrDefault(options);
    }

    // Called under the lock. A node may stop while an earlier stop with the same options is still running, so both are waited for.
    void NoteStop(TeredoOptions options, Task stop)
    {
        var all = _stopping[options] = _stopping.TryGetValue(options, out var before) ? Task.WhenAll(before, stop) : stop;
        _ = ForgetAsync();

        async Task ForgetAsync()
        {
            await all.ConfigureAwait(false);
            lock (_gate)
                if (_stopping.GetValueOrDefault(options) == all)
                    _stopping.Remove(options);
        }
    }

    /// <summary>
    /// A node, its options and the number of its users. Used under the pool's lock. The release by the last user disposes the node.
    /// </summary>
    [SuppressMessage("Design", "CA1001", Justification = "The last release disposes the field.")]
    internal sealed class SharedNode(NodePool<TNode> pool, TeredoOptions options)
    {
        readonly CancellationTokenSource _abandoned = new();
        Task<TNode>? _start;

        public int Users;

        /// <summary>Whether the start failed. The callers that wait get the exception; a later caller gets a new node.</summary>
        public bool HasFailed => _start is { IsCompleted: true, IsCompletedSuccessfully: false };

        public Task<TNode> StartAsync(Func<TeredoOptions, CancellationToken, Task<TNode>> start)
        {
            lock (pool._gate)
                return _start ??= Task.Run(StartAsync);

            async Task<TNode> StartAsync()
            {
                if (options.ClientPort != 0 && pool.StopOf(options) is { } stop) // the node that stops still holds the port
                    await stop.WaitAsync(_abandoned.Token).ConfigureAwait(false);
                return await start(options, _abandoned.Token).ConfigureAwait(false);
            }
        }

        public bool TryAcquire()
        {
            lock (pool._gate)
                return Users > 0 && ++Users > 0;
        }

        public async Task ReleaseAsync()
        {
            var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (pool._gate)
            {
                if (--Users > 0)
                    return;
                if (pool._nodes.GetValueOrDefault(options) == this)
                    pool._nodes.Remove(options);
                pool.NoteStop(options, stopped.Task);
            }
            try
            {
                await StopAsync().ConfigureAwait(false);
            }
            finally
            {
                stopped.SetResult();
            }
        }

        async Task StopAsync()
        {
            await _abandoned.CancelAsync().ConfigureAwait(false); // ends a start that no caller waits for
            try
            {
                if (_start is not null)
                    await (await _start.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is TeredoException or OperationCanceledException)
            {
                // The node never started. The callers that waited for it got this exception.
            }
            _abandoned.Dispose();
        }
    }
}

/// <summary>A share in a node of a pool. Releasing it a second time changes nothing.</summary>
sealed class NodeLease<TNode>(NodePool<TNode>.SharedNode shared, TNode node) : ILinkLease where TNode : class, IAsyncDisposable
{
    int _released;

    public TNode Node => node;

    public ILinkLease? TryShare() => shared.TryAcquire() ? new NodeLease<TNode>(shared, node) : null;

    public Task ReleaseAsync() => Interlocked.Exchange(ref _released, 1) == 0 ? shared.ReleaseAsync() : Task.CompletedTask;
}
