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

    /// <summary>The octets, with .NET's own exceptions.</summary>
    public NetworkStream Stream { get; } = new(socket, ownsSocket: false); // now: it can't be made any more once the connection has ended

    /// <summary>Why the link ended the connection, or null while it did not.</summary>
    TeredoException? End => Volatile.Read(ref _end);

    /// <exception cref="IOException">The connection has ended.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
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

    /// <summary>Ends the connection for a reason that reads and writes then tell.</summary>
    public void Abort(TeredoException reason)
    {
        if (Interlocked.CompareExchange(ref _end, reason, null) is null)
            socket.Close(0);
    }

    /// <summary>What a read found. A read of nothing may be the end that the link or the owner made, not the peer's.</summary>
    /// <exception cref="IOException">The link ended the connection.</exception>
    /// <exception cref="ObjectDisposedException">It is disposed.</exception>
    public int Judge(int read)
    {
        if (read == 0 && End is { } end)
            throw new TeredoException(end.Error, end.Message);
        Disposed.ThrowIf(read == 0 && IsDisposed, Disposed.Connection);
        return read;
    }

    /// <summary>The exception that a failed operation throws: the link's reason where there is one.</summary>
    public Exception Explain(Exception failure) => End is { } end ? new TeredoException(end.Error, end.Message, failure)
        : IsDisposed ? new ObjectDisposedException(Disposed.Connection)
        : (failure as SocketException ?? failure.InnerException as SocketException) is { } cause
            ? new IOException($"The connection to {RemoteEndPoint} failed: {cause.Message}", cause) : failure;

    protected override void Close() => Sockets.Retire(socket);
}
