using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using TeredoSdk.Cli.Commands;
using TeredoSdk.Protocol.Server;

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
        Assert.That(server.ErrorLines, Has.None.Contains(" info: ").And.Some.EqualTo("A server on a loopback address can't forward to native IPv6."));
        Assert.That(await again.LineAsync("serving on "), Is.EqualTo($"serving on {lab.Primary}:3544 and {lab.Secondary}:3544"));
    }

    [Test]
    public void Options_AreThoseThatAreSaid()
    {
        var options = Read("--address 192.0.2.1 --secondary-address 192.0.2.2 --reflect-address 192.0.2.3 --port 4000 --answer-limit 1:2 --address-answer-limit 3:4 --forward-limit 5:6"
            + " --address-forward-limit 7:8 --destination-limit 9:10 --fair-share 11:12 --shards 3 --allow-private");
        Assert.That((options.Address, options.SecondaryAddress, options.ReflectAddress, options.Port, options.AllowPrivateAddresses),
            Is.EqualTo((IPAddress.Parse("192.0.2.1"), IPAddress.Parse("192.0.2.2"), IPAddress.Parse("192.0.2.3"), 4000, true)));
        Assert.That(options.Shards, Is.EqualTo(3));
        var limits = options.RateLimits!;
        Assert.That(new[] { limits.AnswersPerEndpoint, limits.AnswersPerAddress, limits.ForwardsPerEndpoint, limits.ForwardsPerAddress, limits.ForwardsPerDestination,
            limits.FairShare }, Is.EqualTo(new RateLimit[] { new(1, 2), new(3, 4), new(5, 6), new(7, 8), new(9, 10), new(11, 12) }));
        Assert.That(Read("--address 192.0.2.1 --rate-limits off").RateLimits, Is.Null);
        var defaults = Read("--address 192.0.2.1");
        Assert.That(defaults.RateLimits!.FairShare, Is.EqualTo(new ServerRateLimits().FairShare));
        Assert.That((defaults.SecondaryAddress, defaults.ReflectAddress, defaults.Port, defaults.AllowPrivateAddresses, defaults.Shards),
            Is.EqualTo(((IPAddress?)null, (IPAddress?)null, 3544, false, 1)));

        static TeredoServerHostOptions Read(string line)
        {
            var command = new ServerCommand();
            return command.Read(command.Parse(line.Split(' ')), NullLoggerFactory.Instance);
        }
    }

    [Test]
    [Platform("Linux")]
    public async Task Server_OtherPort_IsInTheDocument()
    {
        using var lab = Loopback.WithoutServer();
        using var server = CommandProcess.Start("server", "--address", $"{lab.Primary}", "--allow-private", "--port", "3545", "--rate-limits", "off", "--json", "--verbose");
        await server.LineAsync("serving on ");
        server.Terminate();
        var document = (await server.ExitAsync()).Document;
        Assert.That(server.ErrorLines, Has.Some.Contains(" info: "));
        Assert.That(server.ErrorLines[^1], Is.EqualTo($"serving on {lab.Primary}:3545, without a secondary address"));
        Assert.That(document.GetProperty("forwardsNativeIPv6").GetBoolean(), Is.False);
        Assert.That(document.GetProperty("endPoint").GetString(), Is.EqualTo($"{lab.Primary}:3545"));
        Assert.That(document.GetProperty("rateLimits").GetBoolean(), Is.False);
        Assert.That(document.GetProperty("secondaryEndPoint").ValueKind, Is.EqualTo(System.Text.Json.JsonValueKind.Null));
    }
}
