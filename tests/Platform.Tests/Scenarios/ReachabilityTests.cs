using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary><c>teredo status --reflect</c> behind real NATs.</summary>
public class ReachabilityTests : LabTests
{
    [Test]
    public async Task Reflect_BehindEachNat_TellsWhetherStrangersGetIn_AndHowItFilters()
    {
        var lab = NewLab();
        var server = lab.AddPublicHost("server", native: false, 1, 2, 3);
        (NatKind Kind, string Filtering)[] kinds =
        [
            (NatKind.FullCone, "endpointIndependent"),
            (NatKind.AddressRestricted, "addressDependent"),
            (NatKind.PortRestricted, "addressAndPortDependent"),
            (NatKind.Symmetric, "addressAndPortDependent"),
        ];
        var hosts = kinds.Select((each, i) => lab.AddNat($"nat{i}", each.Kind).AddHost($"host{i}")).ToArray();
        var closed = lab.AddNat("closed", NatKind.PortRestricted);
        var closedHost = closed.AddHost("behind");
        await lab.StartAsync();
        await closed.ShellAsync("nft add table ip only && nft add chain ip only forward '{ type filter hook forward priority -5 ; }' "
            + "&& nft add rule ip only forward iifname lan0 udp dport != 3544 drop && nft add rule ip only forward iifname eth0 udp sport != 3544 drop");
        await ServeAsync(server);

        var reports = await Task.WhenAll(hosts.Append(closedHost).Select(host => ReportAsync(host, server)));
        Assert.Multiple(() =>
        {
            for (int i = 0; i < kinds.Length; i++)
            {
                Assert.That(reports[i].GetProperty("reachability").GetString(), Is.EqualTo("yes"), $"{kinds[i].Kind}");
                Assert.That(reports[i].GetProperty("filtering").GetString(), Is.EqualTo(kinds[i].Filtering), $"{kinds[i].Kind}");
            }
            Assert.That(reports[^1].GetProperty("reachability").GetString(), Is.EqualTo("no"), "a firewall that lets out nothing but to servers");
        });
    }

    [Test]
    public async Task InterfaceOfTheMachine_CanAskToo()
    {
        var lab = NewLab();
        var server = lab.AddPublicHost("server", native: false, 1, 2, 3);
        var host = lab.AddNat("nat", NatKind.AddressRestricted).AddHost("host");
        await lab.StartAsync();
        await ServeAsync(server);
        var probe = host.Start(BuildOutput.Executable(Talker.Folder, Talker.Assembly), ["interface"],
            new StartOptions { Environment = new Dictionary<string, string> { ["TEREDO_SERVER"] = $"{server.Address}" } });
        Assert.That(await probe.WaitForExitAsync(), Is.Zero, () => probe.Transcript);
        Assert.That(probe.Output, Is.EqualTo("reachability Yes, reported Yes\ndisposed"));
    }

    static async Task ServeAsync(LabHost server)
    {
        string[] addresses = [.. server.Links[0].Addresses.Select(address => address.Split('/')[0])];
        var serving = TeredoProgram.Start(server,
            ["server", "--address", addresses[0], "--secondary-address", addresses[1], "--reflect-address", addresses[2], "--allow-private"]);
        await serving.WaitForLineAsync("serving on");
    }

    static async Task<JsonElement> ReportAsync(LabHost host, LabHost server) =>
        JsonDocument.Parse(await TeredoProgram.RunAsync(host, "", ["status", "--reflect", "--json", .. TeredoProgram.Asking(server)])).RootElement;
}
