using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>Nodes with kernel sockets, over a server on loopback. Needs user namespaces and /dev/net/tun.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class KernelSocketTests : IAsyncDisposable
{
    readonly Loopback _loopback = new();

    [OneTimeSetUp]
    public static async Task LookForKernelSockets()
    {
        await using var loopback = new Loopback();
        try
        {
            await loopback.StartAsync(loopback.KernelOptions);
        }
        catch (TeredoException e) when (e.Error == TeredoError.KernelSocketsUnavailable)
        {
            Assert.Ignore(e.Message);
        }
    }

    public async ValueTask DisposeAsync() => await _loopback.DisposeAsync();

    Task<TeredoNode> StartAsync() => _loopback.StartAsync(_loopback.KernelOptions);

    static async Task<(TeredoConnection Client, TeredoConnection Server)> ConnectAsync(TeredoNode client, TeredoListener listener)
    {
        var accepting = listener.AcceptAsync().AsTask();
        var connection = await client.ConnectAsync(listener.TeredoEndPoint!).InTime();
        return (connection, await accepting.InTime());
    }

    [Slow]
    [Test]
    public async Task Streams_CarryWhatIsWritten_AndEndEachByItself()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        await using var listener = await bob.ListenAsync(4242);
        var (client, server) = await ConnectAsync(alice, listener);
        byte[] sent = RandomNumberGenerator.GetBytes(1 << 20);
        var writing = Task.Run(async () =>
        {
            await client.GetStream().WriteAsync(sent);
            client.CompleteWriting();
        });
        var received = new MemoryStream();
        await server.GetStream().CopyToAsync(received).InTime();
        await writing.InTime();
        Assert.That(received.ToArray(), Is.EqualTo(sent));

        await server.GetStream().WriteAsync("still open"u8.ToArray());
        server.CompleteWriting();
        using var reader = new StreamReader(client.GetStream());
        Assert.That(await reader.ReadToEndAsync().InTime(), Is.EqualTo("still open"));
    }

    [Slow]
    [Test]
    public async Task Connection_TellsBothEnds()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        await using var listener = await bob.ListenAsync(0);
        var (client, server) = await ConnectAsync(alice, listener);
        Assert.That(client.RemoteEndPoint, Is.EqualTo(listener.TeredoEndPoint));
        Assert.That(client.LocalEndPoint.Address, Is.EqualTo(alice.Address));
        Assert.That(server.RemoteEndPoint, Is.EqualTo(client.LocalEndPoint));
        Assert.That(server.TeredoEndPoint, Is.EqualTo(listener.TeredoEndPoint));
        Assert.That(listener.ProtectionLevel, Is.EqualTo(IPProtectionLevel.Unrestricted));
        Assert.That(client.ProtectionLevel, Is.EqualTo(IPProtectionLevel.EdgeRestricted));
        Assert.That(client.Socket!.DualMode, Is.False);
        Assert.That(bob.Report.KernelSockets);
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.Yes));
        Assert.That(bob.Report.Sockets, Is.EqualTo(2));
    }

    [Slow]
    [Test]
    public async Task Connection_OutlivesItsListener()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        var listener = await bob.ListenAsync(4242);
        var (client, server) = await ConnectAsync(alice, listener);
        await listener.DisposeAsync();
        await client.GetStream().WriteAsync("after"u8.ToArray());
        byte[] buffer = new byte[5];
        await server.GetStream().ReadExactlyAsync(buffer).AsTask().InTime();
        Assert.That(buffer, Is.EqualTo("after"u8.ToArray()));
    }

    [Slow]
    [Test]
    public async Task Accept_Cancelled_LeavesTheListenerUsable()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        await using var listener = await bob.ListenAsync(4242);
        using var cancel = new CancellationTokenSource();
        var accepting = listener.AcceptAsync(cancel.Token).AsTask();
        await cancel.CancelAsync();
        Assert.That(async () => await accepting.InTime(), Throws.InstanceOf<OperationCanceledException>());
        var (client, _) = await ConnectAsync(alice, listener);
        Assert.That(client.RemoteEndPoint.Port, Is.EqualTo(4242));
    }

    [Test]
    public async Task Accept_WhenTheNodeIsDisposed_Ends()
    {
        var bob = await StartAsync();
        var listener = await bob.ListenAsync(4242);
        var accepting = listener.AcceptAsync().AsTask();
        await bob.DisposeAsync();
        Assert.That(async () => await accepting.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(listener.TeredoEndPoint, Is.Null);
    }

    [Test]
    public async Task Connect_WhenTheNodeIsDisposed_Ends()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        var connecting = alice.ConnectAsync(new IPEndPoint(bob.Address!, 99)); // dropped without an answer
        await Until(() => bob.Report.Drops.GetValueOrDefault(DropReason.Unsolicited) > 0);
        await alice.DisposeAsync().InTime();
        Assert.That(async () => await connecting.InTime(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task Listen_AtATakenPort_SaysSo()
    {
        var bob = await StartAsync();
        await using var first = await bob.ListenAsync(4242);
        var failure = Assert.ThrowsAsync<TeredoException>(() => bob.ListenAsync(4242).InTime());
        Assert.That(failure!.Error, Is.EqualTo(TeredoError.PortUnavailable));
        Assert.That(failure.Message, Does.Contain("TCP port 4242"));
        await first.DisposeAsync();
        await using var second = await bob.ListenAsync(4242);
        Assert.That(second.LocalEndPoint.Port, Is.EqualTo(4242));
    }

    [Test]
    public async Task Stranger_AtAPortWithoutListener_GetsNoAnswer()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        await using var listener = await bob.ListenAsync(4242);
        await using var probe = await bob.BindDatagramAsync(4243);
        using var cancel = new CancellationTokenSource();
        var connecting = alice.ConnectAsync(new IPEndPoint(bob.Address!, 99), cancel.Token);
        await Until(() => bob.Report.Drops.GetValueOrDefault(DropReason.Unsolicited) > 0);
        Assert.That(connecting.IsCompleted, Is.False, "a reset or an ICMPv6 error came back");
        await cancel.CancelAsync();
        Assert.That(async () => await connecting.InTime(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Listener_OfAnEdgeRestrictedSocket_LetsNobodyIn([Values] bool isAfterAnOpenOne)
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        if (isAfterAnOpenOne)
            await (await bob.ListenAsync(4242)).DisposeAsync();
        await using var listener = await bob.ListenAsync(new TeredoListenOptions { Port = 4242, ProtectionLevel = IPProtectionLevel.EdgeRestricted });
        using var cancel = new CancellationTokenSource();
        var connecting = alice.ConnectAsync(listener.TeredoEndPoint!, cancel.Token);
        await Until(() => bob.Report.Drops.GetValueOrDefault(DropReason.Unsolicited) > 0);
        Assert.That(connecting.IsCompleted, Is.False);
        await cancel.CancelAsync();
        Assert.That(async () => await connecting.InTime(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Datagrams_GoBothWays_AndOnlyToWhoAsked()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        await using var open = await bob.BindDatagramAsync(4242);
        await using var closed = await bob.BindDatagramAsync(0);
        await using var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync("unasked"u8.ToArray(), new(bob.Address!, closed.LocalEndPoint.Port));
        await Until(() => bob.Report.Drops.GetValueOrDefault(DropReason.Unsolicited) > 0);

        await caller.SendToAsync("hello"u8.ToArray(), open.TeredoEndPoint!);
        var request = await open.ReceiveAsync().AsTask().InTime();
        Assert.That(request.Buffer, Is.EqualTo("hello"u8.ToArray()));
        await open.SendToAsync("hi"u8.ToArray(), request.RemoteEndPoint);
        var reply = await caller.ReceiveAsync().AsTask().InTime();
        Assert.That((reply.Buffer, reply.RemoteEndPoint), Is.EqualTo(("hi"u8.ToArray(), open.TeredoEndPoint)));
    }

    // RFC 4380 §5.1.2: 1280 octets with the headers of IPv6 and UDP
    [Test]
    public async Task Datagram_ThatWouldNeedFragments_IsRefused()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        await using var socket = await alice.BindDatagramAsync(0);
        var peer = new IPEndPoint(bob.Address!, 4242);
        Assert.That(socket.Socket!.SendTo(new byte[1232], peer), Is.EqualTo(1232));
        var failure = Assert.Throws<SocketException>(() => socket.Socket!.SendTo(new byte[1233], peer));
        Assert.That(failure.SocketErrorCode, Is.EqualTo(SocketError.MessageSize));
    }

    [Test]
    public async Task Ping_IsAnsweredWhileASocketIsOpen()
    {
        var (alice, bob) = (await StartAsync(), await StartAsync());
        await using var listener = await bob.ListenAsync(4242);
        var reply = await alice.PingAsync(bob.Address!, Patience.Limit).InTime();
        Assert.That(reply.Status, Is.EqualTo(System.Net.NetworkInformation.IPStatus.Success));
        foreach (var node in new[] { alice, bob }) // what was handled as an echo is for no socket
            Assert.That(node.Report.Drops.Keys, Does.Not.Contain(DropReason.Unsolicited));
    }

    [Test]
    public async Task Connect_ToItsOwnAddress_StaysInside()
    {
        var bob = await StartAsync();
        await using var listener = await bob.ListenAsync(4242);
        var (client, server) = await ConnectAsync(bob, listener);
        Assert.That(server.RemoteEndPoint, Is.EqualTo(client.LocalEndPoint));
    }

    [Test]
    public async Task Sockets_OpenedAndClosed_LeaveNoDescriptor()
    {
        var bob = await StartAsync();
        await (await bob.ListenAsync(0)).DisposeAsync();
        int before = Directory.GetFiles("/proc/self/fd").Length;
        for (int i = 0; i < 500; i++)
        {
            if (i % 2 == 0)
                await (await bob.ListenAsync(0)).DisposeAsync();
            else
                await (await bob.BindDatagramAsync(0)).DisposeAsync();
        }
        Assert.That(Directory.GetFiles("/proc/self/fd"), Has.Length.LessThan(before + 50), "500 sockets");
        Assert.That(bob.Report.Sockets, Is.Zero);
    }

    [Test]
    public async Task DefaultNode_IsSharedByEqualOptions_AndReleasedByTheLastSocket()
    {
        await using var first = await TeredoSocket.ListenAsync(4242, _loopback.KernelOptions).InTime();
        await using var second = await TeredoSocket.BindDatagramAsync(4242, _loopback.KernelOptions).InTime();
        Assert.That(second.TeredoEndPoint, Is.EqualTo(first.TeredoEndPoint));
        var other = _loopback.KernelOptions;
        other.RefreshInterval = TimeSpan.FromSeconds(20);
        await using var third = await TeredoSocket.BindDatagramAsync(4242, other).InTime();
        Assert.That(third.TeredoEndPoint, Is.Not.EqualTo(first.TeredoEndPoint));

        await first.DisposeAsync();
        Assert.That(second.Report.State, Is.EqualTo(TeredoState.Qualified));
        await second.DisposeAsync();
        Assert.That(second.Report.State, Is.EqualTo(TeredoState.Stopped));
        Assert.That(third.Report.State, Is.EqualTo(TeredoState.Qualified));
    }

    [Slow]
    [Test]
    public async Task DefaultNode_StaysWithAConnectionThatAListenerAccepted()
    {
        var listener = await TeredoSocket.ListenAsync(4242, _loopback.KernelOptions).InTime();
        var alice = await StartAsync();
        var (client, server) = await ConnectAsync(alice, listener);
        await listener.DisposeAsync();
        Assert.That(server.Report.State, Is.EqualTo(TeredoState.Qualified));
        await server.DisposeAsync();
        Assert.That(server.Report.State, Is.EqualTo(TeredoState.Stopped));
        Assert.That(await client.GetStream().ReadAsync(new byte[1]).AsTask().InTime(), Is.Zero);
    }

    [Test]
    public void Connect_ByANameWithoutIPv6Address_SaysSo()
    {
        var failure = Assert.ThrowsAsync<TeredoException>(() => TeredoSocket.ConnectAsync("192.0.2.1", 80, _loopback.KernelOptions).InTime());
        Assert.That(failure!.Error, Is.EqualTo(TeredoError.DestinationNotAllowed));
        Assert.That(failure.Message, Does.Contain("IPv4"));
    }

    [TestCase("::1")]
    [TestCase("fe80::1")]
    [TestCase("ff02::1")]
    [TestCase("::ffff:127.0.0.1")]
    public async Task Peer_ThatIsNotGlobal_IsRefused(string address)
    {
        var peer = new IPEndPoint(IPAddress.Parse(address), 80);
        var node = await StartAsync();
        await using var socket = await node.BindDatagramAsync(0).InTime();
        foreach (var call in new Func<Task>[]
        {
            () => node.ConnectAsync(peer).InTime(), () => node.PingAsync(peer.Address, TimeSpan.FromSeconds(1)).InTime(),
            () => socket.SendToAsync(new byte[1], peer).AsTask().InTime(),
        })
        {
            var failure = Assert.ThrowsAsync<TeredoException>(() => call());
            Assert.That(failure!.Error, Is.EqualTo(TeredoError.DestinationNotAllowed));
            Assert.That(failure.Message, Does.Contain(address));
        }
    }

    // What happens in the kernel has no event of its own: it is looked at again and again.
    static async Task Until(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
            await look.WaitForNextTickAsync(limit.Token);
    }
}
