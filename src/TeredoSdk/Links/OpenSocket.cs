using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Links;

/// <summary>A share in what a socket stands on: given back when the socket is closed. Safe for any number of threads.</summary>
interface ILinkLease
{
    /// <summary>Another share in the same, or null when it is gone.</summary>
    ILinkLease? TryShare();

    /// <summary>Gives the share back. Further calls change nothing.</summary>
    Task ReleaseAsync();
}

/// <summary>A socket that is open on a link: what the public socket types stand on. Safe for any number of threads.</summary>
abstract class OpenSocket(LinkSockets sockets, IPProtectionLevel level) : IDisposable, IAsyncDisposable
{
    ILinkLease? _lease;
    int _disposed;

    /// <summary>Its kind in the metrics: listener, connection or datagram.</summary>
    public abstract string Kind { get; }

    public abstract IPEndPoint LocalEndPoint { get; }

    /// <summary>The ordinary socket underneath, or null.</summary>
    public abstract Socket? Socket { get; }

    public IPProtectionLevel Level => level;

    /// <summary>Whether it takes packets of strangers.</summary>
    public bool IsUnrestricted => level == IPProtectionLevel.Unrestricted;

    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>The Teredo address and port that a peer dials, or null while there is none.</summary>
    public IPEndPoint? TeredoEndPoint => !IsDisposed && sockets.Address is { } address ? new(address, LocalEndPoint.Port) : null;

    protected LinkSockets Sockets => sockets;

    /// <summary>Ties a share to the life of this socket.</summary>
    public void Attach(ILinkLease lease)
    {
        Interlocked.Exchange(ref _lease, lease);
        if (IsDisposed) // by its link, before it had one
            _ = lease.ReleaseAsync();
    }

    /// <summary>Gives a socket that came out of this one a share of its own.</summary>
    public void ShareLeaseWith(OpenSocket socket)
    {
        if (_lease?.TryShare() is { } lease)
            socket.Attach(lease);
    }

    /// <summary>Closes it and ends every wait on it. Idempotent. The share is given back in the background.</summary>
    public void Dispose() => _ = CloseAsync();

    /// <summary>The same; waits until the share is given back.</summary>
    public ValueTask DisposeAsync() => new(CloseAsync());

    protected abstract void Close();

    Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return Task.CompletedTask;
        sockets.Remove(this); // first: once it is closed another one may have its port
        Close();
        return _lease?.ReleaseAsync() ?? Task.CompletedTask;
    }
}
