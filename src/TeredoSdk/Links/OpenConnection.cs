using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using TeredoSdk.Engine.Stacks;

namespace TeredoSdk.Links;

/// <summary>A TCP connection that is open on a link.</summary>
/// <remarks>
/// The public connection, its stream and the socket keep this object alive, and so does whoever waits on them; the link does not. When none of them
/// can be reached any more, the finalizer closes the connection.
/// </remarks>
sealed class OpenConnection : OpenSocket
{
    static readonly ConditionalWeakTable<Socket, OpenConnection> Owners = []; // an application may keep the socket only

    TeredoException? _end;

    public OpenConnection(LinkSockets sockets, IStreamEndpoint endpoint) : base(sockets, IPProtectionLevel.EdgeRestricted)
    {
        Endpoint = endpoint;
        Self = new(this);
        if (endpoint.Socket is { } socket)
            Owners.Add(socket, this);
    }

    ~OpenConnection()
    {
        if (Self is not null) // or the constructor has failed
            ThreadPool.UnsafeQueueUserWorkItem(static forgotten => forgotten.Sockets.CloseForgotten(forgotten), this, preferLocal: false);
    }

    public override string Kind => "connection";

    public override IPEndPoint LocalEndPoint => Endpoint.LocalEndPoint;

    public IPEndPoint RemoteEndPoint => Endpoint.RemoteEndPoint;

    public override Socket? Socket => Endpoint.Socket;

    /// <summary>The connection in its stack. Its stream throws .NET's own exceptions.</summary>
    public IStreamEndpoint Endpoint { get; }

    /// <summary>The connection in its stack, to read or set what a socket's owner may set.</summary>
    /// <exception cref="ObjectDisposedException">The connection is disposed.</exception>
    public IStreamEndpoint Settings
    {
        get
        {
            Disposed.ThrowIf(IsDisposed, Disposed.Connection);
            return Endpoint;
        }
    }

    /// <summary>This object, for those who must not keep it alive.</summary>
    public WeakReference<OpenConnection> Self { get; }

    /// <summary>Why the link ended the connection; null when the link did not end it.</summary>
    TeredoException? End => Volatile.Read(ref _end);

    /// <exception cref="IOException">The connection has ended.</exception>
    /// <exception cref="ObjectDisposedException">The connection is disposed.</exception>
    public void CompleteWriting()
    {
        Disposed.ThrowIf(IsDisposed, Disposed.Connection);
        try
        {
            Endpoint.CompleteWriting();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Explain(e);
        }
    }

    /// <summary>Ends the connection with a reset, and closes it.</summary>
    public void Abort()
    {
        if (!IsDisposed)
            Endpoint.Abort();
        Dispose();
    }

    /// <summary>Ends the connection. Reads and writes then throw the reason.</summary>
    public void Abort(TeredoException reason)
    {
        if (Interlocked.CompareExchange(ref _end, reason, null) is null)
            Endpoint.Abort();
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

    protected override void Close()
    {
        if (Endpoint.Socket is { } socket)
            Owners.Remove(socket);
        Sockets.Retire(Endpoint);
    }
}
