using System.Net;
using System.Net.Sockets;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Platform.Tests.Setup;

/// <summary><c>teredo setup --service</c> on machines with a real firewalld, ufw and nftables.</summary>
public class ServiceSetupTests : LabTests
{
    const int Port = 3544, OpenPort = 4000;

    static readonly TeredoServiceOptions Server = new()
    {
        Service = TeredoService.Server,
        ProgramPath = MachineRoom.Program,
        Arguments = ["--address", "203.0.113.1", "--secondary-address", "203.0.113.2", "--allow-private"],
        UdpPort = Port,
    };

    // The administrator lets UDP port 4000 in, and nothing else.
    const string Nftables = """
        nft -f - <<'RULES'
        table inet filter {
          chain input { type filter hook input priority 0; policy drop;
            ct state established,related accept
            iif lo accept
            udp dport 4000 accept
          }
        }
        table ip more {
          chain guests {
            udp dport 53 accept
            counter reject
          }
          chain input { type filter hook input priority 10; policy accept;
            udp dport != 4000 jump guests
          }
        }
        table ip harmless {
          chain input { type filter hook input priority 20; policy accept;
            tcp dport 25 drop
          }
        }
        RULES
        """;

    const string Ufw = """
        ufw --force enable
        ufw allow 4000/udp
        ufw reload
        """;

    const string Firewalld = """
        dbus-daemon --system --fork --nopidfile >/dev/null 2>&1
        firewalld --nofork --nopid >/run/firewalld.log 2>&1 &
        until firewall-cmd --state >/dev/null 2>&1; do sleep 0.1; done
        firewall-cmd --permanent --add-port=4000/udp
        firewall-cmd --reload
        firewall-cmd --add-port=4001/udp
        """;

    [TestCase(LinuxFirewall.Nftables)]
    [TestCase(LinuxFirewall.Ufw)]
    [TestCase(LinuxFirewall.Firewalld)]
    public async Task Packets_GetInAfterASetup_AndNoLongerAfterTheRemoval_WhichLeavesNothing(LinuxFirewall firewall)
    {
        var (server, stranger) = await StartLabAsync();
        var room = await MachineRoom.EnterAsync(server);
        await room.ShellAsync(ConfigurationOf(firewall));
        string before = await room.SnapshotAsync();
        Assert.That(await GetsInAsync(server, stranger), Is.False, "before");

        var plan = await TeredoServiceSetup.PlanAsync(room.Machine, Server, default);
        Assert.That(plan.Findings.Select(finding => finding.Id), Is.EqualTo(new[] { "setup.systemd-not-running" }));
        await plan.ApplyAsync();
        Assert.That(await GetsInAsync(server, stranger), Is.True, "after the setup");
        var again = await TeredoServiceSetup.PlanAsync(room.Machine, Server, default);
        Assert.That(again.IsSatisfied, Is.True, () => string.Join("\n", again.Steps));
        string set = await room.SnapshotAsync();
        await again.ApplyAsync();
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(set), "a second setup changes nothing");

        await RemoveAsync(room.Machine);
        if (firewall == LinuxFirewall.Ufw)
            await room.ShellAsync("ufw reload"); // a deletion lets ufw double rules of its own
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(before));
        Assert.That(await GetsInAsync(server, stranger), Is.False, "after the removal");
    }

    [Test]
    public async Task FirewalldsException_OutlivesAReload_AndItsRemovalCloses()
    {
        var (server, stranger) = await StartLabAsync();
        var room = await MachineRoom.EnterAsync(server);
        await room.ShellAsync(Firewalld);
        await (await TeredoServiceSetup.PlanAsync(room.Machine, Server, default)).ApplyAsync();
        Assert.That(await room.ShellAsync("firewall-cmd --query-port=4001/udp"), Does.StartWith("yes"), "what others opened for now stays open");
        await room.ShellAsync("firewall-cmd --reload");
        Assert.That(await GetsInAsync(server, stranger), Is.True, "after a reload");
        await RemoveAsync(room.Machine);
        Assert.That(await GetsInAsync(server, stranger), Is.False, "after the removal");
    }

    [Test]
    public async Task NftablesException_IsMadeAnew_ByItsUnit()
    {
        var (server, stranger) = await StartLabAsync();
        var room = await MachineRoom.EnterAsync(server);
        await room.ShellAsync(Nftables);
        await (await TeredoServiceSetup.PlanAsync(room.Machine, Server, default)).ApplyAsync();
        string rules = await room.ShellAsync("nft -s list ruleset");
        await room.ShellAsync($"nft flush ruleset\n{Nftables}");
        Assert.That(await GetsInAsync(server, stranger), Is.False, "the administrator loaded the rules anew");
        string command = await room.ShellAsync("sed -n 's/^ExecReload=//p' /etc/systemd/system/teredo-server-firewall.service");
        for (int i = 0; i < 2; i++)
            await room.ShellAsync(command); // a shell takes its quotation marks as systemd does
        Assert.That(await room.ShellAsync("nft -s list ruleset"), Is.EqualTo(rules));
        Assert.That(await GetsInAsync(server, stranger), Is.True);
    }

    [Test]
    public async Task RecordOfAnotherMachine_IsSetAside_AndWhatBearsTheMarkIsRemoved()
    {
        var (server, _) = await StartLabAsync();
        var room = await MachineRoom.EnterAsync(server);
        await room.ShellAsync($"{Nftables}\necho 0123456789abcdef0123456789abcdef >/etc/machine-id");
        string before = await room.SnapshotAsync();
        var plan = await TeredoServiceSetup.PlanAsync(room.Machine, Server, default);
        await plan.ApplyAsync();
        string record = await room.ShellAsync("cat /var/lib/teredosdk/teredo-server.service.json");
        Assert.That(record, Does.Contain(room.Machine.Identity!).And.Not.Contain("0123456789abcdef"));
        await room.ShellAsync("echo fedcba9876543210fedcba9876543210 >/etc/machine-id");
        Assert.That((await TeredoServiceSetup.PlanAsync(room.Machine, Server, default)).Digest, Is.Not.EqualTo(plan.Digest), "no plan of the other machine");
        var (code, process) = await room.TeredoAsync("remove", "--service", "server", "--yes");
        Assert.That(code, Is.Zero, () => process.Transcript);
        Assert.That(process.Transcript, Does.Contain("another machine wrote it"));
        Assert.That(await room.ShellAsync("cat /var/lib/teredosdk/*.unused; rm -r /var/lib/teredosdk"), Is.EqualTo(record));
        Assert.That(await room.SnapshotAsync(), Is.EqualTo(before));
    }

    // Of all changes a third is tried, another third for each kind of fault.
    [Test]
    public Task Fault_AtAChange_LeavesNothing([Values] Fault fault) => TryAsync(LinuxFirewall.Nftables, fault, (int)fault % 3 + 1, 3);

    [Test]
    public Task Fault_AtAChangeOfARemoval_LeavesTheSetupOrNothing([Values] Fault fault) => TryRemovalAsync(fault, (int)fault % 3 + 1, 3);

    [Test, Explicit("All changes and all firewalls: minutes (docs/design/lab.md).")]
    public Task Fault_AtEachChange_LeavesNothing([Values] Fault fault,
        [Values(LinuxFirewall.Nftables, LinuxFirewall.Ufw, LinuxFirewall.Firewalld)] LinuxFirewall firewall) => TryAsync(firewall, fault, 1, 1);

    [Test, Explicit("All changes: minutes (docs/design/lab.md).")]
    public Task Fault_AtEachChangeOfARemoval_LeavesTheSetupOrNothing([Values] Fault fault) => TryRemovalAsync(fault, 1, 1);

    async Task TryAsync(LinuxFirewall firewall, Fault fault, int first, int step)
    {
        var (server, _) = await StartLabAsync();
        var room = await MachineRoom.EnterAsync(server);
        await room.ShellAsync(ConfigurationOf(firewall));
        string before = await SettledAsync();
        bool isThrough = false;
        int at = first;
        for (; !isThrough; at += step)
        {
            var machine = room.Faulty(fault, at);
            isThrough = await SucceedsAsync(machine, async () => await (await TeredoServiceSetup.PlanAsync(machine, Server, default)).ApplyAsync());
            if (fault is Fault.Crash or Fault.LateCrash || isThrough)
                await RemoveAsync(room.Machine);
            Assert.That(await SettledAsync(), Is.EqualTo(before), $"{fault} at {at}");
        }
        TestContext.Out.WriteLine($"{firewall}, {fault}: changes {first} to {at - step}, every {step}.");

        async Task<string> SettledAsync()
        {
            if (firewall == LinuxFirewall.Ufw)
                await room.ShellAsync("ufw reload"); // a deletion lets ufw double rules of its own
            return await room.SnapshotAsync();
        }
    }

    async Task TryRemovalAsync(Fault fault, int first, int step)
    {
        var (server, _) = await StartLabAsync();
        var room = await MachineRoom.EnterAsync(server);
        await room.ShellAsync(Nftables);
        string before = await room.SnapshotAsync();
        bool isThrough = false;
        for (int at = first; !isThrough; at += step)
        {
            await (await TeredoServiceSetup.PlanAsync(room.Machine, Server, default)).ApplyAsync();
            string set = await room.SnapshotAsync();
            var machine = room.Faulty(fault, at);
            isThrough = await SucceedsAsync(machine, () => RemoveAsync(machine));
            if (!isThrough && fault is (Fault.Refusal or Fault.LateRefusal))
                Assert.That(await room.SnapshotAsync(), Is.EqualTo(set), $"{fault} at {at}: undone");
            await RemoveAsync(room.Machine);
            Assert.That(await room.SnapshotAsync(), Is.EqualTo(before), $"{fault} at {at}");
        }
    }

    /// <summary>Whether the action succeeds, which it may only before the machine fails.</summary>
    static async Task<bool> SucceedsAsync(FaultyMachine machine, Func<Task> action)
    {
        try
        {
            await action();
            Assert.That(machine.HasFailed, Is.False, "a failure was hidden");
            return true;
        }
        catch (TeredoException e)
        {
            Assert.That(machine.HasFailed, Is.True, e.Message);
            return false;
        }
    }

    static string ConfigurationOf(LinuxFirewall firewall) => firewall switch
    {
        LinuxFirewall.Firewalld => Firewalld,
        LinuxFirewall.Ufw => Ufw,
        _ => Nftables,
    };

    static async Task RemoveAsync(LinuxMachine machine) =>
        await (await TeredoServiceSetup.PlanRemovalAsync(machine, TeredoService.Server, default)).ApplyAsync();

    async Task<(LabHost Server, LabHost Stranger)> StartLabAsync()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var stranger = lab.AddPublicHost("stranger", native: false);
        await lab.StartAsync();
        return (server, stranger);
    }

    /// <summary>Whether a stranger's packet to the service's port arrives, before the next one to a port that the administrator opened.</summary>
    static async Task<bool> GetsInAsync(LabHost server, LabHost stranger)
    {
        using var service = server.CreateUdpSocket(Port);
        using var open = server.CreateUdpSocket(OpenPort);
        using var sender = stranger.CreateUdpSocket();
        byte[] buffer = new byte[100];
        using var late = new CancellationTokenSource(Patience.Limit);
        await sender.SendToAsync(new byte[] { 1 }, new IPEndPoint(server.Address, Port));
        await sender.SendToAsync(new byte[] { 2 }, new IPEndPoint(server.Address, OpenPort));
        await open.ReceiveAsync(buffer, SocketFlags.None, late.Token);
        return service.Available > 0;
    }
}
