using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Tcp;

/// <summary>All connections and listeners at the addresses of a node: finds who takes a segment, and whose turn it is to send.</summary>
/// <remarks>
/// <para>Calls must not overlap; who drives the host has a lock for it. After each call that takes something in:
/// <see cref="TryTakeChange"/> and <see cref="TryWrite"/> until they return false, and a timer for <see cref="NextDeadline"/>.</para>
/// <para>Nothing answers strangers but listeners that take them. Whether a segment to no connection is a stranger's, the caller says.</para>
/// </remarks>
sealed partial class TcpHost
{
    readonly TcpOptions _options;
    readonly IRandomSource _random;
    readonly TcpSecrets _secrets;
    readonly SynCookies _cookies;
    readonly BlockBudget _received;
    readonly Dictionary<TcpFlow, TcpSocket> _sockets = [];
    readonly Dictionary<ushort, TcpPort> _listeners = [];
    readonly DeadlineHeap _deadlines = new();
    readonly List<TcpSocket?> _slots = [];
    readonly Stack<int> _freeSlots = new();
    readonly Queue<TcpSocket> _ready = new(), _changed = new(), _timeWaits = new();

    /// <param name="options">The settings of all connections.</param>
    /// <param name="random">Draws what nobody may guess.</param>
    public TcpHost(TcpOptions options, IRandomSource random)
    {
        (_options, _random, _secrets) = (options, random, new(random));
        (_cookies, _received) = (new(_secrets), new(options.MaxReceivedOctets));
    }

    /// <summary>How many connections there are.</summary>
    public int Count => _sockets.Count;

    /// <summary>How much memory holds what came and was not read, in octets.</summary>
    public long ReceivedOctets => _received.Octets;

    /// <summary>How many connections that their owners closed have not brought everything to the peer yet. Silent peers do not count.</summary>
    public int Lingering { get; private set; }

    /// <summary>What those still have to bring, in octets; an end of the stream counts as one.</summary>
    public long CountLingeringOctets() =>
        Lingering == 0 ? 0 : _sockets.Values.Where(socket => socket.IsLingering).Sum(socket => socket.Connection.UnacknowledgedOctets + 1);

    /// <summary>When <see cref="HandleTimer"/> must be called; null: never.</summary>
    public Instant? NextDeadline => _deadlines.TryPeek(out _, out var at) ? at : null;

    /// <summary>Opens a listener.</summary>
    /// <param name="port">The port, or 0 for any free port.</param>
    /// <param name="isUnrestricted">Whether strangers may connect.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <returns>The listener; null when the port, or each port, is taken.</returns>
    public TcpPort? Listen(ushort port, bool isUnrestricted, int backlog)
    {
        for (int i = 0; port == 0 && i < TcpSecrets.Ports; i++)
            if (_random.NextPort() is var any && !_listeners.ContainsKey(any))
                port = any;
        var listener = new TcpPort(port, isUnrestricted, backlog);
        return port != 0 && _listeners.TryAdd(port, listener) ? listener : null;
    }

    /// <summary>Closes a listener, and resets the connections that it did not hand out.</summary>
    public void Unlisten(Instant now, TcpPort listener)
    {
        if (!_listeners.TryGetValue(listener.Port, out var current) || current != listener)
            return;
        _listeners.Remove(listener.Port);
        listener.Close();
        foreach (var socket in _sockets.Values.Where(socket => socket.Listener == listener).ToArray())
        {
            socket.IsAbandoned = true; // nobody will read
            Abort(now, socket);
        }
    }

    /// <summary>Begins to connect.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="to">The flow; the host chooses its local port.</param>
    /// <returns>The connection; null when no port is free towards the peer.</returns>
    public TcpSocket? Connect(Instant now, in TcpFlow to)
    {
        if (_secrets.ChoosePort(to, flow => !_listeners.ContainsKey(flow.LocalPort) && !_sockets.ContainsKey(flow)) is not { } flow)
            return null;
        var socket = Add(TcpConnection.OpenActive(now, flow, _secrets.Start(now, flow), _options, _received), flow, null);
        Settle(now, socket);
        return socket;
    }

    /// <summary>Writes octets.</summary>
    /// <returns>How many were taken.</returns>
    public int Write(Instant now, TcpSocket socket, ReadOnlySpan<byte> octets)
    {
        int taken = socket.Connection.Write(now, octets);
        Settle(now, socket);
        return taken;
    }

    /// <summary>Reads octets.</summary>
    /// <returns>How many there were.</returns>
    public int Read(Instant now, TcpSocket socket, Span<byte> octets)
    {
        int read = socket.Connection.Read(now, octets);
        Settle(now, socket);
        return read;
    }

    /// <summary>Sets whether small segments wait for acknowledgments. Those that may not wait any more leave.</summary>
    public void SetNagle(Instant now, TcpSocket socket, bool waits)
    {
        socket.Connection.Nagle = waits;
        Settle(now, socket);
    }

    /// <summary>Sets when a silent peer is asked for signs of life.</summary>
    public void SetKeepAlive(Instant now, TcpSocket socket, TimeSpan? time, TimeSpan interval)
    {
        socket.Connection.SetKeepAlive(time, interval);
        Settle(now, socket);
    }

    /// <summary>Finishes this side: the peer is told when it has everything that was written.</summary>
    public void CompleteWriting(Instant now, TcpSocket socket)
    {
        socket.Connection.CompleteWriting(now);
        Settle(now, socket);
    }

    /// <summary>Ends a connection at once, with a reset.</summary>
    public void Abort(Instant now, TcpSocket socket)
    {
        socket.Connection.Abort(now);
        Settle(now, socket);
    }

    /// <summary>Leaves a connection to the host, which sends what was written. A peer whose octets nobody has read, or will read, is reset.</summary>
    public void Abandon(Instant now, TcpSocket socket)
    {
        if (socket.IsAbandoned)
            return;
        (socket.IsAbandoned, socket.Owner) = (true, null);
        if (socket.IsForgotten)
        {
            socket.Connection.Release();
            return;
        }
        if (socket.Connection.State is not (TcpState.FinWait2 or TcpState.TimeWait or TcpState.Closed))
        {
            socket.IsLingering = true;
            Lingering++;
        }
        socket.Connection.Close(now);
        Settle(now, socket);
    }

    /// <summary>Does what is due.</summary>
    public void HandleTimer(Instant now)
    {
        while (_deadlines.TryPeek(out int slot, out var at) && at <= now)
        {
            _deadlines.Remove(slot);
            var socket = _slots[slot]!;
            socket.Connection.HandleTimer(now);
            Settle(now, socket);
        }
    }

    /// <summary>Takes what has changed for the owner of a connection.</summary>
    public bool TryTakeChange([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out TcpSocket? socket, out TcpChanges changes)
    {
        changes = default;
        if (!_changed.TryDequeue(out socket))
            return false;
        (changes, socket.Changes) = (socket.Changes, default);
        return true;
    }

    /// <summary>Writes what is to be sent next. Connections have their turns one after the other.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="buffer">Receives the packets, one behind the other; its length bounds how many there are.</param>
    /// <param name="length">The length of all of them in octets.</param>
    /// <param name="segmentSize">The length of each packet but the last, in octets.</param>
    /// <returns>False when nothing is to be sent now.</returns>
    public bool TryWrite(Instant now, Span<byte> buffer, out int length, out int segmentSize)
    {
        if (_answers.TryTake(buffer, out length))
        {
            segmentSize = length;
            return true;
        }
        while (_ready.TryDequeue(out var socket))
        {
            if (socket.Connection.TryWriteSegments(now, buffer, out length, out segmentSize))
            {
                _ready.Enqueue(socket);
                return true;
            }
            socket.IsReady = false;
            Settle(now, socket, mayWrite: false);
        }
        segmentSize = 0;
        return false;
    }

    TcpSocket Add(TcpConnection connection, in TcpFlow flow, TcpPort? listener)
    {
        if (!_freeSlots.TryPop(out int slot))
        {
            slot = _slots.Count;
            _slots.Add(null);
        }
        var socket = new TcpSocket(connection, flow, listener, slot);
        _slots[slot] = socket;
        _sockets.Add(flow, socket);
        return socket;
    }

    // Notes what a call has changed.
    void Settle(Instant now, TcpSocket socket, bool mayWrite = true)
    {
        if (socket.IsForgotten)
            return;
        var changes = socket.Connection.TakeChanges();
        if (socket.IsLingering && (socket.Connection.IsPeerSilent || socket.Connection.State is TcpState.FinWait2 or TcpState.TimeWait or TcpState.Closed))
        {
            socket.IsLingering = false;
            Lingering--;
        }
        if (changes != TcpChanges.None)
            Tell(now, socket, changes);
        if (mayWrite && !socket.IsReady)
        {
            socket.IsReady = true;
            _ready.Enqueue(socket);
        }
        if (socket.IsReady)
            return; // the deadline is set when it has had its turn
        if (socket.Connection.State == TcpState.Closed)
            Forget(socket);
        else
            Arm(socket);
    }

    void Arm(TcpSocket socket)
    {
        if (socket.Connection.NextDeadline is { } at)
            _deadlines.Set(socket.Slot, at);
        else
            _deadlines.Remove(socket.Slot);
    }

    void Tell(Instant now, TcpSocket socket, TcpChanges changes)
    {
        if ((changes & TcpChanges.Connected) != 0)
            socket.IsSolicited = true;
        if ((changes & TcpChanges.Connected) != 0 && socket.IsHalfOpen)
        {
            EndHalfOpen(socket);
            socket.Listener?.Add(socket);
        }
        if ((changes & TcpChanges.Finished) != 0)
        {
            if (socket.Connection.State == TcpState.TimeWait)
                LimitTimeWaits(now, socket);
        }
        if (socket.Changes == TcpChanges.None)
            _changed.Enqueue(socket);
        socket.Changes |= changes;
    }

    void Forget(TcpSocket socket)
    {
        socket.IsForgotten = true;
        EndHalfOpen(socket);
        _sockets.Remove(socket.Flow);
        _deadlines.Remove(socket.Slot);
        _slots[socket.Slot] = null;
        _freeSlots.Push(socket.Slot);
        if (socket.IsAbandoned)
            socket.Connection.Release();
    }
}
