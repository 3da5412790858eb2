using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>Who gets in: unsolicited packets reach only sockets that opted in, and nobody is told anything else.</summary>
public sealed class ProtectionTests
{
    const string Alice = "203.0.113.10", Bob = "203.0.113.20", Carol = "203.0.113.30";
    static readonly byte[] Datagram = [1, 2, 3];

    static async Task<(Lab, TeredoNode, TeredoNode)> TwoNodesAsync()
    {
        var lab = new Lab();
        lab.StartServer();
        return (lab, await lab.StartAsync(Alice), await lab.StartAsync(Bob));
    }

    static bool IsWaiting(TeredoDatagramSocket socket)
    {
        using var cancellation = new CancellationTokenSource();
        var receive = socket.ReceiveAsync(cancellation.Token).AsTask();
        bool waiting = !receive.IsCompleted;
        cancellation.Cancel();
        if (waiting)
            Assert.ThrowsAsync<OperationCanceledException>(() => receive);
        return waiting;
    }

    [Test]
    public async Task Bind_ExplicitPortOptsIn_AnyPortDoesNot()
    {
        var (lab, alice, _) = await TwoNodesAsync();
        await using var use = lab;
        Assert.That((await alice.BindDatagramAsync(4242)).ProtectionLevel, Is.EqualTo(IPProtectionLevel.Unrestricted));
        Assert.That((await alice.BindDatagramAsync(0)).ProtectionLevel, Is.EqualTo(IPProtectionLevel.EdgeRestricted));
        Assert.That((await alice.BindDatagramAsync(new TeredoBindOptions { Port = 4243, ProtectionLevel = IPProtectionLevel.EdgeRestricted })).ProtectionLevel, Is.EqualTo(IPProtectionLevel.EdgeRestricted));
        Assert.That((await alice.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted })).ProtectionLevel, Is.EqualTo(IPProtectionLevel.Unrestricted));
        Assert.That(alice.Report.Sockets, Is.EqualTo(4));
        Assert.That(alice.Report.UnrestrictedSockets, Is.EqualTo(2));
    }

    [Test]
    public async Task Stranger_GetsInToAnOptedInSocketOnly()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var open = await bob.BindDatagramAsync(4242);
        var closed = await bob.BindDatagramAsync(new TeredoBindOptions { Port = 4243, ProtectionLevel = IPProtectionLevel.EdgeRestricted });
        var caller = await alice.BindDatagramAsync(0);
        foreach (int port in new[] { 4242, 4243, 4244 })
            await caller.SendToAsync(Datagram, new(bob.Address!, port));
        Assert.That((await open.ReceiveAsync().InTime()).Buffer, Is.EqualTo(Datagram));
        Assert.That(IsWaiting(closed));
        Assert.That(bob.Report.Drops[DropReason.Unsolicited], Is.EqualTo(2));
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.Yes));
    }

    [Test]
    public async Task Stranger_WhoGotInAtALostAddress_SaysNothingAboutTheNextOne()
    {
        await using var lab = new Lab();
        var server = lab.StartServer();
        var (alice, bob) = (await lab.StartAsync(Alice), await lab.StartAsync(Bob));
        await bob.BindDatagramAsync(4242);
        var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync(Datagram, new(bob.Address!, 4242));
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.Yes));
        await server.DisposeAsync();
        lab.Time.AdvanceUntil(() => bob.Report.State == TeredoState.Offline, TimeSpan.FromMinutes(1));
        lab.StartServer();
        lab.Time.AdvanceUntil(() => bob.Report.State == TeredoState.Qualified, TimeSpan.FromMinutes(10));
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.NotChecked));
    }

    [Test]
    public async Task Stranger_AtAPortWithoutASocket_GetsNoAnswer()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync(Datagram, new(bob.Address!, 4242)); // the bubbles make the two trust each other
        int toAlice = 0;
        lab.Network.Passes = (_, to, _) =>
        {
            toAlice += to.Address.ToString() == Alice ? 1 : 0;
            return true;
        };
        await caller.SendToAsync(Datagram, new(bob.Address!, 4242));
        Assert.That(bob.Report.Drops[DropReason.Unsolicited], Is.EqualTo(2));
        Assert.That(toAlice, Is.Zero);
    }

    [Test]
    public async Task Solicited_IsAddressAndPortThatWereSentTo_ForFiveMinutes()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var carol = await lab.StartAsync(Carol);
        var asked = await bob.BindDatagramAsync(4242);
        var other = await bob.BindDatagramAsync(4243);
        var stranger = await carol.BindDatagramAsync(4242);
        var caller = await alice.BindDatagramAsync(0);
        await caller.SendToAsync(Datagram, asked.TeredoEndPoint!);
        await asked.SendToAsync(new byte[] { 1 }, caller.TeredoEndPoint!);
        await other.SendToAsync(new byte[] { 2 }, caller.TeredoEndPoint!);
        await stranger.SendToAsync(new byte[] { 3 }, caller.TeredoEndPoint!);
        Assert.That((await caller.ReceiveAsync().InTime()).Buffer, Is.EqualTo(new byte[] { 1 }));
        Assert.That(IsWaiting(caller), "another port and another host were not asked");

        lab.Time.Advance(TimeSpan.FromMinutes(4.9));
        await asked.SendToAsync(new byte[] { 4 }, caller.TeredoEndPoint!);
        Assert.That((await caller.ReceiveAsync().InTime()).Buffer, Is.EqualTo(new byte[] { 4 }));
        lab.Time.Advance(TimeSpan.FromMinutes(0.2)); // what came in keeps nothing open
        await asked.SendToAsync(new byte[] { 5 }, caller.TeredoEndPoint!);
        Assert.That(IsWaiting(caller));
    }

    [Test]
    public async Task Flow_OfAClosedSocket_DoesNotServeTheNextOneAtItsPort()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var peer = await bob.BindDatagramAsync(4242);
        var first = await alice.BindDatagramAsync(new TeredoBindOptions { Port = 5000, ProtectionLevel = IPProtectionLevel.EdgeRestricted });
        await first.SendToAsync(Datagram, peer.TeredoEndPoint!);
        await first.DisposeAsync();
        var second = await alice.BindDatagramAsync(new TeredoBindOptions { Port = 5000, ProtectionLevel = IPProtectionLevel.EdgeRestricted });
        await peer.SendToAsync(Datagram, second.TeredoEndPoint!);
        Assert.That(IsWaiting(second));
    }

    [Test]
    public async Task Echo_IsAnsweredOnlyWhileAnOptedInSocketIsOpen()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var closed = await bob.BindDatagramAsync(0);
        Assert.That(await PingAsync(), Is.EqualTo(IPStatus.TimedOut));
        var open = await bob.BindDatagramAsync(4242);
        Assert.That(await PingAsync(), Is.EqualTo(IPStatus.Success));
        await open.DisposeAsync();
        Assert.That(await PingAsync(), Is.EqualTo(IPStatus.TimedOut));

        async Task<IPStatus> PingAsync()
        {
            var ping = alice.PingAsync(bob.Address!, TimeSpan.FromSeconds(1)).InTime();
            lab.Time.Advance(TimeSpan.FromSeconds(1.5));
            return (await ping).Status;
        }
    }

    [Test]
    public async Task Echo_IsAnsweredTenTimesASecond()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        await bob.BindDatagramAsync(4242);
        Assert.That(await BurstAsync(), Is.EqualTo(10));
        Assert.That(bob.Report.Drops[DropReason.EchoRateLimited], Is.EqualTo(15));
        Assert.That(await BurstAsync(), Is.EqualTo(10), "another second");

        async Task<int> BurstAsync()
        {
            var pings = Enumerable.Range(0, 25).Select(_ => alice.PingAsync(bob.Address!, TimeSpan.FromSeconds(1))).ToArray();
            lab.Time.Advance(TimeSpan.FromSeconds(1.1));
            return (await Task.WhenAll(pings).InTime()).Count(reply => reply.Status == IPStatus.Success);
        }
    }

    [Test]
    public async Task Ping_PeerIsGone_SaysSoInsideTwelveSeconds()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var address = bob.Address!;
        await bob.DisposeAsync();
        var ping = alice.PingAsync(address, TimeSpan.FromSeconds(30));
        lab.Time.Advance(TimeSpan.FromSeconds(12)); // its time-out is far from over
        var reply = await ping.InTime();
        Assert.That(reply.Status, Is.EqualTo(IPStatus.DestinationHostUnreachable));
        Assert.That(reply.Problem, Does.Contain(address.ToString()).And.Contain("silent").And.Contain("none"));
        Assert.That((await alice.PingAsync(address, TimeSpan.FromSeconds(30)).InTime()).Problem, Does.Contain("did not answer a recent attempt"));
        var socket = await alice.BindDatagramAsync(0);
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => socket.SendToAsync(Datagram, new(address, 1)).InTime())!.Error, Is.EqualTo(TeredoError.PeerUnreachable));
    }

    [Test]
    public async Task Ping_Cancelled_GivesUp()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        using var cancellation = new CancellationTokenSource();
        var ping = alice.PingAsync(bob.Address!, TimeSpan.FromSeconds(30), cancellation.Token);
        await cancellation.CancelAsync();
        Assert.ThrowsAsync<TaskCanceledException>(() => ping.InTime());
    }

    [Test]
    public async Task Receive_Cancelled_LeavesTheSocketUsable()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var listener = await bob.BindDatagramAsync(4242);
        var caller = await alice.BindDatagramAsync(0);
        Assert.That(IsWaiting(listener));
        await caller.SendToAsync(Datagram, listener.TeredoEndPoint!);
        Assert.That((await listener.ReceiveAsync().InTime()).Buffer, Is.EqualTo(Datagram));
    }

    [Test]
    public async Task Receive_IntoABuffer_TakesWhatFits_AndRefusesASmallOne()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var listener = await bob.BindDatagramAsync(4242);
        var caller = await alice.BindDatagramAsync(0);
        byte[] sent = new byte[TeredoDatagramSocket.MaxDatagramOctets], buffer = new byte[sent.Length];
        new Random(7).NextBytes(sent);
        Assert.ThrowsAsync<ArgumentException>(async () => await listener.ReceiveFromAsync(buffer.AsMemory(1)));
        await caller.SendToAsync(sent, listener.TeredoEndPoint!);
        var received = await listener.ReceiveFromAsync(buffer).InTime();
        Assert.That((received.ReceivedBytes, received.RemoteEndPoint), Is.EqualTo((sent.Length, (EndPoint)caller.TeredoEndPoint!)));
        Assert.That(buffer, Is.EqualTo(sent));
        var waiting = listener.ReceiveFromAsync(buffer);
        await listener.DisposeAsync();
        Assert.That(async () => await waiting.InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.ThrowsAsync<ObjectDisposedException>(async () => await listener.ReceiveFromAsync(buffer));
        Assert.ThrowsAsync<ObjectDisposedException>(async () => await listener.ReceiveAsync());
        Assert.ThrowsAsync<ObjectDisposedException>(async () => await listener.SendToAsync(sent, new(bob.Address!, 1)));
    }

    [Test]
    public async Task Queue_IsBounded()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        var listener = await bob.BindDatagramAsync(4242);
        var caller = await alice.BindDatagramAsync(0);
        listener.ReceiveBufferSize = 3000;
        for (int i = 0; i < 300; i++)
            await caller.SendToAsync(Datagram, listener.TeredoEndPoint!);
        int fit = 3000 / (20 + Datagram.Length);
        Assert.That(bob.Report.Drops[DropReason.SocketQueueFull], Is.EqualTo(300 - fit));
        for (int i = 0; i < fit; i++)
            Assert.That((await listener.ReceiveAsync().InTime()).Buffer, Is.EqualTo(Datagram));
        Assert.That(IsWaiting(listener));
    }

    [Test]
    public async Task Bind_PortIsTaken_SaysSo_AndIsFreeAfterDispose()
    {
        var (lab, alice, _) = await TwoNodesAsync();
        await using var use = lab;
        var socket = await alice.BindDatagramAsync(4242);
        var e = Assert.ThrowsAsync<TeredoException>(() => alice.BindDatagramAsync(4242).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.PortUnavailable));
        Assert.That(e.Message, Does.Contain("4242"));
        await socket.DisposeAsync();
        await socket.DisposeAsync();
        lab.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.That(alice.Report.State, Is.EqualTo(TeredoState.Dormant), "the bind that failed holds nothing");
        Assert.That((await alice.BindDatagramAsync(4242)).LocalEndPoint.Port, Is.EqualTo(4242));
    }

    [TestCase(-1)]
    [TestCase(65536)]
    public async Task Bind_PortOutsideItsRange_IsNamed(int port)
    {
        var (lab, alice, _) = await TwoNodesAsync();
        await using var use = lab;
        Assert.That(() => alice.BindDatagramAsync(port), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains(port.ToString()));
    }

    [Test]
    public async Task Ping_ArgumentsOutsideTheirRange_AreRefused()
    {
        var (lab, alice, bob) = await TwoNodesAsync();
        await using var use = lab;
        foreach (var timeout in new[] { TimeSpan.Zero, TimeSpan.FromDays(1) + TimeSpan.FromTicks(1) })
            Assert.Throws<ArgumentOutOfRangeException>(() => _ = alice.PingAsync(bob.Address!, timeout));
        Assert.Throws<ArgumentException>(() => _ = alice.PingAsync(IPAddress.Loopback, TimeSpan.FromSeconds(1)));
        Assert.Throws<ArgumentNullException>(() => _ = alice.PingAsync(null!, TimeSpan.FromSeconds(1)));
        Assert.Throws<ArgumentNullException>(() => _ = alice.BindDatagramAsync(null!));
        Assert.Throws<ArgumentNullException>(() => _ = alice.ListenAsync(null!));
        Assert.That(async () => await alice.PingAsync(IPAddress.Parse("fe80::1"), TimeSpan.FromDays(1)).InTime(),
            Throws.InstanceOf<TeredoException>().With.Property(nameof(TeredoException.Error)).EqualTo(TeredoError.DestinationNotAllowed));
    }

    [Test]
    public async Task Bind_RestrictedLevel_IsRefused()
    {
        var (lab, alice, _) = await TwoNodesAsync();
        await using var use = lab;
        Assert.Throws<ArgumentOutOfRangeException>(() => alice.BindDatagramAsync(new TeredoBindOptions { Port = 1, ProtectionLevel = IPProtectionLevel.Restricted }));
    }

    [Test]
    public async Task Send_WhatCanNotBeSent_IsRefused()
    {
        var (lab, alice, _) = await TwoNodesAsync();
        await using var use = lab;
        var socket = await alice.BindDatagramAsync(0);
        Assert.That(Sending<ArgumentException>(new(IPAddress.Loopback, 1), Datagram).Message, Does.Contain("127.0.0.1:1"));
        Assert.That(Sending<ArgumentException>(new(IPAddress.IPv6Loopback, 0), Datagram).Message, Does.Contain("port"));
        Assert.That(Sending<SocketException>(new(IPAddress.IPv6Loopback, 1), new byte[TeredoDatagramSocket.MaxDatagramOctets + 1]).SocketErrorCode,
            Is.EqualTo(SocketError.MessageSize));
        Assert.That(Sending<TeredoException>(new(IPAddress.Parse("fe80::1"), 1), Datagram).Error, Is.EqualTo(TeredoError.DestinationNotAllowed));
        Assert.ThrowsAsync<TaskCanceledException>(() => socket.SendToAsync(Datagram, new(IPAddress.IPv6Loopback, 1), new CancellationToken(true)).InTime());

        T Sending<T>(IPEndPoint target, byte[] datagram) where T : Exception =>
            Assert.ThrowsAsync<T>(async () => await socket.SendToAsync(datagram, target))!;
    }
}
