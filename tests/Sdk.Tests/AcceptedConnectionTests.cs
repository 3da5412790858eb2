using System.Net.Sockets;

namespace TeredoSdk.Tests;

/// <summary>A connection that was accepted and has sent nothing yet.</summary>
public sealed class AcceptedConnectionTests
{
    [Slow]
    [Test]
    public async Task ListenerIsClosed_StillReceives()
    {
        await using var lab = new Loopback();
        var (caller, accepted, listener) = await ConnectAsync(lab);
        await listener.DisposeAsync().InTime();
        await caller.GetStream().WriteAsync(new byte[] { 7 }).InTime();
        byte[] octet = new byte[1];
        Assert.That(await accepted.GetStream().ReadAsync(octet).InTime(), Is.EqualTo(1));
        Assert.That(octet[0], Is.EqualTo(7));
    }

    [Test]
    public async Task Reset_ReachesThePeer_WhoIsToldWhichConnectionBroke()
    {
        await using var lab = new Loopback();
        var (caller, accepted, _) = await ConnectAsync(lab);
        accepted.Socket!.LingerState = new(true, 0); // closing resets
        await accepted.DisposeAsync().InTime();
        var e = Assert.ThrowsAsync<IOException>(() => caller.GetStream().ReadAsync(new byte[1]).InTime())!;
        Assert.That(e.Message, Does.Contain($"{caller.RemoteEndPoint}"));
        Assert.That(e.InnerException, Is.InstanceOf<SocketException>());
    }

    static async Task<(TeredoConnection Caller, TeredoConnection Accepted, TeredoListener Listener)> ConnectAsync(Loopback lab)
    {
        var (alice, bob) = (await StartAsync(lab), await StartAsync(lab));
        var listener = await bob.ListenAsync(4242).InTime();
        var caller = alice.ConnectAsync(listener.TeredoEndPoint!).InTime();
        var accepted = await listener.AcceptAsync().InTime();
        return (await caller, accepted, listener); // their nodes close them
    }

    static async Task<TeredoNode> StartAsync(Loopback lab)
    {
        var options = lab.KernelOptions;
        options.Sockets = TeredoSockets.Auto;
        var node = await lab.StartAsync(options);
        if (!node.Report.KernelSockets)
            Assert.Ignore($"No kernel sockets here: {string.Join(' ', node.Report.PassedOver.Select(passed => passed.Reason))}");
        return node;
    }
}
