using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Tests.Forwarding;

/// <summary>Sessions of forwards that end because nothing comes any more, in virtual time.</summary>
public sealed class ForwardIdleTests
{
    [TestCase(ProtocolType.Tcp, null, 124)]
    [TestCase(ProtocolType.Udp, null, 5)]
    [TestCase(ProtocolType.Tcp, 60, 1)]
    [TestCase(ProtocolType.Udp, 0, 0)]
    public async Task IdleSession_Ends(ProtocolType protocol, int? seconds, int minutes)
    {
        await using var lab = new Lab();
        lab.StartServer();
        using var program = new Socket(AddressFamily.InterNetwork, protocol == ProtocolType.Tcp ? SocketType.Stream : SocketType.Dgram, protocol);
        program.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        if (protocol == ProtocolType.Tcp)
            program.Listen();
        var node = await lab.StartAsync("203.0.113.10");
        await using var forward = await node.ForwardAsync(new()
        {
            Protocol = protocol,
            Target = $"{program.LocalEndPoint}",
            IdleTimeout = seconds is { } limit ? TimeSpan.FromSeconds(limit) : null,
        });
        var peer = await lab.StartAsync("203.0.113.20");
        Func<Task> end;
        if (protocol == ProtocolType.Tcp)
        {
            var connection = await peer.ConnectAsync(forward.EndPoint!).InTime();
            end = () => connection.DisposeAsync().AsTask();
        }
        else
        {
            var socket = await peer.BindDatagramAsync(0);
            await socket.SendToAsync(new byte[1], forward.EndPoint!);
            end = () => socket.DisposeAsync().AsTask();
        }
        await UntilAsync(() => forward.Report.Sessions == 1);
        if (minutes == 0)
        {
            lab.Time.Advance(TimeSpan.FromDays(1));
            Assert.That((forward.Report.Sessions, forward.Report.Idle), Is.EqualTo((1, 0)));
        }
        else
        {
            lab.Time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
            Assert.That(forward.Report.Idle, Is.Zero);
            lab.Time.Advance(TimeSpan.FromSeconds(32)); // it is looked every 30 s at least
            Assert.That(forward.Report.Idle, Is.EqualTo(1));
            await UntilAsync(() => forward.Report.Sessions == 0);
        }
        await end().InTime();
    }

    static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (!condition())
            await Task.Delay(5, limit.Token);
    }
}
