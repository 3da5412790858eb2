using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Links;

/// <summary>A TCP connection that is open on a link.</summary>
sealed class OpenConnection(LinkSockets sockets, Socket socket) : OpenSocket(sockets, IPProtectionLevel.EdgeRestricted)
{
    TeredoException? _end;

    public override string Kind => "connection";

    public override IPEndPoint LocalEndPoint { get; } = (IPEndPoint)socket.LocalEndPoint!;

    public IPEndPoint RemoteEndPoint { get; } = (IPEndPoint)socket.RemoteEndPoint!;

    public override Socket? Socket => socket;

    /// <summary>The raw stream, which throws .NET's own exceptions.</summary>
    public NetworkStream Stream { get; } = new(socket, ownsSocket: false); // made early: a connection that has ended can't make one

    /// <summary>Why the link ended the connection; null when the link did not end it.</summary>
    TeredoException? End => Volatile.Read(ref _end);

    /// <exception cref="IOException">The connection has ended.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed.</exception>
    public void CompleteWriting()
    {
        Disposed.ThrowIf(IsDisposed, Disposed.Connection);
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Explain(e);
        }
    }

    /// <summary>Ends the connection. Reads and writes then throw the reason.</summary>
    public void Abort(TeredoException reason)
    {
        if (Interlocked.CompareExchange(ref _end, reason, null) is null)
            socket.Close(0);
    }

    /// <summary>Checks the result of a read. A read of 0 octets may mean that the link or the owner ended the connection, and not the peer.</summary>
    /// <exception cref="IOException">The link ended the connection.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed.</exception>
    public int Judge(int read)
    {
        if (read == 0 && End is { } end)
            throw new TeredoException(end.Error, end.Message);
        Disposed.ThrowIf(read == 0 && IsDisposed, Disposed.Connection);
        return read;
    }

    /// <summary>The exception to throw for a failed operation; it carries the link's reason when the link ended the connection.</summary>
    public Exception Explain(Exception failure) => End is { } end ? new TeredoException(end.Error, end.Message, failure)
        : IsDisposed ? new ObjectDisposedException(Disposed.Connection)
        : (failure as SocketException ?? failure.InnerException as SocketException) is { } cause
            ? new IOException($"The connection to {RemoteEndPoint} failed: {cause.Message}", cause) : failure;

    protected override void Close() => Sockets.Retire(socket);
}
