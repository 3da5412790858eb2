using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Tests;

/// <summary>Nodes and a server over real sockets on loopback.</summary>
public sealed class LoopbackTests
{
    static readonly TimeSpan PingTimeout = Patience.Limit;

    [Test]
    public async Task Start_ServerAnswers_HasAnAddressThatNamesServerAndMapping()
    {
        await using var lab = new Loopback();
        var node = await lab.StartAsync();
        var report = node.Report;
        Assert.That(TeredoAddress.TryCreate(IPv6Address.FromIPAddress(node.Address!), out var address));
        Assert.Multiple(() =>
        {
            Assert.That(address.Server.ToIPAddress(), Is.EqualTo(lab.Primary));
            Assert.That(address.MappedEndpoint.ToIPEndPoint(), Is.EqualTo(report.LocalEndPoint).And.EqualTo(report.MappedEndPoint));
            Assert.That(report.State, Is.EqualTo(TeredoState.Qualified));
            Assert.That(report.Mapping, Is.EqualTo(MappingBehaviour.None));
            Assert.That(report.NatName, Is.EqualTo("none"));
            Assert.That(report.Reachability, Is.EqualTo(Reachability.NotChecked));
            Assert.That(report.Server, Is.EqualTo(lab.Primary));
            Assert.That(report.SecondaryServer, Is.EqualTo(lab.Secondary));
            Assert.That(report.MtuOctets, Is.EqualTo(1280));
            Assert.That(report.Problem, Is.Null);
        });
    }

    [Test]
    public async Task Datagrams_GoBothWays()
    {
        await using var lab = new Loopback();
        var (alice, bob) = (await lab.StartAsync(), await lab.StartAsync());
        await using var listener = await bob.BindDatagramAsync(4242);
        await using var caller = await alice.BindDatagramAsync(0);
        Assert.That(listener.TeredoEndPoint, Is.EqualTo(new IPEndPoint(bob.Address!, 4242)));

        Assert.That(await caller.SendToAsync("hello"u8.ToArray(), listener.TeredoEndPoint!), Is.EqualTo(5));
        var request = await listener.ReceiveAsync().InTime();
        Assert.That(Encoding.UTF8.GetString(request.Buffer), Is.EqualTo("hello"));
        Assert.That(request.RemoteEndPoint, Is.EqualTo(caller.TeredoEndPoint));

        await listener.SendToAsync("hello yourself"u8.ToArray(), request.RemoteEndPoint);
        var answer = await caller.ReceiveAsync().InTime();
        Assert.That(Encoding.UTF8.GetString(answer.Buffer), Is.EqualTo("hello yourself"));
        Assert.That(answer.RemoteEndPoint, Is.EqualTo(listener.TeredoEndPoint));
        Assert.That(bob.Report.Reachability, Is.EqualTo(Reachability.Yes));
        Assert.That(alice.Report.Reachability, Is.EqualTo(Reachability.NotChecked), "bob only answered");
    }

    [Test]
    public async Task Datagram_OfTheLargestSize_ArrivesWhole()
    {
        await using var lab = new Loopback();
        var (alice, bob) = (await lab.StartAsync(), await lab.StartAsync());
        await using var listener = await bob.BindDatagramAsync(4242);
        await using var caller = await alice.BindDatagramAsync(0);
        byte[] datagram = new byte[TeredoDatagramSocket.MaxDatagramOctets];
        new Random(1).NextBytes(datagram);
        await caller.SendToAsync(datagram, listener.TeredoEndPoint!);
        Assert.That((await listener.ReceiveAsync().InTime()).Buffer, Is.EqualTo(datagram));
    }

    [Test]
    public async Task Ping_OptedInPeer_IsAnswered()
    {
        await using var lab = new Loopback();
        var (alice, bob) = (await lab.StartAsync(), await lab.StartAsync());
        await using var listener = await bob.BindDatagramAsync(4242);
        var reply = await alice.PingAsync(bob.Address!, PingTimeout).InTime();
        Assert.That(reply.Status, Is.EqualTo(IPStatus.Success), reply.Problem);
        Assert.That(reply.RoundTripTime, Is.GreaterThan(TimeSpan.Zero));
        Assert.That(reply.Address, Is.EqualTo(bob.Address));
    }

    [Test]
    public async Task Ping_OwnAddress_IsAnsweredWithoutTheNetwork()
    {
        await using var lab = new Loopback();
        var node = await lab.StartAsync();
        await using var listener = await node.BindDatagramAsync(4242);
        Assert.That((await node.PingAsync(node.Address!, PingTimeout).InTime()).Status, Is.EqualTo(IPStatus.Success));
        Assert.That(node.Report.Reachability, Is.EqualTo(Reachability.NotChecked), "we are no stranger");
    }

    [Test]
    public async Task Send_ToOurselves_IsDelivered()
    {
        await using var lab = new Loopback();
        var node = await lab.StartAsync();
        await using var listener = await node.BindDatagramAsync(4242);
        await using var caller = await node.BindDatagramAsync(0);
        await caller.SendToAsync(new byte[] { 1, 2, 3 }, listener.TeredoEndPoint!);
        Assert.That((await listener.ReceiveAsync().InTime()).RemoteEndPoint, Is.EqualTo(caller.TeredoEndPoint));
    }

    [Test]
    public async Task Start_ServerPortOfClientIsTaken_SaysWhichPort()
    {
        await using var lab = new Loopback();
        using var squatter = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        squatter.Bind(new IPEndPoint(IPAddress.Any, 0));
        var options = lab.Options;
        options.ClientPort = ((IPEndPoint)squatter.LocalEndPoint!).Port;
        var e = Assert.ThrowsAsync<TeredoException>(() => TeredoNode.StartAsync(options).InTime())!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.PortUnavailable));
        Assert.That(e.Message, Does.Contain(options.ClientPort.ToString()).And.Contain(nameof(TeredoOptions.ClientPort)));
        Assert.That(e.InnerException, Is.InstanceOf<SocketException>());
        Assert.That(e.HResult, Is.EqualTo(((SocketException)e.InnerException!).NativeErrorCode));
    }

    [Test]
    public async Task Start_ClientPortIsFixed_IsBoundToIt()
    {
        await using var lab = new Loopback();
        int port;
        using (var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)probe.LocalEndPoint!).Port;
        }
        var options = lab.Options;
        options.ClientPort = port;
        Assert.That((await lab.StartAsync(options)).Report.LocalEndPoint!.Port, Is.EqualTo(port));
    }

    [Test]
    public async Task Start_Cancelled_GivesUpAndFreesThePort()
    {
        await using var lab = new Loopback();
        var options = lab.Options;
        options.Servers = [lab.Silent.ToString()];
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        probe.Bind(new IPEndPoint(lab.Silent, 3544)); // silent, and tells when it was asked
        using var cancellation = new CancellationTokenSource();
        var start = TeredoNode.StartAsync(options, cancellation.Token);
        var asked = await probe.ReceiveFromAsync(new byte[1500], new IPEndPoint(IPAddress.Any, 0)).InTime();
        await cancellation.CancelAsync();
        Assert.ThrowsAsync<TaskCanceledException>(() => start.InTime());
        using var second = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Assert.DoesNotThrow(() => second.Bind(asked.RemoteEndPoint), "the node's port is free again");
    }

    [Test]
    public async Task Dispose_ClosesTheSocketAndEndsWaits()
    {
        await using var lab = new Loopback();
        var node = await lab.StartAsync();
        var socket = await node.BindDatagramAsync(4242);
        var local = node.Report.LocalEndPoint!;
        var receive = socket.ReceiveAsync().InTime();
        await node.DisposeAsync().InTime();
        Assert.ThrowsAsync<ObjectDisposedException>(() => receive);
        using var second = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Assert.DoesNotThrow(() => second.Bind(local));
    }

    [Test]
    public async Task Dispose_WhileOthersBindSendAndPing_EndsThemAll()
    {
        await using var lab = new Loopback();
        for (int run = 0; run < 4; run++)
        {
            var (alice, bob) = (await lab.StartAsync(), await lab.StartAsync());
            var target = new IPEndPoint(bob.Address!, 1);
            var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously); // else the test would go on within a user
            var users = Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
            {
                while (true)
                {
                    await using var socket = await alice.BindDatagramAsync(i % 2 == 0 ? 0 : 1000 + i);
                    begun.TrySetResult();
                    await socket.SendToAsync(new byte[1], target);
                    if (i == 3)
                        await alice.PingAsync(bob.Address!, PingTimeout);
                    _ = alice.Report;
                    await Task.Yield(); // leaves the pool's threads to others, too
                }
            })).ToArray();
            await begun.Task.InTime();
            await alice.DisposeAsync().InTime();
            foreach (var user in users)
            {
                await user.InTime().ContinueWith(_ => { }, TaskScheduler.Default);
                Assert.That(user.Exception?.InnerException, Is.TypeOf<ObjectDisposedException>().Or.TypeOf<TeredoException>().With.Property(nameof(TeredoException.Error)).EqualTo(TeredoError.NoAddress));
            }
        }
    }

    [Test]
    public async Task ServerHost_AddressIsTaken_SaysSo()
    {
        await using var lab = new Loopback();
        var e = Assert.ThrowsAsync<TeredoException>(() => TeredoServerHost.StartAsync(new() { Address = lab.Primary, AllowPrivateAddresses = true }))!;
        Assert.That(e.Error, Is.EqualTo(TeredoError.PortUnavailable));
        Assert.That(e.Message, Does.Contain(lab.Primary.ToString()));
    }

    [Test]
    public async Task ServerHost_SecondaryIsTaken_ReleasesThePrimary()
    {
        await using var lab = new Loopback();
        var options = new TeredoServerHostOptions { Address = lab.Silent, SecondaryAddress = lab.Secondary, AllowPrivateAddresses = true };
        Assert.ThrowsAsync<TeredoException>(() => TeredoServerHost.StartAsync(options));
        options.SecondaryAddress = null;
        await using var again = await TeredoServerHost.StartAsync(options);
        Assert.That(again.Report.EndPoint, Is.EqualTo(new IPEndPoint(lab.Silent, 3544)));
        Assert.That(again.Report.SecondaryEndPoint, Is.Null);
    }

    [Test]
    public async Task ServerHost_DisposedTwice_FreesItsPorts()
    {
        await using var lab = new Loopback();
        await lab.Server.DisposeAsync().InTime();
        await lab.Server.DisposeAsync().InTime();
        await using var again = await TeredoServerHost.StartAsync(new() { Address = lab.Primary, SecondaryAddress = lab.Secondary, AllowPrivateAddresses = true });
        Assert.That(again.Report.Drops, Is.Empty);
    }

    [Test]
    public void ServerHost_PrivateAddress_IsRefusedOutsideALaboratory() =>
        Assert.That(() => TeredoServerHost.StartAsync(new() { Address = IPAddress.Loopback }), Throws.ArgumentException.With.Message.Contains("127.0.0.1"));
}
