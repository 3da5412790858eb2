using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Links.Embedded;

/// <summary>The embedded engine as a link: its state, and the sockets that are open on it.</summary>
sealed partial class EmbeddedLink : ITeredoLink, IEngineObserver, ISocketOwner
{
    readonly Lock _gate = new();
    readonly TeredoOptions _options;
    readonly IReadOnlyList<PassedOver> _passedOver;
    readonly ILogger _log;
    readonly IHostNetwork _network;
    readonly EmbeddedEngine _engine;
    readonly LinkSockets _sockets;
    readonly CancellationTokenSource _stopping = new();
    readonly Wakeups _wakeups;
    readonly StateChangeFeed _changes;
    readonly long _startedAt;
    Signal<TeredoException?> _settled; // completed with null when there is an address, else with the problem
    TeredoState _state;
    TeredoException? _problem;
    Instant? _retryAt;
    IPAddress? _lostAddress;
    int? _mtuOctets;
    bool _hasQualified, _disposed;
    int _suppressions; // how often the network went away

    /// <summary>Makes a link that does nothing before <see cref="StartAsync"/>.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="servers">The servers, resolved.</param>
    /// <param name="parts">The machine's network, and other parts that a test replaces.</param>
    /// <param name="stacks">Chooses the engine's stack.</param>
    /// <param name="passedOver">The providers that were passed over before this one.</param>
    /// <param name="log">The log.</param>
    /// <exception cref="TeredoException">The capture file can't be written.</exception>
    public EmbeddedLink(TeredoOptions options, IReadOnlyList<TeredoServerAddress> servers, EngineParts parts, IStackChoice stacks,
        IReadOnlyList<PassedOver> passedOver, ILogger log)
    {
        (_options, _passedOver, _network, _wakeups, _log) = (options, passedOver, parts.Network, parts.Wakeups, log);
        (_settled, _changes) = (NewWait(), new(_wakeups));
        _startedAt = options.TimeProvider.GetTimestamp();
        _sockets = new(this, log);
        _engine = new(options.ToClientOptions(servers), parts, options.TimeProvider, stacks,
            PacketCapture.Start(options.CaptureFile, options.TimeProvider), this, log);
    }

    public IPAddress? Address => _engine.Address?.ToIPAddress();

    public SocketCapabilities Capabilities => _engine.Stack.Capabilities;

    public IAsyncEnumerable<TeredoStateChange> Changes => _changes;

    /// <summary>
    /// Starts the engine and waits for an address. When the options allow it, the wait also ends when the engine gives way to native IPv6.
    /// </summary>
    /// <exception cref="TeredoException">There is no address; the message says why. The link is disposed.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _engine.StartAsync().ConfigureAwait(false);
            await WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task<OpenListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken) =>
        OpenAsync(() => new OpenListener(_sockets, _engine.Stack.Listen(port, level == IPProtectionLevel.Unrestricted, backlog), level), cancellationToken);

    public Task<OpenDatagrams> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken) =>
        OpenAsync(() => new OpenDatagrams(_sockets, _engine.Stack.Bind(port, level == IPProtectionLevel.Unrestricted), level), cancellationToken);

    public async Task<OpenConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        _engine.Wake();
        await WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        try
        {
            return _sockets.Adopt(await ConnectLimit.RunAsync(_options, remoteEndPoint, cancel => _engine.ConnectAsync(remoteEndPoint, cancel), attempt.Token)
                .ConfigureAwait(false));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException && _stopping.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(Disposed.Node);
        }
        catch (SocketException e)
        {
            throw Problems.OfConnect(remoteEndPoint, e);
        }
    }

    public Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken) =>
        _engine.PingAsync(address, timeout, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Signal<TeredoException?> settled;
        lock (_gate)
        {
            _disposed = true;
            _state = TeredoState.Stopped;
            settled = _settled;
        }
        settled.TrySetException(new ObjectDisposedException(Disposed.Node));
        await _wakeups.CancelAsync(_stopping).ConfigureAwait(false);
        _changes.End();
        _sockets.Close();
        await _engine.DisposeAsync().ConfigureAwait(false);
    }

    void ISocketOwner.HandleOpened(OpenSocket socket)
    {
        if (socket.IsUnrestricted)
            _engine.Hold();
        else if (socket is OpenConnection connection)
            _engine.Stack.Admit(connection.LocalEndPoint, connection.RemoteEndPoint);
    }

    void ISocketOwner.HandleClosed(OpenSocket socket)
    {
        if (socket is OpenListener)
            _engine.Stack.Unlisten((ushort)socket.LocalEndPoint.Port);
        if (socket.IsUnrestricted)
            _engine.Release();
    }

    void ISocketOwner.Retire(IStreamEndpoint connection) => _engine.Stack.Retire(connection);

    async Task<T> OpenAsync<T>(Func<T> open, CancellationToken cancellationToken) where T : OpenSocket
    {
        cancellationToken.ThrowIfCancellationRequested();
        _engine.Wake();
        var socket = _sockets.Add(open());
        try
        {
            await WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            await socket.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
