using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Links;
using TeredoSdk.Sockets;

namespace TeredoSdk;

/// <summary>A TCP connection over Teredo.</summary>
/// <remarks>
/// When the node's address changes, the connection ends at once, because the old address is no longer valid: reads and writes throw a
/// <see cref="TeredoException"/> with <see cref="TeredoError.AddressChanged"/>. Connect again from the new address. Data that was written before the
/// connection was disposed still reaches the peer; a node that stops waits up to 5 s for that, and with sockets inside the process as long as the peer
/// goes on taking it, up to a minute. Dispose each connection. One that the application has
/// forgotten (it keeps neither this object nor its stream or socket, and nothing waits on them) is reset when the garbage collector finds it, with a warning.
/// </remarks>
public sealed class TeredoConnection : TeredoSocketBase
{
    readonly OpenConnection _connection;
    readonly ConnectionStream _stream;
    ConnectionPipe? _pipe;

    internal TeredoConnection(ITeredoLink link, OpenConnection connection) : base(link, connection) =>
        (_connection, _stream) = (connection, new(connection));

    /// <summary>The peer's address and port.</summary>
    public IPEndPoint RemoteEndPoint => _connection.RemoteEndPoint;

    /// <summary>Whether a few octets are sent at once, though others have not been acknowledged yet (RFC 9293 §3.7.4: the Nagle algorithm is off).</summary>
    /// <remarks>It is true at first in connections that this side opened, and in all of those inside the process; false in others, as with .NET's sockets.</remarks>
    /// <exception cref="SocketException">The socket of the system has failed.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed, or the node has ended it.</exception>
    public bool NoDelay { get => _connection.Settings.NoDelay; set => _connection.Settings.NoDelay = value; }

    /// <summary>What becomes of data that was not sent yet when the connection is disposed.</summary>
    /// <remarks>
    /// At first it is still sent. Enabled with a time of 0, disposing resets the connection (RFC 9293 §3.10.5), as <see cref="Abort()"/> does. Other times
    /// change nothing here: a closed connection goes on as long as its peer takes data. Setting a copy's properties sets nothing.
    /// </remarks>
    /// <exception cref="ArgumentNullException">The value is null.</exception>
    /// <exception cref="SocketException">The socket of the system has failed.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed, or the node has ended it.</exception>
    public LingerOption LingerState
    {
        get => _connection.Settings.LingerState;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _connection.Settings.LingerState = value;
        }
    }

    /// <summary>
    /// After how long a silence the peer is asked for a sign of life, so that one that has vanished is noticed though nothing is sent: 1 to 32,767 whole
    /// seconds; null, which it is at first: never (RFC 9293 §3.8.4).
    /// </summary>
    /// <remarks>A peer that answers none of nine questions, or as many as the system is set to, is taken for vanished: <see cref="SocketError.TimedOut"/>.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside its range, or no whole number of seconds.</exception>
    /// <exception cref="SocketException">The socket of the system has failed.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed, or the node has ended it.</exception>
    public TimeSpan? KeepAliveTime
    {
        get => _connection.Settings.KeepAliveTime;
        set => _connection.Settings.KeepAliveTime = value is { } time ? SocketOptionChecks.KeepAlive(time) : null;
    }

    /// <summary>How long it takes from one such question to the next, 1 to 32,767 whole seconds; at first 75 s, or what the system is set to.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is outside its range, or no whole number of seconds.</exception>
    /// <exception cref="SocketException">The socket of the system has failed.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed, or the node has ended it.</exception>
    public TimeSpan KeepAliveInterval
    {
        get => _connection.Settings.KeepAliveInterval;
        set => _connection.Settings.KeepAliveInterval = SocketOptionChecks.KeepAlive(value);
    }

    /// <summary>The connection as a stream, the same one at each call. Disposing it disposes the connection.</summary>
    /// <remarks>
    /// <para>
    /// One reader and one writer may use the stream at the same time. A failed read or write throws an <see cref="IOException"/>. When the node ended
    /// the connection, that is a <see cref="TeredoException"/> with <see cref="TeredoError.AddressChanged"/>; connect to the peer again then.
    /// Otherwise it wraps a <see cref="SocketException"/>, as that of a <see cref="NetworkStream"/> does, whoever has the TCP:
    /// </para>
    /// <list type="bullet">
    /// <item><see cref="SocketError.ConnectionReset"/>: the peer reset the connection (RFC 9293 §3.10.7.4), or had closed it before it read all.
    /// A later write may have <see cref="SocketError.Shutdown"/>.</item>
    /// <item><see cref="SocketError.Shutdown"/>: a write after <see cref="CompleteWriting"/>.</item>
    /// <item><see cref="SocketError.TimedOut"/>: the peer has vanished (noticed within minutes, and only while something waits to be acknowledged), or
    /// <see cref="Stream.ReadTimeout"/> or <see cref="Stream.WriteTimeout"/> of a synchronous call is over, after which the connection goes on. Both are
    /// in milliseconds, more than 0, or <see cref="Timeout.Infinite"/>, which they are at first; asynchronous calls take a token instead.</item>
    /// <item><see cref="SocketError.HostUnreachable"/>: as <see cref="SocketError.TimedOut"/>, and an ICMPv6 error said that the peer can't be reached.</item>
    /// </list>
    /// <para>A read or write after the connection is disposed throws <see cref="ObjectDisposedException"/>.</para>
    /// </remarks>
    public Stream GetStream() => _stream;

    /// <summary>The connection as a pair of pipes, the same ones at each call. Use either them or the stream.</summary>
    /// <remarks>
    /// One reader and one writer may use them at the same time. Completing the output sends what was not flushed, and then tells the peer that nothing
    /// more comes, as <see cref="CompleteWriting"/> does; completing it with an exception aborts the connection. Completing the input leaves the other
    /// direction as it is. Dispose the connection afterwards. Failures are those of <see cref="GetStream"/>.
    /// </remarks>
    public IDuplexPipe GetPipe() => LazyInitializer.EnsureInitialized(ref _pipe, () => new(_connection, _stream));

    /// <summary>Ends the connection at once with a reset, so that the peer does not take it for a regular end. What was not sent yet is lost.</summary>
    /// <remarks>The connection is disposed. Idempotent. RFC 9293 §3.10.5.</remarks>
    public void Abort() => _connection.Abort();

    /// <summary>Tells the peer that nothing more will be sent. Data from the peer can still be read.</summary>
    /// <exception cref="IOException">The connection has ended. When the node ended it, this is a <see cref="TeredoException"/>.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed.</exception>
    public void CompleteWriting() => _connection.CompleteWriting();
}
