using System.Net;
using System.Net.Sockets;
using TeredoSdk.Links;
using TeredoSdk.Sockets;

namespace TeredoSdk;

/// <summary>A TCP connection over Teredo. Made by <see cref="TeredoListener.AcceptAsync"/> or <see cref="TeredoNode.ConnectAsync(IPEndPoint, CancellationToken)"/>.</summary>
/// <remarks>
/// When the node gets another address the connection ends at once, since the old address is void: reads and writes throw a
/// <see cref="TeredoException"/> with <see cref="TeredoError.AddressChanged"/>. Connect again from the new address. What was written before the
/// connection is disposed still reaches the peer; the node waits for that, up to 5 s, when it stops.
/// </remarks>
public sealed class TeredoConnection : TeredoSocket
{
    readonly ISocketHome _home;
    readonly Socket _socket;
    readonly ConnectionStream _stream;
    TeredoException? _end;

    internal TeredoConnection(ISocketHome home, Socket socket, IPProtectionLevel level) : base(home, level)
    {
        (_home, _socket) = (home, socket);
        LocalEndPoint = (IPEndPoint)socket.LocalEndPoint!;
        RemoteEndPoint = (IPEndPoint)socket.RemoteEndPoint!;
        _stream = new(this, new NetworkStream(socket, ownsSocket: false)); // now: it can't be made any more once the connection has ended
    }

    /// <summary>The Teredo address and port of this end.</summary>
    public override IPEndPoint LocalEndPoint { get; }

    /// <summary>The peer's address and port.</summary>
    public IPEndPoint RemoteEndPoint { get; }

    /// <inheritdoc/>
    public override Socket? Socket => _socket;

    /// <summary>Why the engine ended the connection, or null while it did not.</summary>
    internal TeredoException? End => Volatile.Read(ref _end);

    /// <summary>The connection as a stream, the same one at each call. Disposing it disposes the connection.</summary>
    /// <remarks>One reader and one writer at a time. Failures are <see cref="IOException"/>s, of which <see cref="TeredoException"/> is one.</remarks>
    public Stream GetStream() => _stream;

    /// <summary>Tells the peer that nothing more will be sent; what it sends can still be read.</summary>
    /// <exception cref="IOException">The connection has ended; a <see cref="TeredoException"/> when the engine ended it.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed.</exception>
    public void CompleteWriting()
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Explain(e);
        }
    }

    /// <summary>Ends the connection for a reason that reads and writes then tell.</summary>
    internal void Abort(TeredoException reason)
    {
        if (Interlocked.CompareExchange(ref _end, reason, null) is null)
            _socket.Close(0);
    }

    /// <summary>What a read found: the end that the engine or the owner made is none of the peer's.</summary>
    /// <exception cref="IOException">The engine ended the connection.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    internal int Judge(int read)
    {
        if (read == 0 && End is { } end)
            throw new TeredoException(end.Error, end.Message);
        ObjectDisposedException.ThrowIf(read == 0 && IsDisposed, this);
        return read;
    }

    /// <summary>The exception that a failed operation throws: the engine's reason where there is one.</summary>
    internal Exception Explain(Exception failure) => End is { } end ? new TeredoException(end.Error, end.Message, failure)
        : IsDisposed ? new ObjectDisposedException(nameof(TeredoConnection))
        : (failure as SocketException ?? failure.InnerException as SocketException) is { } cause
            ? new IOException($"The connection to {RemoteEndPoint} failed: {cause.Message}", cause) : failure;

    private protected override void Close() => _home.Retire(_socket);
}
