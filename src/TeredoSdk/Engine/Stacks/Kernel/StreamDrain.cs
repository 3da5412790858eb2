using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks.Kernel;

/// <summary>Whether a connection that its owner has closed needs its handle no longer.</summary>
/// <param name="socket">The connection.</param>
/// <param name="isHurried">Whether a peer that has gone silent is not waited for.</param>
delegate bool DrainCheck(Socket socket, bool isHurried);

/// <summary>Keeps connections that their owners have closed until the peer has received all written data, then closes their handles.</summary>
/// <remarks>
/// The kernel would do that by itself, but the private network ends with the node, and data that was not sent by then would be lost. A peer that
/// never acknowledges costs one handle for 30 s, which is looked at ever more rarely; of too many such connections, the oldest are left to the kernel. Safe
/// for any number of threads.
/// </remarks>
/// <param name="time">The clock and the timers.</param>
/// <param name="check">Looks at a connection; null for the kernel's own state of it.</param>
/// <param name="capacity">How many connections are kept.</param>
sealed class StreamDrain(TimeProvider time, DrainCheck? check = null, int capacity = StreamDrain.Capacity)
{
    /// <summary>How many connections are kept: at a round trip of 0.2 s, the ends of 5,000 connections in a second.</summary>
    public const int Capacity = 1024;

    static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5), LongestPause = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50); // how often the loop asks whose turn it is, and the longest pause in a hurry
    const int IpProtoTcp = 6, TcpInfo = 11;
    const byte Established = 1, FinWait1 = 4, CloseWait = 8, LastAck = 9, Closing = 11; // tcp(7): tcpi_state, the first octet of TCP_INFO
    const int RetransmitsAt = 2, SilentRetransmits = 3; // tcpi_retransmits counts for the oldest segment without an acknowledgement

    readonly Lock _gate = new();
    readonly DrainCheck _check = check ?? IsDone;
    readonly LinkedList<Entry> _closing = []; // the oldest first
    readonly TaskCompletionSource _hurried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    Task _loop = Task.CompletedTask;

    /// <summary>Whether a connection was ever added.</summary>
    public bool WasUsed { get; private set; }

    /// <summary>How many connections are kept now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _closing.Count;
        }
    }

    /// <summary>Takes over a socket and ends its connection: nothing more is read or written, but data written before is still sent.</summary>
    public void Add(Socket socket)
    {
        WasUsed = true;
        if (TryEnd(socket) && !_check(socket, false))
            Keep(socket);
        else
            socket.Dispose();
    }

    // Returns false when nothing of the connection is to be kept.
    static bool TryEnd(Socket socket)
    {
        try
        {
            if (socket.LingerState is { Enabled: true, LingerTime: 0 }) // the owner asked for a reset
                return false;
            socket.Shutdown(SocketShutdown.Both); // ends waiting reads, and sends the FIN after the data
            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false; // the connection was reset or aborted
        }
    }

    /// <summary>
    /// Waits, up to the limit, until every peer has received all written data. Peers that have gone silent are not waited for. The remaining
    /// connections are cut off.
    /// </summary>
    public async Task CompleteAsync(TimeSpan limit)
    {
        Task loop;
        lock (_gate)
            loop = _loop;
        _hurried.TrySetResult();
        await Task.WhenAny(loop, Task.Delay(limit, time)).ConfigureAwait(false);
        lock (_gate)
            foreach (var entry in _closing)
                entry.Socket.Dispose();
    }

    void Keep(Socket socket)
    {
        Socket? oldest = null;
        lock (_gate)
        {
            if (_closing.Count >= capacity)
            {
                oldest = _closing.First!.Value.Socket;
                _closing.RemoveFirst();
            }
            _closing.AddLast(new Entry(socket, time.GetTimestamp()));
            if (_loop.IsCompleted)
                _loop = Task.Run(WatchAsync);
        }
        oldest?.Dispose(); // the kernel goes on by itself: a reset would be sent once, and a peer that loses it would wait for ever
    }

    async Task WatchAsync()
    {
        while (true)
        {
            bool isHurried = _hurried.Task.IsCompleted;
            TimeSpan pause;
            lock (_gate)
            {
                pause = LookAtAll(isHurried);
                if (_closing.Count == 0)
                {
                    _loop = Task.CompletedTask;
                    return;
                }
            }
            var wait = Task.Delay(pause, time);
            await (isHurried ? wait : Task.WhenAny(wait, _hurried.Task)).ConfigureAwait(false);
        }
    }

    // Looks at those whose turn it is, and closes those that are over. Returns the time until the next turn. Called under the lock.
    TimeSpan LookAtAll(bool isHurried)
    {
        var pause = Step;
        for (var node = _closing.First; node is not null;)
        {
            var (entry, current) = (node.Value, node);
            node = node.Next;
            var age = time.GetElapsedTime(entry.Since);
            if (age >= entry.NextLook(isHurried))
            {
                if (_check(entry.Socket, isHurried) || age >= Patience)
                {
                    entry.Socket.Dispose();
                    _closing.Remove(current);
                    continue;
                }
                entry.LastLook = age;
            }
            if (entry.NextLook(isHurried) - age is var left && left < pause)
                pause = left;
        }
        return pause < FirstPause ? FirstPause : pause;
    }

    static bool IsDone(Socket socket, bool isHurried)
    {
        try
        {
            Span<byte> info = stackalloc byte[RetransmitsAt + 1];
            socket.GetRawSocketOption(IpProtoTcp, TcpInfo, info);
            return IsOver(info, isHurried);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    internal static bool IsOver(ReadOnlySpan<byte> info, bool isHurried) =>
        info[0] is not (Established or FinWait1 or CloseWait or LastAck or Closing) || (isHurried && info[RetransmitsAt] >= SilentRetransmits);

    sealed class Entry(Socket socket, long since)
    {
        public Socket Socket => socket;

        public long Since => since;

        /// <summary>The age at which the connection was last looked at.</summary>
        public TimeSpan LastLook { get; set; }

        /// <summary>The age at which it is looked at again: twice as old, but at the latest after the longest pause.</summary>
        public TimeSpan NextLook(bool isHurried)
        {
            var longest = isHurried ? Step : LongestPause;
            return LastLook + (LastLook < FirstPause ? FirstPause : LastLook < longest ? LastLook : longest);
        }
    }
}
