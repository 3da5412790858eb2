using System.Net;

namespace TeredoSdk;

/// <summary>Opens sockets at a Teredo address: what the static methods of <see cref="TeredoSocket"/> do, for applications that inject.</summary>
/// <remarks>
/// <para>
/// All its sockets share one node, with the <see cref="TeredoOptions"/> of the container. The first use starts it, unless
/// <see cref="TeredoHostingOptions.StartWithHost"/> did; from then on it keeps its address until the host has stopped, which closes the sockets that
/// are still open. A start that failed is tried again at the next use.
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
    /// The state of the node as it is now. While no node runs it is <see cref="TeredoState.Stopped"/>, and <see cref="TeredoReport.Problem"/> says
    /// why the last start failed, if one did.
    /// </summary>
    TeredoReport Report { get; }

    /// <summary>The node underneath, for what is not here; started when it does not run. It belongs to the factory: do not dispose it.</summary>
    /// <param name="cancellationToken">Gives up the wait.</param>
    /// <exception cref="TeredoException">
    /// There is no address: no server is named or found (<see cref="TeredoError.NoServer"/>, <see cref="TeredoError.ServerNotResolved"/>); none gave
    /// one (<see cref="TeredoError.ServerUnreachable"/>, <see cref="TeredoError.SecondaryUnreachable"/>, <see cref="TeredoError.SymmetricNat"/>,
    /// <see cref="TeredoError.MappedAddressNotGlobal"/>, <see cref="TeredoError.QualificationTimeout"/>); there is no way to them
    /// (<see cref="TeredoError.NetworkUnavailable"/>, <see cref="TeredoError.PortUnavailable"/> of the UDP port that Teredo is carried over); or what the
    /// options insist on can't be had here (<see cref="TeredoError.NotSupported"/>, <see cref="TeredoError.KernelSocketsUnavailable"/>,
    /// <see cref="TeredoError.InterfaceUnavailable"/>, on Windows also its own switches such as <see cref="TeredoError.TeredoDisabled"/>). The message says
    /// why, and what to do; the next use tries again.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoNode> GetNodeAsync(CancellationToken cancellationToken = default);

    /// <summary>Listens for TCP connections at the Teredo address. Waits until there is an address.</summary>
    /// <param name="port">The port, 1 to 65535, or 0 for any free one.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// As of <see cref="GetNodeAsync"/>; the port is taken (<see cref="TeredoError.PortUnavailable"/>); the address is lost at the moment
    /// (<see cref="TeredoError.NoAddress"/>); or the node has no TCP (<see cref="TeredoError.NotSupported"/>). Whatever is open already stays open.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoListener> ListenAsync(int port, CancellationToken cancellationToken = default);

    /// <summary>Listens for TCP connections at the Teredo address. Waits until there is an address.</summary>
    /// <param name="options">The port, who may get in, and how many connections may wait; copied.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <inheritdoc cref="ListenAsync(int, CancellationToken)" path="/exception"/>
    Task<TeredoListener> ListenAsync(TeredoListenOptions options, CancellationToken cancellationToken = default);

    /// <summary>Binds a UDP socket at the Teredo address. Waits until there is an address.</summary>
    /// <param name="port">The port, 1 to 65535 (anybody gets in), or 0 for any free one (only whom the socket sends to gets in).</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// As of <see cref="GetNodeAsync"/>; the port is taken (<see cref="TeredoError.PortUnavailable"/>); or the address is lost at the moment
    /// (<see cref="TeredoError.NoAddress"/>). Whatever is open already stays open.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoDatagramSocket> BindDatagramAsync(int port, CancellationToken cancellationToken = default);

    /// <summary>Binds a UDP socket at the Teredo address. Waits until there is an address.</summary>
    /// <param name="options">The port, and who may get in; copied.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <inheritdoc cref="BindDatagramAsync(int, CancellationToken)" path="/exception"/>
    Task<TeredoDatagramSocket> BindDatagramAsync(TeredoBindOptions options, CancellationToken cancellationToken = default);

    /// <summary>Connects to a peer by TCP. Waits until there is an address.</summary>
    /// <param name="remoteEndPoint">The peer's IPv6 address and port.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    /// <exception cref="TeredoException">
    /// As of <see cref="GetNodeAsync"/>; the peer is none that may be dialled (<see cref="TeredoError.DestinationNotAllowed"/>), can't be reached
    /// (<see cref="TeredoError.PeerUnreachable"/>) or refused (<see cref="TeredoError.ConnectionRefused"/>); the address is lost or another one
    /// (<see cref="TeredoError.NoAddress"/>, <see cref="TeredoError.AddressChanged"/>); or the node has no TCP (<see cref="TeredoError.NotSupported"/>).
    /// Whatever is open already stays open.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoConnection> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken = default);

    /// <summary>Connects to a peer by name; see <see cref="TeredoNode.ConnectAsync(string, int, CancellationToken)"/>.</summary>
    /// <param name="host">A host name with AAAA records, or an IPv6 address.</param>
    /// <param name="port">The port, 1 to 65535.</param>
    /// <param name="cancellationToken">Gives up; no socket is left behind.</param>
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    /// <exception cref="TeredoException">
    /// The name has no IPv6 address (<see cref="TeredoError.HostNotResolved"/>), or none of them can be reached: as of
    /// <see cref="ConnectAsync(IPEndPoint, CancellationToken)"/> for the last one.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The host has stopped.</exception>
    Task<TeredoConnection> ConnectAsync(string host, int port, CancellationToken cancellationToken = default);
}
