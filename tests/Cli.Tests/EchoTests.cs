using System.Net;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo listen --echo</c>: what it counts and tells.</summary>
public sealed class EchoTests
{
    Loopback _lab = null!;

    [OneTimeSetUp]
    public async Task StartLab() => _lab = await Loopback.StartAsync();

    [OneTimeTearDown]
    public void EndLab() => _lab.Dispose();

    [Test]
    [Platform("Linux")]
    public async Task Streams_AreCounted_AndToldWhenVerbose()
    {
        await KernelSockets.RequireAsync(_lab);
        using var listener = _lab.Start("listen", "0", "--echo", "--json", "--verbose");
        string peer = await listener.ListeningAsync();
        await using var node = await TeredoNode.StartAsync(_lab.Options);
        using var limit = new CancellationTokenSource(Patience.Limit);
        var listening = IPEndPoint.Parse(peer);
        byte[] octets = new byte[5];
        string first;
        await using (var connection = await node.ConnectAsync($"{listening.Address}", listening.Port, limit.Token))
        {
            first = $"{connection.LocalEndPoint}";
            await connection.GetStream().WriteAsync("hello"u8.ToArray(), limit.Token);
            await connection.GetStream().ReadExactlyAsync(octets, limit.Token);
            connection.CompleteWriting();
            Assert.That(await connection.GetStream().ReadAsync(octets, limit.Token), Is.Zero, "its end comes back, too");
        }
        await listener.LineAsync($"{first} connected");
        await listener.LineAsync($"{first} got all its octets back");
        await using (var connection = await node.ConnectAsync($"{listening.Address}", listening.Port, limit.Token))
        {
            await connection.GetStream().WriteAsync("ab"u8.ToArray(), limit.Token);
            await connection.GetStream().ReadExactlyAsync(octets.AsMemory(0, 2), limit.Token);
            connection.Socket!.LingerState = new(true, 0); // closing resets
            first = $"{connection.LocalEndPoint}";
        }
        await listener.LineAsync($"{first}: ");
        await using var open = await node.ConnectAsync($"{listening.Address}", listening.Port, limit.Token);
        await open.GetStream().WriteAsync("c"u8.ToArray(), limit.Token);
        await open.GetStream().ReadExactlyAsync(octets.AsMemory(0, 1), limit.Token);
        listener.Interrupt();
        Assert.ThrowsAsync<IOException>(async () => await open.GetStream().ReadExactlyAsync(octets, limit.Token), "a reset, no end of the stream");
        var result = await listener.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(Counted(result, "tcp", peer), Is.EqualTo((3, 8, 8)));
    }

    [Test]
    [Platform("Linux")]
    public async Task Datagrams_AreCounted_AndStrangersAreServed()
    {
        using var listener = _lab.Start("listen", "0", "-u", "--echo", "--json", "--sockets", "in-process");
        string peer = await listener.ListeningAsync();
        var options = _lab.Options;
        options.Sockets = TeredoSockets.InProcess;
        await using var node = await TeredoNode.StartAsync(options);
        await using var socket = await node.BindDatagramAsync(0);
        using var limit = new CancellationTokenSource(Patience.Limit);
        foreach (string text in new[] { "a", "", "four" })
        {
            await socket.SendToAsync(System.Text.Encoding.ASCII.GetBytes(text), IPEndPoint.Parse(peer), limit.Token);
            Assert.That((await socket.ReceiveAsync(limit.Token)).Buffer, Is.EqualTo(System.Text.Encoding.ASCII.GetBytes(text)));
        }
        listener.Terminate();
        var result = await listener.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(Counted(result, "udp", peer), Is.EqualTo((0, 5, 5)));
    }

    [Test]
    [Platform("Linux")]
    public async Task Listener_OfDatagrams_EndsAfterItsLinger()
    {
        using var listener = _lab.Start("listen", "0", "-u", "--linger", "0.1", "--json", "--sockets", "in-process");
        string peer = await listener.ListeningAsync();
        listener.Input.Close();
        var options = _lab.Options;
        options.Sockets = TeredoSockets.InProcess;
        await using var node = await TeredoNode.StartAsync(options);
        await using var socket = await node.BindDatagramAsync(0);
        await socket.SendToAsync("hello"u8.ToArray(), IPEndPoint.Parse(peer));
        var result = await listener.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Document.GetProperty("protocol").GetString(), Is.EqualTo("udp"));
        Assert.That(result.Document.GetProperty("peer").GetString(), Is.EqualTo($"{socket.TeredoEndPoint}"));
        Assert.That(result.Document.GetProperty("octetsReceived").GetInt64(), Is.EqualTo(5));
    }

    [Test]
    [Platform("Linux")]
    public async Task CtrlC_IsNamed()
    {
        using var listener = _lab.Start("listen", "0", "-u", "--sockets", "in-process");
        using var caller = _lab.Start("connect", await listener.ListeningAsync(), "-u", "--sockets", "in-process", "--json");
        await caller.Input.WriteAsync("hello\n"u8.ToArray());
        await caller.Input.FlushAsync();
        Assert.That(await listener.Output.ReadAtLeastAsync(new byte[6], 6).AsTask().WaitAsync(Patience.Limit), Is.EqualTo(6), "they talk");
        caller.Interrupt();
        var result = await caller.ExitAsync();
        Assert.That(result.ExitCode, Is.EqualTo(130), result.ToString());
        Assert.That(result.Sentence, Is.EqualTo("Ended by Ctrl-C."));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("interrupted"));
        listener.Interrupt();
        Assert.That(await listener.ExitCodeAsync(), Is.Zero, "its usual end");
    }

    static (long Peers, long Received, long Sent) Counted(Result result, string protocol, string peer)
    {
        Assert.That(result.Document.GetProperty("protocol").GetString(), Is.EqualTo(protocol));
        Assert.That(result.Document.GetProperty("endPoint").GetString(), Is.EqualTo(peer));
        return (result.Document.GetProperty("peers").GetInt64(), result.Document.GetProperty("octetsReceived").GetInt64(),
            result.Document.GetProperty("octetsSent").GetInt64());
    }
}
