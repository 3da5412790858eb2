using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Echo;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links.Embedded;

/// <summary>The embedded engine: the driver of our own client, an IPv6 host above it, and the sockets of the application.</summary>
sealed partial class EmbeddedLink : ITeredoLink, IDriverClient, ISocketHome
{
    readonly Lock _gate = new();
    readonly TeredoOptions _options;
    readonly ILogger _log;
    readonly IHostNetwork _network;
    readonly TeredoDriver _driver;
    readonly StackGuard _guard;
    readonly EchoService _echo;
    readonly PeerWatch _watch = new();
    readonly CancellationTokenSource _stopping = new();
    readonly SocketRegistry _sockets = new();
    readonly StateChangeFeed _changes = new();
    readonly Task<ChosenStack> _choosing;
    readonly long _startedAt;
    ChosenStack? _chosen; // null while it is being made, beside the first solicitations
    TaskCompletionSource<TeredoException?> _settled = NewWait(); // completed when there is an address, or a reason why not
    TeredoState _state;
    TeredoException? _problem;
    Instant? _retryAt;
    IPAddress? _lostAddress;
    int? _mtuOctets;
    bool _hasQualified, _disposed;

    /// <summary>Makes an engine that waits for <see cref="StartAsync"/>.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="servers">The servers, resolved.</param>
    /// <param name="parts">The machine's network, and what else a test replaces.</param>
    /// <param name="log">Where it logs to.</param>
    /// <param name="makeHost">Makes the host, with what was passed over for it.</param>
    public EmbeddedLink(TeredoOptions options, IReadOnlyList<TeredoServerAddress> servers, EngineParts parts, ILogger log,
        Func<StackContext, Task<ChosenStack>> makeHost)
    {
        (_options, _network, _log) = (options, parts.Network, log);
        _startedAt = options.TimeProvider.GetTimestamp();
        var clock = new EngineClock(options.TimeProvider);
        _guard = new(clock);
        _echo = new(clock, _guard, () => _sockets.AnyUnrestricted, () => _driver!); // not before there is one
        _driver = new(options.ToClientOptions(servers), parts, options.TimeProvider, this, log);
        _choosing = makeHost(new(clock, _guard, _watch, () => _driver, log));
    }

    public IPAddress? Address => _driver.Address?.ToIPAddress();

    public LinkCapabilities Capabilities => Host.Capabilities;

    public IAsyncEnumerable<TeredoStateChange> Changes => _changes;

    /// <summary>Starts the engine and waits for an address.</summary>
    /// <exception cref="TeredoException">There is none, and why.</exception>
    public static async Task<EmbeddedLink> BringUpAsync(TeredoOptions options, EngineParts parts, IReadOnlyList<PassedOver> passedOver,
        CancellationToken cancellationToken)
    {
        if (options.NativeIPv6 == NativeIPv6Mode.Instead)
            throw Problems.InsteadOfNativeIPv6();
        var log = GuardedLogger.For("TeredoSdk.TeredoNode", options.LoggerFactory);
        var servers = await ServerNames.FindAndResolveAsync(options, parts.Network, log, cancellationToken).ConfigureAwait(false);
        var link = new EmbeddedLink(options, servers, parts, log, context => SocketStacks.MakeAsync(options.Sockets, context, passedOver));
        await link.StartAsync(cancellationToken).ConfigureAwait(false);
        return link;
    }

    /// <summary>Starts the engine and waits for an address, or until it gives way to native IPv6, if it is to.</summary>
    /// <exception cref="TeredoException">There is none, and why. The link is disposed.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            _driver.Start();
            Take(await _choosing.ConfigureAwait(false));
            await WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task<TeredoListener> ListenStreamAsync(ushort port, IPProtectionLevel level, int backlog, CancellationToken cancellationToken) =>
        OpenAsync(level, () => new TeredoListener(this, Host.Listen(port, IsUnrestricted(level), backlog), level), cancellationToken);

    public Task<TeredoDatagramSocket> BindDatagramAsync(ushort port, IPProtectionLevel level, CancellationToken cancellationToken) =>
        OpenAsync(level, () => new TeredoDatagramSocket(this, Host.Bind(port, IsUnrestricted(level)), level), cancellationToken);

    public async Task<TeredoConnection> ConnectStreamAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        if (!Capabilities.HasFlag(LinkCapabilities.Streams))
            await Host.ConnectAsync(remoteEndPoint, cancellationToken).ConfigureAwait(false); // says why not
        Wake();
        await WaitForAddressAsync(cancellationToken).ConfigureAwait(false);
        var peer = IPv6Address.FromIPAddress(remoteEndPoint.Address);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        using var watched = _watch.Add(peer, _driver.Address?.ToIPv6Address(), attempt);
        try
        {
            return Adopt(await Host.ConnectAsync(remoteEndPoint, attempt.Token).ConfigureAwait(false));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException && _stopping.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ObjectDisposedException(nameof(TeredoNode));
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
        var ping = _echo.Ping(IPv6Address.FromIPAddress(address), out ushort sequence);
        try
        {
            var (roundTrip, problem) = await ping.Result.WaitAsync(timeout, _options.TimeProvider, cancellationToken).ConfigureAwait(false);
            return roundTrip is { } time ? new() { Address = address, Status = IPStatus.Success, RoundTripTime = time }
                : new() { Address = address, Status = IPStatus.DestinationHostUnreachable, Problem = problem };
        }
        catch (TimeoutException)
        {
            return new() { Address = address, Status = IPStatus.TimedOut };
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
            _sockets.Add(connection);
            Host.Admit(connection.LocalEndPoint, connection.RemoteEndPoint);
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

    public void Retire(Socket socket) => Host.Retire(socket);

    public void Remove(TeredoSocket socket)
    {
        if (!_sockets.Remove(socket))
            return;
        if (socket is TeredoListener)
            Host.Unlisten((ushort)socket.LocalEndPoint.Port);
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
        await _stopping.CancelAsync().ConfigureAwait(false);
        _changes.End();
        _sockets.Close();
        _echo.Close();
        if (Volatile.Read(ref _chosen) is { } chosen)
            await chosen.Host.DrainAsync().ConfigureAwait(false);
        await _driver.DisposeAsync().ConfigureAwait(false);
        try
        {
            (await _choosing.ConfigureAwait(false)).Host.Dispose(); // when nothing is delivered to it any more
        }
        catch (TeredoException)
        {
            // None could be made: who brought the link up was told.
        }
    }

    ISocketStack Host => Volatile.Read(ref _chosen)!.Host; // there before anybody gets the link

    void IDriverClient.Receive(ReadOnlySpan<byte> octets)
    {
        if (!IPv6Packet.TryParse(octets, out var packet))
            _guard.Count(DropReason.MalformedTransport);
        else if (!packet.IsBubble && Volatile.Read(ref _chosen)?.Host is { } host
            && (host.AnswersEcho || packet.NextHeader != NextHeader.Icmpv6 || !_echo.Receive(packet)))
            host.Receive(packet);
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

    // The address may be there already, or come at the same time: whoever is second sets it.
    void Take(ChosenStack chosen)
    {
        Volatile.Write(ref _chosen, chosen);
        if (_driver.Address is { } address)
            chosen.Host.SetAddress(address);
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
