using TeredoSdk.Testing;

namespace TeredoSdk.Tests;

/// <summary>The loopback variant for tests of applications: real sockets, with a server, in one line.</summary>
public sealed class LoopbackInternetTests
{
    [Test]
    public async Task TwoNodes_EchoByTcp_AndManyStandBesideEachOther()
    {
        await using var internet = await LoopbackInternet.StartAsync().InTime();
        await using var other = await LoopbackInternet.StartAsync().InTime();
        Assert.That(other.Server.Report.EndPoint, Is.Not.EqualTo(internet.Server.Report.EndPoint));
        var alice = await internet.StartNodeAsync(new() { Sockets = TeredoSockets.InProcess }).InTime();
        var bob = await internet.StartNodeAsync(new() { Sockets = TeredoSockets.InProcess, Servers = ["11.9.9.9"] }).InTime(); // is not asked
        await using var listener = await bob.ListenAsync(4242).InTime();
        await using var caller = await alice.ConnectAsync(listener.TeredoEndPoint!).InTime();
        await using var callee = await listener.AcceptAsync().InTime();
        await caller.GetStream().WriteAsync(new byte[] { 7 }).InTime();
        byte[] received = new byte[1];
        await callee.GetStream().ReadExactlyAsync(received).InTime();
        Assert.That(received, Is.EqualTo(new byte[] { 7 }));
        Assert.That((await bob.CheckReachabilityAsync().InTime()).Reachability, Is.EqualTo(Reachability.Yes));
    }

    [Test]
    public async Task Dispose_EndsNodes_AndOptionsServeTheSocketClassToo()
    {
        var internet = await LoopbackInternet.StartAsync().InTime();
        var options = internet.Options;
        options.Sockets = TeredoSockets.InProcess;
        await using (var socket = await TeredoSocket.BindDatagramAsync(0, options).InTime())
            Assert.That(socket.TeredoEndPoint, Is.Not.Null);
        var node = await internet.StartNodeAsync(options).InTime();
        await internet.DisposeAsync().InTime();
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Stopped));
        await internet.DisposeAsync().InTime();
    }
}
