using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Host;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Sockets;

namespace TeredoSdk.Providers.Embedded;

/// <summary>The embedded engine: the driver of our own client, an IPv6 host above it, and the sockets of the application.</summary>
sealed partial class EmbeddedLink : ITeredoLink, IDriverClient, ISocketHome
{
    readonly Lock _gate = new();
    readonly TeredoOptions _options;
    readonly ILogger _log;
    readonly TeredoDriver _driver;
    readonly HostGuard _guard;
    readonly EchoService _echo;
    readonly PeerWatch _watch = new();
    readonly SocketRegistry _sockets = new();
    readonly StateChangeFeed _changes = new();
    readonly IReadOnlyList<PassedOver> _passedOver;
    readonly IEngineHost _host;
    readonly long _startedAt;
    TaskCompletionSource<TeredoException?> _settled = NewWait(); // completed when there is an address, or a reason why not
    TeredoState _state;
    TeredoException? _problem;
    Instant? _retryAt;
    IPAddress? _lostAddress;
    int? _mtuOctets;
    bool _hasQualified, _disposed;

    EmbeddedLink(TeredoOptions options, IReadOnlyList<TeredoServerAddress> servers, IHostNetwork network, IRandomSource random, ILogger log,
        IReadOnlyList<PassedOver> passedOver)
    {
        (_options, _log) = (options, log);
        _startedAt = options.TimeProvider.GetTimestamp();
        var clock = new EngineClock(options.TimeProvider);
        _guard = new(clock);
        _echo = new(clock, _guard, () => _sockets.AnyUnrestricted, () => _driver!);
        (_host, _passedOver) = EngineHosts.Make(options.Sockets, new(clock, _guard, _watch, () => _driver!), passedOver, log);
        _driver = new(options.ToClientOptions(servers), random, network, options.TimeProvider, this, log);
    }

    public IPAddress? Address => _driver.Address?.ToIPAddress();

    public LinkCapabilities Capabilities => _host.Capabilities;

    public IAsyncEnumerable<TeredoStateChange> Changes => _changes;

    /// <summary>Starts the engine and waits for an address.</summary>
    /// <exception cref="TeredoException">There is none, and why.</exception>
    public static async Task<EmbeddedLink> BringUpAsync(TeredoOptions options, IHostNetwork network, IRandomSource random,
        IReadOnlyList<PassedOver> passedOver, CancellationToken cancellationToken)
    {
        if (options.NativeIPv6 == NativeIPv6Mode.Instead)
            throw Problems.InsteadOfNativeIPv6();
        var log = options.LoggerFactory.CreateLogger<TeredoNode>();
        var names = ServerName.Find(options, Environment.GetEnvironmentVariable(TeredoOptions.ServerVariable));
        var servers = await ServerName.ResolveAsync(names, log, cancellationToken).ConfigureAwait(false);
        var link = new EmbeddedLink(options, servers, network, random, log, passedOver);
        try
        {
            link._driver.Start();
            await link.WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
            return link;
        }
        catch
        {
            await link.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task<TeredoListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken) =>
        OpenAsync(level, () => new TeredoListener(this, _host.Listen(port, IsUnrestricted(level), backlog), level), cancellationToken);

    public Task<TeredoDatagramSocket> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken) =>
        OpenAsync(level, () => new TeredoDatagramSocket(this, _host.Bind(port, IsUnrestricted(level)), level), cancellationToken);

    public async Task<TeredoConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        if (!Capabilities.HasFlag(LinkCapabilities.Streams))
            await _host.ConnectAsync(remoteEndPoint, cancellationToken).ConfigureAwait(false); // says why not
        Wake();
        await WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
        var peer = Ipv6Address.FromIPAddress(remoteEndPoint.Address);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var watched = _watch.Add(peer, attempt);
        try
        {
            return Adopt(await _host.ConnectAsync(remoteEndPoint, attempt.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException && watched.Problem is not null)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new TeredoException(watched.Problem.Error, watched.Problem.Message, e);
        }
        catch (SocketException e)
        {
            throw Problems.OfConnect(remoteEndPoint, e);
        }
    }

    public async Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var ping = _echo.Ping(Ipv6Address.FromIPAddress(address), out ushort sequence);
        try
        {
            var (roundTrip, problem) = await ping.Result.WaitAsync(timeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            return roundTrip is { } time ? new(address, IPStatus.Success, time, null) : new(address, IPStatus.DestinationHostUnreachable, default, problem);
        }
        catch (TimeoutException)
        {
            return new(address, IPStatus.TimedOut, default, null);
        }
        finally
        {
            _echo.Forget(sequence);
        }
    }

    public TeredoConnection Adopt(Socket accepted)
    {
        TeredoConnection? connection = null;
        try
        {
            connection = new TeredoConnection(this, accepted, IPProtectionLevel.EdgeRestricted);
            _host.NoteConnection(connection.LocalEndPoint, connection.RemoteEndPoint);
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

    public void Remove(TeredoSocket socket)
    {
        if (!_sockets.Remove(socket))
            return;
        if (socket is TeredoListener)
            _host.Unlisten((ushort)socket.LocalEndPoint.Port);
        if (IsUnrestricted(socket.ProtectionLevel))
            _driver.ReleaseLease();
    }

    public async ValueTask DisposeAsync()
    {
        TaskCompletionSource<TeredoException?> settled;
        lock (_gate)
        {
            _disposed = true;
            _state = TeredoState.Stopped;
            settled = _settled;
        }
        settled.TrySetException(new ObjectDisposedException(nameof(TeredoNode)));
        _ = settled.Task.Exception; // seen, should nobody wait
        _changes.End();
        _sockets.Close();
        _echo.Close();
        await _driver.DisposeAsync().ConfigureAwait(false);
        _host.Dispose(); // when nothing is delivered to it any more
    }

    void IDriverClient.Receive(ReadOnlySpan<byte> octets)
    {
        if (!Ipv6Packet.TryParse(octets, out var packet))
            _guard.Count(HostDrop.MalformedTransport);
        else if (!packet.IsBubble && !(packet.NextHeader == NextHeader.Icmpv6 && _echo.Receive(packet)))
            _host.Receive(packet);
    }

    async Task<T> OpenAsync<T>(IPProtectionLevel level, Func<T> make, CancellationToken cancellationToken) where T : TeredoSocket
    {
        cancellationToken.ThrowIfCancellationRequested();
        _driver.AcquireLease(); // before anybody else can dispose the socket, which releases it; and it wakes a dormant node
        T? socket = null;
        try
        {
            _sockets.Add(socket = make());
        }
        catch
        {
            socket?.Dispose();
            _driver.ReleaseLease();
            throw;
        }
        if (!IsUnrestricted(level))
            _driver.ReleaseLease();
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

    void Wake()
    {
        _driver.AcquireLease();
        _driver.ReleaseLease();
    }

    void AbortStaleConnections()
    {
        if (Address is { } address)
            _sockets.AbortConnectionsBut(address, old => Problems.AddressChanged(old, address));
    }

    static bool IsUnrestricted(IPProtectionLevel level) => level == IPProtectionLevel.Unrestricted;
}
