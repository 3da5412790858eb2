using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Links;

/// <summary>A TCP listener that is open on a link.</summary>
sealed class OpenListener(LinkSockets sockets, Socket socket, IPProtectionLevel level) : OpenSocket(sockets, level)
{
    public override string Kind => "listener";

    public override IPEndPoint LocalEndPoint { get; } = (IPEndPoint)socket.LocalEndPoint!;

    public override Socket? Socket => socket;

    /// <exception cref="ObjectDisposedException">The listener is closed, or was closed during the wait.</exception>
    /// <exception cref="SocketException">The system refused; the listener stays usable.</exception>
    public async ValueTask<OpenConnection> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Disposed.ThrowIf(IsDisposed, Disposed.Listener);
            try
            {
                var connection = Sockets.Adopt(await socket.AcceptAsync(cancellationToken).ConfigureAwait(false));
                ShareLeaseWith(connection);
                return connection;
            }
            catch (SocketException) when (IsDisposed)
            {
                throw new ObjectDisposedException(Disposed.Listener);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.NotConnected)
            {
                // The peer went away before it was accepted. The next one is waited for.
            }
        }
    }

    protected override void Close() => socket.Dispose();
}
