using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine;
using TeredoSdk.Links;
using TeredoSdk.Links.Embedded;
using TeredoSdk.Links.Interface;
using TeredoSdk.Links.Windows;
using TeredoSdk.Machine;
using TeredoSdk.Sockets;
using TeredoSdk.Telemetry;
using TeredoSdk.Windows;

namespace TeredoSdk;

/// <summary>A Teredo engine with its address: a global IPv6 address behind NATs, and sockets that answer there.</summary>
/// <remarks>
/// <para>
/// The embedded engine runs inside the process, without privileges, over one IPv4 UDP socket. On Linux its sockets are ordinary ones of the
/// kernel, in a private network of this process; where that can't be had it carries UDP and ICMPv6 echo by itself, and
/// <see cref="TeredoReport.PassedOver"/> says why. Unsolicited packets reach only sockets that opted in
/// (<see cref="IPProtectionLevel.Unrestricted"/>); everything else is dropped without an answer. Echo Requests are answered, at most ten in a
/// second, while such a socket is open.
/// </para>
/// <para>
/// On Windows the system's own Teredo comes first: it is woken, switched on only with <see cref="TeredoOptions.Consent"/>, and kept from falling
/// asleep while opted-in sockets are open. Its sockets, and those over a Teredo interface that is already up, are the machine's: so are their ports,
/// and the machine's firewall decides who gets in. On Windows the firewall exception of this program is made before the first opted-in socket opens,
/// where it may be.
/// </para>
/// <para>
/// A node is never shared, and many nodes may live in one process. A node keeps its address up. When the address is lost it asks for another one, and
/// tells of it in <see cref="StateChanges"/>; listeners and datagram sockets stay open meanwhile. Without traffic and opted-in sockets it goes
/// dormant after <see cref="TeredoOptions.DormancyTimeout"/>. Safe for any number of threads.
/// </para>
/// </remarks>
public sealed class TeredoNode : IAsyncDisposable
{
    readonly ITeredoLink _link;
    int _disposed;

    TeredoNode(ITeredoLink link) => _link = link;

    /// <summary>The Teredo address, or null while there is none. A dormant node keeps its last one, which nobody can reach until it wakes.</summary>
    public IPAddress? Address => _link.Address;

    /// <summary>
    /// The state as far as it is known: immediate, without asking anybody. What the node knows by itself (state, address, sockets, peers, drops) is as
    /// it is now; what only the system knows (Windows' firewall and Teredo, the machine's native IPv6) is as it was when the system was asked last.
    /// </summary>
    public TeredoReport Report => _link.Report;

    /// <summary>
    /// What happens to the address, from the moment an enumeration starts (<c>GetAsyncEnumerator</c>) until the node is disposed, which ends it. Any
    /// number of readers; each sees all changes, but loses the oldest when more than 64 wait.
    /// </summary>
    public IAsyncEnumerable<TeredoStateChange> StateChanges => _link.Changes;

    /// <summary>Starts a node and waits until it has an address.</summary>
    /// <param name="options">The settings, copied; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and what is expected.</exception>
    /// <exception cref="TeredoException">There is no address, why, and what to do. Nothing is left behind.</exception>
    public static Task<TeredoNode> StartAsync(TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        var settings = (options ?? new()).Snapshot();
        var log = GuardedLogger.For(LogCategories.Node, settings.LoggerFactory);
        var parts = EngineParts.OfThisMachine(settings.TimeProvider, log);
        settings.Windows ??= OperatingSystem.IsWindows() ? WindowsSystem.Current : null;
        ITeredoProvider[] providers =
        [
            new WindowsProvider(settings.Windows),
            new InterfaceProvider(parts.Network, new SystemInterfaces(log)),
            new EmbeddedProvider(parts),
        ];
        return StartAsync(settings, providers, cancellationToken);
    }

    internal static Task<TeredoNode> StartAsync(TeredoOptions options, EngineParts parts, CancellationToken cancellationToken) =>
        StartAsync(options.Snapshot(), [new EmbeddedProvider(parts)], cancellationToken);

    internal static async Task<TeredoNode> StartAsync(TeredoOptions options, IReadOnlyList<ITeredoProvider> providers, CancellationToken cancellationToken) =>
        new(await ProviderSelection.BringUpAsync(providers, options, cancellationToken).ConfigureAwait(false));

    /// <summary>Asks the system anew for what only it knows, and gives the state with that. <see cref="Report"/> has it from then on, too.</summary>
    /// <param name="cancellationToken">Gives up the wait.</param>
    public Task<TeredoReport> GetReportAsync(CancellationToken cancellationToken = default) => _link.GetReportAsync(cancellationToken);

    /// <summary>Listens for TCP connections of everybody at the Teredo address. Wakes a dormant node, and waits until there is an address.</summary>
    /// <param name="port">The port, 1 to 65535, or 0 for any free dynamic one. It is a TCP port of the node, not of the machine.</param>
    /// <param name="cancellationToken">Gives up; the port is free again.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The port is taken (<see cref="TeredoError.PortUnavailable"/>), there is no address (the errors of
    /// <see cref="StartAsync(TeredoOptions?, CancellationToken)"/>), or this node has no TCP (<see cref="TeredoError.NotSupported"/>). The node and its
    /// other sockets go on.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The node is disposed, or was while waiting.</exception>
    public Task<TeredoListener> ListenAsync(int port, CancellationToken cancellationToken = default) =>
        ListenAsync(new TeredoListenOptions { Port = port }, cancellationToken);

    /// <summary>Listens for TCP connections at the Teredo address. Wakes a dormant node, and waits until there is an address.</summary>
    /// <param name="options">The port, who may get in, and how many connections may wait.</param>
    /// <param name="cancellationToken">Gives up; the port is free again.</param>
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
    /// <returns>The connection, the caller's own.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="TeredoException">
    /// The peer is none that may be dialled (<see cref="TeredoError.DestinationNotAllowed"/>), it can't be reached
    /// (<see cref="TeredoError.PeerUnreachable"/>, within 12 s where the NATs do not allow it), it refused
    /// (<see cref="TeredoError.ConnectionRefused"/>), there is no address, or this node has no TCP (<see cref="TeredoError.NotSupported"/>). The node
    /// goes on; the same peer may be dialled again.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The node is disposed, or was while waiting.</exception>
    public Task<TeredoConnection> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default)
    {
        EndPoints.Check(remoteEndPoint, nameof(remoteEndPoint));
        ThrowIfDisposed();
        return EndPoints.RefusalOf(remoteEndPoint.Address) is { } refusal ? Task.FromException<TeredoConnection>(refusal)
            : OpenAsync(_link.ConnectStreamAsync(remoteEndPoint, cancellationToken), static (link, open) => new TeredoConnection(link, open));
    }

    /// <summary>Connects to a peer by name: its IPv6 addresses are asked for and tried one after the other, Teredo addresses first.</summary>
    /// <param name="host">A host name with AAAA records, or an IPv6 address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">The name has no IPv6 address, or none of them can be reached: the failure of the last one.</exception>
    /// <exception cref="ObjectDisposedException">The node is disposed, or was while waiting.</exception>
    public async Task<TeredoConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken = default)
    {
        SocketOptionChecks.Port(port, allowZero: false);
        var addresses = await _link.ResolveAsync(host, cancellationToken).ConfigureAwait(false);
        for (int i = 0; ; i++)
        {
            try
            {
                return await ConnectAsync(new IPEndPoint(addresses[i], port), cancellationToken).ConfigureAwait(false);
            }
            catch (TeredoException) when (i < addresses.Length - 1)
            {
                // The next one has its own reason.
            }
        }
    }

    /// <summary>Binds a UDP socket at the Teredo address. Wakes a dormant node, and waits until there is an address.</summary>
    /// <param name="port">The port, 1 to 65535 (everybody gets in), or 0 for any free dynamic one (only a peer that the socket has sent to gets in).</param>
    /// <param name="cancellationToken">Gives up; the port is free again.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The port is taken (<see cref="TeredoError.PortUnavailable"/>), or there is no address (the errors of
    /// <see cref="StartAsync(TeredoOptions?, CancellationToken)"/>). The node and its other sockets go on.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The node is disposed, or was while waiting.</exception>
    public Task<TeredoDatagramSocket> BindDatagramAsync(int port, CancellationToken cancellationToken = default) =>
        BindDatagramAsync(new TeredoBindOptions { Port = port }, cancellationToken);

    /// <summary>Binds a UDP socket at the Teredo address. Wakes a dormant node, and waits until there is an address.</summary>
    /// <param name="options">The port, and who may get in.</param>
    /// <param name="cancellationToken">Gives up; the port is free again.</param>
    /// <inheritdoc cref="BindDatagramAsync(int, CancellationToken)" path="/exception"/>
    public Task<TeredoDatagramSocket> BindDatagramAsync(TeredoBindOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        ThrowIfDisposed();
        return OpenAsync(_link.BindDatagramAsync((ushort)options.Port, options.EffectiveLevel, cancellationToken),
            static (link, open) => new TeredoDatagramSocket(link, open));
    }

    /// <summary>Sends one ICMPv6 Echo Request and waits for the reply.</summary>
    /// <param name="address">The peer's IPv6 address.</param>
    /// <param name="timeout">How long to wait: more than zero, at most a day. A new peer takes a few round trips, and one that can't be reached up to 12 s.</param>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="ArgumentException">The address is not an IPv6 one, or the time-out is outside its range.</exception>
    /// <exception cref="TeredoException">There is no address now, or the peer is none that may be sent to.</exception>
    /// <exception cref="ObjectDisposedException">The node is disposed, or was while waiting.</exception>
    public Task<TeredoPingReply> PingAsync(IPAddress address, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            throw new ArgumentException($"{nameof(address)} is {address}; expected an IPv6 address.", nameof(address));
        if (timeout <= TimeSpan.Zero || timeout > TimeSpan.FromDays(1))
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "Expected more than zero and at most a day.");
        ThrowIfDisposed();
        return EndPoints.RefusalOf(address) is { } refusal ? Task.FromException<TeredoPingReply>(refusal)
            : _link.PingAsync(address, timeout, cancellationToken);
    }

    /// <summary>Stops the node: closes its sockets and ends every wait. Idempotent.</summary>
    public ValueTask DisposeAsync()
    {
        Volatile.Write(ref _disposed, 1);
        return _link.DisposeAsync();
    }

    async Task<TSocket> OpenAsync<TOpen, TSocket>(Task<TOpen> opening, Func<ITeredoLink, TOpen, TSocket> wrap) =>
        wrap(_link, await opening.ConfigureAwait(false));

    void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
}
