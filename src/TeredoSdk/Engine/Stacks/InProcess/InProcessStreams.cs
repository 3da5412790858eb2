using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>TCP of the stack inside the process: drives a <see cref="TcpHost"/>, which has all connections. Safe for any number of threads.</summary>
/// <remarks>
/// One lock guards the host. One thread at a time sends what the host wants sent, so that segments leave in their order: whoever brought the last input and
/// found nobody at it. The driver is never called under the lock.
/// </remarks>
sealed class InProcessStreams : IDisposable
{
    const int EndedFlows = 65536;

    static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(31); // as with sockets of the kernel
    static readonly TimeSpan DrainStep = TimeSpan.FromSeconds(5), LongestDrain = TimeSpan.FromMinutes(1);

    readonly StackContext _context;
    readonly TcpHost _host;
    readonly FlowTable<TcpFlow> _ended = new(FlowLifetime.Streams, EndedFlows); // their late segments are no stranger's
    readonly DeadlineTimer _timer;
    readonly Signal<bool> _drained;
    StreamOutbox? _outbox; // made for the first segment
    Instant? _armedFor;
    bool _sending, _draining, _closed;

    public InProcessStreams(in StackContext context)
    {
        _context = context;
        _host = new(new TcpOptions { Nagle = false, ConnectTimeout = ConnectTime }, context.Parts.Random);
        _drained = new(context.Parts.Wakeups);
        _timer = new(context.Clock.Time, HandleTimeout);
    }

    /// <summary>Guards the host, and who waits for its connections.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The connections. Used under the lock.</summary>
    public TcpHost Host => _host;

    /// <summary>Where code goes on that waited for a connection.</summary>
    public Wakeups Wakeups => _context.Parts.Wakeups;

    public Instant Now => _context.Clock.Now;

    /// <summary>The clock and the timers underneath.</summary>
    public TimeProvider Time => _context.Clock.Time;

    public InProcessListener Listen(ushort port, bool isUnrestricted, int backlog)
    {
        lock (Gate)
        {
            Disposed.ThrowIf(_closed, Disposed.Node);
            var listener = _host.Listen(port, isUnrestricted, backlog)
                ?? throw (port == 0 ? Problems.AllPortsTaken("TCP") : Problems.PortTaken("TCP", port));
            return new(this, listener);
        }
    }

    /// <summary>Makes one attempt to connect.</summary>
    /// <exception cref="SocketException">The attempt failed; nothing is left behind.</exception>
    /// <exception cref="TeredoException">The node has no address.</exception>
    public async Task<IStreamEndpoint> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var source = (_context.Driver.Address ?? throw Problems.NoAddress()).ToIPv6Address();
        var remote = RemotePort.From(remoteEndPoint);
        InProcessConnection connection;
        lock (Gate)
        {
            Disposed.ThrowIf(_closed, Disposed.Node);
            var socket = _host.Connect(Now, new(source, 0, remote.Address, remote.Port))
                ?? throw new SocketException((int)SocketError.AddressNotAvailable);
            connection = new(this, socket);
        }
        try
        {
            Send();
            await connection.WhenConnectedAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            connection.Abort();
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Takes a TCP segment. <see cref="Send"/> follows when the whole burst was taken.</summary>
    /// <returns>Why it is dropped, or null.</returns>
    public DropReason? Receive(in IPv6Packet packet)
    {
        if (!TcpSegment.TryParse(packet, out var segment))
            return DropReason.MalformedTransport;
        var drop = Receive(segment, out bool isSolicited);
        if (!isSolicited)
            _context.Guard.NoteUnsolicited(packet.Source);
        return drop == DropReason.None ? null : drop;
    }

    /// <summary>Takes an ICMPv6 error whose checksum is verified.</summary>
    /// <returns>Why it is dropped, or null.</returns>
    public DropReason? ReceiveError(in Icmpv6Message message)
    {
        lock (Gate)
            return _host.ReceiveError(Now, message) ? null : DropReason.Unsolicited;
    }

    /// <summary>Wakes who waits for what has changed, and sends what is to be sent, unless another thread is at it; that one then sends this, too.</summary>
    public void Send()
    {
        lock (Gate)
        {
            Tell();
            if (_sending || _closed)
                return;
            _sending = true;
        }
        while (true)
        {
            try
            {
                if (!SendNext())
                    return;
            }
            catch (Exception e) // a defect of ours must not stop the others
            {
                Log.EngineFault(_context.Log, e);
            }
        }
    }

    /// <summary>Waits until the peers of closed connections have everything. Who takes nothing for a while is not waited for.</summary>
    public async Task DrainAsync()
    {
        long left = long.MaxValue, before;
        for (int steps = 0; steps < LongestDrain / DrainStep && left > 0; steps++)
        {
            before = left;
            lock (Gate)
            {
                left = _host.CountLingeringOctets();
                _draining = true;
            }
            if (left == 0 || left >= before)
                return;
            try
            {
                await _drained.Task.WaitAsync(DrainStep, _context.Clock.Time).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                // The next look tells whether it goes on.
            }
        }
    }

    public void Dispose()
    {
        lock (Gate)
            _closed = true;
        _ = _timer.DisposeAsync().AsTask();
    }

    DropReason Receive(in TcpSegment segment, out bool isSolicited)
    {
        isSolicited = true;
        lock (Gate)
        {
            if (_closed)
                return DropReason.Unsolicited;
            if (_host.TryReceive(Now, segment, out var drop))
                return drop;
            isSolicited = _ended.Contains(Now, TcpFlow.Of(segment));
            return _host.ReceiveUnclaimed(Now, segment, isSolicited);
        }
    }

    void HandleTimeout()
    {
        lock (Gate)
        {
            _armedFor = null;
            if (!_closed)
                _host.HandleTimer(Now);
        }
        Send();
    }

    // Returns false when nothing is left; then another thread may take over.
    bool SendNext()
    {
        var outbox = _outbox ??= new();
        outbox.Clear();
        var own = _context.Driver.Address?.ToIPv6Address();
        Instant now;
        Instant? deadline = null;
        lock (Gate)
        {
            now = Now;
            Fill(now, outbox, own);
            Tell();
            if (outbox.IsEmpty)
            {
                deadline = _closed ? null : _host.NextDeadline;
                if (deadline is null || deadline >= _armedFor) // a timer that is due too early costs less than setting it anew for each segment
                    return _sending = false;
                _armedFor = deadline;
            }
        }
        if (outbox.IsEmpty)
            _timer.Set(deadline, now);
        else
            outbox.Send(_context);
        return true;
    }

    // Called under the lock.
    void Fill(Instant now, StreamOutbox outbox, IPv6Address? own)
    {
        while (outbox.HasRoom && _host.TryWrite(now, outbox.Next, out int length, out int segmentSize))
        {
            if (IPv6Address.Read(outbox.Next[24..]) == own)
                ReceiveOwn(now, outbox.Next[..length], segmentSize);
            else
                outbox.Add(length, segmentSize);
        }
    }

    // Called under the lock. Segments to ourselves never leave this machine.
    void ReceiveOwn(Instant now, ReadOnlySpan<byte> train, int segmentSize)
    {
        for (; !train.IsEmpty; train = train[Math.Min(segmentSize, train.Length)..])
            if (IPv6Packet.TryParse(train, out var packet) && TcpSegment.TryParse(packet, out var segment, isVerified: true)
                && !_host.TryReceive(now, segment, out _))
                _host.ReceiveUnclaimed(now, segment, isSolicited: true);
    }

    // Called under the lock. Wakes who waits for what has changed.
    void Tell()
    {
        while (_host.TryTakeChange(out var socket, out var changes))
        {
            (socket.Owner as InProcessConnection)?.Wake(changes);
            if ((changes & TcpChanges.Connected) != 0)
                (socket.Listener?.Owner as InProcessListener)?.Wake();
            if ((changes & TcpChanges.Closed) != 0 && socket.IsSolicited)
                _ended.Open(Now, socket.Flow);
        }
        if (_draining && _host.Lingering == 0)
            _drained.TrySetResult(true);
    }
}
