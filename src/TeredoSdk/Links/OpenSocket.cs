using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Links;

/// <summary>A share in the node that a socket uses. The socket releases it when it is closed. Safe for any number of threads.</summary>
interface ILinkLease
{
    /// <summary>Returns another share in the same node, or null when the node is gone.</summary>
    ILinkLease? TryShare();

    /// <summary>Releases the share. Further calls change nothing.</summary>
    Task ReleaseAsync();
}

/// <summary>A socket that is open on a link; the public socket types wrap it. Safe for any number of threads.</summary>
abstract class OpenSocket(LinkSockets sockets, IPProtectionLevel level) : IDisposable, IAsyncDisposable
{
    ILinkLease? _lease;
    int _disposed;

    /// <summary>The socket's kind in the metrics: listener, connection or datagram.</summary>
    public abstract string Kind { get; }

    public abstract IPEndPoint LocalEndPoint { get; }

    /// <summary>The ordinary socket underneath, or null.</summary>
    public abstract Socket? Socket { get; }

    public IPProtectionLevel Level => level;

    /// <summary>Whether the socket opted in to packets of strangers.</summary>
    public bool IsUnrestricted => level == IPProtectionLevel.Unrestricted;

    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>The Teredo address and port that a peer dials, or null while the link has no address.</summary>
    public IPEndPoint? TeredoEndPoint => !IsDisposed && sockets.Address is { } address ? new(address, LocalEndPoint.Port) : null;

    protected LinkSockets Sockets => sockets;

    /// <summary>Gives the socket a share, which it releases when it is closed.</summary>
    public void Attach(ILinkLease lease)
    {
        Interlocked.Exchange(ref _lease, lease);
        if (IsDisposed) // the link disposed the socket before the share came
            _ = lease.ReleaseAsync();
    }

    /// <summary>Gives a socket that was made by this one, such as an accepted connection, a share of its own.</summary>
    public void ShareLeaseWith(OpenSocket socket)
    {
        if (_lease?.TryShare() is { } lease)
            socket.Attach(lease);
    }

    /// <summary>Closes the socket and ends every wait on it. Idempotent. The share is released in the background.</summary>
    public void Dispose()
    {
        _ = CloseAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the socket as <see cref="Dispose"/> does, and waits until the share is released.</summary>
    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return new(CloseAsync());
    }

    protected abstract void Close();

    Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return Task.CompletedTask;
        sockets.Remove(this); // before the close, because afterwards another socket may get the port
        Close();
        return _lease?.ReleaseAsync() ?? Task.CompletedTask;
    }
}
