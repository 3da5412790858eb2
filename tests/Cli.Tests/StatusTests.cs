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
    public void Drops_OfAReport_AreWrittenByTheirNames()
    {
        var report = new TeredoReport
        {
            Provider = TeredoProvider.Embedded,
            KernelSockets = false,
            State = TeredoState.Qualified,
            Reachability = Reachability.Yes,
            Mapping = MappingBehaviour.NotChecked,
            Filtering = FilteringBehaviour.NotChecked,
            NatName = "unknown",
            NativeIPv6 = NativeIPv6Mode.Beside,
            HasNativeIPv6 = false,
            Sockets = 0,
            UnrestrictedSockets = 0,
            Peers = 0,
            Drops = new Dictionary<DropReason, long> { [DropReason.BadNonce] = 2, [DropReason.Unsolicited] = 1 },
        };
        var drops = JsonSerializer.SerializeToElement(report, CliJson.ForPeople.TeredoReport).GetProperty("drops");
        Assert.That(drops.EnumerateObject().Select(drop => $"{drop.Name} {drop.Value}"), Is.EqualTo(new[] { "badNonce 2", "unsolicited 1" }));
    }

    [Test]
    public void PortMapping_OfAReport_IsSaid_WithWhatIsWrongWithIt()
    {
        var report = new TeredoReport
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
}
