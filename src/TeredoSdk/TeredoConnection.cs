using System.Net;
using TeredoSdk.Links;
using TeredoSdk.Sockets;

namespace TeredoSdk;

/// <summary>A TCP connection over Teredo.</summary>
/// <remarks>
/// When the node gets another address the connection ends at once, because the old address is void: reads and writes throw a
/// <see cref="TeredoException"/> with <see cref="TeredoError.AddressChanged"/>. Connect again from the new address. What was written before the
/// connection is disposed still reaches the peer; the node waits for that, up to 5 s, when it stops.
/// </remarks>
public sealed class TeredoConnection : TeredoSocketBase
{
    readonly OpenConnection _connection;
    readonly ConnectionStream _stream;

    internal TeredoConnection(ITeredoLink link, OpenConnection connection) : base(link, connection) =>
        (_connection, _stream) = (connection, new(connection));

    /// <summary>The peer's address and port.</summary>
    public IPEndPoint RemoteEndPoint => _connection.RemoteEndPoint;

    /// <summary>The connection as a stream, the same one at each call. Disposing it disposes the connection.</summary>
    /// <remarks>
    /// One reader and one writer at a time. A failed read or write throws an <see cref="IOException"/>. When the node ended the connection it is a
    /// <see cref="TeredoException"/> with <see cref="TeredoError.AddressChanged"/>; dial the peer again then.
    /// </remarks>
    public Stream GetStream() => _stream;

    /// <summary>Tells the peer that nothing more will be sent; what it sends can still be read.</summary>
    /// <exception cref="IOException">The connection has ended; a <see cref="TeredoException"/> when the node ended it.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed.</exception>
    public void CompleteWriting() => _connection.CompleteWriting();
}
