using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests;

/// <summary>The calls of a datagram socket that allocate nothing, and those with batches, with both kinds of sockets.</summary>
[NonParallelizable] // allocations are the process's
public sealed class DatagramSocketTests
{
    static readonly int[] Lengths = [1200, 1200, 1200, 700, 1200, 1, 0, 1232, 1232, 5];

    [Test]
    public async Task Batch_ArrivesWhole_AndGoesBackAsItIs([Values] Kind kind)
    {
        await using var pair = await Pair.OpenAsync(kind);
        var sent = new TeredoDatagramBatch();
        foreach (int length in Lengths)
            Assert.That(sent.TryAdd(RandomNumberGenerator.GetBytes(length), pair.Listener.TeredoEndPoint!));
        Assert.That(await pair.Caller.SendAsync(sent).InTime(), Is.EqualTo(Lengths.Length));
        var received = await ReceiveAsync(pair.Listener, Lengths.Length);
        Assert.That(received.Select(datagram => datagram.From), Is.All.EqualTo(pair.Caller.TeredoEndPoint));
        Assert.That(received.Select(datagram => datagram.Octets), Is.EqualTo(Enumerable.Range(0, Lengths.Length).Select(i => sent[i].ToArray())));
        Assert.That((await ReceiveAsync(pair.Caller, Lengths.Length)).Select(datagram => datagram.Octets), Is.EqualTo(received.Select(datagram => datagram.Octets)));

        // Sends each batch back as it came.
        async Task<List<(IPEndPoint From, byte[] Octets)>> ReceiveAsync(TeredoDatagramSocket socket, int count)
        {
            var all = new List<(IPEndPoint, byte[])>();
            var batch = new TeredoDatagramBatch(4);
            while (all.Count < count)
            {
                int taken = await socket.ReceiveAsync(batch).InTime();
                Assert.That((taken, batch.Count), Is.EqualTo((batch.Count, taken)).And.Not.EqualTo((0, 0)));
                all.AddRange(Enumerable.Range(0, taken).Select(i => (batch.GetRemoteEndPoint(i), batch[i].ToArray())));
                if (socket == pair.Listener)
                    Assert.That(await socket.SendAsync(batch).InTime(), Is.EqualTo(taken));
            }
            return all;
        }
    }

    [Test]
    public async Task SocketAddresses_NamePeers_InEachCall([Values] Kind kind)
    {
        await using var pair = await Pair.OpenAsync(kind);
        byte[] buffer = new byte[TeredoDatagramSocket.MaxDatagramOctets];
        var source = new SocketAddress(AddressFamily.InterNetworkV6);
        Assert.That((pair.Listener.TryReceiveFrom(buffer, source, out _), pair.Listener.Available), Is.EqualTo((false, 0)));

        Assert.That(await pair.Caller.SendToAsync("one"u8.ToArray(), pair.ListenerAddress).InTime(), Is.EqualTo(3));
        Assert.That(await pair.Listener.ReceiveFromAsync(buffer, source).InTime(), Is.EqualTo(3));
        Assert.That(new IPEndPoint(0, 0).Create(source), Is.EqualTo(pair.Caller.TeredoEndPoint));

        Assert.That(pair.Listener.SendTo("answer"u8, source), Is.EqualTo(6)); // the source as it came is where the answer goes
        var waiting = pair.Caller.ReceiveFromAsync(buffer, source);
        Assert.That(await waiting.InTime(), Is.EqualTo(6));
        Assert.That(buffer.AsSpan(0, 6).SequenceEqual("answer"u8));

        Assert.That(pair.Caller.SendTo("three"u8, pair.ListenerAddress), Is.EqualTo(5));
        Assert.That(() => pair.Listener.Available, Is.GreaterThanOrEqualTo(5).After((int)Patience.Limit.TotalMilliseconds, 1));
        Assert.That((pair.Listener.TryReceiveFrom(buffer, source, out int length), length), Is.EqualTo((true, 5)));
        Assert.That(buffer.AsSpan(0, 5).SequenceEqual("three"u8));
        Assert.That(pair.Listener.TryReceiveFrom(buffer, source, out _), Is.False);
        Assert.That(pair.Listener.Socket?.Blocking, Is.Not.False, "an ordinary socket is as it was");
    }

    [Test]
    public async Task EmptyDatagram_IsReceivedWithoutAWait_Too([Values] Kind kind)
    {
        await using var pair = await Pair.OpenAsync(kind);
        byte[] buffer = new byte[TeredoDatagramSocket.MaxDatagramOctets];
        var source = new SocketAddress(AddressFamily.InterNetworkV6);
        pair.Caller.SendTo([], pair.ListenerAddress);
        int length = -1;
        Assert.That(() => pair.Listener.TryReceiveFrom(buffer, source, out length), Is.True.After((int)Patience.Limit.TotalMilliseconds, 1));
        Assert.That(length, Is.Zero);
    }

    [Test]
    public async Task WhatIsAskedWrongly_IsSaid([Values] Kind kind)
    {
        await using var pair = await Pair.OpenAsync(kind);
        byte[] buffer = new byte[TeredoDatagramSocket.MaxDatagramOctets], large = new byte[TeredoDatagramSocket.MaxDatagramOctets + 1];
        var (four, six) = (new SocketAddress(AddressFamily.InterNetwork), new SocketAddress(AddressFamily.InterNetworkV6));
        var local = new IPEndPoint(IPAddress.Parse("fe80::1"), 1).Serialize();
        var batch = new TeredoDatagramBatch(1);
        Assert.Multiple(() =>
        {
            Assert.That(() => pair.Caller.SendTo([1], four), Throws.ArgumentException.With.Message.Contains("IPv6"));
            Assert.That(() => pair.Caller.SendTo([1], six), Throws.ArgumentException.With.Message.Contains("port"), "the port is 0");
            Assert.That(() => pair.Caller.SendTo(large, pair.ListenerAddress), Throws.InstanceOf<SocketException>().With.Property("SocketErrorCode").EqualTo(SocketError.MessageSize));
            Assert.That(() => pair.Caller.SendTo([1], local), Throws.InstanceOf<TeredoException>().With.Message.Contains("fe80::1"));
            Assert.That(async () => await pair.Caller.SendToAsync(buffer, local), Throws.InstanceOf<TeredoException>());
            Assert.That(async () => await pair.Caller.SendToAsync(large, pair.ListenerAddress), Throws.InstanceOf<SocketException>());
            Assert.That(() => pair.Caller.TryReceiveFrom(buffer, four, out _), Throws.ArgumentException.With.Message.Contains("IPv6"));
            Assert.That(() => pair.Caller.TryReceiveFrom(buffer.AsSpan(1), six, out _), Throws.ArgumentException.With.Message.Contains("1231"));
            Assert.That(async () => await pair.Caller.ReceiveFromAsync(buffer.AsMemory(1), six), Throws.ArgumentException);
            Assert.That(() => pair.Caller.ReceiveBufferSize = 0, Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => batch.TryAdd(large, pair.ListenerAddress), Throws.InstanceOf<SocketException>());
            Assert.That(() => batch.TryAdd([1], local), Throws.InstanceOf<TeredoException>());
            Assert.That(() => batch.TryAdd([1], new IPEndPoint(IPAddress.Loopback, 1)), Throws.ArgumentException);
            Assert.That(() => new TeredoDatagramBatch(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new TeredoDatagramBatch(1025), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => batch[0], Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => batch.GetRemoteEndPoint(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That((batch.TryAdd([1], pair.ListenerAddress), batch.TryAdd([2], pair.ListenerAddress)), Is.EqualTo((true, false)));
            Assert.That(() => batch.CopyRemote(0, four), Throws.ArgumentException);
        });
        batch.CopyRemote(0, six);
        Assert.That(new IPEndPoint(0, 0).Create(six), Is.EqualTo(pair.Listener.TeredoEndPoint));
    }

    [Test]
    public async Task Waits_EndWithTheirToken_AndWithTheSocket([Values] Kind kind)
    {
        await using var pair = await Pair.OpenAsync(kind);
        using var giving = new CancellationTokenSource();
        byte[] buffer = new byte[TeredoDatagramSocket.MaxDatagramOctets];
        var source = new SocketAddress(AddressFamily.InterNetworkV6);
        Task[] waits = [pair.Listener.ReceiveFromAsync(buffer, source, giving.Token).AsTask(), pair.Listener.ReceiveAsync(new TeredoDatagramBatch(), giving.Token).AsTask()];
        await giving.CancelAsync();
        foreach (var wait in waits)
            Assert.That(async () => await wait.InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await pair.Listener.SendAsync(new TeredoDatagramBatch(), giving.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(async () => await pair.Listener.SendToAsync(buffer, pair.ListenerAddress, giving.Token), Throws.InstanceOf<OperationCanceledException>());
        waits = [pair.Listener.ReceiveFromAsync(buffer, source).AsTask(), pair.Listener.ReceiveAsync(new TeredoDatagramBatch()).AsTask()];
        await pair.Listener.DisposeAsync();
        foreach (var wait in waits)
            Assert.That(async () => await wait.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.Multiple(() =>
        {
            Assert.That(() => pair.Listener.SendTo(buffer, pair.ListenerAddress), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => pair.Listener.TryReceiveFrom(buffer, source, out _), Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => pair.Listener.Available, Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(() => pair.Listener.ReceiveBufferSize, Throws.InstanceOf<ObjectDisposedException>());
            Assert.That(async () => await pair.Listener.SendAsync(new TeredoDatagramBatch()), Throws.InstanceOf<ObjectDisposedException>());
        });
    }

    [Test]
    public async Task NoDatagram_CostsMemory([Values] Kind kind)
    {
        const int datagrams = 100;
        await using var pair = await Pair.OpenAsync(kind);
        byte[] datagram = new byte[1000], buffer = new byte[TeredoDatagramSocket.MaxDatagramOctets];
        var batch = new TeredoDatagramBatch(10);
        while (batch.TryAdd(datagram, pair.ListenerAddress))
            continue;
        using var ending = new CancellationTokenSource();
        int single = 0, inBatches = 0;
        var source = new SocketAddress(AddressFamily.InterNetworkV6);

        // One by one, each with a wait.
        var receiving = Task.Run(async () =>
        {
            while (await pair.Listener.ReceiveFromAsync(buffer, source, ending.Token) > 1)
                Interlocked.Increment(ref single);
        });
        Allocations.AssertNoneEachTime(() =>
        {
            single = 0;
            for (int i = 0; i < datagrams; i++)
            {
                AssertDone(pair.Caller.SendToAsync(datagram, pair.ListenerAddress, ending.Token));
                Await(ref single, i + 1);
            }
        }, datagrams);
        pair.Caller.SendTo([0], pair.ListenerAddress);
        await receiving.InTime();

        // In batches.
        receiving = Task.Run(async () =>
        {
            for (var taken = new TeredoDatagramBatch(10); await pair.Listener.ReceiveAsync(taken, ending.Token) > 0;)
                Interlocked.Add(ref inBatches, taken.Count);
        });
        Allocations.AssertNoneEachTime(() =>
        {
            inBatches = 0;
            for (int i = 0; i < datagrams; i += batch.Count)
            {
                AssertDone(pair.Caller.SendAsync(batch, ending.Token));
                Await(ref inBatches, i + batch.Count);
            }
        }, datagrams);
        await ending.CancelAsync();
        Assert.That(async () => await receiving.InTime(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task BatchToManyPeers_ReachesThoseThatCanBeReached_AndTheNodeItself()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var (alice, bob) = (await lab.StartAsync("203.0.113.10"), await lab.StartAsync("203.0.113.20"));
        var (caller, listener) = (await alice.BindDatagramAsync(4242), await bob.BindDatagramAsync(4243));
        await caller.SendToAsync(new byte[] { 9 }, listener.TeredoEndPoint!);
        await listener.ReceiveAsync().InTime();
        var batch = new TeredoDatagramBatch();
        foreach (var to in new[] { caller.TeredoEndPoint!, listener.TeredoEndPoint!, caller.TeredoEndPoint!, listener.TeredoEndPoint! })
            batch.TryAdd([(byte)batch.Count], to);
        Assert.That(await caller.SendAsync(batch), Is.EqualTo(4));
        var taken = new TeredoDatagramBatch();
        Assert.That(await caller.ReceiveAsync(taken).InTime(), Is.EqualTo(2));
        Assert.That((taken[0].Span[0], taken[1].Span[0], taken.GetRemoteEndPoint(1)), Is.EqualTo((0, 2, caller.TeredoEndPoint)));
        Assert.That(await listener.ReceiveAsync(taken).InTime(), Is.EqualTo(2));
        Assert.That((taken[0].Span[0], taken[1].Span[0]), Is.EqualTo((1, 3)));
    }

    [Test]
    public async Task BatchToANewPeer_WaitsAsSingleDatagramsDo()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var (alice, bob) = (await lab.StartAsync("203.0.113.10"), await lab.StartAsync("203.0.113.20"));
        var (caller, listener) = (await alice.BindDatagramAsync(0), await bob.BindDatagramAsync(4243));
        lab.Network.Passes = (_, target, _) => target.Address != IPv4Address.Parse("203.0.113.20"); // bob does not hear anything yet
        var batch = new TeredoDatagramBatch();
        for (byte i = 0; i < 6; i++)
            batch.TryAdd([i], listener.TeredoEndPoint!);
        Assert.That(await caller.SendAsync(batch), Is.EqualTo(4), "four wait for a new peer");
        Assert.That(alice.Report.Drops.Values.Sum(), Is.EqualTo(2));
    }

    [Test]
    public void Slots_AreGroupedByPeerAndLength()
    {
        var (one, two) = (new RemotePort(IPv6Address.Parse("2001:0:c000:201::1"), 1), new RemotePort(IPv6Address.Parse("2001:0:c000:201::2"), 1));
        var own = IPv6Address.Parse("2001:0:c000:201::9");
        var slots = new DatagramSlots(16);
        foreach (var (to, length) in new[] { (one, 100), (one with { Port = 2 }, 100), (one, 50), (one, 50), (two, 50), (new RemotePort(own, 1), 50), (two, 50), (two, 60), (one, 60) })
            slots.Add(to, new byte[length]);
        var groups = slots.Wrap(own, 4242).Groups.ToArray();
        Assert.That(groups.Select(group => (group.Count, group.SegmentSize - 48)), Is.EqualTo(new[] { (3, 100), (1, 50), (2, 50), (1, 60), (1, 60) }));
        Assert.That(IPv6Packet.TryParse(slots.PacketIn(1), out var packet) && UdpDatagram.TryParse(packet, out var datagram)
            && (datagram.SourcePort, datagram.DestinationPort, datagram.Payload.Length) == (4242, 2, 100));
    }

    // Allocates nothing.
    static void AssertDone(ValueTask<int> sending)
    {
        if (!sending.IsCompletedSuccessfully || sending.Result <= 0)
            Assert.Fail("Sending waits, or it failed.");
    }

    // Allocates nothing.
    static void Await(ref int counter, int count)
    {
        long limit = Environment.TickCount64 + (long)Patience.Limit.TotalMilliseconds;
        for (var spin = new SpinWait(); Volatile.Read(ref counter) < count; spin.SpinOnce())
            if (Environment.TickCount64 > limit)
                Assert.Fail($"{counter} of {count} datagrams came");
    }

    public enum Kind
    {
        InProcess,
        Kernel,
    }

    /// <summary>Two nodes over real sockets that have heard each other.</summary>
    sealed class Pair(Loopback lab, TeredoDatagramSocket caller, TeredoDatagramSocket listener) : IAsyncDisposable
    {
        public TeredoDatagramSocket Caller => caller;

        public TeredoDatagramSocket Listener => listener;

        public SocketAddress ListenerAddress { get; } = listener.TeredoEndPoint!.Serialize();

        public static async Task<Pair> OpenAsync(Kind kind)
        {
            if (kind == Kind.Kernel && OperatingSystem.IsLinux())
                Linux.PrivateNetworks.Create().Dispose(); // or this test is skipped
            var lab = new Loopback();
            var options = kind == Kind.Kernel ? lab.KernelOptions : lab.Options;
            var (alice, bob) = (await lab.StartAsync(options), await lab.StartAsync(options));
            var pair = new Pair(lab, await alice.BindDatagramAsync(0).InTime(), await bob.BindDatagramAsync(4242).InTime());
            await alice.PingAsync(bob.Address!, Patience.Limit).InTime(); // only four datagrams wait for a new peer
            return pair;
        }

        public ValueTask DisposeAsync() => lab.DisposeAsync();
    }
}
