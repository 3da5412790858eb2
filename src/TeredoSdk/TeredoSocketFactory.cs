using System.Net;
using Microsoft.Extensions.Options;
using TeredoSdk.Hosting;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Sockets;
using TeredoSdk.Telemetry;

namespace TeredoSdk;

/// <summary>The socket factory of a container. It has its own pool, and a lease that keeps the node from the first use until the end.</summary>
sealed class TeredoSocketFactory(IOptions<TeredoOptions> options, IOptions<TeredoHostingOptions> hosting) : ITeredoSocketFactory, IHostedNode, IAsyncDisposable, IDisposable
{
    static readonly Finding StartIsUnderWay = new()
    {
        Id = FindingIds.NodeStarting,
        Severity = FindingSeverity.Note,
        Subject = FindingIds.Teredo,
        Problem = "The node is starting: it has no Teredo address yet. It asks its servers, or waits for a network if the options say so.",
    };

    static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(30);

    readonly Lock _gate = new();
    readonly NodePool<TeredoNode> _pool = new(TeredoNode.StartAsync);
    readonly CancellationTokenSource _stopping = new();
    NodeLease<TeredoNode>? _lease;
    TeredoException? _failure;
    DateTimeOffset? _retryAt;
    int _starting;
    bool _stopped;

    public TeredoReport Report
    {
        get
        {
            lock (_gate)
                return _lease?.Node.Report ?? WithoutNode();
        }
    }

    bool IsStarting => _starting > 0 && !_stopped;

    public Task<TeredoNode> GetNodeAsync(CancellationToken cancellationToken = default) => WaitAsync(KeepNodeAsync, cancellationToken);

    public Task<TeredoListener> ListenAsync(int port, CancellationToken cancellationToken = default) =>
        ListenAsync(new TeredoListenOptions { Port = port }, cancellationToken);

    public Task<TeredoListener> ListenAsync(TeredoListenOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var wanted = options.Snapshot();
        return WaitAsync(cancel => OpenAsync(node => node.ListenAsync(wanted, cancel), cancel), cancellationToken);
    }

    public Task<TeredoDatagramSocket> BindDatagramAsync(int port, CancellationToken cancellationToken = default) =>
        BindDatagramAsync(new TeredoBindOptions { Port = port }, cancellationToken);

    public Task<TeredoDatagramSocket> BindDatagramAsync(TeredoBindOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var wanted = options.Snapshot();
        return WaitAsync(cancel => OpenAsync(node => node.BindDatagramAsync(wanted, cancel), cancel), cancellationToken);
    }

    public Task<TeredoConnection> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default) =>
        OpenAsync(node => node.ConnectAsync(remoteEndPoint, cancellationToken), cancellationToken);

    public Task<TeredoConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken = default) =>
        OpenAsync(node => node.ConnectAsync(host, port, cancellationToken), cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => KeepNodeAsync(cancellationToken);

    public async Task StopAsync()
    {
        NodeLease<TeredoNode>? lease;
        lock (_gate)
        {
            if (_stopped)
                return;
            _stopped = true;
            (lease, _lease) = (_lease, null);
        }
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (lease is null)
            return;
        await lease.Node.DisposeAsync().ConfigureAwait(false); // closes the sockets, and each returns its own lease
        await lease.ReleaseAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    // For a container that is disposed without waiting. A host has stopped the node by then.
    public void Dispose() => _ = DisposeAsync().AsTask();

    // Tries again while there is no address, if the options say so.
    async Task<T> WaitAsync<T>(Func<CancellationToken, Task<T>> attempt, CancellationToken cancellationToken)
    {
        if (!hosting.Value.WaitForAddress)
            return await attempt(cancellationToken).ConfigureAwait(false);
        CountStart(1);
        try
        {
            for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                try
                {
                    return await attempt(cancellationToken).ConfigureAwait(false);
                }
                catch (TeredoException e) when (MayPass(e.Error))
                {
                    await PauseAsync(e, pause, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            CountStart(-1);
        }
    }

    async Task PauseAsync(TeredoException failure, TimeSpan pause, CancellationToken cancellationToken)
    {
        CancellationTokenSource either;
        var time = options.Value.TimeProvider;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped, typeof(ITeredoSocketFactory));
            _retryAt = time.GetUtcNow() + pause;
            either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        }
        Log.QualificationFailed(GuardedLogger.For(LogCategories.Node, options.Value.LoggerFactory), failure.Message, _retryAt);
        try
        {
            await Task.Delay(pause, time, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(ITeredoSocketFactory));
        }
        finally
        {
            either.Dispose();
        }
    }

    // The network or a server may come back; what else fails needs somebody who changes something.
    static bool MayPass(TeredoError error) => error is TeredoError.ServerNotResolved or TeredoError.ServerUnreachable or TeredoError.SecondaryUnreachable
        or TeredoError.SymmetricNat or TeredoError.MappedAddressNotGlobal or TeredoError.NetworkUnavailable or TeredoError.QualificationTimeout
        or TeredoError.NoAddress or TeredoError.TeredoOffline;

    void CountStart(int change)
    {
        lock (_gate)
            _starting += change;
    }

    async Task<T> OpenAsync<T>(Func<TeredoNode, Task<T>> open, CancellationToken cancellationToken) where T : TeredoSocketBase
    {
        await KeepNodeAsync(cancellationToken).ConfigureAwait(false);
        return await _pool.OpenAsync(options.Value, open, cancellationToken).ConfigureAwait(false);
    }

    async Task<TeredoNode> KeepNodeAsync(CancellationToken cancellationToken)
    {
        CancellationTokenSource start;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopped, typeof(ITeredoSocketFactory));
            if (_lease is not null)
                return _lease.Node;
            start = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
            _starting++;
        }
        try
        {
            return await KeepAsync(await _pool.LeaseAsync(options.Value, start.Token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(ITeredoSocketFactory));
        }
        catch (TeredoException e)
        {
            lock (_gate)
                _failure = e;
            throw;
        }
        finally
        {
            start.Dispose();
            CountStart(-1);
        }
    }

    // When several starts run at the same time, the first one keeps its lease, unless the factory was stopped before.
    async Task<TeredoNode> KeepAsync(NodeLease<TeredoNode> lease)
    {
        bool stopped, kept;
        lock (_gate)
        {
            stopped = _stopped;
            kept = !stopped && _lease is null;
            if (kept)
                (_lease, _failure) = (lease, null);
        }
        if (!kept)
            await lease.ReleaseAsync().ConfigureAwait(false);
        ObjectDisposedException.ThrowIf(stopped, typeof(ITeredoSocketFactory));
        return lease.Node;
    }

    // Called under the lock.
    TeredoReport WithoutNode() => new()
    {
        Provider = options.Value.Provider,
        KernelSockets = false,
        State = IsStarting ? TeredoState.Qualifying : TeredoState.Stopped,
        Reachability = Reachability.No,
        Mapping = MappingBehaviour.NotChecked,
        Filtering = FilteringBehaviour.NotChecked,
        NatName = "unknown",
        NativeIPv6 = options.Value.NativeIPv6,
        HasNativeIPv6 = false,
        Sockets = 0,
        UnrestrictedSockets = 0,
        Peers = 0,
        Drops = new Dictionary<DropReason, long>(),
        Findings = [.. IsStarting ? [StartIsUnderWay] : Array.Empty<Finding>(), .. _failure is null ? Array.Empty<Finding>() : [_failure.Finding]],
        RetryAt = IsStarting && _failure is not null ? _retryAt : null,
    };
}
