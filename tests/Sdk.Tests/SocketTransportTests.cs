using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>The engine's UDP sockets.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[TestFixture(TeredoDatapath.Sockets)]
[TestFixture(TeredoDatapath.Batches)]
[TestFixture(TeredoDatapath.Segments)]
public sealed class SocketTransportTests(TeredoDatapath rung)
{
    static readonly IPv4Endpoint AnyPort = IPv4Endpoint.Parse("127.0.0.1:0");

    readonly Channel<(IPv4Endpoint Source, byte[] Payload)> _received = Channel.CreateUnbounded<(IPv4Endpoint, byte[])>();

    IUdpTransport Open(SingleHandler? handler = null) =>
        new SystemNetwork(NullLogger.Instance, rung).Open(AnyPort, Datagrams.Each(handler ?? Take));

    void Take(IPv4Endpoint source, ReadOnlySpan<byte> payload) => _received.Writer.TryWrite((source, payload.ToArray()));

    [Test, Platform("Linux")]
    public void Buffers_AreAsLargeAsWeAskFor_WhereTheProcessMayForceThem()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Ignore("Only root may have larger buffers than net.core.rmem_max and wmem_max say.");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        SocketTransport.Configure(socket);
        Assert.That((socket.ReceiveBufferSize, socket.SendBufferSize), Is.EqualTo((2 * SocketTransport.BufferOctets, 2 * SocketTransport.BufferOctets)), "socket(7): twice");
    }

    [Test]
    public async Task Datagram_ArrivesWithItsSource_WhateverTheTtl()
    {
        using var receiver = Open();
        using var sender = Open((_, _) => { });
        foreach (byte ttl in new byte[] { 0, 21, 255, 0 })
        {
            sender.Send(receiver.LocalEndpoint, [ttl, 7], ttl);
            var (source, payload) = await _received.Reader.ReadAsync().InTime();
            Assert.That(source, Is.EqualTo(sender.LocalEndpoint));
            Assert.That(payload, Is.EqualTo(new byte[] { ttl, 7 }));
        }
    }

    [Test]
    [Platform("Linux")]
    public void Ttl_IsTheDatagramsOwn()
    {
        using var receiver = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds };
        receiver.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        TtlReader.Enable(receiver);
        using var sender = Open();
        short normal = receiver.Ttl;
        foreach (var (wanted, expected) in new[] { (0, normal), (21, 21), (0, normal), (255, 255), (2, 2), (2, 2), (0, normal) })
        {
            sender.Send(IPv4Endpoint.FromIPEndPoint((System.Net.IPEndPoint)receiver.LocalEndPoint!), [1], (byte)wanted);
            Assert.That(TtlReader.Receive(receiver), Is.EqualTo(expected));
        }
    }

    // On one processor everything else of the process would wait until a flood has ended.
    [Test]
    public async Task Flood_LetsOtherWorkOfTheThreadPoolHaveItsTurn()
    {
        const int datagrams = 10 * SocketTransport.DatagramsPerTurn;
        using var sent = new ManualResetEventSlim();
        var turns = new Turns();
        int received = 0;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var receiver = new SocketTransport(AnyPort, Datagrams.Each((_, _) =>
        {
            SynchronizationContext.SetSynchronizationContext(turns); // whoever yields, yields to it
            sent.Wait(Patience.Limit);
            if (++received == datagrams)
                all.SetResult();
        }), NullLogger.Instance, hasThread: false);
        using var sender = Open();
        for (int i = 0; i < datagrams; i++)
            sender.Send(receiver.LocalEndpoint, [1], 0);
        sent.Set(); // from here on, each datagram is there when the loop asks for it
        await all.Task.InTime();
        Assert.That(turns.Count, Is.GreaterThanOrEqualTo(datagrams / SocketTransport.DatagramsPerTurn - 1));
    }

    sealed class Turns : SynchronizationContext
    {
        int _count;

        public int Count => Volatile.Read(ref _count);

        public override void Post(SendOrPostCallback d, object? state)
        {
            Interlocked.Increment(ref _count);
            base.Post(d, state);
        }
    }

    [Test]
    public async Task IcmpError_DoesNotEndTheLoop()
    {
        using var transport = Open();
        var closed = Open();
        closed.Dispose();
        await closed.Completion.InTime();
        for (int i = 0; i < 5; i++)
            transport.Send(closed.LocalEndpoint, [1], 0); // port unreachable
        transport.Send(transport.LocalEndpoint, [2], 0);
        Assert.That((await _received.Reader.ReadAsync().InTime()).Payload, Is.EqualTo(new byte[] { 2 }));
    }

    [Test]
    public async Task HandlerThatFails_LosesItsBurstOnly()
    {
        var failed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var transport = Open((source, payload) =>
        {
            if (payload[0] == 1)
            {
                failed.SetResult();
                throw new InvalidOperationException();
            }
            Take(source, payload);
        });
        transport.Send(transport.LocalEndpoint, [1], 0);
        await failed.Task.InTime(); // the next datagram comes in another burst
        transport.Send(transport.LocalEndpoint, [2], 0);
        Assert.That((await _received.Reader.ReadAsync().InTime()).Payload, Is.EqualTo(new byte[] { 2 }));
    }

    [Test]
    public async Task Dispose_FromTheHandler_EndsTheLoop()
    {
        IUdpTransport? transport = null;
        transport = Open((_, _) => transport!.Dispose());
        transport.Send(transport.LocalEndpoint, [1], 0);
        await transport.Completion.InTime();
        transport.Dispose();
        Assert.DoesNotThrow(() => transport.Send(transport.LocalEndpoint, [1], 0));
    }

    [Test]
    public void Send_ToWhereNoRouteLeads_LosesTheDatagram()
    {
        using var transport = Open();
        Assert.DoesNotThrow(() => transport.Send(IPv4Endpoint.Parse("203.0.113.1:9"), [1], 0));
    }

    [Test]
    [Platform("Linux")]
    public void Socket_LetsLargePacketsBeFragmented_AndLeavesTheTrafficClassAlone()
    {
        const int ipProtocol = 0, ipTos = 1, ipMtuDiscover = 10, dont = 0;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        SocketTransport.Configure(socket);
        Assert.That(Read(ipMtuDiscover), Is.EqualTo(dont));
        Assert.That(Read(ipTos), Is.Zero);

        int Read(int option)
        {
            byte[] value = new byte[4];
            socket.GetRawSocketOption(ipProtocol, option, value);
            return BitConverter.ToInt32(value);
        }
    }

    [Test]
    [Platform("Linux")]
    public void ReceiveBuffer_IsWhatTheSystemGives()
    {
        using var transport = Open();
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveBufferSize = SocketTransport.BufferOctets };
        int limited = other.ReceiveBufferSize / 2; // socket(7): Linux tells twice the size
        SocketTransport.Configure(other); // with CAP_NET_ADMIN beyond the limit
        Assert.That(transport.Facts.ReceiveBufferOctets, Is.EqualTo(other.ReceiveBufferSize / 2).And.GreaterThanOrEqualTo(limited));
    }

    [Test]
    public async Task ManyConversationsAtOnce_AllComeToTheirEnd()
    {
        const int conversations = 8, rounds = 100;
        await using var lab = new Loopback();
        var (alice, bob) = (await lab.StartAsync(), await lab.StartAsync());
        await using var open = await bob.BindDatagramAsync(4999);
        await alice.PingAsync(bob.Address!, Patience.Limit).InTime(); // only four datagrams wait for a new peer
        await Task.WhenAll(Enumerable.Range(0, conversations).Select(i => Task.Run(async () =>
        {
            await using var listener = await bob.BindDatagramAsync(5000 + i);
            await using var caller = await alice.BindDatagramAsync(0);
            for (byte round = 0; round < rounds; round++)
            {
                await caller.SendToAsync(new byte[] { round }, listener.TeredoEndPoint!);
                var request = await listener.ReceiveAsync();
                await listener.SendToAsync(request.Buffer, request.RemoteEndPoint);
                Assert.That((await caller.ReceiveAsync()).Buffer, Is.EqualTo(new byte[] { round }));
            }
        }))).InTime(() => $"alice: {Describe(alice)}; bob: {Describe(bob)}; server: {string.Join(", ", lab.Server.Report.Drops)}");
        Assert.That(alice.Report.Sockets + bob.Report.Sockets, Is.EqualTo(1), "the one that was open before");

        static string Describe(TeredoNode node) => $"{node.Report.State}, {node.Report.Sockets} sockets, drops {string.Join(", ", node.Report.Drops)}";
    }
}
