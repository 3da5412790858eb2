using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using TeredoSdk.Cli.Json;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo status</c>, and what all commands say that find no address.</summary>
public sealed class StatusTests
{
    /// <summary>A report in which nothing is known.</summary>
    internal static TeredoReport EmptyReport { get; } = new()
    {
        Provider = TeredoProvider.Embedded,
        KernelSockets = false,
        State = TeredoState.Qualified,
        Reachability = Reachability.NotChecked,
        Mapping = MappingBehaviour.NotChecked,
        Filtering = FilteringBehaviour.NotChecked,
        NatName = "unknown",
        NativeIPv6 = NativeIPv6Mode.Beside,
        HasNativeIPv6 = false,
        Sockets = 0,
        UnrestrictedSockets = 0,
        Peers = 0,
        Drops = new Dictionary<DropReason, long>(),
    };

    [Test]
    public async Task Status_WithJson_IsTheReport()
    {
        using var lab = await Loopback.StartAsync();
        var result = await lab.RunAsync("status", "--json", "--sockets", "in-process");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        var report = result.Document;
        Assert.Multiple(() =>
        {
            Assert.That(report.GetProperty("state").GetString(), Is.EqualTo("qualified"));
            Assert.That(report.GetProperty("reachability").GetString(), Is.EqualTo("notChecked"));
            Assert.That(report.GetProperty("provider").GetString(), Is.EqualTo("embedded"));
            Assert.That(report.GetProperty("server").GetString(), Is.EqualTo(lab.Primary.ToString()));
            Assert.That(IPAddress.Parse(report.GetProperty("address").GetString()!).IsIPv6Teredo);
            Assert.That(report.GetProperty("mappedEndPoint").GetString(), Is.EqualTo(report.GetProperty("localEndPoint").GetString()));
            Assert.That(report.GetProperty("kernelSockets").GetBoolean(), Is.False);
            Assert.That(report.GetProperty("windows").ValueKind, Is.EqualTo(OperatingSystem.IsWindows() ? JsonValueKind.Object : JsonValueKind.Null));
        });
    }

    [Test]
    public async Task Status_OfAProgram_OnASystemThatJudgesNone_IsOneSentence()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("This is Windows.");
        var result = await HereCommand.RunAsync("status", "--app", "/opt/app");
        Assert.That(result.ExitCode, Is.EqualTo(2));
        Assert.That(result.Sentence, Does.StartWith("--app judges a program on Windows"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task FailureOnWindows_ShowsWhatWindowsSays(bool isJson)
    {
        var failure = new TeredoException(TeredoError.NoServer, "Set Servers.");
        var result = await HereCommand.RunAsync(() => Task.FromResult(Commands.StatusCommand.Fail(new(isJson), failure, ReportTableTests.KnownWindows)));
        Assert.That((result.ExitCode, result.Sentence), Is.EqualTo((1, "Set --server.")));
        if (isJson)
            Assert.That(result.Document.GetProperty("windows").GetProperty("type").GetString(), Is.EqualTo("enterpriseClient"));
        else
            Assert.That(result.Text, Does.Contain("teredo type     enterprise client"));
    }

    [Test]
    public void Drops_OfAReport_AreWrittenByTheirNames()
    {
        var report = EmptyReport with { Drops = new Dictionary<DropReason, long> { [DropReason.BadNonce] = 2, [DropReason.Unsolicited] = 1 } };
        var drops = JsonSerializer.SerializeToElement(report, CliJson.ForPeople.TeredoReport).GetProperty("drops");
        Assert.That(drops.EnumerateObject().Select(drop => $"{drop.Name} {drop.Value}"), Is.EqualTo(new[] { "badNonce 2", "unsolicited 1" }));
    }

    [Test]
    public void PortMapping_OfAReport_IsSaid_WithWhatIsWrongWithIt()
    {
        var report = EmptyReport with
        {
            PortMapping = PortMappingState.BehindAnotherNat,
            PortMappingEndPoint = new(IPAddress.Parse("192.168.0.2"), 40000),
            PortMappingProtocol = "PCP",
            PortMappingProblem = "This is double NAT.",
        };
        Assert.That(ReportTable.Rows(report).Where(row => row.Name == "port mapping").Select(row => row.Value),
            Is.EqualTo(new[] { "192.168.0.2:40000 by PCP", "This is double NAT." }));
    }

    [Test]
    public async Task Status_IsATableOfTheReport()
    {
        using var lab = await Loopback.StartAsync();
        var result = await lab.RunAsync("status");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Text, Does.Contain("qualified").And.Contain($"{lab.Primary}, secondary {lab.Secondary}").And.Not.Contain("\x1b"));
        Assert.That(result.ErrorLines, Is.Empty);
    }

    [Test]
    public async Task Verbose_LogsToStderr()
    {
        using var lab = await Loopback.StartAsync();
        var result = await lab.RunAsync("status", "--json", "--verbose");
        Assert.That(result.ErrorLines, Has.Some.Contains("info: Qualified"));
        Assert.That(result.Document.GetProperty("state").GetString(), Is.EqualTo("qualified"));
    }

    [TestCase("status")]
    [TestCase("listen 0")]
    [TestCase("connect [2001:0:cb00:7178:0:efff:3fff:fdfe]:1")]
    [TestCase("ping 2001:0:cb00:7178:0:efff:3fff:fdfe")]
    public async Task NoServer_IsAFailure_WithTheCommandThatStartsOne(string line)
    {
        var result = await HereCommand.RunAsync([.. line.Split(' '), "--json"]);
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.Sentence, Does.Contain("--server").And.Contain("teredo server --address"));
        Assert.That(result.Document.GetProperty("error").GetString(), Is.EqualTo("noServer"));
        Assert.That(result.Document.GetProperty("problem").GetString(), Is.EqualTo(result.Sentence));
    }

    [Test]
    public async Task ServerThatIsSilent_IsAFailureAfterTheTimeout()
    {
        using var lab = await Loopback.StartAsync();
        var result = await HereCommand.RunAsync("status", "--server", $"{lab.Silent}", "--allow-private", "--timeout", "1");
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.ErrorLines, Has.Count.EqualTo(1), "the sentence alone");
        Assert.That(result.Sentence, Does.Contain($"{lab.Silent}").And.Contain("--timeout"));
    }

    [Test]
    public async Task ClientPortThatIsTaken_IsNamed()
    {
        using var lab = await Loopback.StartAsync();
        using var squatter = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        squatter.Bind(new IPEndPoint(IPAddress.Any, 0));
        string port = $"{((IPEndPoint)squatter.LocalEndPoint!).Port}";
        var result = await lab.RunAsync("status", "--client-port", port);
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.Sentence, Does.Contain(port).And.Contain("--client-port"));
    }

    [Test]
    public async Task Reflect_AtAServerWithAStranger_ShowsThatStrangersGetIn()
    {
        using var lab = await Loopback.StartAsync(stranger: true);
        var result = await lab.RunAsync("status", "--reflect", "--json", "--sockets", "in-process");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Document.GetProperty("reachability").GetString(), Is.EqualTo("yes"));
        Assert.That(result.Document.GetProperty("filtering").GetString(), Is.EqualTo("endpointIndependent"));
        Assert.That(result.ErrorLines, Is.Empty);
    }

    [Test]
    public async Task Reflect_AtAnotherServer_IsNotChecked_AndSaysWhatIsMissing()
    {
        using var lab = await Loopback.StartAsync();
        var result = await lab.RunAsync("status", "--reflect", "--json", "--sockets", "in-process");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Document.GetProperty("reachability").GetString(), Is.EqualTo("notChecked"));
        Assert.That(result.Sentence, Does.Contain($"{lab.Primary}").And.Contain("--reflect-address"));
    }

    [Test]
    public async Task Peer_WithItsReport_IsForecastInBothDirections()
    {
        using var lab = await Loopback.StartAsync(stranger: true);
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"{nameof(Peer_WithItsReport_IsForecastInBothDirections)}.json");
        var other = await lab.RunAsync("status", "--json", "--sockets", "in-process");
        await File.WriteAllTextAsync(file, other.Text);
        var result = await lab.RunAsync("status", "--reflect", "--json", "--sockets", "in-process", "--peer", file);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(result.Document.GetProperty("report").GetProperty("reachability").GetString(), Is.EqualTo("yes"));
            Assert.That(result.Document.GetProperty("toPeer").GetProperty("forecast").GetString(), Is.EqualTo("connects"));
            Assert.That(result.Document.GetProperty("fromPeer").GetProperty("reason").GetString(), Does.Contain("listener lets strangers in"));
        });
        var table = await lab.RunAsync("status", "--peer", file);
        Assert.That(table.Text, Does.Contain("to peer").And.Contain("connects: "));
    }

    [TestCase("", "line 1 is no JSON")]
    [TestCase("[]", "it has no report")]
    [TestCase("{}", "it has no valid provider")]
    [TestCase("{\"provider\":\"embedded\",\"state\":\"qualified\",\"address\":\"::1\"}", "it has no valid address")]
    [TestCase("{\"provider\":\"7\"}", "it has no valid provider")]
    public async Task Peer_WhoseFileIsNoReport_IsABadArgument(string text, string why)
    {
        string file = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"peer-{why.Length}-{text.Length}.json");
        await File.WriteAllTextAsync(file, text);
        var result = await HereCommand.RunAsync("status", "--peer", file, "--server", "192.0.2.1");
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Sentence, Does.Contain(why).And.Contain("teredo status --json"));
    }

    [Test]
    public async Task Peer_WithoutItsFile_IsABadArgument()
    {
        var result = await HereCommand.RunAsync("status", "--peer", "/nonexistent/peer.json", "--server", "192.0.2.1");
        Assert.That(result.ExitCode, Is.EqualTo(2), result.ToString());
        Assert.That(result.Sentence, Does.Contain("/nonexistent/peer.json"));
    }
}
