using System.Net;
using System.Security.Cryptography;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo listen</c> and <c>teredo connect</c> over TCP.</summary>
public sealed class StreamTests
{
    const int PayloadOctets = 2_000_000;

    Loopback _lab = null!;

    [OneTimeSetUp]
    public async Task StartLab()
    {
        _lab = await Loopback.StartAsync();
        await KernelSockets.RequireAsync(_lab);
    }

    [OneTimeTearDown]
    public void EndLab() => _lab.Dispose();

    [TestCase("auto", "auto"), TestCase("in-process", "in-process"), TestCase("in-process", "kernel"), TestCase("kernel", "in-process")]
    public async Task Payload_ArrivesIntactBothWays(string listeners, string callers)
    {
        byte[] up = RandomNumberGenerator.GetBytes(PayloadOctets), down = RandomNumberGenerator.GetBytes(PayloadOctets);
        using var listener = _lab.Start("listen", "0", "--sockets", listeners);
        using var caller = _lab.Start("connect", await listener.ListeningAsync(), "--sockets", callers);
        var sending = Task.WhenAll(FeedAsync(caller, up), FeedAsync(listener, down));
        var results = await Task.WhenAll(caller.ExitAsync(), listener.ExitAsync());
        await sending;
        Assert.That(results.Select(result => result.ExitCode), Is.All.Zero, string.Join("; ", results.Select(result => result.Sentence)));
        Assert.That(SHA256.HashData(results[0].Output), Is.EqualTo(SHA256.HashData(down)));
        Assert.That(SHA256.HashData(results[1].Output), Is.EqualTo(SHA256.HashData(up)));
    }

    [Test]
    public async Task Directions_EndIndependently()
    {
        using var listener = _lab.Start("listen", "0");
        using var caller = _lab.Start("connect", await listener.ListeningAsync());
        await FeedAsync(caller, "question"u8.ToArray());
        Assert.That(await ReadAsync(listener, 100), Is.EqualTo("question"), "to the end of the listener's stdout, while it goes on");
        await FeedAsync(listener, "answer"u8.ToArray());
        var result = await caller.ExitAsync();
        Assert.That(result.Text, Is.EqualTo("answer"));
        Assert.That(await listener.ExitCodeAsync() + result.ExitCode, Is.Zero);
    }

    [Test]
    public async Task Stdout_ThatNobodyReadsAnyMore_EndsTheCommandWithASentence()
    {
        using var listener = _lab.Start("listen", "0");
        using var caller = _lab.Start("connect", await listener.ListeningAsync());
        await listener.Input.WriteAsync("first"u8.ToArray());
        await listener.Input.FlushAsync();
        Assert.That(await caller.Output.ReadAsync(new byte[5]), Is.GreaterThan(0));
        caller.Output.Close();
        await listener.Input.WriteAsync("second"u8.ToArray());
        await listener.Input.FlushAsync();
        Assert.That(await caller.ExitCodeAsync(), Is.EqualTo(1));
        Assert.That(caller.ErrorLines[^1], Does.StartWith("stdout was closed"));
    }

    [Test]
    public async Task Payload_ToAPeerThatHalfClosedAtOnce_ArrivesWhole()
    {
        byte[] payload = RandomNumberGenerator.GetBytes(PayloadOctets);
        using var listener = _lab.Start("listen", "0");
        listener.Input.Close();
        string peer = await listener.ListeningAsync();
        using var caller = _lab.Start("connect", peer, "--json");
        var receiving = listener.ExitAsync();
        await FeedAsync(caller, payload);
        var result = await caller.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Document.GetProperty("protocol").GetString(), Is.EqualTo("tcp"));
        Assert.That(result.Document.GetProperty("peer").GetString(), Is.EqualTo(peer));
        Assert.That(result.Document.GetProperty("octetsSent").GetInt64(), Is.EqualTo(PayloadOctets));
        Assert.That(SHA256.HashData((await receiving).Output), Is.EqualTo(SHA256.HashData(payload)));
    }

    [Test]
    public async Task Payload_IsPassedOnAsItComes()
    {
        using var listener = _lab.Start("listen", "0", "--echo");
        using var caller = _lab.Start("connect", await listener.ListeningAsync());
        foreach (string word in new[] { "one", "two", "three" })
        {
            await caller.Input.WriteAsync(System.Text.Encoding.ASCII.GetBytes(word));
            await caller.Input.FlushAsync();
            Assert.That(await ReadAsync(caller, word.Length), Is.EqualTo(word));
        }
    }

    [Slow]
    [Test]
    public async Task Echo_ServesManyPeers_UntilItIsToldToEnd()
    {
        using var listener = _lab.Start("listen", "0", "--echo", "--json");
        string peer = await listener.ListeningAsync();
        using var first = _lab.Start("connect", peer);
        using var second = _lab.Start("connect", peer, "--json");
        byte[] payload = RandomNumberGenerator.GetBytes(PayloadOctets);
        await second.Input.WriteAsync("xyz"u8.ToArray());
        await FeedAsync(first, payload);
        Assert.That((await first.ExitAsync()).Output, Is.EqualTo(payload));
        second.Input.Close();
        var document = (await second.ExitAsync()).Document;
        Assert.That(document.GetProperty("octetsReceived").GetInt64(), Is.EqualTo(3));
        Assert.That(document.GetProperty("peer").GetString(), Is.EqualTo(peer));

        listener.Terminate();
        var result = await listener.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero, $"143 would say that it was not ready after a second: {result}");
        Assert.That(result.Document.GetProperty("peers").GetInt64(), Is.EqualTo(2));
        Assert.That(result.Document.GetProperty("octetsSent").GetInt64(), Is.EqualTo(PayloadOctets + 3));
    }

    [Slow]
    [Test]
    [Platform("Linux")]
    public async Task Echo_OutOfDescriptors_SaysSo_AndGoesOnWhenThereAreSome()
    {
        using var listener = _lab.Start("listen", "0", "--echo");
        string peer = await listener.ListeningAsync();
        using var first = await CallAsync();
        Assert.That(await ReadAsync(first, 1), Is.EqualTo("x")); // now the runtime has loaded what an echo needs
        listener.LimitDescriptors(true);
        using var caller = await CallAsync();
        using var limit = new CancellationTokenSource(Patience.Limit);
        while (!listener.ErrorLines.Any(line => line.Contains("can't accept", StringComparison.Ordinal)))
        {
            Assert.That(limit.IsCancellationRequested, Is.False, string.Join('\n', listener.ErrorLines));
            await Task.Delay(20);
        }
        listener.LimitDescriptors(false);
        Assert.That(await ReadAsync(caller, 1), Is.EqualTo("x"));

        async Task<CommandProcess> CallAsync()
        {
            var call = _lab.Start("connect", peer);
            await call.Input.WriteAsync("x"u8.ToArray());
            await call.Input.FlushAsync();
            return call;
        }
    }

    [Test]
    public async Task Listen_ToldToEnd_ExitsWithTheSignalsNumber()
    {
        using var listener = _lab.Start("listen", "0", "--json");
        await listener.ListeningAsync();
        listener.Terminate();
        var result = await listener.ExitAsync();
        Assert.That(result.ExitCode, Is.EqualTo(143), result.ToString());
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("interrupted"));
    }

    [Test]
    public async Task PeerThatBreaksOff_IsAFailure_WhateverStdinDoes()
    {
        await using var node = await TeredoNode.StartAsync(_lab.Options);
        await using var listener = await node.ListenAsync(0);
        using var caller = _lab.Start("connect", $"{listener.TeredoEndPoint}");
        using var limit = new CancellationTokenSource(Patience.Limit);
        await using (var connection = await listener.AcceptAsync(limit.Token))
            connection.Socket!.LingerState = new(true, 0); // closing resets
        Assert.That(await caller.ExitCodeAsync(), Is.EqualTo(1));
        Assert.That(caller.ErrorLines[^1], Does.Contain($"{listener.TeredoEndPoint}").And.Contain("failed"));
    }

    [Test]
    public async Task Conversation_ThatIsInterrupted_EndsUnlikeACompleteOne()
    {
        await using var node = await TeredoNode.StartAsync(_lab.Options);
        await using var listener = await node.ListenAsync(0);
        using var caller = _lab.Start("connect", $"{listener.TeredoEndPoint}", "--json");
        using var limit = new CancellationTokenSource(Patience.Limit);
        await using var connection = await listener.AcceptAsync(limit.Token);
        byte[] octets = new byte[10];
        await caller.Input.WriteAsync("half a"u8.ToArray());
        await caller.Input.FlushAsync();
        Assert.That(await connection.GetStream().ReadAtLeastAsync(octets, 6, cancellationToken: limit.Token), Is.EqualTo(6));
        caller.Terminate();
        Assert.ThrowsAsync<IOException>(async () => await connection.GetStream().ReadExactlyAsync(octets, limit.Token), "a reset, no end of the stream");
        var result = await caller.ExitAsync();
        Assert.That(result.ExitCode, Is.EqualTo(143), result.ToString());
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("interrupted"));
    }

    [Test]
    public async Task Listener_AcceptsOnePeer()
    {
        using var listener = _lab.Start("listen", "0");
        var listening = IPEndPoint.Parse(await listener.ListeningAsync());
        await using var node = await TeredoNode.StartAsync(_lab.Options);
        using var limit = new CancellationTokenSource(Patience.Limit);
        await using var connection = await node.ConnectAsync($"{listening.Address}", listening.Port, limit.Token);
        await connection.GetStream().WriteAsync("x"u8.ToArray(), limit.Token);
        Assert.That(await ReadAsync(listener, 1), Is.EqualTo("x"), "the conversation has begun, and the way is open");
        // A port that listens would answer at once. One that is closed does not answer strangers at all.
        using var soon = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        Assert.CatchAsync(async () => await node.ConnectAsync($"{listening.Address}", listening.Port, soon.Token));
        Assert.That(soon.IsCancellationRequested, "nobody refused, either");
        await connection.GetStream().WriteAsync("y"u8.ToArray(), limit.Token);
        Assert.That(await ReadAsync(listener, 1), Is.EqualTo("y"));
    }

    [Test]
    public async Task PeerOutsideTheInternet_IsAFailure()
    {
        var result = await _lab.RunAsync("connect", "[2001:0:7f00:1:0:efff:ffff:fffe]:80", "--json"); // its mapped address is 0.0.0.1
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.Document.GetProperty("problem").GetString(), Is.EqualTo(result.Sentence));
    }

    static async Task FeedAsync(CommandProcess command, byte[] payload)
    {
        await command.Input.WriteAsync(payload);
        command.Input.Close();
    }

    static async Task<string> ReadAsync(CommandProcess command, int length)
    {
        byte[] buffer = new byte[length];
        using var limit = new CancellationTokenSource(Patience.Limit);
        int read = await command.Output.ReadAtLeastAsync(buffer, length, throwOnEndOfStream: false, limit.Token);
        return System.Text.Encoding.ASCII.GetString(buffer, 0, read);
    }
}
