using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>Sandboxes that refuse a family of sockets: what can work without it works, and the report names what is missing.</summary>
public class SandboxTests : LabTests
{
    const string IPv6 = "10", Netlink = "16"; // AF_INET6, AF_NETLINK

    [TestCase(Netlink, "AF_NETLINK", "Notifications of the network")]
    [TestCase(IPv6, "AF_INET6", "Kernel sockets")]
    public async Task FamilyThatIsRefused_IsNamed_AndDatagramsWorkWithoutIt(string family, string named, string way)
    {
        var (server, alice, bob) = await StartTwoHomesAsync();

        var status = StartConfined(alice, family, ["status", "--json", .. TeredoProgram.Asking(server)]);
        Assert.That(await status.WaitForExitAsync(), Is.Zero, () => status.Transcript);
        using var report = JsonDocument.Parse(status.Output);
        Assert.That(report.RootElement.GetProperty("kernelSockets").GetBoolean(), Is.False);
        var passedOver = report.RootElement.GetProperty("passedOver").EnumerateArray()
            .ToDictionary(one => one.GetProperty("way").GetString()!, one => one.GetProperty("reason").GetString());
        Assert.That(passedOver[way], Does.Contain(named));
        Assert.That(passedOver["Kernel sockets"], Does.Contain(named), "the cause, and no other one");

        var listener = StartConfined(alice, family, ["listen", "5000", "--udp", "--echo", .. TeredoProgram.Asking(server)]);
        string[] call = [$"{await TeredoProgram.EndPointOfAsync(listener)}", .. TeredoProgram.Asking(server)];
        Assert.That(await TeredoProgram.EchoDatagramAsync(bob, "hello", call), Is.EqualTo("hello"));
    }

    static LabProcess StartConfined(LabHost host, string family, IEnumerable<string> arguments) =>
        host.Start(BuildOutput.Executable(Talker.Folder, Talker.Assembly), ["sandbox", family, TeredoProgram.Path, .. arguments], StartOptions.User);
}
