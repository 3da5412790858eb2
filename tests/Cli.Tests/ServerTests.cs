namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo server</c>.</summary>
public sealed class ServerTests
{
    [Test]
    public async Task Server_AddressIsTaken_IsAFailure()
    {
        using var lab = await Loopback.StartAsync();
        var result = await HereCommand.RunAsync("server", "--address", $"{lab.Primary}", "--allow-private", "--json");
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.Sentence, Does.Contain($"{lab.Primary}").And.Contain("3544"));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("portUnavailable"));
    }

    [Test]
    [Platform("Linux")]
    public async Task Server_ToldToEnd_ReleasesItsPortWithinASecond()
    {
        using var lab = Loopback.WithoutServer();
        string[] line = ["server", "--address", $"{lab.Primary}", "--secondary-address", $"{lab.Secondary}", "--allow-private"];
        using var server = CommandProcess.Start(line);
        await server.LineAsync("serving on ");
        server.Terminate();
        Assert.That(await server.ExitCodeAsync(), Is.Zero, "143 would say that it was not ready after a second");
        using var again = CommandProcess.Start([.. line, "--answer-limit", "5:20", "--fair-share", "1:2"]);
        Assert.That(await again.LineAsync("serving on "), Is.EqualTo($"serving on {lab.Primary}:3544 and {lab.Secondary}:3544"));
    }

    [Test]
    [Platform("Linux")]
    public async Task Server_OtherPort_IsInTheDocument()
    {
        using var lab = Loopback.WithoutServer();
        using var server = CommandProcess.Start("server", "--address", $"{lab.Primary}", "--allow-private", "--port", "3545", "--rate-limits", "off", "--json");
        await server.LineAsync("serving on ");
        server.Terminate();
        var document = (await server.ExitAsync()).Document;
        Assert.That(document.GetProperty("endPoint").GetString(), Is.EqualTo($"{lab.Primary}:3545"));
        Assert.That(document.GetProperty("rateLimits").GetBoolean(), Is.False);
        Assert.That(document.GetProperty("secondaryEndPoint").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
    }
}
