using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace TeredoSdk.Tests.Streams;

/// <summary>TCP inside the process between two nodes on a network in memory, in virtual time.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class InProcessStreamTests : IAsyncDisposable
{
    const string Alice = "203.0.113.10", Bob = "203.0.113.20";
    const int Port = 4242;

    readonly Lab _lab = new();
    TeredoNode _alice = null!, _bob = null!;

    [SetUp]
    public async Task StartNodes()
    {
        _lab.StartServer();
        _bob = await _lab.StartAsync(Bob);
        _alice = await _lab.StartAsync(Alice);
    }

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Test]
    public async Task Connection_CarriesBothWays_AndEnds()
    {
        var (caller, callee) = await ConnectAsync();
        Assert.That((caller.Socket, callee.Socket), Is.EqualTo(((Socket?)null, (Socket?)null)), "no kernel lends one");
        Assert.That(caller.RemoteEndPoint, Is.EqualTo(new IPEndPoint(_bob.Address!, Port)));
        Assert.That((caller.LocalEndPoint, callee.RemoteEndPoint.Address), Is.EqualTo((callee.RemoteEndPoint, _alice.Address)));
        byte[] buffer = new byte[10];
        await caller.GetStream().WriteAsync(new byte[] { 1, 2, 3 }).InTime();
        Assert.That(await callee.GetStream().ReadAsync(buffer).InTime(), Is.EqualTo(3));
        await callee.GetStream().WriteAsync(buffer.AsMemory(0, 3)).InTime();
        Assert.That(await caller.GetStream().ReadAsync(buffer).InTime(), Is.EqualTo(3));
        Assert.That(buffer[..3], Is.EqualTo(new byte[] { 1, 2, 3 }));
        await caller.DisposeAsync().InTime();
        Assert.That(await callee.GetStream().ReadAsync(buffer).InTime(), Is.Zero);
        await callee.DisposeAsync().InTime();
    }

    [TestCase(0), TestCase(20)]
    public async Task Megabytes_ArriveWholeInBothDirections(int lostOfThousand)
    {
        var random = new Random(5);
        _lab.Network.Passes = (_, _, _) =>
        {
            lock (random)
                return random.Next(1000) >= lostOfThousand;
        };
        var (caller, callee) = await ConnectAsync();
        byte[] there = RandomNumberGenerator.GetBytes(1 << 20), back = RandomNumberGenerator.GetBytes(1 << 20);
        var transfer = Task.WhenAll(SendAsync(caller, there), SendAsync(callee, back), ReceiveAsync(callee), ReceiveAsync(caller));
        var results = await InVirtualTime(transfer, TimeSpan.FromMinutes(5));
        Assert.That((results[2].AsSpan().SequenceEqual(there), results[3].AsSpan().SequenceEqual(back)), Is.EqualTo((true, true)));
    }

    [Test]
    public async Task KeepAlive_NoticesAPeerThatHasVanished_ThoughNothingIsSent([Values] bool isAsked)
    {
        var (caller, callee) = await ConnectAsync();
        if (isAsked)
            (caller.KeepAliveTime, caller.KeepAliveInterval) = (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(2));
        var reading = caller.GetStream().ReadAsync(new byte[1]).AsTask();
        await InVirtualTime(Task.Delay(TimeSpan.FromMinutes(2), _lab.Time), TimeSpan.FromMinutes(3));
        Assert.That(reading.IsCompleted, Is.False, "the peer answers");
        _lab.Network.Passes = (_, _, _) => false;
        await InVirtualTime(Task.Delay(TimeSpan.FromSeconds(40), _lab.Time), TimeSpan.FromMinutes(1));
        Assert.That(reading.IsCompleted, Is.EqualTo(isAsked));
        if (isAsked)
            Assert.That((Assert.ThrowsAsync<IOException>(() => reading.InTime())!.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.TimedOut));
        _lab.Network.Passes = (_, _, _) => true;
        await caller.DisposeAsync().InTime();
        await callee.DisposeAsync().InTime();
    }

    [Test]
    public async Task HalfClose_LeavesTheOtherDirectionOpen()
    {
        var (caller, callee) = await ConnectAsync();
        caller.CompleteWriting();
        byte[] buffer = new byte[10];
        Assert.That(await callee.GetStream().ReadAsync(buffer).InTime(), Is.Zero);
        await callee.GetStream().WriteAsync(new byte[] { 7 }).InTime();
        Assert.That(await caller.GetStream().ReadAsync(buffer).InTime(), Is.EqualTo(1));
        var failure = Assert.ThrowsAsync<IOException>(() => caller.GetStream().WriteAsync(new byte[1]).InTime())!;
        Assert.That((failure.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.Shutdown), "as a NetworkStream says it");
        await caller.DisposeAsync().InTime();
        await callee.DisposeAsync().InTime();
    }

    [TestCase(2.5, 2.5)]
    [TestCase(20, 20, Description = "the default")]
    [TestCase(0, 31)]
    public async Task Port_WithoutAListener_StaysSilent_AndTheAttemptTimesOut(double limit, double expected)
    {
        await using var listener = await _bob.ListenAsync(Port); // makes the other ports no more talkative
        var carol = await _lab.StartAsync("203.0.113.30", options => options.ConnectTimeout = limit == 20 ? options.ConnectTimeout : TimeSpan.FromSeconds(limit));
        long start = _lab.Time.GetTimestamp();
        var connecting = carol.ConnectAsync(new(_bob.Address!, Port + 1));
        var failure = Assert.ThrowsAsync<TeredoException>(() => InVirtualTime(connecting, TimeSpan.FromMinutes(1)))!;
        Assert.That(_lab.Time.GetElapsedTime(start).TotalSeconds, Is.EqualTo(expected).Within(1));
        Assert.That(failure.Error, Is.EqualTo(TeredoError.PeerUnreachable));
        if (limit > 0)
            Assert.That(failure.Message, Does.Contain($" within {limit} s (ConnectTimeout)").And.Contain($"listens at port {Port + 1}"));
        else
            Assert.That((failure.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.TimedOut));
        Assert.That(carol.Report.Sockets, Is.Zero);
        Assert.That(_bob.Report.Drops[Protocol.DropReason.Unsolicited], Is.GreaterThan(1), "the SYN came again and again");
    }

    [Test]
    public async Task Reset_IsToldWithThePeersName()
    {
        var (caller, callee) = await ConnectAsync();
        await caller.GetStream().WriteAsync(new byte[1]).InTime();
        await callee.DisposeAsync().InTime(); // with an octet that nobody has read
        var failure = Assert.ThrowsAsync<IOException>(() => caller.GetStream().ReadAsync(new byte[1]).InTime())!;
        Assert.That(failure.Message, Does.Contain($"{caller.RemoteEndPoint}"));
        Assert.That((failure.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.ConnectionReset));
        Assert.ThrowsAsync<IOException>(() => caller.GetStream().WriteAsync(new byte[1]).InTime());
        Assert.Throws<IOException>(caller.CompleteWriting);
    }

    [Test]
    public async Task PeerThatVanishes_EndsTheConnectionInBoundedTime()
    {
        var (caller, callee) = await ConnectAsync();
        _lab.Network.Passes = (_, _, _) => false;
        await caller.GetStream().WriteAsync(new byte[1]).InTime();
        var failure = Assert.ThrowsAsync<IOException>(() => InVirtualTime(caller.GetStream().ReadAsync(new byte[1]).AsTask(), TimeSpan.FromMinutes(10)))!;
        Assert.That((failure.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.TimedOut));
        callee.Abort();
    }

    [Test]
    public async Task ChangeOfTheAddress_EndsConnections_AndTellsWhy()
    {
        var (caller, callee) = await ConnectAsync();
        var reading = caller.GetStream().ReadAsync(new byte[1]).AsTask();
        _lab.Machine.Move("203.0.113.11");
        var failure = Assert.ThrowsAsync<TeredoException>(() => InVirtualTime(reading, TimeSpan.FromMinutes(5)))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.AddressChanged));
        callee.Abort();
    }

    [Test]
    public async Task Abort_ResetsThePeer_AndClosesTheConnection()
    {
        var (caller, callee) = await ConnectAsync();
        var reading = callee.GetStream().ReadAsync(new byte[1]).AsTask();
        caller.Abort();
        Assert.That((Assert.ThrowsAsync<IOException>(() => reading.InTime())!.InnerException as SocketException)?.SocketErrorCode,
            Is.EqualTo(SocketError.ConnectionReset));
        Assert.ThrowsAsync<ObjectDisposedException>(() => caller.GetStream().ReadAsync(new byte[1]).InTime());
        Assert.That((_alice.Report.Sockets, _bob.Report.Sockets), Is.EqualTo((0, 2)), "the listener, and the connection that was not disposed");
    }

    [Test]
    public async Task OwnAddress_CanBeCalled()
    {
        await using var listener = await _alice.ListenAsync(Port);
        var accepting = listener.AcceptAsync().AsTask();
        await using var caller = await _alice.ConnectAsync(listener.TeredoEndPoint!).InTime();
        await using var callee = await accepting.InTime();
        byte[] sent = RandomNumberGenerator.GetBytes(200_000);
        var transfer = Task.WhenAll(SendAsync(caller, sent), ReceiveAsync(callee));
        Assert.That((await InVirtualTime(transfer, TimeSpan.FromMinutes(1)))[1], Is.EqualTo(sent));
    }

    [Test]
    public async Task SlowReader_HoldsTheWriterBack()
    {
        var (caller, callee) = await ConnectAsync();
        long written = 0;
        using var cancellation = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            byte[] block = new byte[10_000];
            while (true)
            {
                await caller.GetStream().WriteAsync(block, cancellation.Token);
                Interlocked.Add(ref written, block.Length);
            }
        });
        _lab.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.That(Interlocked.Read(ref written), Is.InRange(100_000, 10_000_000), "buffers have an end");
        await cancellation.CancelAsync();
        Assert.That(async () => await writing.InTime(), Throws.InstanceOf<OperationCanceledException>());
        long read = 0;
        byte[] buffer = new byte[1 << 16];
        caller.CompleteWriting();
        var reading = Task.Run(async () =>
        {
            while (await callee.GetStream().ReadAsync(buffer) is > 0 and var octets)
                read += octets;
        });
        await InVirtualTime(reading, TimeSpan.FromMinutes(5));
        Assert.That(read, Is.GreaterThanOrEqualTo(written), "a cancelled write may have brought a part");
    }

    [Test]
    public async Task Listener_ThatIsClosed_EndsItsWaits_AndResetsWhomNobodyAccepted()
    {
        var listener = await _bob.ListenAsync(Port);
        await using var caller = await _alice.ConnectAsync(new(_bob.Address!, Port)).InTime();
        await using var accepted = await listener.AcceptAsync().InTime();
        await using var waiting = await _alice.ConnectAsync(new(_bob.Address!, Port)).InTime();
        await using var other = await _bob.ListenAsync(Port + 1);
        var accepting = other.AcceptAsync().AsTask();
        await other.DisposeAsync().InTime();
        Assert.ThrowsAsync<ObjectDisposedException>(() => accepting.InTime());
        await listener.DisposeAsync().InTime();
        Assert.ThrowsAsync<IOException>(() => waiting.GetStream().ReadAsync(new byte[1]).InTime());
        await accepted.GetStream().WriteAsync(new byte[1]).InTime();
        Assert.That(await caller.GetStream().ReadAsync(new byte[1]).InTime(), Is.EqualTo(1), "what was accepted goes on");
        await using var again = await _bob.ListenAsync(Port); // the port is free
    }

    // 1280 inner octets are 1308 of IPv4 and UDP: a path of 1300 loses them without a word.
    [TestCase(1300 - 28, false), TestCase(1500 - 28, true)]
    public async Task Report_TellsWhetherLargePacketsArrive(int largestDatagram, bool expected)
    {
        _lab.Network.Passes = (_, _, payload) => payload.Length <= largestDatagram;
        var (caller, callee) = await ConnectAsync();
        Assert.That(_alice.Report.LargePacketsArrive, Is.Null);
        byte[] octets = RandomNumberGenerator.GetBytes(100_000);
        var transfer = Task.WhenAll(SendAsync(caller, octets), ReceiveAsync(callee));
        Assert.That((await InVirtualTime(transfer, TimeSpan.FromMinutes(1)))[1], Is.EqualTo(octets));
        Assert.That(_alice.Report.LargePacketsArrive, Is.EqualTo(expected));
        await caller.DisposeAsync().InTime();
        Assert.That(_alice.Report.LargePacketsArrive, Is.EqualTo(expected), "what was seen is not forgotten with the connection");
    }

    [Test]
    public async Task ReadTimeout_IsOfTheNodesTime()
    {
        var (caller, callee) = await ConnectAsync();
        caller.GetStream().ReadTimeout = 60_000;
        _lab.Time.Advance(TimeSpan.Zero);
        int armed = _lab.Time.Armed;
        var reading = Task.Factory.StartNew(() => caller.GetStream().Read(new byte[1]), TaskCreationOptions.LongRunning);
        Assert.That(() => _lab.Time.Armed, Is.GreaterThan(armed).After((int)Patience.Limit.TotalMilliseconds, 5), "that thread waits");
        var start = _lab.Time.Elapsed;
        var failure = Assert.ThrowsAsync<IOException>(() => InVirtualTime(reading, TimeSpan.FromMinutes(2)))!;
        Assert.That((failure.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.TimedOut));
        Assert.That(_lab.Time.Elapsed - start, Is.GreaterThanOrEqualTo(TimeSpan.FromMinutes(1)));
        callee.Abort();
    }

    // The peer's NAT gives it another address: nothing comes back any more, and nobody says so.
    [Test]
    public async Task PeerWhoseNatRenumbers_EndsTheTransferInBoundedTime()
    {
        var (caller, callee) = await ConnectAsync();
        _lab.Machine.Move("203.0.113.11"); // alice's
        await InVirtualTime(callee.GetStream().WriteAsync(new byte[100_000]).AsTask(), TimeSpan.FromMinutes(1));
        var failure = Assert.ThrowsAsync<IOException>(() => InVirtualTime(callee.GetStream().ReadAsync(new byte[1]).AsTask(), TimeSpan.FromMinutes(6)))!;
        Assert.That(failure.Message, Does.Contain($"{callee.RemoteEndPoint}"));
        Assert.That((failure.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.HostUnreachable), "the client found the peer gone");
        Assert.ThrowsAsync<TeredoException>(() => InVirtualTime(caller.GetStream().ReadAsync(new byte[1]).AsTask(), TimeSpan.FromMinutes(1)));
    }

    // Nothing that was written is lost because the node ends; but a peer that takes nothing for 5 s is not waited for.
    [Test]
    public async Task EndOfTheNode_WaitsForWhatWasWritten_AsLongAsThePeerTakesIt_InTheNodesTime([Values] bool isReading)
    {
        var (caller, callee) = await ConnectAsync();
        byte[] octets = RandomNumberGenerator.GetBytes(400_000);
        await caller.GetStream().WriteAsync(octets).InTime();
        var start = _lab.Time.Elapsed;
        var ending = _alice.DisposeAsync().AsTask();
        if (isReading)
            Assert.That(await InVirtualTime(ReceiveAsync(callee), TimeSpan.FromMinutes(1)), Is.EqualTo(octets));
        await InVirtualTime(ending, TimeSpan.FromMinutes(2));
        Assert.That(_lab.Time.Elapsed - start, isReading ? Is.LessThan(TimeSpan.FromSeconds(5)) : Is.InRange(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(15)));
    }

    [Test]
    public async Task Connection_ThatIsForgotten_IsReset()
    {
        var callee = await ForgetAsync();
        var reading = callee.GetStream().ReadAsync(new byte[1]).AsTask();
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (!reading.IsCompleted)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(1, limit.Token);
        }
        Assert.That((Assert.ThrowsAsync<IOException>(() => reading)!.InnerException as SocketException)?.SocketErrorCode, Is.EqualTo(SocketError.ConnectionReset));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    async Task<TeredoConnection> ForgetAsync() => (await ConnectAsync()).Callee;

    [Test]
    public async Task Port_OfAnotherListener_IsTaken()
    {
        await using var listener = await _bob.ListenAsync(Port);
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => _bob.ListenAsync(Port))!.Error, Is.EqualTo(TeredoError.PortUnavailable));
        await using var any = await _bob.ListenAsync(0);
        Assert.That(any.LocalEndPoint.Port, Is.GreaterThanOrEqualTo(49152));
    }

    async Task<(TeredoConnection Caller, TeredoConnection Callee)> ConnectAsync()
    {
        var listener = await _bob.ListenAsync(Port);
        var accepting = listener.AcceptAsync().AsTask();
        var caller = await InVirtualTime(_alice.ConnectAsync(listener.TeredoEndPoint!), TimeSpan.FromMinutes(1));
        return (caller, await InVirtualTime(accepting, TimeSpan.FromMinutes(1)));
    }

    async Task<T> InVirtualTime<T>(Task<T> task, TimeSpan limit)
    {
        await InVirtualTime((Task)task, limit);
        return await task;
    }

    async Task InVirtualTime(Task task, TimeSpan limit)
    {
        _lab.Time.AdvanceUntil(() => task.IsCompleted, limit);
        await task.InTime();
    }

    static async Task<byte[]> SendAsync(TeredoConnection connection, byte[] octets)
    {
        await connection.GetStream().WriteAsync(octets);
        connection.CompleteWriting();
        return octets;
    }

    static async Task<byte[]> ReceiveAsync(TeredoConnection connection)
    {
        using var received = new MemoryStream();
        await connection.GetStream().CopyToAsync(received);
        return received.ToArray();
    }
}
