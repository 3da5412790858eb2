using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links;

/// <summary>A link as its sockets see it: what differs from one kind of link to another.</summary>
interface ISocketOwner
{
    /// <summary>The Teredo address, or null while there is none.</summary>
    IPAddress? Address { get; }

    /// <summary>A socket is about to be registered. Called once for each, before <see cref="HandleClosed"/>.</summary>
    void HandleOpened(OpenSocket socket);

    /// <summary>A socket is about to be closed, and still has its port. Called once for each.</summary>
    void HandleClosed(OpenSocket socket);

    /// <summary>The owner of a connection closed it. What was written is still sent, as far as the link lasts. Owns the socket from here on.</summary>
    void Retire(Socket socket) => socket.Dispose();

    /// <summary>Whether a connection from a local address is void, now that the link has another address.</summary>
    bool IsVoid(IPAddress local, IPAddress address) => !LinkSockets.IsSame(local, address);
}

/// <summary>The open sockets of a link, the same for every link. Safe for any number of threads.</summary>
sealed class LinkSockets(ISocketOwner owner)
{
    readonly Lock _gate = new();
    readonly HashSet<OpenSocket> _sockets = [];
    bool _closed;

    public IPAddress? Address => owner.Address;

    /// <summary>How many sockets are open, and how many of them are opted in.</summary>
    public (int All, int Unrestricted) Counts
    {
        get
        {
            lock (_gate)
                return (_sockets.Count, _sockets.Count(socket => socket.IsUnrestricted));
        }
    }

    /// <summary>Takes a socket in, or disposes it.</summary>
    /// <exception cref="ObjectDisposedException">The link is closed.</exception>
    public T Add<T>(T socket) where T : OpenSocket
    {
        owner.HandleOpened(socket);
        bool added;
        lock (_gate)
            added = !_closed && _sockets.Add(socket);
        if (!added)
        {
            owner.HandleClosed(socket);
            socket.Dispose();
            throw new ObjectDisposedException(Disposed.Node);
        }
        Metrics.CountSocket(socket.Kind, 1);
        return socket;
    }

    /// <summary>Makes a connection of a socket that is connected. Owns it from here on.</summary>
    /// <exception cref="ObjectDisposedException">The link is closed; the socket is disposed.</exception>
    public OpenConnection Adopt(Socket connected)
    {
        try
        {
            var connection = Add(new OpenConnection(this, connected));
            AbortVoid(); // the address may have changed meanwhile
            return connection;
        }
        catch
        {
            connected.Dispose();
            throw;
        }
    }

    /// <summary>A socket is about to be closed.</summary>
    public void Remove(OpenSocket socket)
    {
        lock (_gate)
            if (!_sockets.Remove(socket))
                return;
        Metrics.CountSocket(socket.Kind, -1);
        owner.HandleClosed(socket);
    }

    /// <inheritdoc cref="ISocketOwner.Retire"/>
    public void Retire(Socket socket) => owner.Retire(socket);

    /// <summary>Disposes every socket, and takes none any more. Idempotent.</summary>
    public void Close() => Dispose(_ => true, isLast: true);

    /// <summary>Disposes the listeners and datagram sockets: what they were bound to is gone.</summary>
    public void CloseBound() => Dispose(socket => socket is not OpenConnection, isLast: false);

    /// <summary>Ends the connections from addresses that are void.</summary>
    public void AbortVoid()
    {
        if (owner.Address is not { } address)
            return;
        OpenConnection[] stale;
        lock (_gate)
            stale = [.. _sockets.OfType<OpenConnection>().Where(connection => owner.IsVoid(connection.LocalEndPoint.Address, address))];
        foreach (var connection in stale)
            connection.Abort(Problems.AddressChanged(connection.LocalEndPoint.Address, address));
    }

    /// <summary>Whether two addresses are the same, whatever their scopes.</summary>
    public static bool IsSame(IPAddress one, IPAddress other) => one.GetAddressBytes().AsSpan().SequenceEqual(other.GetAddressBytes());

    void Dispose(Func<OpenSocket, bool> concerned, bool isLast)
    {
        OpenSocket[] open;
        lock (_gate)
        {
            _closed |= isLast;
            open = [.. _sockets.Where(concerned)];
        }
        foreach (var socket in open)
            socket.Dispose();
    }
}
