using System.Net;
using System.Net.Sockets;
using TeredoSdk.Links.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>Sockets over Windows' Teredo: real ones of this machine, over its loopback.</summary>
public sealed class SocketTests
{
    [Test]
    public async Task Listener_AtItsPort_TakesConnections()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(listener.TeredoEndPoint, Is.EqualTo(new IPEndPoint(machine.Address, listener.LocalEndPoint.Port)));
        using var peer = new TcpClient(AddressFamily.InterNetworkV6);
        await peer.ConnectAsync(IPAddress.IPv6Loopback, listener.LocalEndPoint.Port).InTime();
        await using var connection = await listener.AcceptAsync().InTime();
        await connection.GetStream().WriteAsync("hi"u8.ToArray()).InTime();
        byte[] buffer = new byte[2];
        await peer.GetStream().ReadExactlyAsync(buffer).InTime();
        Assert.That(buffer, Is.EqualTo("hi"u8.ToArray()));

        machine.Teredo.ChangeAddress(IPAddress.Parse("2001:0:c000:201:0:63be:39cc:9bf8"));
        await peer.GetStream().WriteAsync(buffer).InTime();
        Assert.That(await connection.GetStream().ReadAsync(buffer).InTime(), Is.EqualTo(2), "a connection that is not over Teredo goes on");
    }

    [Test]
    public async Task Connect_EachAttempt_HasASocketOfItsOwnThatIsEdgeRestricted()
    {
        await using var machine = new WindowsMachine();
        await using var link = await new WindowsProvider(machine.Windows).BringUpAsync(machine.Options, [], default).InTime();
        using var target = new TcpListener(IPAddress.IPv6Loopback, 0);
        target.Start();
        for (int i = 0; i < 2; i++)
            await (await link.ConnectStreamAsync((IPEndPoint)target.LocalEndpoint, default).InTime()).DisposeAsync();
        var gone = (IPEndPoint)target.LocalEndpoint;
        target.Stop();
        var failure = Assert.ThrowsAsync<TeredoException>(() => link.ConnectStreamAsync(gone, default).InTime())!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.ConnectionRefused));
        Assert.That(machine.Windows.Sockets.Select(socket => (socket.Type, socket.Level)),
            Is.EqualTo(Enumerable.Repeat((SocketType.Stream, IPProtectionLevel.EdgeRestricted), 3)));
    }

    [Test]
    public async Task Datagrams_BetweenTwoSockets_Arrive()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var one = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted }).InTime();
        await using var other = await node.BindDatagramAsync(0).InTime();
        Assert.That(machine.Windows.Sockets.Select(socket => socket.Level),
            Is.EqualTo(new[] { IPProtectionLevel.Unrestricted, IPProtectionLevel.EdgeRestricted }));
        using var peer = new UdpClient(AddressFamily.InterNetworkV6);
        await peer.SendAsync(new byte[] { 7 }, new IPEndPoint(IPAddress.IPv6Loopback, one.LocalEndPoint.Port)).AsTask().InTime();
        Assert.That((await one.ReceiveAsync().InTime()).Buffer, Is.EqualTo(new byte[] { 7 }));
    }

    [Test]
    public async Task Port_Taken_IsNamed()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var first = await node.ListenAsync(0).InTime();
        var failure = Assert.ThrowsAsync<TeredoException>(() => node.ListenAsync(first.LocalEndPoint.Port).InTime())!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.PortUnavailable));
        Assert.That(node.Report.Windows!.Holds, Is.EqualTo(1));
    }

    [Test]
    public async Task Name_WhereTeredoIsTheOnlyIPv6_IsAskedForByItself()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Dns["peer.example.net"] = [IPAddress.Parse("2001:0:c000:201:0:63be:39cc:9bf8")];
        await using var link = await new WindowsProvider(machine.Windows).BringUpAsync(machine.Options, [], default).InTime();
        Assert.That(await link.ResolveAsync("peer.example.net", default).InTime(), Is.EqualTo(machine.Windows.Dns["peer.example.net"]));
    }

    [Test]
    public async Task Ping_OverAFakeWindows_IsRefusedWithAReason()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("Windows sends Echo Requests itself.");
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        var peer = IPAddress.Parse("2001:0:c000:201:0:63be:39cc:9bf8");
        var failure = Assert.ThrowsAsync<TeredoException>(() => node.PingAsync(peer, TimeSpan.FromSeconds(1)))!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.NotSupported));
    }

    [Test]
    public async Task Node_Disposed_ClosesItsSocketsAndStopsItsTimers()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        var listener = await node.ListenAsync(0).InTime();
        var accept = listener.AcceptAsync();
        await node.DisposeAsync().InTime();
        Assert.ThrowsAsync<ObjectDisposedException>(() => accept.InTime());
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Stopped));
        await machine.Time.WhenNoTimerIsArmed().InTime();
    }
}
