using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using TeredoSdk.Cli.Traffic;
using TeredoSdk.Tests;

namespace TeredoSdk.Cli.Tests;

/// <summary>A command that has sent everything waits until its peer has it.</summary>
[Platform("Linux")]
[SupportedOSPlatform("linux")]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DrainTests
{
    static readonly IPEndPoint Peer = new(IPAddress.IPv6Loopback, 4242);

    readonly ManualTime _time = new();

    [Test]
    public void PeerThatHasEverything_IsGivenTheTimeOfOneAcknowledgementMore()
    {
        var wait = Wait(() => (0, SocketError.Success));
        Assert.That(_time.AdvanceUntil(() => wait.IsCompleted, TimeSpan.FromMinutes(5)), Is.EqualTo(TimeSpan.FromSeconds(0.2)));
        Assert.That(wait.IsCompletedSuccessfully);
    }

    [TestCase(1, 10)]
    [TestCase(2, 10)]
    [TestCase(2, 59)]
    public void PeerThatTakesItsTime_IsWaitedFor(int octets, double seconds)
    {
        bool isEnd = octets == 1; // only the end of the stream is outstanding; the peer may be gone by now
        var wait = Wait(() => (_time.Elapsed < TimeSpan.FromSeconds(seconds) ? octets : 0, SocketError.Success));
        var waited = _time.AdvanceUntil(() => wait.IsCompleted, TimeSpan.FromMinutes(5));
        Assert.That(wait.IsCompletedSuccessfully);
        Assert.That(waited, Is.EqualTo(TimeSpan.FromSeconds((isEnd ? 5.01 : seconds) + 0.2)), "it looks every 10 ms");
    }

    [Test]
    public void PeerThatTakesNothing_IsAFailure()
    {
        var wait = Wait(() => (2, SocketError.Success));
        var waited = _time.AdvanceUntil(() => wait.IsCompleted, TimeSpan.FromMinutes(5));
        Assert.That(waited, Is.EqualTo(TimeSpan.FromSeconds(60.01)));
        Assert.That(wait.Exception?.InnerException, Is.InstanceOf<IOException>().With.Message.Contains($"{Peer}").And.Message.Contains(" 2 octets"));
    }

    [Test]
    public void ConnectionThatBreaksMeanwhile_IsAFailureAtOnce()
    {
        var wait = Wait(() => (2, _time.Elapsed > TimeSpan.FromSeconds(1) ? SocketError.ConnectionReset : SocketError.Success));
        Assert.That(_time.AdvanceUntil(() => wait.IsCompleted, TimeSpan.FromMinutes(5)), Is.EqualTo(TimeSpan.FromSeconds(1.01)));
        Assert.That(wait.Exception?.InnerException, Is.InstanceOf<IOException>());
    }

    [Test]
    public async Task Kernel_TellsWhatAPeerHasNotAcknowledged()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { SendBufferSize = 1_000_000 };
        await socket.ConnectAsync(listener.LocalEndPoint!);
        using var peer = await listener.AcceptAsync();
        using var limit = new CancellationTokenSource(Patience.Limit);
        int sent = await socket.SendAsync(new byte[200_000], limit.Token); // the peer has no room for that
        socket.Shutdown(SocketShutdown.Send);
        var wait = Drain.WaitAsync(socket, Peer, limit.Token);
        await Task.WhenAny(wait, Task.Delay(500, limit.Token));
        Assert.That(wait.IsCompleted, Is.False, "most of it is outstanding");
        byte[] octets = new byte[10_000];
        for (int read = 0; read < sent;)
            read += await peer.ReceiveAsync(octets, limit.Token);
        await wait.WaitAsync(limit.Token);
    }

    Task Wait(Func<(int, SocketError)> look) => Drain.WaitAsync(look, Peer, _time, CancellationToken.None);
}
