using System.Net;
using TeredoSdk.Protocol;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>The network of the machine goes, comes back, comes late, or another program changes it.</summary>
public class NetworkChangeTests : LabTests
{
    const int TransferOctets = 100_000;

    [TestCase("ip route del default; sleep 1; ip route add default via GATEWAY", TestName = "RouteAwayForASecond_PortAddressAndStreamStay")]
    [TestCase("ip link set eth0 down; sleep 1; ip link set eth0 up; ip route add default via GATEWAY",
        TestName = "LinkAwayForASecond_PortAddressAndStreamStay")]
    [TestCase("ip addr del ADDRESS dev eth0; sleep 1; ip addr add ADDRESS dev eth0; ip route add default via GATEWAY",
        TestName = "AddressAwayForASecond_PortAddressAndStreamStay")]
    public async Task NetworkAwayForASecond(string gap)
    {
        var (server, alice, bob) = await StartTwoHomesAsync();
        var (ours, friend) = (await Talker.StartAsync(alice, [server]), await Talker.StartAsync(bob, [server]));
        ours.Tell($"send data {friend.EndPoint} {TransferOctets}");
        await ours.Process.WaitForLineAsync("data open");
        await alice.ShellAsync(gap.Replace("GATEWAY", alice.Links[0].Gateway).Replace("ADDRESS", alice.Links[0].Addresses[0]));
        string verdict = await ours.Process.WaitForLineAsync(line => line.StartsWith("change ", StringComparison.Ordinal));
        Assert.That(verdict, Does.StartWith($"change Regained {ours.EndPoint.Address} {ours.EndPoint.Address} at"));
        ours.Tell("go");
        await ours.Process.WaitForLineAsync("data done");
        var call = await friend.CallAsync(ours);
        Assert.That(call.Connected, Is.True, call.Text);
        Assert.That(ours.Process.Output, Does.Not.Contain("change Lost").And.Not.Contain("AddressChanged"));
    }

    [Test]
    public async Task VpnByRulesOfRouting_IsTakenWhenItComes_AndLeftWhenItGoes()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var (home, vpn) = (lab.AddNat("nat1", NatKind.FullCone), lab.AddNat("nat2", NatKind.FullCone));
        var alice = home.AddHost("alice");
        var bob = lab.AddNat("nat3", NatKind.PortRestricted).AddHost("bob");
        string gateway = vpn.AddDevice(alice, "vpn0");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        var (ours, friend) = (await Talker.StartAsync(alice, [server]), await Talker.StartAsync(bob, [server]));
        await alice.ShellAsync($"ip route add default via {gateway} table 77"); // nothing looks there yet
        await ChangeAsync("ip rule add pref 77 table 77", vpn);
        await ChangeAsync("ip rule del pref 77", home);

        async Task ChangeAsync(string command, LabNat network)
        {
            int known = ours.Process.LineCount;
            await alice.ShellAsync(command);
            string change = await ours.Process.WaitForLineAsync(line => AddressOf(line)?.MappedEndpoint.Address.ToIPAddress().Equals(network.Address) is true, from: known);
            var call = await friend.CallAsync(new IPEndPoint(AddressOf(change)!.Value.ToIPAddress(), ours.EndPoint.Port));
            Assert.That(call.Connected, Is.True, call.Text);
        }

        // change KIND ADDRESS PREVIOUS at ENDPOINT
        static TeredoAddress? AddressOf(string line) =>
            line.Split(' ') is ["change", _, var text, ..] && TeredoAddress.TryParse(text, out var address) ? address : null;
    }

    [TestCase("listen 5000", "listening on ")]
    [TestCase("client", "interface teredo has ")]
    public async Task BootWithoutNetwork_WaitsAndSaysSo_AndGoesOnWhenThereIsOne(string command, string running)
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        await alice.ShellAsync("ip route del default");
        string[] arguments = [.. command.Split(' '), .. TeredoProgram.Asking(server)];
        var options = new StartOptions { AsUser = command != "client" };
        var impatient = TeredoProgram.Start(alice, [.. arguments, "--no-wait"], options);
        Assert.That(await impatient.WaitForExitAsync(), Is.EqualTo(1));
        Assert.That(impatient.Errors, Does.Contain("no IPv4 route").And.Not.Contain("WaitForNetwork"));
        var patient = TeredoProgram.Start(alice, arguments, options);
        await patient.WaitForLineAsync("Waiting for a network");
        await alice.ShellAsync($"ip route add default via {alice.Links[0].Gateway}");
        await patient.WaitForLineAsync(running);
    }

    [Test]
    public async Task ProcessWithoutFreeDescriptors_KeepsItsNetwork()
    {
        var (server, alice, bob) = await StartTwoHomesAsync();
        var echo = await TeredoProgram.ListenAsync(alice, server, "5000", "-u", "--echo", "--verbose");
        await alice.ShellAsync("ip address add 192.0.2.76/32 dev lo"); // any change makes the node look at the network
        await TeredoProgram.EchoDatagramAsync(bob, "here", [$"{echo.EndPoint}", .. TeredoProgram.Asking(server)]);
        // Now the runtime has loaded what all this needs.
        var limit = alice.Start("prlimit", ["--pid", $"{echo.Process.Id}", "--nofile=3"], StartOptions.User);
        Assert.That(await limit.WaitForExitAsync(), Is.Zero, limit.Transcript);
        await alice.ShellAsync("ip address add 192.0.2.77/32 dev lo");
        await Task.Delay(TimeSpan.FromSeconds(1));
        await TeredoProgram.EchoDatagramAsync(bob, "still there", [$"{echo.EndPoint}", .. TeredoProgram.Asking(server)]);
        Assert.That(echo.Process.Errors, Does.Not.Contain("no IPv4 route"), echo.Process.Transcript);
    }

    [Test]
    public async Task AddressThatAnotherProgramTakesFromTheInterface_IsRestored_AndWhenItIsTakenAgainAndAgainTheCommandEndsWithASentence()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        var client = TeredoProgram.Start(alice, ["client", .. TeredoProgram.Asking(server)], new());
        string address = (await client.WaitForLineAsync("interface teredo has "))["interface teredo has ".Length..];
        for (int taken = 0; !client.HasExited; taken++)
        {
            await alice.ShellAsync("ip -6 addr flush dev teredo scope global 2>/dev/null || true");
            if (taken == 0)
            {
                await client.WaitForLineAsync("restored");
                Assert.That(await alice.ShellAsync("ip -6 addr show dev teredo"), Does.Contain(address));
                Assert.That(await alice.ShellAsync("ip -6 route show default"), Does.Contain("dev teredo"));
            }
            await Task.Delay(TimeSpan.FromSeconds(0.3));
        }
        Assert.That(client.ExitCode, Is.EqualTo(1));
        Assert.That(client.Errors.Split('\n')[^1], Does.Contain("takes").And.Contain("teredo"));
    }
}
