using System.Text.Json;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>What does not work says so: exit code 1, the last line on stderr is the cause and the next step, and nothing is left behind.</summary>
public class BadInputTests : LabTests
{
    /// <summary>A host behind a NAT, a server that runs, and what there was before.</summary>
    sealed record Scene(LabHost Server, LabNat Nat, LabHost Ours, IReadOnlyList<string> Devices, IReadOnlyList<int> Processes);

    async Task<Scene> StartAsync()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var nat = lab.AddNat("nat1", NatKind.PortRestricted);
        var alice = nat.AddHost("alice");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        return new(server, nat, alice, await DevicesAsync(alice), Leftovers.ProcessesOf(lab.Name));
    }

    [Test]
    public async Task Server_ThatDoesNotAnswer_IsNamedWithWhatToDo()
    {
        var scene = await StartAsync();
        await scene.Nat.BlockUdpAsync();
        const string nobody = $"{Lab.DocumentationInternet}.99";
        // Each waits for the server, so all at once.
        await Task.WhenAll(
            FailsAsync(scene, ["listen", "5000", .. TeredoProgram.Asking(scene.Server)], "Allow UDP to port 3544"),
            FailsAsync(scene, ["status", "--server", nobody, "--allow-private"], nobody, "another server"),
            FailsAsync(scene, ["connect", "[2001::1]:5000", "--timeout", "1", .. TeredoProgram.Asking(scene.Server)], "within 1 s", "--timeout"),
            FailsAsync(scene, ["status", "--server", "nowhere.lab"], "nowhere.lab"),
            FailsAsync(scene, ["status"], "--server"));
        await LeavesNothingAsync(scene);
    }

    [Test]
    public async Task ClientPort_InUse_IsNamedWithWhatToDo()
    {
        const int port = 40000;
        var scene = await StartAsync();
        using var other = scene.Ours.CreateUdpSocket(port);
        string[] asking = TeredoProgram.Asking(scene.Server);
        await FailsAsync(scene, ["listen", "5000", "--client-port", $"{port}", .. asking], $"UDP port {port}", "Choose another --client-port");
        await LeavesNothingAsync(scene);
    }

    [TestCase("decode 2001:db8::1", "2001:db8::1 is not a Teredo address", "2001::/32")]
    [TestCase("connect [fe80::1]:5000", "fe80::1", "Expected the address of a Teredo peer")]
    [TestCase("connect --udp [ff02::1]:5000", "ff02::1", "Expected the address of a Teredo peer")]
    [TestCase("ping ::1", "::1", "Expected the address of a Teredo peer")]
    [TestCase("connect [2001:0:cb00:7101::1fff:fffe]:5000", "2001:0:cb00:7101::1fff:fffe", "Expected the address of a Teredo peer")]
    // The last one's mapped endpoint is 224.0.0.1.
    public async Task Address_ThatIsNoTeredoPeers_IsNamedWithWhatIsExpected(string command, string cause, string expected)
    {
        var scene = await StartAsync();
        string[] arguments = command.Split(' ');
        string[] asking = arguments[0] == "decode" ? [] : TeredoProgram.Asking(scene.Server);
        await FailsAsync(scene, [.. arguments, .. asking], cause, expected);
        await LeavesNothingAsync(scene);
    }

    [TestCase(UserNamespaces.LimitIsZero, TunDevice.ForAll, "user namespaces are switched off", "sysctl -w user.max_user_namespaces=")]
    [TestCase(UserNamespaces.NotPermitted, TunDevice.ForAll, "forbids user namespaces", "Start the container with")]
    [TestCase(UserNamespaces.Allowed, TunDevice.Missing, "There is no TUN device at /dev/net/tun", "modprobe tun")]
    [TestCase(UserNamespaces.Allowed, TunDevice.ForRoot, "may not open /dev/net/tun", "chmod 0666 /dev/net/tun")]
    public async Task KernelSockets_ThatAreRefused_AreAnErrorWhenAskedForAndReportedElse(object namespaces, object tun, string cause, string nextStep)
    {
        var scene = await StartAsync();
        var options = StartOptions.User with { UserNamespaces = (UserNamespaces)namespaces, Tun = (TunDevice)tun };
        string[] asking = TeredoProgram.Asking(scene.Server);
        await FailsAsync(scene, ["status", "--sockets", "kernel", .. asking], options, cause, nextStep);

        // TCP does without them: the engine has its own.
        var listening = TeredoProgram.Start(scene.Ours, ["listen", "5000", .. asking], options);
        await TeredoProgram.EndPointOfAsync(listening);
        listening.Send(Signal.Terminate);
        await listening.WaitForExitAsync();

        var status = TeredoProgram.Start(scene.Ours, ["status", "--json", .. asking], options);
        Assert.That(await status.WaitForExitAsync(), Is.Zero, status.Transcript);
        using var report = JsonDocument.Parse(status.Output);
        Assert.That(report.RootElement.GetProperty("kernelSockets").GetBoolean(), Is.False);
        Assert.That(report.RootElement.GetProperty("passedOver").EnumerateArray().Select(way => way.GetProperty("reason").GetString()),
            Has.Some.Contains(cause).And.Some.Contains(nextStep));
        await LeavesNothingAsync(scene);
    }

    [TestCase(true, TunDevice.ForAll, "needs CAP_NET_ADMIN", "as root")]
    [TestCase(false, TunDevice.Missing, "There is no TUN device at /dev/net/tun", "modprobe tun")]
    public async Task WholeMachineClientAndRelay_WithoutTheRightsOrTheDevice_SayWhatIsMissing(bool asUser, object tun, string cause, string nextStep)
    {
        var scene = await StartAsync();
        var options = new StartOptions { AsUser = asUser, Tun = (TunDevice)tun };
        await FailsAsync(scene, ["client", .. TeredoProgram.Asking(scene.Server)], options, cause, nextStep);
        await FailsAsync(scene, ["relay", "--address", $"{scene.Ours.Address}", "--interface", "relay", "--allow-private"], options, cause, nextStep);
        await LeavesNothingAsync(scene);
    }

    [Test]
    public async Task WholeMachineClient_WhereIPv6IsOff_SaysHowToSwitchItOn()
    {
        var scene = await StartAsync();
        await scene.Ours.ShellAsync("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        await FailsAsync(scene, ["client", .. TeredoProgram.Asking(scene.Server)], new StartOptions(), "IPv6 is switched off",
            "sysctl -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0");
        await LeavesNothingAsync(scene);
    }

    static Task FailsAsync(Scene scene, string[] arguments, params string[] parts) => FailsAsync(scene, arguments, StartOptions.User, parts);

    static async Task FailsAsync(Scene scene, string[] arguments, StartOptions options, params string[] parts)
    {
        var process = TeredoProgram.Start(scene.Ours, arguments, options);
        process.Input.Close();
        Assert.That(await process.WaitForExitAsync(), Is.EqualTo(1), process.Transcript);
        string sentence = process.Errors.Split('\n')[^1];
        foreach (string part in parts)
            Assert.That(sentence, Does.Contain(part), process.Transcript);
        Assert.That(sentence, Does.EndWith("."));
        Assert.That(process.Output, Is.Empty, process.Transcript);
        Assert.That(process.OutputIsHeldOpen, Is.False, "A child is left.");
    }

    // Namespaces have no names here: they live as long as a process or a device in them does.
    static async Task LeavesNothingAsync(Scene scene)
    {
        Assert.That(Leftovers.ProcessesOf(scene.Ours.Lab.Name), Is.EquivalentTo(scene.Processes));
        Assert.That(await DevicesAsync(scene.Ours), Is.EqualTo(scene.Devices));
    }

    static async Task<IReadOnlyList<string>> DevicesAsync(LabHost host) =>
        [.. (await host.ShellAsync("ip -br link; ip -6 route")).Split('\n')];
}
