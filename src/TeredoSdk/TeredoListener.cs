using System.Net.Sockets;
using TeredoSdk.Links;

namespace TeredoSdk;

/// <summary>A TCP listener at a Teredo address.</summary>
/// <remarks>
/// The listener stays open when the address changes or is lost; <see cref="TeredoSocketBase.TeredoEndPoint"/> shows the current address. Connections
/// that it accepted stay open when the listener is disposed. Safe for any number of threads.
/// </remarks>
public sealed class TeredoListener : TeredoSocketBase
{
    readonly OpenListener _listener;

    internal TeredoListener(ITeredoLink link, OpenListener listener) : base(link, listener) => _listener = listener;

    /// <summary>Waits for a connection.</summary>
    /// <remarks>
    /// While the system refuses, for example because too many descriptors are open, the call logs a warning and tries again each second.
    /// </remarks>
    /// <param name="cancellationToken">Gives up the wait; the listener stays usable, and no connection is lost.</param>
    /// <returns>The connection, which the caller owns.</returns>
    /// <exception cref="ObjectDisposedException">The listener or its node is disposed before or during the call.</exception>
    /// <exception cref="SocketException">
    /// The socket can't accept any more, because the application changed <see cref="TeredoSocketBase.Socket"/> itself.
    /// </exception>
    public async ValueTask<TeredoConnection> AcceptAsync(CancellationToken cancellationToken = default) =>
        new(Link, await _listener.AcceptAsync(cancellationToken).ConfigureAwait(false));
}
