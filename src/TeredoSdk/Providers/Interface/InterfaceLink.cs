using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Sockets;

namespace TeredoSdk.Providers.Interface;

/// <summary>An interface that somebody else keeps up, ordinary sockets on it, and a watch on its address.</summary>
/// <remarks>
/// What gets in is decided by the machine's firewall, whatever the protection level. A socket is tied to the device that was there when it was
/// opened: when the device itself is made anew, for example because miredo was started again, sockets that were bound are closed.
/// </remarks>
sealed class InterfaceLink : ITeredoLink, ISocketHome
{
    readonly Lock _gate = new(), _checking = new();
    readonly TeredoOptions _options;
    readonly InterfaceSearch _search;
    readonly IHostNetwork _network;
    readonly ILogger _log;
    readonly IReadOnlyList<PassedOver> _passedOver;
    readonly SocketRegistry _sockets = new();
    readonly StateChangeFeed _changes = new();
    readonly CancellationTokenSource _stopping = new();
    TeredoInterface _last;
    bool _isUp = true, _disposed;
    string? _problem;

    public InterfaceLink(TeredoOptions options, InterfaceSearch search, TeredoInterface found, IHostNetwork network,
        IReadOnlyList<PassedOver> passedOver, ILogger log)
    {
        (_options, _search, _last, _network, _passedOver, _log) = (options, search, found, network, passedOver, log);
        Log.InterfaceFound(log, found.Name, found.Address);
        network.Changed += Check;
        Check(); // what changed after it was found
    }

    public IPAddress? Address => Current?.Address.ToIPAddress();

    public LinkCapabilities Capabilities => LinkCapabilities.KernelSockets | LinkCapabilities.Streams;

    public IAsyncEnumerable<TeredoStateChange> Changes => _changes;

    public TeredoReport Report
    {
        get
        {
            var (all, unrestricted) = _sockets.Counts;
            lock (_gate)
            {
                TeredoAddress? address = _isUp ? _last.Address : null;
                return new()
                {
                    Provider = TeredoProvider.Interface,
                    KernelSockets = true,
                    PassedOver = _passedOver,
                    State = _disposed ? TeredoState.Stopped : _isUp ? TeredoState.Qualified : TeredoState.Offline,
                    Address = address?.ToIPAddress(),
                    Reachability = _isUp && !_disposed ? Reachability.NotChecked : Reachability.No,
                    Server = address?.Server.ToIPAddress(),
                    Mapping = MappingBehaviour.NotChecked,
                    Filtering = FilteringBehaviour.NotChecked,
                    NatName = default(NatReport).ClassicName,
                    MappedEndPoint = address?.MappedEndpoint.ToIPEndPoint(),
                    MtuOctets = _last.MtuOctets > 0 ? _last.MtuOctets : null,
                    NativeIPv6 = _options.NativeIPv6,
                    HasNativeIPv6 = _network.Describe(_last.Address.Server).HasNativeIpv6,
                    Sockets = all,
                    UnrestrictedSockets = unrestricted,
                    Peers = 0,
                    Drops = new Dictionary<string, long>(),
                    Error = _isUp ? null : TeredoError.InterfaceUnavailable,
                    Problem = _problem,
                };
            }
        }
    }

    TeredoInterface? Current
    {
        get
        {
            lock (_gate)
                return _isUp ? _last : null;
        }
    }

    public Task<TeredoListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken) =>
        OpenAsync(() => new TeredoListener(this, InterfaceSockets.Listen(Require(), port, backlog), level), cancellationToken);

    public Task<TeredoDatagramSocket> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken) =>
        OpenAsync(() => new TeredoDatagramSocket(this, BindDatagrams(port), level), cancellationToken);

    public async Task<TeredoConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        try
        {
            return Adopt(await WaitAsync(cancel => InterfaceSockets.ConnectAsync(Require(), remoteEndPoint, cancel), cancellationToken)
                .ConfigureAwait(false));
        }
        catch (SocketException e)
        {
            throw Problems.OfConnect(remoteEndPoint, e);
        }
    }

    public Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken) =>
        WaitAsync(cancel => InterfacePing.SendAsync(Require(), address, timeout, cancel), cancellationToken);

    public TeredoConnection Adopt(Socket accepted)
    {
        TeredoConnection? connection = null;
        try
        {
            connection = new TeredoConnection(this, accepted, IPProtectionLevel.EdgeRestricted);
            _sockets.Add(connection);
            AbortStaleConnections(); // the address may have changed meanwhile
            return connection;
        }
        catch
        {
            accepted.Dispose();
            connection?.Dispose();
            throw;
        }
    }

    public void Remove(TeredoSocket socket) => _sockets.Remove(socket);

    public async ValueTask DisposeAsync()
    {
        _network.Changed -= Check;
        lock (_gate)
            _disposed = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        _changes.End();
        _sockets.Close();
    }

    // A wait for a peer, which ends with the link.
    async Task<T> WaitAsync<T>(Func<CancellationToken, Task<T>> wait, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        try
        {
            return await wait(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(TeredoNode));
        }
    }

    Task<T> OpenAsync<T>(Func<T> make, CancellationToken cancellationToken) where T : TeredoSocket
    {
        cancellationToken.ThrowIfCancellationRequested();
        var socket = make();
        try
        {
            _sockets.Add(socket);
            return Task.FromResult(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    SocketEndpoint BindDatagrams(ushort port) => new(InterfaceSockets.BindDatagrams(Require(), port), static () => { });

    TeredoInterface Require()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(TeredoNode));
            return _isUp ? _last : throw new TeredoException(TeredoError.NoAddress, $"There is no Teredo address at the moment. {_problem}");
        }
    }

    // One look at a time, so that changes are told in their order.
    void Check()
    {
        try
        {
            lock (_checking)
                Apply(_search.Find(out string problem), problem);
        }
        catch (Exception e) // on a thread of the runtime: nobody else would see it
        {
            Log.EngineFault(_log, e);
        }
    }

    void Apply(TeredoInterface? found, string problem)
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
        var old = before.Address.ToIPAddress();
        if (found is null)
        {
            if (!wasUp)
                return;
            Log.AddressLost(_log, before.Address);
            _changes.Publish(new(TeredoStateChangeKind.Lost, null, old));
            return;
        }
        if (found.Index != before.Index)
            _sockets.CloseBound();
        AbortStaleConnections();
        if (wasUp && found.Address == before.Address)
            return;
        var address = found.Address.ToIPAddress();
        if (wasUp)
            Log.AddressChanged(_log, before.Address, found.Address);
        else
            Log.InterfaceFound(_log, found.Name, found.Address);
        _changes.Publish(new(wasUp ? TeredoStateChangeKind.AddressChanged : TeredoStateChangeKind.Regained, address, old));
    }

    void AbortStaleConnections()
    {
        if (Address is { } address)
            _sockets.AbortConnectionsBut(address, old => Problems.AddressChanged(old, address));
    }
}
