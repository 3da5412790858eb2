using System.Net;
using System.Net.Sockets;
using TeredoSdk.Links;

namespace TeredoSdk;

/// <summary>A TCP listener at a Teredo address. Made by <see cref="TeredoNode.ListenAsync"/> or <see cref="TeredoSocket.ListenAsync"/>.</summary>
/// <remarks>
/// It stays open when the address changes or is lost; <see cref="TeredoSocket.TeredoEndPoint"/> follows. Connections that it accepted outlive it.
/// </remarks>
public sealed class TeredoListener : TeredoSocket
{
    readonly ISocketHome _home;
    readonly Socket _socket;

    internal TeredoListener(ISocketHome home, Socket socket, IPProtectionLevel level) : base(home, level)
    {
        (_home, _socket) = (home, socket);
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <inheritdoc/>
    public override IPEndPoint LocalEndPoint { get; }

    /// <inheritdoc/>
    public override Socket? Socket => _socket;

    /// <summary>Waits for a connection.</summary>
    /// <param name="cancellationToken">Gives up the wait; the listener stays usable, and no connection is lost.</param>
    /// <returns>The connection, the caller's own.</returns>
    /// <exception cref="ObjectDisposedException">The listener or its node is disposed, or was while waiting.</exception>
    /// <exception cref="SocketException">The system refused, for example because there are too many open descriptors. The listener stays usable.</exception>
    public async ValueTask<TeredoConnection> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            ObjectDisposedException.ThrowIf(IsDisposed, this);
            try
            {
                var connection = _home.Adopt(await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false));
                ShareLeaseWith(connection);
                return connection;
            }
            catch (SocketException) when (IsDisposed)
            {
                throw new ObjectDisposedException(nameof(TeredoListener));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.NotConnected)
            {
                // The peer went away before it was accepted: nobody's concern.
            }
        }
    }

    private protected override void Close() => _socket.Dispose();
}
