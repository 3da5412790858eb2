using System.Net.Sockets;
using System.Runtime.CompilerServices;
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

    /// <summary>Accepts one connection after the other, as <see cref="AcceptAsync"/> does, until the listener is disposed, which ends the enumeration.</summary>
    /// <remarks>Start the work on a connection without awaiting it in the loop, or the next peer waits.</remarks>
    /// <param name="cancellationToken">Ends the enumeration with an exception; the listener stays usable, and no connection is lost.</param>
    /// <returns>The connections; the caller owns each that it got.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    /// <exception cref="SocketException">
    /// The socket can't accept any more, because the application changed <see cref="TeredoSocketBase.Socket"/> itself.
    /// </exception>
    /// <example>
    /// <code>
    /// await using var listener = await TeredoSocket.ListenAsync(4242);
    /// await foreach (var peer in listener.AcceptAllAsync())
    ///     _ = ServeAsync(peer);
    ///
    /// static async Task ServeAsync(TeredoConnection peer)
    /// {
    ///     await using (peer)
    ///         await peer.GetStream().WriteAsync("hello"u8.ToArray());
    /// }
    /// </code>
    /// </example>
    public async IAsyncEnumerable<TeredoConnection> AcceptAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            TeredoConnection connection;
            try
            {
                connection = await AcceptAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                yield break;
            }
            yield return connection;
        }
    }
}
