using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks.Kernel;

/// <summary>Keeps connections that their owners have closed until the peer has received all written data, then closes their handles.</summary>
/// <remarks>
/// The kernel would do that by itself, but the private network ends with the node, and data that was not sent by then would be lost. Safe for any
/// number of threads.
/// </remarks>
sealed class StreamDrain
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5), Patience = TimeSpan.FromSeconds(30);
    const int IpProtoTcp = 6, TcpInfo = 11;
    const byte Established = 1, FinWait1 = 4, CloseWait = 8, LastAck = 9, Closing = 11; // tcp(7): tcpi_state, the first octet of TCP_INFO

    readonly Lock _gate = new();
    const int RetransmitsAt = 2, SilentRetransmits = 3; // tcpi_retransmits counts for the oldest segment without an acknowledgement

    readonly List<(Socket Socket, long Since)> _closing = [];
    Task _loop = Task.CompletedTask;
    bool _isHurried;

    /// <summary>Whether a connection was ever added.</summary>
    public bool WasUsed { get; private set; }

    /// <summary>Takes over a socket and ends its connection: nothing more is read or written, but data written before is still sent.</summary>
    public void Add(Socket socket)
    {
        WasUsed = true;
        try
        {
            if (socket.LingerState is { Enabled: true, LingerTime: 0 }) // the owner asked for a reset
            {
                socket.Dispose();
                return;
            }
            socket.Shutdown(SocketShutdown.Both); // ends waiting reads, and sends the FIN after the data
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            socket.Dispose(); // the connection was reset or aborted
            return;
        }
        if (IsDone(socket))
        {
            socket.Dispose();
            return;
        }
        lock (_gate)
        {
            _closing.Add((socket, Environment.TickCount64));
            if (_loop.IsCompleted)
                _loop = Task.Run(WatchAsync);
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
            (_isHurried, loop) = (true, _loop);
        await Task.WhenAny(loop, Task.Delay(limit)).ConfigureAwait(false);
        lock (_gate)
            foreach (var (socket, _) in _closing)
                socket.Dispose();
    }

    async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(Look);
        do
        {
            lock (_gate)
            {
                _closing.RemoveAll(IsOver);
                if (_closing.Count == 0)
                {
                    _loop = Task.CompletedTask;
                    return;
                }
            }
        }
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false));
    }

    bool IsOver((Socket Socket, long Since) entry)
    {
        if (!IsDone(entry.Socket, _isHurried) && Environment.TickCount64 - entry.Since < Patience.TotalMilliseconds)
            return false;
        entry.Socket.Dispose();
        return true;
    }

    static bool IsDone(Socket socket, bool isHurried = false)
    {
        try
        {
            Span<byte> info = stackalloc byte[RetransmitsAt + 1];
            socket.GetRawSocketOption(IpProtoTcp, TcpInfo, info);
            return info[0] is not (Established or FinWait1 or CloseWait or LastAck or Closing) || (isHurried && info[RetransmitsAt] >= SilentRetransmits);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
