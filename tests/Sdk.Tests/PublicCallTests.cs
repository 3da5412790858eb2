using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Tests;

/// <summary>What all calls of the public face have in common: how they take arguments, tokens and the end.</summary>
public sealed class PublicCallTests
{
    static readonly IPAddress Peer = IPAddress.Parse("2001:0:c000:201:0:63bf:34ff:8efe");
    static readonly IPEndPoint At = new(Peer, 7);
    static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>A call, on a node or on a socket of it.</summary>
    public delegate Task Call(TeredoNode node, TeredoDatagramSocket socket, CancellationToken token);

    static readonly (string Name, Call Call)[] Calls =
    [
        (nameof(TeredoNode.BindDatagramAsync), (node, _, token) => node.BindDatagramAsync(0, token)),
        (nameof(TeredoNode.ListenAsync), (node, _, token) => node.ListenAsync(0, token)),
        (nameof(TeredoNode.ConnectAsync), (node, _, token) => node.ConnectAsync(At, token)),
        ("ConnectAsync by name", (node, _, token) => node.ConnectAsync($"{Peer}", 7, token)),
        (nameof(TeredoNode.PingAsync), (node, _, token) => node.PingAsync(Peer, Second, token)),
        (nameof(TeredoNode.CheckReachabilityAsync), (node, _, token) => node.CheckReachabilityAsync(token)),
        (nameof(TeredoNode.GetReportAsync), (node, _, token) => node.GetReportAsync(token)),
        (nameof(TeredoDatagramSocket.SendToAsync), (_, socket, token) => socket.SendToAsync(new byte[1], At, token).AsTask()),
        (nameof(TeredoDatagramSocket.ReceiveAsync), (_, socket, token) => socket.ReceiveAsync(token).AsTask()),
        (nameof(TeredoDatagramSocket.ReceiveFromAsync), (_, socket, token) =>
            socket.ReceiveFromAsync(new byte[TeredoDatagramSocket.MaxDatagramOctets], token).AsTask()),
    ];

    // Those that ask nobody have an answer whatever the token says, or the end.
    static readonly string[] AskNobody = [nameof(TeredoNode.GetReportAsync)], NeedKernelSockets = [nameof(TeredoNode.ListenAsync), nameof(TeredoNode.ConnectAsync), "ConnectAsync by name"];

    static IEnumerable<string> Names => Calls.Select(call => call.Name);

    static Call Named(string name) => Calls.First(call => call.Name == name).Call;

    [TestCaseSource(nameof(Names))]
    public async Task CancelledToken_LetsACallDoNothing(string name)
    {
        if (AskNobody.Concat(NeedKernelSockets).Contains(name))
            return;
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        await using var socket = await node.BindDatagramAsync(0).InTime();
        int sent = 0;
        lab.Network.Passes = (_, _, _) => ++sent > 0;
        Assert.That(async () => await Named(name)(node, socket, new(canceled: true)).InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((sent, node.Report.Sockets), Is.EqualTo((0, 1)));
    }

    [TestCaseSource(nameof(Names))]
    public async Task EndedNode_SaysSo(string name)
    {
        if (AskNobody.Contains(name))
            return;
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        var socket = await node.BindDatagramAsync(0).InTime();
        await node.DisposeAsync().InTime();
        Assert.That(async () => await Named(name)(node, socket, default).InTime(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(node.Report.State, Is.EqualTo(TeredoState.Stopped));
    }

    /// <summary>A bad argument, and the name of its parameter.</summary>
    static readonly (string Parameter, Call Call)[] BadArguments =
    [
        ("options", (node, _, _) => node.BindDatagramAsync(null!)),
        ("options", (node, _, _) => node.ListenAsync(null!)),
        ("port", (node, _, _) => node.BindDatagramAsync(-1)),
        ("port", (node, _, _) => node.BindDatagramAsync(65_536)),
        ("port", (node, _, _) => node.ListenAsync(-1)),
        ("port", (node, _, _) => node.ListenAsync(65_536)),
        ("remoteEndPoint", (node, _, _) => node.ConnectAsync(null!)),
        ("remoteEndPoint", (node, _, _) => node.ConnectAsync(new(IPAddress.Loopback, 7))),
        ("remoteEndPoint", (node, _, _) => node.ConnectAsync(new(Peer, 0))),
        ("host", (node, _, _) => node.ConnectAsync("", 7)),
        ("host", (node, _, _) => node.ConnectAsync(null!, 7)),
        ("port", (node, _, _) => node.ConnectAsync("peer.example", 0)),
        ("port", (node, _, _) => node.ConnectAsync("peer.example", 65_536)),
        ("address", (node, _, _) => node.PingAsync(null!, Second)),
        ("address", (node, _, _) => node.PingAsync(IPAddress.Loopback, Second)),
        ("timeout", (node, _, _) => node.PingAsync(Peer, TimeSpan.Zero)),
        ("timeout", (node, _, _) => node.PingAsync(Peer, -Second)),
        ("timeout", (node, _, _) => node.PingAsync(Peer, TimeSpan.FromDays(1) + TimeSpan.FromTicks(1))),
        ("remoteEndPoint", (_, socket, _) => socket.SendToAsync(new byte[1], null!).AsTask()),
        ("remoteEndPoint", (_, socket, _) => socket.SendToAsync(new byte[1], new(IPAddress.Loopback, 7)).AsTask()),
        ("remoteEndPoint", (_, socket, _) => socket.SendToAsync(new byte[1], new(Peer, 0)).AsTask()),
        ("buffer", (_, socket, _) => socket.ReceiveFromAsync(new byte[TeredoDatagramSocket.MaxDatagramOctets - 1]).AsTask()),
    ];

    [Test]
    public async Task BadArgument_IsNamed()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        await using var socket = await node.BindDatagramAsync(0).InTime();
        foreach (var (i, (parameter, call)) in BadArguments.Index())
            Assert.That(Assert.CatchAsync<ArgumentException>(() => call(node, socket, default).InTime(), $"{parameter}, {i}")!.ParamName, Is.EqualTo(parameter), $"{i}");
    }

    [Test]
    public async Task LongestPing_AndLargestDatagram_AreTaken()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var node = await lab.StartAsync("203.0.113.10");
        await using var socket = await node.BindDatagramAsync(0).InTime();
        var peer = (await lab.StartAsync("203.0.113.20")).Address!;
        using var cancellation = new CancellationTokenSource();
        Assert.That(Assert.ThrowsAsync<ArgumentException>(() => node.PingAsync(IPAddress.Loopback, Second))!.Message, Does.Contain("expected an IPv6 address"));
        var ping = node.PingAsync(peer, TimeSpan.FromDays(1), cancellation.Token);
        await cancellation.CancelAsync();
        Assert.That(async () => await ping.InTime(), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await socket.SendToAsync(new byte[TeredoDatagramSocket.MaxDatagramOctets], new(peer, 7)).InTime(), Is.EqualTo(TeredoDatagramSocket.MaxDatagramOctets));
        Assert.That(Assert.CatchAsync<SocketException>(() => socket.SendToAsync(new byte[TeredoDatagramSocket.MaxDatagramOctets + 1], new(peer, 7)).AsTask())!.SocketErrorCode,
            Is.EqualTo(SocketError.MessageSize));
    }
}
