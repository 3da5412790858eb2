using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>Applications of an ordinary user on a machine whose Teredo interface is miredo's.</summary>
public class InterfaceProviderTests : LabTests
{
    const string Text = "over the interface that is there";

    static readonly string[] Interface = ["--provider", "interface", "--allow-private"];

    [Test]
    public async Task MiredosInterface_IsFoundVerifiedAndUsed_BothWays()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var miredo = await Miredo.StartClientAsync(alice, server);

        using var status = JsonDocument.Parse(await TeredoProgram.RunAsync(alice, "", "status", "--json", "--allow-private")); // automatic, and no server named
        var report = status.RootElement;
        Assert.That(report.GetProperty("provider").GetString(), Is.EqualTo("interface"));
        Assert.That(report.GetProperty("address").GetString(), Is.EqualTo($"{miredo.Address}"));
        Assert.That(report.GetProperty("server").GetString(), Is.EqualTo($"{server.Address}"));
        Assert.That(report.GetProperty("kernelSockets").GetBoolean());

        using var preferred = JsonDocument.Parse(await TeredoProgram.RunAsync(alice, "", ["status", "--json", .. TeredoProgram.Asking(server)])); // the server is named
        Assert.That(preferred.RootElement.GetProperty("provider").GetString(), Is.EqualTo("embedded"));
        Assert.That(preferred.RootElement.GetProperty("passedOver").ToString(), Does.Contain($"{miredo.Address}").And.Contain("firewall"));

        var listening = TeredoProgram.Start(alice, ["listen", "5000", "--echo", .. Interface]);
        var endPoint = await TeredoProgram.EndPointOfAsync(listening);
        Assert.That(endPoint.Address, Is.EqualTo(miredo.Address));
        Assert.That(await TeredoProgram.RunAsync(bob, Text, ["connect", $"{endPoint}", .. TeredoProgram.Asking(server)]), Is.EqualTo(Text));

        var other = await TeredoProgram.ListenAsync(bob, server, "5001", "--echo");
        Assert.That(await TeredoProgram.RunAsync(alice, Text, ["connect", $"{other.EndPoint}", .. Interface]), Is.EqualTo(Text));
    }

    [Test]
    public async Task NoInterface_WhenAskedFor_IsAFailureThatSaysWhatToStart()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var asked = TeredoProgram.Start(alice, ["status", .. Interface]);
        Assert.That(await asked.WaitForExitAsync(), Is.EqualTo(1));
        Assert.That(asked.Transcript, Does.Contain("miredo").And.Contain("teredo client"));

        using var status = JsonDocument.Parse(await TeredoProgram.RunAsync(alice, "", ["status", "--json", .. TeredoProgram.Asking(server)]));
        Assert.That(status.RootElement.GetProperty("provider").GetString(), Is.EqualTo("embedded"));
        var ways = status.RootElement.GetProperty("passedOver").EnumerateArray().Select(way => way.GetProperty("way").GetString());
        Assert.That(ways, Is.EqualTo(new[] { "Windows", "Interface" }).IgnoreCase);
    }
}
