using System.Net;
using System.Net.Sockets;
using TeredoSdk.Links;
using TeredoSdk.Sockets;

namespace TeredoSdk;

/// <summary>
/// A socket at a Teredo address, and the way to get one: the static methods start Teredo, wait for an address, open the socket and hold the
/// address for as long as it is open.
/// </summary>
/// <remarks>
/// <para>
/// The static methods work over a default <see cref="TeredoNode"/>. Sockets with equal options share it, and the last one that is disposed
/// releases it. Who wants to see to that himself starts a node of his own, which is never shared.
/// </para>
/// <para>Instances are safe for any number of threads.</para>
/// </remarks>
/// <example>
/// <code>
/// await using var listener = await TeredoSocket.ListenAsync(4242);
/// Console.WriteLine(listener.TeredoEndPoint);   // give it to a peer
/// await using var peer = await listener.AcceptAsync();
/// </code>
/// </example>
public abstract class TeredoSocket : IDisposable, IAsyncDisposable
{
    readonly ISocketHome _home;
    NodeLease? _lease;
    int _disposed;

    private protected TeredoSocket(ISocketHome home, IPProtectionLevel level) => (_home, ProtectionLevel) = (home, level);

    /// <summary>
    /// Who may get in: with <see cref="IPProtectionLevel.Unrestricted"/> anybody, with <see cref="IPProtectionLevel.EdgeRestricted"/> only whom the
    /// socket sent to. An unrestricted socket also keeps the node from going dormant.
    /// </summary>
    public IPProtectionLevel ProtectionLevel { get; }

    /// <summary>The local address and port, where the address may be the unspecified one: "whatever address the node has".</summary>
    public abstract IPEndPoint LocalEndPoint { get; }

    /// <summary>The Teredo address and port that a peer dials, or null while the node has no address or when the socket is disposed.</summary>
    public IPEndPoint? TeredoEndPoint => !IsDisposed && _home.Address is { } address ? new(address, LocalEndPoint.Port) : null;

    /// <summary>
    /// The ordinary .NET socket underneath, or null where there is none (sockets inside the process). It belongs to this object, which disposes it.
    /// </summary>
    /// <remarks>
    /// With the embedded engine it lives in the network of the engine, not of the machine. Never call <c>Connect</c> or <c>ConnectAsync</c> on it: after
    /// a failed connect .NET makes a new handle for the socket, which would be one of the machine's own network, and the traffic would leave the
    /// tunnel (on Windows: a socket whose protection level nobody set). Use
    /// <see cref="ConnectAsync(IPEndPoint, TeredoOptions?, CancellationToken)"/>, which takes a fresh socket for each attempt.
    /// </remarks>
    public abstract Socket? Socket { get; }

    /// <summary>The state of the node underneath, as it is now.</summary>
    public TeredoReport Report => _home.Report;

    /// <summary>What happens to the node's address; see <see cref="TeredoNode.StateChanges"/>.</summary>
    public IAsyncEnumerable<TeredoStateChange> StateChanges => _home.Changes;

    private protected bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>Listens for TCP connections at the Teredo address, over the default node. Waits until there is an address.</summary>
    /// <param name="port">The port, 1 to 65535, or 0 for any free one.</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The port or an option is outside its range.</exception>
    /// <exception cref="TeredoException">The port is taken, there is no address, or TCP can't be had here; why, and what to do.</exception>
    public static Task<TeredoListener> ListenAsync(int port, TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        EndPoints.CheckPort(port);
        return NodePool.Default.OpenAsync(options, node => node.ListenAsync(port, cancellationToken: cancellationToken), cancellationToken);
    }

    /// <summary>Binds a UDP socket at the Teredo address, over the default node. Waits until there is an address.</summary>
    /// <param name="port">The port, 1 to 65535 (anybody gets in), or 0 for any free one (only whom the socket sends to gets in).</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The port or an option is outside its range.</exception>
    /// <exception cref="TeredoException">The port is taken, or there is no address; why, and what to do.</exception>
    public static Task<TeredoDatagramSocket> BindDatagramAsync(int port, TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        EndPoints.CheckPort(port);
        return NodePool.Default.OpenAsync(options, node => node.BindDatagramAsync(port, cancellationToken: cancellationToken), cancellationToken);
    }

    /// <summary>Connects to a peer by TCP, over the default node. Waits until there is an address.</summary>
    /// <param name="remoteEndPoint">The peer's IPv6 address and port.</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, its port is 0, or an option is outside its range.</exception>
    /// <exception cref="TeredoException">The peer can't be reached, there is no address, or TCP can't be had here; why, and what to do.</exception>
    public static Task<TeredoConnection> ConnectAsync(IPEndPoint remoteEndPoint, TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        EndPoints.Check(remoteEndPoint, nameof(remoteEndPoint));
        return NodePool.Default.OpenAsync(options, node => node.ConnectAsync(remoteEndPoint, cancellationToken), cancellationToken);
    }

    /// <summary>Connects to a peer by name, over the default node; see <see cref="TeredoNode.ConnectAsync(string, int, CancellationToken)"/>.</summary>
    /// <param name="host">A host name with AAAA records, or an IPv6 address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The port or an option is outside its range.</exception>
    /// <exception cref="TeredoException">The name has no IPv6 address, or none of them can be reached; why, and what to do.</exception>
    public static Task<TeredoConnection> ConnectAsync(string host, int port, TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        EndPoints.CheckPort(port, allowZero: false);
        return NodePool.Default.OpenAsync(options, node => node.ConnectAsync(host, port, cancellationToken), cancellationToken);
    }

    /// <summary>Closes the socket and ends every wait on it. Idempotent. The default node, when this was its last socket, stops in the background.</summary>
    public void Dispose()
    {
        _ = ReleaseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the socket and ends every wait on it. Idempotent. Waits until the default node has stopped, when this was its last socket.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return new(ReleaseAsync());
    }

    /// <summary>Ties the life of a shared node to this socket.</summary>
    internal void Attach(NodeLease lease)
    {
        Interlocked.Exchange(ref _lease, lease);
        if (IsDisposed) // by its link, before it had one
            _ = lease.ReleaseAsync();
    }

    /// <summary>A lease on the same node for a socket that comes out of this one.</summary>
    private protected void ShareLeaseWith(TeredoSocket socket)
    {
        if (_lease?.TryShare() is { } lease)
            socket.Attach(lease);
    }

    private protected abstract void Close();

    Task ReleaseAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return Task.CompletedTask;
        _home.Remove(this); // first: once it is closed another one may have its port
        Close();
        return _lease?.ReleaseAsync() ?? Task.CompletedTask;
    }
}
