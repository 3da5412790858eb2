using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Links;
using TeredoSdk.Links.Embedded;
using TeredoSdk.Links.Interface;
using TeredoSdk.Links.Windows;
using TeredoSdk.Machine;
using TeredoSdk.Sockets;
using TeredoSdk.Sockets.Forwarding;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows;

namespace TeredoSdk;

/// <summary>A Teredo node: a global IPv6 address, also behind NATs, and sockets at that address.</summary>
/// <remarks>
/// <para>
/// The embedded engine runs inside the process, without privileges, over one IPv4 UDP socket. On Linux its sockets are ordinary kernel sockets in a
/// private network of this process. Where that is not available, the engine's own TCP and UDP serve the same sockets, and
/// <see cref="TeredoReport.PassedOver"/> says why. Unsolicited packets reach only sockets that opted in (<see
/// cref="IPProtectionLevel.Unrestricted"/>); other unsolicited packets are dropped without an answer. While such a socket is open, the node answers
/// Echo Requests, at most ten in a second.
/// </para>
/// <para>
/// On Windows a node first tries the system's own Teredo. The node wakes it, switches it on only with <see cref="TeredoOptions.Consent"/>, and keeps
/// it from going dormant while opted-in sockets are open. Sockets over Windows' Teredo, or over a Teredo interface that is already up, belong to the
/// machine: their ports are the machine's, and the machine's firewall decides which packets get in. On Windows the node adds the firewall exception
/// of this program before it opens the first opted-in socket, if it has the rights to do so.
/// </para>
/// <para>
/// A node is never shared, and a process may have many nodes. A node keeps its address up. When the address is lost, the node asks for another one
/// and reports that in <see cref="StateChanges"/>; listeners and datagram sockets stay open meanwhile. Without traffic and without opted-in sockets,
/// the node goes dormant after <see cref="TeredoOptions.DormancyTimeout"/>. Safe for any number of threads.
/// </para>
/// </remarks>
public sealed class TeredoNode : IAsyncDisposable
{
    readonly ITeredoLink _link;
    readonly TimeProvider _time;
    readonly ILogger _log;
    readonly HashSet<Forwarder> _forwards = [];
    int _disposed;

    TeredoNode(ITeredoLink link, TeredoOptions options) =>
        (_link, _time, _log) = (link, options.TimeProvider, GuardedLogger.For(LogCategories.Node, options.LoggerFactory));

    /// <summary>
    /// The Teredo address, or null while there is none. A dormant node keeps its last address, but no peer can reach it until the node wakes.
    /// </summary>
    public IPAddress? Address => _link.Address;

    /// <summary>
    /// The state as far as it is known. The property returns at once and asks nobody. Facts of the node itself (state, address, sockets, peers,
    /// drops) are current. Facts of the system (Windows' firewall and Teredo, the machine's native IPv6) are from the last time that the node asked
    /// the system.
    /// </summary>
    public TeredoReport Report => _link.Report;

    /// <summary>
    /// The changes of the address, from the moment an enumeration starts (<c>GetAsyncEnumerator</c>) until the node is disposed, which ends the
    /// enumeration. Any number of readers may enumerate. Each sees all changes, but loses the oldest when more than 64 wait.
    /// </summary>
    public IAsyncEnumerable<TeredoStateChange> StateChanges => _link.Changes;

    /// <summary>Starts a node and waits until it has an address.</summary>
    /// <param name="options">The settings; null for the defaults. The call copies them.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    /// <exception cref="TeredoException">
    /// There is no address. Either no server is named or found (<see cref="TeredoError.NoServer"/>, <see cref="TeredoError.ServerNotResolved"/>); or
    /// no server gave an address (<see cref="TeredoError.ServerUnreachable"/>, <see cref="TeredoError.SecondaryUnreachable"/>,
    /// <see cref="TeredoError.SymmetricNat"/>, <see cref="TeredoError.MappedAddressNotGlobal"/>, <see cref="TeredoError.QualificationTimeout"/>); or
    /// there is no path to the servers (<see cref="TeredoError.NetworkUnavailable"/>, or <see cref="TeredoError.PortUnavailable"/> for the UDP port
    /// that carries Teredo); or the options require something that this machine does not have (<see cref="TeredoError.NotSupported"/>,
    /// <see cref="TeredoError.KernelSocketsUnavailable"/>, <see cref="TeredoError.InterfaceUnavailable"/>,
    /// <see cref="TeredoError.CaptureUnavailable"/>, on Windows also errors of its own switches such as <see cref="TeredoError.TeredoDisabled"/>). The
    /// message says why, and what to do. Nothing is left behind; the next call starts from the beginning.
    /// </exception>
    public static Task<TeredoNode> StartAsync(TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        var settings = (options ?? new()).Snapshot();
        var parts = PartsFor(settings);
        var providers = ProvidersFor(settings, parts);
        // Windows' own calls (CIM, services, the firewall) may take seconds, so none is made on the caller's thread.
        return Task.Run(() => StartAsync(settings, providers, cancellationToken), cancellationToken);
    }

    /// <summary>Runs the code of first packets in memory, so that it is there when they come.</summary>
    internal static void Rehearse() => Rehearsal.Run();

    internal static EngineParts PartsFor(TeredoOptions settings) => EngineParts.OfThisMachine(settings.TimeProvider, settings.GatewayAddress, settings.Datapath,
        GuardedLogger.For(LogCategories.Node, settings.LoggerFactory));

    /// <summary>The providers of this machine, in the order of Auto. Settings that name no Windows get this machine's.</summary>
    internal static ITeredoProvider[] ProvidersFor(TeredoOptions settings, EngineParts parts)
    {
        settings.Windows ??= OperatingSystem.IsWindows() ? WindowsSystem.Current : null;
        var interfaces = new SystemInterfaces(GuardedLogger.For(LogCategories.Node, settings.LoggerFactory));
        return
        [
            new WindowsProvider(settings.Windows),
            new InterfaceProvider(parts.Network, interfaces, isLastResort: OperatingSystem.IsLinux()), // docs/design/decisions/0012
            new EmbeddedProvider(parts),
        ];
    }

    internal static Task<TeredoNode> StartAsync(TeredoOptions options, EngineParts parts, CancellationToken cancellationToken) =>
        StartAsync(options.Snapshot(), [new EmbeddedProvider(parts)], cancellationToken);

    internal static async Task<TeredoNode> StartAsync(TeredoOptions options, IReadOnlyList<ITeredoProvider> providers, CancellationToken cancellationToken)
    {
        using var activity = Tracing.BeginQualification();
        try
        {
            return new(await ProviderSelection.BringUpAsync(providers, options, cancellationToken).ConfigureAwait(false), options);
        }
        catch (Exception e)
        {
            Tracing.Fail(activity, e);
            throw;
        }
    }

    /// <summary>
    /// Asks the system again for the facts that only it knows, and returns the state with them. <see cref="Report"/> has them from then on, too.
    /// </summary>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<TeredoReport> GetReportAsync(CancellationToken cancellationToken = default) => _link.GetReportAsync(cancellationToken);

    /// <summary>
    /// Listens for TCP connections from everybody at the Teredo address. Wakes a dormant node, and waits until there is an address.
    /// </summary>
    /// <param name="port">
    /// The port, 1 to 65535, or 0 for any free dynamic port. With the embedded engine it is a TCP port of the node, not of the machine.
    /// </param>
    /// <param name="cancellationToken">Gives up and frees the port.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The port is taken (<see cref="TeredoError.PortUnavailable"/>, around a <see cref="SocketException"/> with
    /// <see cref="SocketError.AddressAlreadyInUse"/>), or there is no address (the errors of
    /// <see cref="StartAsync(TeredoOptions?, CancellationToken)"/>). The node and its other sockets go on.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The node is disposed before or during the call.</exception>
    public Task<TeredoListener> ListenAsync(int port, CancellationToken cancellationToken = default) =>
        ListenAsync(new TeredoListenOptions { Port = port }, cancellationToken);

    /// <summary>Listens for TCP connections at the Teredo address. Wakes a dormant node, and waits until there is an address.</summary>
    /// <param name="options">The port, who can connect, and how many connections may wait.</param>
    /// <param name="cancellationToken">Gives up and frees the port.</param>
    /// <inheritdoc cref="ListenAsync(int, CancellationToken)" path="/exception"/>
    public Task<TeredoListener> ListenAsync(TeredoListenOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ThrowIfDisposed();
        return OpenAsync(_link.ListenStreamAsync((ushort)options.Port, options.ProtectionLevel, options.Backlog, cancellationToken),
            static (link, open) => new TeredoListener(link, open));
    }

    /// <summary>Connects to a peer by TCP. Wakes a dormant node, and waits until there is an address.</summary>
    /// <param name="remoteEndPoint">The peer's IPv6 address and port.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <returns>The connection, which the caller owns.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="TeredoException">
    /// Teredo packets may not be sent to the peer's address (<see cref="TeredoError.DestinationNotAllowed"/>); or the peer can't be reached
    /// (<see cref="TeredoError.PeerUnreachable"/>, within 12 s where the NATs do not allow it) or refuses (<see
    /// cref="TeredoError.ConnectionRefused"/>); or there is no address. The node goes on, and may connect to the same peer again. The inner exception
    /// is the <see cref="SocketException"/> of the attempt, for example with <see cref="SocketError.TimedOut"/> or
    /// <see cref="SocketError.ConnectionRefused"/>.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The node is disposed before or during the call.</exception>
    public Task<TeredoConnection> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default)
    {
        EndPoints.Check(remoteEndPoint, nameof(remoteEndPoint));
        ThrowIfDisposed();
        return OpenAsync(Dialing.ConnectAsync(_link, remoteEndPoint, cancellationToken), static (link, open) => new TeredoConnection(link, open));
    }

    /// <summary>
    /// Connects to a peer by name. The node looks up the IPv6 addresses of the name and tries one after the other, Teredo addresses first.
    /// </summary>
    /// <param name="host">A host name with AAAA records, or an IPv6 address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The name has no IPv6 address, or none of its addresses can be reached. The exception is then that of the last address.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The node is disposed before or during the call.</exception>
    public Task<TeredoConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken = default)
    {
        SocketOptionChecks.Port(port, allowZero: false);
        ThrowIfDisposed();
        return OpenAsync(Dialing.ConnectAsync(_link, host, port, cancellationToken), static (link, open) => new TeredoConnection(link, open));
    }

    /// <summary>Binds a UDP socket at the Teredo address. Wakes a dormant node, and waits until there is an address.</summary>
    /// <param name="port">
    /// The port, 1 to 65535, where everybody's packets get in, or 0 for any free dynamic port, where only packets of peers that the socket has sent
    /// to get in.
    /// </param>
    /// <param name="cancellationToken">Gives up and frees the port.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The port is taken (<see cref="TeredoError.PortUnavailable"/>), or there is no address (the errors of
    /// <see cref="StartAsync(TeredoOptions?, CancellationToken)"/>). The node and its other sockets go on.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The node is disposed before or during the call.</exception>
    public Task<TeredoDatagramSocket> BindDatagramAsync(int port, CancellationToken cancellationToken = default) =>
        BindDatagramAsync(new TeredoBindOptions { Port = port }, cancellationToken);

    /// <summary>Binds a UDP socket at the Teredo address. Wakes a dormant node, and waits until there is an address.</summary>
    /// <param name="options">The port, and whose packets get in.</param>
    /// <param name="cancellationToken">Gives up and frees the port.</param>
    /// <inheritdoc cref="BindDatagramAsync(int, CancellationToken)" path="/exception"/>
    public Task<TeredoDatagramSocket> BindDatagramAsync(TeredoBindOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ThrowIfDisposed();
        return OpenAsync(_link.BindDatagramAsync((ushort)options.Port, options.EffectiveLevel, cancellationToken),
            static (link, open) => new TeredoDatagramSocket(link, open));
    }

    /// <summary>
    /// Makes a program that knows nothing of Teredo reachable at the Teredo address, or a peer reachable at a port of this machine. Wakes a dormant
    /// node, and waits until there is an address.
    /// </summary>
    /// <param name="options">The port, where it leads, and its limits. The call copies the options.</param>
    /// <param name="cancellationToken">Gives up and frees the port.</param>
    /// <returns>The forward at work. It ends when it or the node is disposed.</returns>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    /// <exception cref="TeredoException">
    /// The port is taken (<see cref="TeredoError.PortUnavailable"/>), or there is no address (the errors of
    /// <see cref="StartAsync(TeredoOptions?, CancellationToken)"/>). Whether the program or the peer is there shows with the first session.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The node is disposed before or during the call.</exception>
    /// <example>
    /// <code>
    /// await using var node = await TeredoNode.StartAsync();
    /// await using var site = await node.ForwardAsync(new() { Port = 80, Target = "127.0.0.1:8080" });
    /// Console.WriteLine($"http://{site.EndPoint}/");
    /// await site.Completion;
    /// </code>
    /// </example>
    public async Task<TeredoForward> ForwardAsync(TeredoForwardOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var wanted = options.Snapshot();
        ThrowIfDisposed();
        var forwarder = await Forwarder.StartAsync(_link, wanted, _time, _log, cancellationToken).ConfigureAwait(false);
        lock (_forwards)
            _forwards.Add(forwarder);
        if (Volatile.Read(ref _disposed) != 0)
        {
            await forwarder.DisposeAsync().ConfigureAwait(false);
            ThrowIfDisposed();
        }
        _ = forwarder.Completion.ContinueWith(_ => Forget(forwarder), TaskScheduler.Default);
        return new(forwarder);
    }

    /// <summary>Sends one ICMPv6 Echo Request and waits for the reply.</summary>
    /// <param name="address">The peer's IPv6 address.</param>
    /// <param name="timeout">
    /// How long to wait: more than zero, at most a day. The reply of a new peer takes a few more round trips; for a peer that can't be reached the
    /// call takes up to 12 s.
    /// </param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="ArgumentException">The address is not an IPv6 one, or the time-out is outside its range.</exception>
    /// <exception cref="TeredoException">There is no address now, or Teredo packets may not be sent to the peer's address.</exception>
    /// <exception cref="ObjectDisposedException">The node is disposed before or during the call.</exception>
    public Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            throw new ArgumentException($"{nameof(address)} is {address}; expected an IPv6 address.", nameof(address));
        if (timeout <= TimeSpan.Zero || timeout > TimeSpan.FromDays(1))
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "Expected more than zero and at most a day.");
        ThrowIfDisposed();
        return EndPoints.RefusalOf(address) is { } refusal ? Task.FromException<TeredoPingReply>(refusal)
            : MeasureAsync(_link.PingAsync(address, timeout, cancellationToken));

        static async Task<TeredoPingReply> MeasureAsync(Task<TeredoPingReply> ping)
        {
            var reply = await ping.ConfigureAwait(false);
            if (reply.Status == System.Net.NetworkInformation.IPStatus.Success)
                Metrics.RecordRoundTrip(reply.RoundTripTime);
            return reply;
        }
    }

    /// <summary>
    /// Finds out whether strangers get in, by asking the node's server for packets from an IPv4 address that the node has never sent to (docs/protocol
    /// §9). Afterwards <see cref="TeredoReport.Reachability"/> and <see cref="TeredoReport.Filtering"/> have the answer, too. Wakes a dormant node.
    /// </summary>
    /// <remarks>
    /// It takes a round trip or two at best, and up to 12 s. The check itself ends with a packet to that address, so for ten minutes afterwards the
    /// call returns the last answer again. Calls at the same time share one check.
    /// </remarks>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="TeredoException">There is no address (the errors of <see cref="StartAsync(TeredoOptions?, CancellationToken)"/>).</exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    /// <exception cref="ObjectDisposedException">The node is disposed before or during the call.</exception>
    public Task<ReachabilityCheck> CheckReachabilityAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        return _link.CheckReachabilityAsync(cancellationToken);
    }

    /// <summary>Stops the node: closes its sockets and ends every wait. Idempotent.</summary>
    public async ValueTask DisposeAsync()
    {
        Volatile.Write(ref _disposed, 1);
        Forwarder[] forwards;
        lock (_forwards)
            forwards = [.. _forwards];
        foreach (var forward in forwards)
            await forward.DisposeAsync().ConfigureAwait(false);
        await _link.DisposeAsync().ConfigureAwait(false);
    }

    void Forget(Forwarder forwarder)
    {
        lock (_forwards)
            _forwards.Remove(forwarder);
    }

    async Task<TSocket> OpenAsync<TOpen, TSocket>(Task<TOpen> opening, Func<ITeredoLink, TOpen, TSocket> wrap) =>
        wrap(_link, await opening.ConfigureAwait(false));

    void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}
