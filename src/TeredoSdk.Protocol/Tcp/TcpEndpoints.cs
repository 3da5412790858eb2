namespace TeredoSdk.Protocol.Tcp;

/// <summary>A connection in the table of a <see cref="TcpHost"/>.</summary>
sealed class TcpSocket(TcpConnection connection, in TcpFlow flow, TcpPort? listener, int slot)
{
    public TcpConnection Connection => connection;

    public TcpFlow Flow { get; } = flow;

    /// <summary>The listener that has not handed the connection out yet; null for connections that have an owner.</summary>
    public TcpPort? Listener { get; internal set; } = listener;

    /// <summary>The owner, for the use of who drives the host.</summary>
    public object? Owner { get; set; }

    /// <summary>What has changed since the owner was told.</summary>
    internal TcpChanges Changes { get; set; }

    /// <summary>Its number for the deadlines.</summary>
    internal int Slot => slot;

    /// <summary>Whether the peer has not confirmed yet that it is where its address says.</summary>
    internal bool IsHalfOpen { get; set; } = listener is not null;

    /// <summary>Whether it waits for its turn to send.</summary>
    internal bool IsReady { get; set; }

    /// <summary>Whether the peer is no stranger: we called, or it has answered from where its address says.</summary>
    public bool IsSolicited { get; internal set; } = listener is null;

    /// <summary>Whether the host has forgotten it.</summary>
    public bool IsForgotten { get; internal set; }

    /// <summary>Whether its owner closed it: what was written is still sent, and nobody reads any more.</summary>
    public bool IsAbandoned { get; internal set; }

    /// <summary>Whether it counts in <see cref="TcpHost.Lingering"/>.</summary>
    internal bool IsLingering { get; set; }
}

/// <summary>A port at which a <see cref="TcpHost"/> takes connections.</summary>
sealed class TcpPort(ushort port, bool isUnrestricted, int backlog)
{
    readonly Queue<TcpSocket> _complete = new();

    public ushort Port => port;

    /// <summary>Whether strangers may connect.</summary>
    public bool IsUnrestricted => isUnrestricted;

    /// <summary>Whether no more connections may wait to be accepted.</summary>
    public bool IsFull => _complete.Count >= Math.Max(backlog, 1);

    /// <summary>The owner, for the use of who drives the host.</summary>
    public object? Owner { get; set; }

    /// <summary>How many connections are half open.</summary>
    internal int HalfOpen { get; set; }

    internal void Add(TcpSocket socket) => _complete.Enqueue(socket);

    /// <summary>Hands out no more. What those left behind that have ended is thrown away.</summary>
    internal void Close()
    {
        foreach (var socket in _complete.Where(socket => socket.IsForgotten))
            socket.Connection.Release();
        _complete.Clear();
    }

    /// <summary>Takes the connection that waits longest. One that has ended meanwhile is passed over.</summary>
    public bool TryAccept([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TcpSocket? socket)
    {
        while (_complete.TryDequeue(out socket))
        {
            socket.Listener = null;
            if (!socket.IsForgotten || socket.Connection.ReadableOctets > 0)
                return true;
            socket.Connection.Release();
        }
        return false;
    }
}
