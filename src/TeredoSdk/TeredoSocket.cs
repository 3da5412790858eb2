using System.Net;
using TeredoSdk.Sockets;

namespace TeredoSdk;

/// <summary>
/// Opens sockets at a Teredo address. One call starts Teredo, waits for an address, opens the socket, and keeps the address while the socket is open.
/// </summary>
/// <remarks>
/// <para>
/// The methods use a default <see cref="TeredoNode"/>. Sockets with equal options share one node. The node starts with the first socket and stops
/// when the last one is disposed. To control when a node starts and stops, call
/// <see cref="TeredoNode.StartAsync(TeredoOptions?, CancellationToken)"/>; such a node is never shared.
/// </para>
/// <para>
/// A failed call throws a <see cref="TeredoException"/>. Its <see cref="TeredoException.Error"/> says what went wrong; its message says why, and what
/// to do. The call leaves nothing behind, and the next call starts again. When there is no address, the error is
/// <see cref="TeredoError.NoServer"/>, <see cref="TeredoError.ServerNotResolved"/>, <see cref="TeredoError.ServerUnreachable"/>,
/// <see cref="TeredoError.SecondaryUnreachable"/>, <see cref="TeredoError.MappedAddressNotGlobal"/>, <see cref="TeredoError.SymmetricNat"/>,
/// <see cref="TeredoError.NetworkUnavailable"/>, <see cref="TeredoError.QualificationTimeout"/>, <see cref="TeredoError.NotSupported"/>, or,
/// with Windows' own Teredo, an error that names the switch which is off.
/// </para>
/// <para>Safe for any number of threads.</para>
/// </remarks>
/// <example>
/// <code>
/// await using var listener = await TeredoSocket.ListenAsync(4242);
/// Console.WriteLine(listener.TeredoEndPoint);   // give it to a peer
/// await using var peer = await listener.AcceptAsync();
/// </code>
/// </example>
public static class TeredoSocket
{
    static readonly NodePool<TeredoNode> Nodes = new(TeredoNode.StartAsync);

    /// <summary>Listens for TCP connections from everybody at the Teredo address. Waits until there is an address.</summary>
    /// <param name="port">The port, 1 to 65535, or 0 for any free port.</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The port or an option is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The port is taken (<see cref="TeredoError.PortUnavailable"/>), there is no address, or TCP is not available here
    /// (<see cref="TeredoError.NotSupported"/>, <see cref="TeredoError.KernelSocketsUnavailable"/>).
    /// </exception>
    public static Task<TeredoListener> ListenAsync(int port, TeredoOptions? options = null, CancellationToken cancellationToken = default) =>
        ListenAsync(new TeredoListenOptions { Port = port }, options, cancellationToken);

    /// <summary>Listens for TCP connections at the Teredo address. Waits until there is an address.</summary>
    /// <param name="listen">The port, who can connect, and how many connections may wait.</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <inheritdoc cref="ListenAsync(int, TeredoOptions?, CancellationToken)" path="/exception"/>
    public static Task<TeredoListener> ListenAsync(TeredoListenOptions listen, TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(listen);
        listen = listen.Snapshot();
        return Nodes.OpenAsync(options, node => node.ListenAsync(listen, cancellationToken), cancellationToken);
    }

    /// <summary>Binds a UDP socket at the Teredo address. Waits until there is an address.</summary>
    /// <param name="port">
    /// The port, 1 to 65535, where everybody's packets get in, or 0 for any free port, where only packets of peers that the socket has sent to get
    /// in.
    /// </param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The port or an option is outside its range.</exception>
    /// <exception cref="TeredoException">The port is taken (<see cref="TeredoError.PortUnavailable"/>), or there is no address.</exception>
    public static Task<TeredoDatagramSocket> BindDatagramAsync(int port, TeredoOptions? options = null, CancellationToken cancellationToken = default) =>
        BindDatagramAsync(new TeredoBindOptions { Port = port }, options, cancellationToken);

    /// <summary>Binds a UDP socket at the Teredo address. Waits until there is an address.</summary>
    /// <param name="bind">The port, and whose packets get in.</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <inheritdoc cref="BindDatagramAsync(int, TeredoOptions?, CancellationToken)" path="/exception"/>
    public static Task<TeredoDatagramSocket> BindDatagramAsync(TeredoBindOptions bind, TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(bind);
        bind = bind.Snapshot();
        return Nodes.OpenAsync(options, node => node.BindDatagramAsync(bind, cancellationToken), cancellationToken);
    }

    /// <summary>Connects to a peer by TCP. Waits until there is an address.</summary>
    /// <param name="remoteEndPoint">The peer's IPv6 address and port.</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, its port is 0, or an option is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The peer can't be reached (<see cref="TeredoError.PeerUnreachable"/>) or refuses (<see cref="TeredoError.ConnectionRefused"/>); or Teredo
    /// packets may not be sent to its address (<see cref="TeredoError.DestinationNotAllowed"/>); or there is no address; or TCP is not available here
    /// (<see cref="TeredoError.NotSupported"/>, <see cref="TeredoError.KernelSocketsUnavailable"/>).
    /// </exception>
    public static Task<TeredoConnection> ConnectAsync(IPEndPoint remoteEndPoint, TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        EndPoints.Check(remoteEndPoint, nameof(remoteEndPoint));
        return Nodes.OpenAsync(options, node => node.ConnectAsync(remoteEndPoint, cancellationToken), cancellationToken);
    }

    /// <summary>Connects to a peer by name: its IPv6 addresses are tried one after the other, Teredo addresses first.</summary>
    /// <param name="host">A host name with AAAA records, or an IPv6 address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="options">The settings of the node; null for the defaults.</param>
    /// <param name="cancellationToken">Gives up; nothing is left behind.</param>
    /// <exception cref="ArgumentException">The port or an option is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The name has no IPv6 address (<see cref="TeredoError.HostNotResolved"/>), or none of its addresses can be reached. The exception is then that
    /// of the last address.
    /// </exception>
    public static Task<TeredoConnection> ConnectAsync(string host, int port, TeredoOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(host);
        SocketOptionChecks.Port(port, allowZero: false);
        return Nodes.OpenAsync(options, node => node.ConnectAsync(host, port, cancellationToken), cancellationToken);
    }
}
