using System.Net;
using System.Net.Sockets;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Links;

/// <summary>The open sockets of a link. Safe for any number of threads.</summary>
sealed class SocketRegistry
{
    readonly Lock _gate = new();
    readonly HashSet<TeredoSocket> _sockets = [];
    int _unrestricted;
    bool _closed;

    /// <summary>How many sockets are open, and how many of them are opted in.</summary>
    public (int All, int Unrestricted) Counts
    {
        get
        {
            lock (_gate)
                return (_sockets.Count, _unrestricted);
        }
    }

    public bool AnyUnrestricted => Volatile.Read(ref _unrestricted) > 0;

    /// <exception cref="ObjectDisposedException">The link is closed.</exception>
    public void Add(TeredoSocket socket)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(TeredoNode));
            if (!_sockets.Add(socket))
                return;
            if (IsUnrestricted(socket))
                _unrestricted++;
        }
        Metrics.CountSocket(KindOf(socket), 1);
    }

    /// <returns>False when it was not there.</returns>
    public bool Remove(TeredoSocket socket)
    {
        lock (_gate)
        {
            if (!_sockets.Remove(socket))
                return false;
            if (IsUnrestricted(socket))
                _unrestricted--;
        }
        Metrics.CountSocket(KindOf(socket), -1);
        return true;
    }

    /// <summary>Disposes every socket, and takes none any more. Idempotent.</summary>
    public void Close()
    {
        TeredoSocket[] open;
        lock (_gate)
        {
            _closed = true;
            open = [.. _sockets];
        }
        foreach (var socket in open)
            socket.Dispose();
    }

    /// <summary>Disposes the listeners and datagram sockets: what they were bound to is gone.</summary>
    public void CloseBound()
    {
        TeredoSocket[] bound;
        lock (_gate)
            bound = [.. _sockets.Where(socket => socket is not TeredoConnection)];
        foreach (var socket in bound)
            socket.Dispose();
    }

    /// <summary>Ends the connections that use another address than the one that stands now.</summary>
    public void AbortConnectionsBut(IPAddress address, Func<IPAddress, TeredoException> reason) => AbortConnections(local => !IsSame(local, address), reason);

    /// <summary>Ends the connections from void addresses.</summary>
    public void AbortConnections(Func<IPAddress, bool> isVoid, Func<IPAddress, TeredoException> reason)
    {
        TeredoConnection[] stale;
        lock (_gate)
            stale = [.. _sockets.OfType<TeredoConnection>().Where(connection => isVoid(connection.LocalEndPoint.Address))];
        foreach (var connection in stale)
            connection.Abort(reason(connection.LocalEndPoint.Address));
    }

    /// <summary>Whether two addresses are the same, whatever their scopes.</summary>
    public static bool IsSame(IPAddress one, IPAddress other) => one.GetAddressBytes().AsSpan().SequenceEqual(other.GetAddressBytes());

    static string KindOf(TeredoSocket socket) => socket switch
    {
        TeredoListener => "listener",
        TeredoConnection => "connection",
        _ => "datagram",
    };

    static bool IsUnrestricted(TeredoSocket socket) => socket.ProtectionLevel == IPProtectionLevel.Unrestricted;
}
