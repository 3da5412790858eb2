using System.Globalization;
using System.Text.RegularExpressions;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Platform.Tests.Setup;

/// <summary>The units of a setup, judged by systemd itself, and run by it.</summary>
public class UnitTests : LabTests
{
    // Of 10, where 10 is a unit without any hardening. Relay and client may change the machine's network: CAP_NET_ADMIN and its device cost them.
    const double MostExposure = 2.5;

    [Test]
    public async Task Units_AreValid_AndGiveLittleAway([Values] TeredoService service)
    {
        var room = await EnterAsync();
        var options = OptionsOf(service);
        options.Arguments = [.. options.Arguments, "--x=a b", "%n", "$HOME", "\"'\\"];
        options.Firewall = LinuxFirewall.Nftables;
        await room.ShellAsync("nft add table inet filter\nnft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'");
        await (await TeredoServiceSetup.PlanAsync(room.Machine, options, default)).ApplyAsync();
        foreach (string unit in new[] { new ServiceNames(service).Unit, new ServiceNames(service).FirewallUnit })
        {
            Assert.That(await room.ShellAsync($"systemd-analyze verify /etc/systemd/system/{unit} 2>&1"), Is.Empty);
            string judgement = await room.ShellAsync($"systemd-analyze security --offline=true /etc/systemd/system/{unit} 2>&1");
            var exposure = Regex.Match(judgement, @"Overall exposure level for .*: ([0-9.]+)");
            Assert.That(double.Parse(exposure.Groups[1].Value, CultureInfo.InvariantCulture), Is.LessThan(MostExposure), judgement);
        }
    }

    [Test]
    public async Task Server_UnderSystemd_Serves_UntilItIsRemoved()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat", NatKind.PortRestricted).AddHost("alice");
        await lab.StartAsync();
        var room = await MachineRoom.BootAsync(server);
        await room.ShellAsync("nft add table inet filter\nnft 'add chain inet filter input { type filter hook input priority 0; policy drop; }'");
        string before = await room.SnapshotAsync();
        string[] arguments = ["--service", "server", "--yes", "--", .. OptionsOf(TeredoService.Server).Arguments];

        var (code, setup) = await room.TeredoAsync(["setup", .. arguments]);
        Assert.That(code, Is.Zero, () => setup.Transcript);
        Assert.That(await TeredoProgram.RunAsync(alice, "", ["status", .. TeredoProgram.Asking(server)]), Does.Contain("2001:0:cb00:7101:"));
        Assert.That(await room.ShellAsync("systemctl show -P NRestarts -P User -P DynamicUser teredo-server.service"), Does.Contain("yes"));
        string process = await room.ShellAsync("systemctl show -P MainPID teredo-server.service");
        string status = await room.ShellAsync($"cat /proc/{process.Trim()}/status");
        Assert.That(status, Does.Match(@"Uid:\s+6[0-9]{4}\s"), "a user of its own");
        Assert.That(status, Does.Match(@"CapEff:\s+0000000000002000"), "CAP_NET_RAW, and nothing else");

        (code, setup) = await room.TeredoAsync(["setup", .. arguments]);
        Assert.That(code, Is.Zero, () => setup.Transcript);
        Assert.That(setup.Output, Does.Contain("Nothing to do."));
        Assert.That(await room.ShellAsync("systemctl show -P MainPID teredo-server.service"), Is.EqualTo(process), "it goes on");

        (code, setup) = await room.TeredoAsync("remove", "--service", "server", "--yes");
        Assert.That(code, Is.Zero, () => setup.Transcript);
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(before));
        Assert.That(await room.ShellAsync("systemctl is-active teredo-server.service || true"), Does.StartWith("inactive"));
    }

    [Test]
    public async Task ServerThatCannotServe_IsUndone()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        await lab.StartAsync();
        var room = await MachineRoom.BootAsync(server);
        string before = await room.SnapshotAsync();
        var (code, setup) = await room.TeredoAsync("setup", "--service", "server", "--yes", "--", "--address", "203.0.113.77", "--allow-private");
        Assert.That(code, Is.EqualTo(1), () => setup.Transcript);
        Assert.That(setup.Errors, Does.Contain("All completed steps were undone."));
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(before));
    }

    static TeredoServiceOptions OptionsOf(TeredoService service) => new()
    {
        Service = service,
        ProgramPath = MachineRoom.Program,
        Arguments = service switch
        {
            TeredoService.Server => ["--address", "203.0.113.1", "--secondary-address", "203.0.113.2", "--allow-private"],
            TeredoService.Relay => ["--address", "203.0.113.1", "--port", "3545"],
            _ => ["--server", "203.0.113.1", "--client-port", "3546"],
        },
        UdpPort = 3544,
    };

    async Task<MachineRoom> EnterAsync()
    {
        var lab = NewLab();
        var host = lab.AddPublicHost("machine", native: false);
        await lab.StartAsync();
        return await MachineRoom.EnterAsync(host);
    }
}
