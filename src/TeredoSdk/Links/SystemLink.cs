using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links;

/// <summary>A link to an address that the system or another program keeps up. It has ordinary sockets, and watches the address.</summary>
abstract partial class SystemLink : ITeredoLink, ISocketOwner
{
    readonly Lock _gate = new(), _checking = new();
    readonly IReadOnlyList<PassedOver> _passedOver;
    readonly StateChangeFeed _changes = new();
    readonly CancellationTokenSource _stopping = new();
    TeredoInterface _last;
    bool _isUp = true, _disposed;
    Finding? _problem;

    protected SystemLink(TeredoOptions options, TeredoInterface found, IReadOnlyList<PassedOver> passedOver, ILogger log)
    {
        (Options, _last, _passedOver, Logger) = (options, found, passedOver, log);
        Sockets = new(this, log);
        Log.InterfaceFound(log, found.Name, found.Address);
    }

    public IPAddress? Address => Current?.Address.ToIPAddress();

    public SocketCapabilities Capabilities => SocketCapabilities.KernelSockets | SocketCapabilities.Streams;

    public IAsyncEnumerable<TeredoStateChange> Changes => _changes;

    public abstract TeredoReport Report { get; }

    public abstract Task<TeredoReport> GetReportAsync(CancellationToken cancellationToken);

    protected LinkSockets Sockets { get; }

    protected TeredoOptions Options { get; }

    protected ILogger Logger { get; }

    protected CancellationToken Stopping => _stopping.Token;

    /// <summary>The interface that has the address, or that had it last.</summary>
    protected TeredoInterface Last
    {
        get
        {
            lock (_gate)
                return _last;
        }
    }

    /// <summary>The interface that has the address, or null while no interface has one.</summary>
    protected TeredoInterface? Current
    {
        get
        {
            lock (_gate)
                return _isUp ? _last : null;
        }
    }

    public abstract Task<OpenListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken);

    public abstract Task<OpenDatagrams> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken);

    public abstract Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken);

    public async Task<OpenConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        try
        {
            return Sockets.Adopt(new SocketStream(await WaitAsync(
                limit => ConnectLimit.RunAsync(Options, remoteEndPoint, cancel => ConnectAsync(remoteEndPoint, cancel), limit), cancellationToken)
                .ConfigureAwait(false)));
        }
        catch (SocketException e)
        {
            throw Problems.OfConnect(remoteEndPoint, e);
        }
    }

    public virtual void HandleOpened(OpenSocket socket)
    {
        // Nothing to hold: another program keeps the address up.
    }

    public virtual void HandleClosed(OpenSocket socket)
    {
        // Nothing to release.
    }

    public virtual bool IsVoid(IPAddress local, IPAddress address) => !LinkSockets.IsSame(local, address);

    public virtual async ValueTask DisposeAsync()
    {
        lock (_gate)
            _disposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        _changes.End();
        Sockets.Close();
    }

    /// <summary>Finds the interface that currently has the address.</summary>
    protected abstract TeredoInterface? Find(out Finding? problem);

    /// <summary>Makes one attempt to connect, with a fresh socket.</summary>
    /// <exception cref="SocketException">The attempt failed; nothing is left behind.</exception>
    protected abstract Task<Socket> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken);

    /// <summary>Called after each check of the address.</summary>
    /// <param name="isUp">Whether there is an address.</param>
    /// <param name="isOther">Whether another interface than before has the address.</param>
    protected abstract void OnChecked(bool isUp, bool isOther);

    /// <exception cref="TeredoException">There is no address.</exception>
    protected TeredoInterface Require()
    {
        lock (_gate)
        {
            Disposed.ThrowIf(_disposed, Disposed.Node);
            return _isUp ? _last
                : throw Problems.NoAddress(_problem);
        }
    }

    /// <summary>Runs a wait that also ends when the link is disposed.</summary>
    protected async Task<T> WaitAsync<T>(Func<CancellationToken, Task<T>> wait, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        try
        {
            return await wait(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(Disposed.Node);
        }
    }

    /// <summary>Checks the address. Only one check runs at a time, so that changes are published in order.</summary>
    protected void Check()
    {
        try
        {
            lock (_checking)
                Apply(Find(out var problem), problem);
        }
        catch (Exception e) // runs on a thread of the runtime: no other code would see the exception
        {
            Log.EngineFault(Logger, e);
        }
    }

    void Apply(TeredoInterface? found, Finding? problem)
    {
        TeredoInterface before;
        bool wasUp;
        lock (_gate)
        {
            if (_disposed)
                return;
            (before, wasUp) = (_last, _isUp);
            (_last, _isUp, _problem) = (found ?? _last, found is not null, found is null ? problem : null);
        }
        if (found is null)
        {
            if (wasUp)
                TellLoss(before);
            OnChecked(isUp: false, isOther: false);
            return;
        }
        OnChecked(isUp: true, isOther: found.Index != before.Index);
        Sockets.AbortVoid();
        if (!wasUp || found.Address != before.Address)
            TellAddress(before, found, wasUp);
    }

    void TellLoss(TeredoInterface before)
    {
        Log.AddressLost(Logger, before.Address);
        _changes.Publish(new() { Kind = TeredoStateChangeKind.Lost, PreviousAddress = before.Address.ToIPAddress() });
    }

    void TellAddress(TeredoInterface before, TeredoInterface found, bool wasUp)
    {
        if (wasUp)
            Log.AddressChanged(Logger, before.Address, found.Address);
        else
            Log.InterfaceFound(Logger, found.Name, found.Address);
        _changes.Publish(new()
        {
            Kind = wasUp ? TeredoStateChangeKind.AddressChanged : TeredoStateChangeKind.Regained,
            Address = found.Address.ToIPAddress(),
            PreviousAddress = before.Address.ToIPAddress(),
        });
    }
}
