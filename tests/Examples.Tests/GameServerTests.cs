using TeredoSdk.Tests;

namespace TeredoSdk.Examples.Tests;

/// <summary>examples/GameServer as a person runs it.</summary>
public sealed class GameServerTests
{
    [Slow]
    [Test]
    public async Task Demo_WithoutInput_PlaysTenSeconds_AndPrintsTheScores()
    {
        using var game = ChatProcess.Of("GameServer");
        var (exitCode, output, errors) = await game.FinishAsync();
        Assert.That(exitCode, Is.Zero, errors);
        Assert.That(output, Does.Match(@"Game: \[2001:0:").And.Match(@"Page: http://\[2001:0:").And.Match(@"Page: http://127\.0\.0\.1:"));
        Assert.That(output[output.IndexOf("Scores:", StringComparison.Ordinal)..], Does.Match(@"alice +[1-9]").And.Match(@"bob +[1-9]").And.Contain("NAT 127."));
    }

    [Slow]
    [Test]
    public async Task Game_IsHosted_Joined_AndEnded()
    {
        await using var lab = new Loopback();
        string[] shared = ["--server", $"{lab.Primary},{lab.Secondary}", "--allow-private"];
        using var host = ChatProcess.Of("GameServer", ["host", "--web", "0", .. shared]);
        string at = (await host.SeeAsync("Game: "))["Game: ".Length..];
        using var bots = ChatProcess.Of("GameServer", ["bots", "3", at, .. shared]);
        await bots.SeeAsync("3 bots play from 2001:0:");
        using var player = ChatProcess.Of("GameServer", ["play", at, "--name", "alice", .. shared]);
        await player.SeeAsync("Joining");
        for (string line = ""; !line.StartsWith("4 players", StringComparison.Ordinal);)
            line = await host.SeeAsync("");
        player.Type("dsawq");
        var left = await player.FinishAsync();
        Assert.That(left.ExitCode, Is.Zero, left.Errors);
        Assert.That(left.Output, Does.Contain("gems. Bye."));

        host.Type("kick nobody-here");
        await host.SeeAsync("Nobody has the name nobody-here.");
        host.Type("ban bot2");
        var (exitCode, _, errors) = await bots.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Is.EqualTo("The host has banned you for a while."));
        Assert.That((await host.InterruptAsync()).ExitCode, Is.Zero);
    }

    [TestCase("game")]
    [TestCase("play", "192.0.2.1:4243")]
    [TestCase("play", "[2001::1]")]
    [TestCase("bots", "65")]
    [TestCase("--port", "0")]
    [TestCase("--color")]
    public async Task BadArguments_ExitWith2AndASentence(params string[] arguments)
    {
        using var game = ChatProcess.Of("GameServer", arguments);
        var (exitCode, _, errors) = await game.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(2));
        Assert.That(errors, Does.Contain($"'{arguments[^1]}'"));
    }

    [Test]
    public async Task Host_NoServer_ExitsWith1AndTheAdvice()
    {
        using var game = ChatProcess.Of("GameServer", "host");
        var (exitCode, _, errors) = await game.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.StartWith("No Teredo server is configured."));
    }

    [Test]
    public async Task Play_WhereNoGameIs_ExitsWith1AndASentence()
    {
        await using var lab = new Loopback();
        await using var node = await TeredoNode.StartAsync(lab.Options);
        using var game = ChatProcess.Of("GameServer", "bots", "1", $"[{node.Address}]:4243", "--seconds", "1", "--server", $"{lab.Primary},{lab.Secondary}", "--allow-private");
        var (exitCode, _, errors) = await game.FinishAsync();
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Is.EqualTo($"No answer of a game at [{node.Address}]:4243."));
    }
}
