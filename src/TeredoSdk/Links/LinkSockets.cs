using System.Net;
using Microsoft.Extensions.Logging;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links;

/// <summary>The part of a link that its sockets use. It covers the differences between kinds of links.</summary>
interface ISocketOwner
{
    /// <summary>The Teredo address, or null while the link has none.</summary>
    IPAddress? Address { get; }

    /// <summary>Called once for each socket, before the socket is registered and before <see cref="HandleClosed"/>.</summary>
    void HandleOpened(OpenSocket socket);

    /// <summary>Called once for each socket, before the socket is closed; it still holds its port.</summary>
    void HandleClosed(OpenSocket socket);

    /// <summary>
    /// Takes over a connection that its owner closed. What was written before is still sent, unless the link ends first.
    /// </summary>
    void Retire(IStreamEndpoint connection) => connection.Dispose();

    /// <summary>Whether a connection from the local address no longer works, now that the link has another address.</summary>
    bool IsVoid(IPAddress local, IPAddress address) => !LinkSockets.IsSame(local, address);
}

/// <summary>The open sockets of a link of any kind. Safe for any number of threads.</summary>
/// <remarks>
/// Listeners and datagram sockets stay open until somebody disposes them. A connection is held weakly: one that the application has forgotten is
/// collected, and closed by <see cref="CloseForgotten"/>.
/// </remarks>
sealed class LinkSockets(ISocketOwner owner, ILogger log)
{
    readonly Lock _gate = new();
    readonly HashSet<OpenSocket> _sockets = [];
    readonly HashSet<WeakReference<OpenConnection>> _connections = [];
    bool _closed;

    public IPAddress? Address => owner.Address;

    public ILogger Logger => log;

    /// <summary>How many sockets are open, and how many of them are opted in.</summary>
    public (int All, int Unrestricted) Counts
    {
        get
        {
            lock (_gate)
                return (_sockets.Count + _connections.Count, _sockets.Count(socket => socket.IsUnrestricted)); // a connection is never opted in
        }
    }

    /// <summary>Some of the open connections.</summary>
    public IEnumerable<IStreamEndpoint> SomeConnections(int count)
    {
        lock (_gate)
            return [.. Connections().Take(count).Select(connection => connection.Endpoint)];
    }

    /// <summary>Registers a socket, or disposes it when the link is closed.</summary>
    /// <exception cref="ObjectDisposedException">The link is closed.</exception>
    public T Add<T>(T socket) where T : OpenSocket
    {
        owner.HandleOpened(socket);
        bool added;
        lock (_gate)
            added = !_closed && (socket is OpenConnection connection ? _connections.Add(connection.Self) : _sockets.Add(socket));
        if (!added)
        {
            owner.HandleClosed(socket);
            socket.Dispose();
            throw new ObjectDisposedException(Disposed.Node);
        }
        Metrics.CountSocket(socket.Kind, 1);
        return socket;
    }

    /// <summary>Registers a connection, and takes ownership of its endpoint.</summary>
    /// <exception cref="ObjectDisposedException">The link is closed; the endpoint is disposed.</exception>
    public OpenConnection Adopt(IStreamEndpoint connected)
    {
        try
        {
            var connection = Add(new OpenConnection(this, connected));
            if (owner.Address is { } address)
                AbortIfVoid(connection, address); // the link's address may have changed meanwhile
            return connection;
        }
        catch
        {
            connected.Dispose();
            throw;
        }
    }

    /// <summary>Unregisters a socket that is about to be closed.</summary>
    public void Remove(OpenSocket socket)
    {
        lock (_gate)
            if (!(socket is OpenConnection connection ? _connections.Remove(connection.Self) : _sockets.Remove(socket)))
                return;
        Metrics.CountSocket(socket.Kind, -1);
        owner.HandleClosed(socket);
    }

    /// <summary>Closes a connection that the application can no longer reach.</summary>
    public void CloseForgotten(OpenConnection connection)
    {
        Log.ConnectionForgotten(log, connection.RemoteEndPoint);
        connection.Abort(); // no regular end
    }

    /// <inheritdoc cref="ISocketOwner.Retire"/>
    public void Retire(IStreamEndpoint connection) => owner.Retire(connection);

    /// <summary>Disposes every socket, and accepts no new ones. Idempotent.</summary>
    public void Close() => Dispose(isLast: true);

    /// <summary>Disposes the listeners and datagram sockets, because the device that they are bound to is gone.</summary>
    public void CloseBound() => Dispose(isLast: false);

    /// <summary>Ends the connections from addresses that no longer work.</summary>
    public void AbortVoid()
    {
        if (owner.Address is not { } address)
            return;
        OpenConnection[] open;
        lock (_gate)
            open = [.. Connections()];
        foreach (var connection in open)
            AbortIfVoid(connection, address);
    }

    void AbortIfVoid(OpenConnection connection, IPAddress address)
    {
        if (owner.IsVoid(connection.LocalEndPoint.Address, address))
            connection.Abort(Problems.AddressChanged(connection.LocalEndPoint.Address, address));
    }

    /// <summary>Whether two addresses are equal, ignoring their scopes.</summary>
    public static bool IsSame(IPAddress one, IPAddress other) => one.GetAddressBytes().AsSpan().SequenceEqual(other.GetAddressBytes());

    // Called under the lock.
    IEnumerable<OpenConnection> Connections() =>
        _connections.Select(self => self.TryGetTarget(out var connection) ? connection : null).OfType<OpenConnection>();

    void Dispose(bool isLast)
    {
        OpenSocket[] open;
        lock (_gate)
        {
            _closed |= isLast;
            open = isLast ? [.. _sockets, .. Connections()] : [.. _sockets];
        }
        foreach (var socket in open)
            socket.Dispose();
    }
}
