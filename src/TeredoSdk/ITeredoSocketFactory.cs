using System.Net;

namespace TeredoSdk;

/// <summary>
/// Opens sockets at a Teredo address, like the static methods of <see cref="TeredoSocket"/>, for applications with dependency injection.
/// </summary>
/// <remarks>
/// <para>
/// All sockets of the factory share one node, which has the <see cref="TeredoOptions"/> of the container. The first use starts the node, unless
/// <see cref="TeredoHostingOptions.StartWithHost"/> did. The node then keeps its address until the host has stopped; this closes the sockets that
/// are still open. While no server gives an address, a listen, a bind and <see cref="GetNodeAsync"/> wait and try again, unless
/// <see cref="TeredoHostingOptions.WaitForAddress"/> is false. When a start fails, the next use tries again.
/// </para>
/// <para>Safe for any number of threads.</para>
/// </remarks>
/// <example>
/// <code>
/// sealed class Greeter(ITeredoSocketFactory sockets) : BackgroundService
/// {
///     protected override async Task ExecuteAsync(CancellationToken stoppingToken)
///     {
///         await using var listener = await sockets.ListenAsync(4242, stoppingToken);
///         await using var peer = await listener.AcceptAsync(stoppingToken);
///         await peer.GetStream().WriteAsync("hello"u8.ToArray(), stoppingToken);
///     }
/// }
/// </code>
/// </example>
public interface ITeredoSocketFactory
{
    /// <summary>
    /// The state of the node now. While it starts, which may be a wait for a network, the state is <see cref="TeredoState.Qualifying"/> and
    /// its findings say so; after a failed attempt <see cref="TeredoReport.Problem"/> says why, and <see cref="TeredoReport.RetryAt"/> when the next one
    /// is made. While no node runs, the state is <see cref="TeredoState.Stopped"/>; if the last start failed, <see cref="TeredoReport.Problem"/> says why.
    /// </summary>
    TeredoReport Report { get; }

    /// <summary>
    /// Returns the node underneath, for what the factory does not offer, and starts it when it does not run. The factory owns the node: do not
    /// dispose it.
    /// </summary>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="TeredoException">
    /// There is no address. Either no server is named or found (<see cref="TeredoError.NoServer"/>, <see cref="TeredoError.ServerNotResolved"/>); or
    /// no server gave an address (<see cref="TeredoError.ServerUnreachable"/>, <see cref="TeredoError.SecondaryUnreachable"/>,
    /// <see cref="TeredoError.SymmetricNat"/>, <see cref="TeredoError.MappedAddressNotGlobal"/>, <see cref="TeredoError.QualificationTimeout"/>); or
    /// there is no path to the servers (<see cref="TeredoError.NetworkUnavailable"/>, or <see cref="TeredoError.PortUnavailable"/> for the UDP port
    /// that carries Teredo); or the options require something that this machine does not have (<see cref="TeredoError.NotSupported"/>,
    /// <see cref="TeredoError.KernelSocketsUnavailable"/>, <see cref="TeredoError.InterfaceUnavailable"/>, on Windows also errors of its own switches
    /// such as <see cref="TeredoError.TeredoDisabled"/>). The message says why, and what to do. The next use tries again.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoNode> GetNodeAsync(CancellationToken cancellationToken = default);

    /// <summary>Listens for TCP connections at the Teredo address. Waits until there is an address.</summary>
    /// <param name="port">The port, 1 to 65535, or 0 for any free port.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The errors of <see cref="GetNodeAsync"/>; or the port is taken (<see cref="TeredoError.PortUnavailable"/>); or the address is lost at the
    /// moment (<see cref="TeredoError.NoAddress"/>). Sockets that are already open stay open.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoListener> ListenAsync(int port, CancellationToken cancellationToken = default);

    /// <summary>Listens for TCP connections at the Teredo address. Waits until there is an address.</summary>
    /// <param name="options">The port, who can connect, and how many connections may wait. The call copies the options.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <inheritdoc cref="ListenAsync(int, CancellationToken)" path="/exception"/>
    Task<TeredoListener> ListenAsync(TeredoListenOptions options, CancellationToken cancellationToken = default);

    /// <summary>Binds a UDP socket at the Teredo address. Waits until there is an address.</summary>
    /// <param name="port">
    /// The port, 1 to 65535, where everybody's packets get in, or 0 for any free port, where only packets of peers that the socket has sent to get in.
    /// </param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The errors of <see cref="GetNodeAsync"/>; or the port is taken (<see cref="TeredoError.PortUnavailable"/>); or the address is lost at the
    /// moment (<see cref="TeredoError.NoAddress"/>). Sockets that are already open stay open.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoDatagramSocket> BindDatagramAsync(int port, CancellationToken cancellationToken = default);

    /// <summary>Binds a UDP socket at the Teredo address. Waits until there is an address.</summary>
    /// <param name="options">The port, and whose packets get in. The call copies the options.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <inheritdoc cref="BindDatagramAsync(int, CancellationToken)" path="/exception"/>
    Task<TeredoDatagramSocket> BindDatagramAsync(TeredoBindOptions options, CancellationToken cancellationToken = default);

    /// <summary>Connects to a peer by TCP. Waits until there is an address.</summary>
    /// <param name="remoteEndPoint">The peer's IPv6 address and port.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="TeredoException">
    /// The errors of <see cref="GetNodeAsync"/>; or Teredo packets may not be sent to the peer's address (<see
    /// cref="TeredoError.DestinationNotAllowed"/>); or the peer can't be reached (<see cref="TeredoError.PeerUnreachable"/>) or refuses (<see
    /// cref="TeredoError.ConnectionRefused"/>); or the address is lost or changes (<see cref="TeredoError.NoAddress"/>, <see
    /// cref="TeredoError.AddressChanged"/>). Sockets that are already open stay open.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoConnection> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default);

    /// <summary>Connects to a peer by name; see <see cref="TeredoNode.ConnectAsync(string, int, CancellationToken)"/>.</summary>
    /// <param name="host">A host name with AAAA records, or an IPv6 address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The name has no IPv6 address (<see cref="TeredoError.HostNotResolved"/>), or none of its addresses can be reached. The error is then that of
    /// <see cref="ConnectAsync(IPEndPoint, CancellationToken)"/> for the last address.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken = default);
}
