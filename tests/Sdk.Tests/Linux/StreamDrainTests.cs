using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine.Stacks.Kernel;

namespace TeredoSdk.Tests.Linux;

/// <summary>Closed connections whose peers take their time, over ordinary sockets of loopback.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StreamDrainTests : IDisposable
{
    readonly ManualTime _time = new();
    readonly Socket _listener = new(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
    readonly List<Socket> _peers = [];
    readonly HashSet<Socket> _acknowledged = [];
    int _looks;
    bool _wasHurried;

    public StreamDrainTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        _listener.Listen(64);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _peers.ForEach(peer => peer.Dispose());
    }

    [Test]
    public async Task PeersThatNeverAcknowledge_AreLookedAtEverMoreRarely_AndCutOffAfterHalfAMinute()
    {
        const int connections = 20;
        var drain = new StreamDrain(_time, Look);
        for (int i = 0; i < connections; i++)
            drain.Add(await OpenAsync());
        await AdvanceAsync(() => drain.Count == 0, TimeSpan.FromSeconds(31), () => Assert.That(drain.Count, Is.EqualTo(connections)), TimeSpan.FromSeconds(29));
        Assert.That(_looks, Is.InRange(30 * connections, 45 * connections), "once a second, and a few times in the first one");
        Assert.That(_wasHurried, Is.False);
    }

    [Test]
    public async Task Connection_IsLookedAtAgain_WhenItIsTwiceAsOld()
    {
        List<double> looks = [];
        var drain = new StreamDrain(_time, (_, _) =>
        {
            looks.Add(_time.Elapsed.TotalMilliseconds);
            return looks.Count == 9;
        });
        drain.Add(await OpenAsync());
        await AdvanceAsync(() => drain.Count == 0, TimeSpan.FromSeconds(3));
        Assert.That(looks, Is.EqualTo(new[] { 0, 5, 10, 20, 40, 80, 160, 320, 640 }));
    }

    // linux/tcp.h: struct tcp_info starts with the state, and counts the retransmissions in its third octet. The states are those of net/tcp_states.h.
    [TestCase(1, 0, false)]  // ESTABLISHED: data waits before the FIN
    [TestCase(2, 0, true)]   // SYN_SENT
    [TestCase(4, 0, false)]  // FIN_WAIT1
    [TestCase(5, 0, true)]   // FIN_WAIT2: all is acknowledged
    [TestCase(6, 0, true)]   // TIME_WAIT
    [TestCase(7, 0, true)]   // CLOSE
    [TestCase(8, 0, false)]  // CLOSE_WAIT
    [TestCase(9, 0, false)]  // LAST_ACK
    [TestCase(10, 0, true)]  // LISTEN
    [TestCase(11, 0, false)] // CLOSING
    [TestCase(12, 0, true)]  // NEW_SYN_RECV
    [TestCase(4, 2, false)]
    [TestCase(4, 3, false, true)]
    public void Connection_IsOver_WhenNothingOfItsDataWaits(int state, int retransmits, bool isOver, bool isOverInAHurry = false)
    {
        byte[] info = [(byte)state, 255, (byte)retransmits];
        Assert.That(StreamDrain.IsOver(info, isHurried: false), Is.EqualTo(isOver));
        Assert.That(StreamDrain.IsOver(info, isHurried: true), Is.EqualTo(isOver || isOverInAHurry));
    }

    [Test]
    public async Task PeerThatAcknowledges_IsLetGoSoon_WhoeverElseDoesNot()
    {
        var drain = new StreamDrain(_time, Look);
        drain.Add(await OpenAsync());
        await AdvanceAsync(() => false, TimeSpan.FromSeconds(5));
        var quick = await OpenAsync();
        drain.Add(quick);
        lock (_acknowledged)
            _acknowledged.Add(quick);
        await AdvanceAsync(() => drain.Count == 1, TimeSpan.FromSeconds(0.2));
        Assert.That(quick.SafeHandle.IsClosed);
    }

    [Test]
    public async Task End_HurriesWhateverWaits_AndIsOverWithTheLastPeer()
    {
        var drain = new StreamDrain(_time, Look);
        var slow = await OpenAsync();
        drain.Add(slow);
        await AdvanceAsync(() => false, TimeSpan.FromSeconds(5)); // by now it is looked at once a second
        var completing = drain.CompleteAsync(TimeSpan.FromSeconds(20));
        await AdvanceAsync(() => _wasHurried, TimeSpan.FromSeconds(0.2));
        Assert.That((_wasHurried, completing.IsCompleted), Is.EqualTo((true, false)));
        lock (_acknowledged)
            _acknowledged.Add(slow);
        await AdvanceAsync(() => drain.Count == 0, TimeSpan.FromSeconds(0.2));
        await completing.InTime();
        Assert.That(slow.SafeHandle.IsClosed);
    }

    [Test]
    public async Task TooMany_CostTheOldestItsHandle()
    {
        var drain = new StreamDrain(_time, Look, capacity: 3);
        var sockets = new List<Socket>();
        for (int i = 0; i < 5; i++)
        {
            sockets.Add(await OpenAsync());
            drain.Add(sockets[^1]);
        }
        Assert.That(sockets.Select(socket => socket.SafeHandle.IsClosed), Is.EqualTo(new[] { true, true, false, false, false }));
        await drain.CompleteAsync(TimeSpan.Zero);
        Assert.That(sockets.Select(socket => socket.SafeHandle.IsClosed), Is.All.True);
        Assert.That(_peers.Select(peer => (SocketError)(int)peer.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!),
            Is.All.EqualTo(SocketError.Success), "no connection is reset, by a packet that may be lost");
    }

    [Test, Platform("Linux")]
    public async Task Connection_ThatWasReset_IsClosedAtOnce()
    {
        var drain = new StreamDrain(_time);
        var socket = await OpenAsync();
        _peers[^1].LingerState = new(true, 0);
        _peers[^1].Dispose();
        Assert.That(socket.Poll(Patience.Limit, SelectMode.SelectRead), "the reset has come");
        Assert.Throws<SocketException>(() => socket.Receive(new byte[1]));
        drain.Add(socket);
        Assert.That((socket.SafeHandle.IsClosed, drain.Count), Is.EqualTo((true, 0)));
    }

    [Test]
    public async Task Owner_WhoWantsAReset_GetsIt()
    {
        var drain = new StreamDrain(_time, Look);
        var socket = await OpenAsync();
        socket.LingerState = new(true, 0);
        drain.Add(socket);
        Assert.That((socket.SafeHandle.IsClosed, drain.Count, drain.WasUsed), Is.EqualTo((true, 0, true)));
        Assert.That(Assert.ThrowsAsync<SocketException>(() => _peers[^1].ReceiveAsync(new byte[1]).InTime())!.SocketErrorCode, Is.EqualTo(SocketError.ConnectionReset));
    }

    [Test, Platform("Linux")]
    public async Task Kernel_TellsWhenTheDataWasAcknowledged()
    {
        var drain = new StreamDrain(_time);
        var socket = await OpenAsync();
        Assert.That(drain.WasUsed, Is.False);
        drain.Add(socket); // nothing waits, and the peer's kernel acknowledges as soon as it has its turn, which takes real time
        for (var waited = Stopwatch.StartNew(); drain.Count > 0 && waited.Elapsed < Patience.Limit && _time.Elapsed < TimeSpan.FromSeconds(25); await Task.Delay(5))
            await AdvanceAsync(() => drain.Count == 0, TimeSpan.FromMilliseconds(10));
        Assert.That((socket.SafeHandle.IsClosed, await _peers[^1].ReceiveAsync(new byte[1]).InTime()), Is.EqualTo((true, 0)), "a FIN, and no reset");

        var full = await OpenAsync();
        full.Blocking = false;
        try
        {
            while (full.Send(new byte[65536]) > 0)
            {
                // The peer reads nothing.
            }
        }
        catch (SocketException)
        {
            // All buffers are full.
        }
        drain.Add(full);
        await AdvanceAsync(() => drain.Count == 0, TimeSpan.FromSeconds(2));
        Assert.That((full.SafeHandle.IsClosed, drain.Count), Is.EqualTo((false, 1)), "the data waits");
        await drain.CompleteAsync(TimeSpan.Zero);
        Assert.That(full.SafeHandle.IsClosed);
    }

    bool Look(Socket socket, bool isHurried)
    {
        Interlocked.Increment(ref _looks);
        _wasHurried |= isHurried;
        lock (_acknowledged)
            return _acknowledged.Contains(socket);
    }

    async Task<Socket> OpenAsync()
    {
        var peer = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        _peers.Add(peer);
        var accepting = _listener.AcceptAsync();
        await peer.ConnectAsync(_listener.LocalEndPoint!);
        return await accepting;
    }

    // Lets time pass while the loop, which runs on a thread of its own, follows it from one wait to the next.
    async Task AdvanceAsync(Func<bool> isDone, TimeSpan until, Action? check = null, TimeSpan checkAt = default)
    {
        var end = _time.Elapsed + until;
        checkAt += _time.Elapsed;
        while (!isDone() && _time.Elapsed < end)
        {
            using var limit = new CancellationTokenSource(Patience.Limit);
            while (!isDone() && !_time.IsArmedWithin(TimeSpan.Zero, TimeSpan.FromSeconds(1)))
                await Task.Delay(1, limit.Token);
            _time.Advance(TimeSpan.FromMilliseconds(5));
            if (check is not null && _time.Elapsed >= checkAt)
            {
                check();
                check = null;
            }
        }
    }
}
