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
        Assert.That(IPEndPoint.Parse(document.GetProperty("endPoint").GetString()!).Port, Is.GreaterThanOrEqualTo(1024), "any free port");
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
        await using var node = await TeredoNode.StartAsync(_lab.Options);
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
    public async Task Caller_PrintsWhatItsPeerSends_AndNothingOfAnybodyElse()
    {
        var options = _lab.Options;
        options.Sockets = TeredoSockets.InProcess;
        await using var caller = await TeredoNode.StartAsync(options);
        await using var peer = await TeredoNode.StartAsync(options);
        await using var stranger = await TeredoNode.StartAsync(options);
        // Open to strangers, so that only the conversation can tell them apart.
        await using var socket = await caller.BindDatagramAsync(new TeredoBindOptions { ProtectionLevel = System.Net.Sockets.IPProtectionLevel.Unrestricted });
        await using var answering = await peer.BindDatagramAsync(4242);
        await using var intruding = await stranger.BindDatagramAsync(4343);
        using var input = new MemoryStream("question\n"u8.ToArray());
        using var output = new MemoryStream();
        using var ended = new CancellationTokenSource(Patience.Limit);
        var conversation = new Traffic.DatagramConversation(socket, input, output, TimeProvider.System);
        var talk = conversation.CallAsync(caller.PingAsync, answering.TeredoEndPoint!, TimeSpan.FromSeconds(86400), ended.Token);

        var question = await answering.ReceiveAsync(ended.Token);
        await intruding.SendToAsync("intrusion"u8.ToArray(), question.RemoteEndPoint);
        // Its reply comes after the intrusion was delivered: both take the same way, in order.
        Assert.That((await stranger.PingAsync(caller.Address!, Patience.Limit)).Status, Is.EqualTo(System.Net.NetworkInformation.IPStatus.Success));
        await answering.SendToAsync("answer"u8.ToArray(), question.RemoteEndPoint);
        while (conversation.Received < "answer".Length && !talk.IsCompleted)
            await Task.Yield();
        await ended.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => talk);
        Assert.That(Encoding.ASCII.GetString(output.ToArray()).Trim(), Is.EqualTo("answer"));
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
    [TestCase("connect -u", false)]
    [TestCase("connect", true)]
    [TestCase("ping -c 1", false)]
    public async Task PeerThatIsGone_IsAFailureOfEachCommand(string line, bool isTcp)
    {
        if (isTcp)
            await KernelSockets.RequireAsync(_lab);
        string peer;
        using (var listener = _lab.Start("listen", "-u", "4242"))
        {
            peer = await listener.ListeningAsync();
            listener.Terminate();
            await listener.ExitCodeAsync();
        }
        string address = peer[1..peer.IndexOf(']')];
        var result = await CommandProcess.RunAsync(_lab.Command([.. line.Split(' '), line.StartsWith("ping", StringComparison.Ordinal) ? address : peer]));
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        // A command that gave up sooner than the engine would not know that the peer is silent.
        Assert.That(result.Sentence, Does.StartWith(address).And.Contain("is silent, directly and through its server"));
    }

    static async Task SendLineAsync(CommandProcess command, string line)
    {
        await command.Input.WriteAsync(Encoding.ASCII.GetBytes(line + "\n"));
        await command.Input.FlushAsync();
    }
}
