using System.Net;
using System.Net.NetworkInformation;
using System.Text;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo listen -u</c>, <c>teredo connect -u</c> and <c>teredo ping</c>.</summary>
public sealed class DatagramTests
{
    Loopback _lab = null!;

    [OneTimeSetUp]
    public async Task StartLab() => _lab = await Loopback.StartAsync();

    [OneTimeTearDown]
    public void EndLab() => _lab.Dispose();

    [Slow]
    [TestCase("auto")]
    [TestCase("in-process")]
    public async Task Lines_AreDatagrams_AndComeBackAsLines(string sockets)
    {
        using var listener = _lab.Start("listen", "-u", "4242", "--echo", "--sockets", sockets);
        using var caller = _lab.Start("connect", "-u", await listener.ListeningAsync(), "--linger", "5", "--sockets", sockets);
        const string lines = "one\ntwo\n\nthree\nfour\nfive\nlast without a terminator";
        await caller.Input.WriteAsync(Encoding.ASCII.GetBytes(lines));
        caller.Input.Close();
        var result = await caller.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Text.ReplaceLineEndings("\n"), Is.EqualTo(lines + "\n"));
    }

    [Slow]
    [Test]
    public async Task Listener_TalksToTheFirstPeer()
    {
        using var listener = _lab.Start("listen", "-u", "0");
        using var caller = _lab.Start("connect", "-u", await listener.ListeningAsync(), "--json", "--linger", "5");
        await caller.Input.WriteAsync("ping\n"u8.ToArray());
        await caller.Input.FlushAsync();
        using var heard = new StreamReader(listener.Output, leaveOpen: true);
        Assert.That(await heard.ReadLineAsync().WaitAsync(Patience.Limit), Is.EqualTo("ping"));
        await listener.Input.WriteAsync("pong!\n"u8.ToArray());
        await listener.Input.FlushAsync();
        caller.Input.Close();
        var document = (await caller.ExitAsync()).Document;
        Assert.That(document.GetProperty("octetsSent").GetInt64(), Is.EqualTo(4));
        Assert.That(document.GetProperty("octetsReceived").GetInt64(), Is.EqualTo(5));
        listener.Terminate();
        Assert.That(await listener.ExitCodeAsync(), Is.Zero);
    }

    // A socket that listens takes datagrams of everybody; one that calls gets none but its peer's, which the engine sees to.
    [Slow]
    [Test]
    public async Task Listener_PrintsOnlyWhatItsFirstPeerSends()
    {
        using var listener = _lab.Start("listen", "-u", "0");
        string address = await listener.ListeningAsync();
        using var first = _lab.Start("connect", "-u", address);
        using var heard = new StreamReader(listener.Output, leaveOpen: true);
        await SendLineAsync(first, "first");
        Assert.That(await heard.ReadLineAsync().WaitAsync(Patience.Limit), Is.EqualTo("first"));
        await using var node = await TeredoNode.StartAsync(new() { Servers = [$"{_lab.Primary},{_lab.Secondary}"], AllowPrivateAddresses = true });
        var listening = IPEndPoint.Parse(address);
        await using var stranger = await node.BindDatagramAsync(0);
        Assert.That((await node.PingAsync(listening.Address, Patience.Limit)).Status, Is.EqualTo(IPStatus.Success), "the stranger's way is open");
        // In several rounds: what the stranger sent in the first is there before the last.
        for (int i = 0; i < 4; i++)
        {
            await stranger.SendToAsync("stranger"u8.ToArray(), listening);
            Assert.That((await node.PingAsync(listening.Address, Patience.Limit)).Status, Is.EqualTo(IPStatus.Success));
            await SendLineAsync(first, $"line {i}");
            Assert.That(await heard.ReadLineAsync().WaitAsync(Patience.Limit), Is.EqualTo($"line {i}"));
        }
    }

    [Test]
    public async Task LineThatIsNoDatagram_IsAFailure()
    {
        using var listener = _lab.Start("listen", "-u", "4242", "--echo");
        using var caller = _lab.Start("connect", "-u", await listener.ListeningAsync());
        await caller.Input.WriteAsync(Encoding.ASCII.GetBytes(new string('x', 1233) + "\n"));
        Assert.That(await caller.ExitCodeAsync(), Is.EqualTo(1));
        Assert.That(caller.ErrorLines[^1], Does.Contain("1233").And.Contain("1232"));
    }

    [Test]
    public async Task Ping_IsAnsweredByAPeerThatIsOpen()
    {
        using var listener = _lab.Start("listen", "-u", "4242", "--echo");
        string peer = await listener.ListeningAsync();
        string address = peer[1..peer.IndexOf(']')];
        var result = await _lab.RunAsync("ping", address, "-c", "3", "-i", "0.1", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        var document = result.Document;
        Assert.That(document.GetProperty("sent").GetInt32(), Is.EqualTo(3));
        Assert.That(document.GetProperty("received").GetInt32(), Is.EqualTo(3));
        Assert.That(document.GetProperty("lossPercent").GetDouble(), Is.Zero);
        Assert.That(document.GetProperty("minMilliseconds").GetDouble(), Is.GreaterThan(0).And.LessThanOrEqualTo(document.GetProperty("maxMilliseconds").GetDouble()));
        Assert.That((await _lab.RunAsync("ping", $"[{address}]", "-c", "1")).Text, Does.Contain("seq=1 time=").And.Contain("1 sent, 1 received, 0 % lost"));
    }

    // As long as it takes until a peer counts as unreachable: longer than other tests.
    [Slow]
    [Test]
    public async Task PeerThatIsGone_IsAFailureOfEachCommand()
    {
        string peer;
        using (var listener = _lab.Start("listen", "-u", "4242"))
        {
            peer = await listener.ListeningAsync();
            listener.Terminate();
            await listener.ExitCodeAsync();
        }
        var results = await Task.WhenAll(_lab.RunAsync("connect", "-u", peer), _lab.RunAsync("connect", peer),
            _lab.RunAsync("ping", peer[1..peer.IndexOf(']')], "-c", "1"));
        foreach (var result in results)
        {
            Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
            Assert.That(result.Sentence, Does.Contain(peer[1..peer.IndexOf(']')]).Or.Contains("TCP needs kernel sockets"));
            Assert.That(result.Sentence, Does.Not.StartWith("No reply came"), "the wait is as long as the engine needs to find that it can't be reached");
        }
    }

    static async Task SendLineAsync(CommandProcess command, string line)
    {
        await command.Input.WriteAsync(Encoding.ASCII.GetBytes(line + "\n"));
        await command.Input.FlushAsync();
    }
}
