using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links;

/// <summary>A TCP listener that is open on a link.</summary>
sealed class OpenListener(LinkSockets sockets, IStreamListener listener, IPProtectionLevel level, TimeSpan? pause = null) : OpenSocket(sockets, level)
{
    readonly TimeSpan _pause = pause ?? TimeSpan.FromSeconds(1); // while the system has no descriptors or no memory left
    readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override string Kind => "listener";

    public override IPEndPoint LocalEndPoint => listener.LocalEndPoint;

    public override Socket? Socket => listener.Socket;

    /// <summary>Waits for a connection. While the system refuses, for example because too many descriptors are open, tries again after pauses.</summary>
    /// <exception cref="ObjectDisposedException">The listener is closed, or was closed during the wait.</exception>
    /// <exception cref="SocketException">The socket can't accept any more, because its owner changed it.</exception>
    public async ValueTask<OpenConnection> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Disposed.ThrowIf(IsDisposed, Disposed.Listener);
            try
            {
                var connection = Sockets.Adopt(await listener.AcceptAsync(cancellationToken).ConfigureAwait(false));
                ShareLeaseWith(connection);
                Tracing.NoteAccept(connection.RemoteEndPoint);
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
            catch (SocketException e) when (!IsFinal(e.SocketErrorCode))
            {
                Log.AcceptFailed(Sockets.Logger, LocalEndPoint.Port, _pause.TotalSeconds, e.Message);
                await Task.WhenAny(_closed.Task, Task.Delay(_pause, cancellationToken)).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    protected override void Close()
    {
        listener.Dispose();
        _closed.TrySetResult();
    }

    // accept(2) also reports what happened on the network to the new connection; only errors about the listener itself are final.
    static bool IsFinal(SocketError error) =>
        error is SocketError.InvalidArgument or SocketError.OperationAborted or SocketError.NotSocket or SocketError.OperationNotSupported;
}
