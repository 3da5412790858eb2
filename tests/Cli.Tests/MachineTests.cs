namespace TeredoSdk.Cli.Tests;

/// <summary><c>teredo client</c> and <c>teredo relay</c>, on a machine of their own: a network namespace.</summary>
[Platform("Linux")]
public sealed class MachineTests
{
    const string Network = "ip link set lo up && ip link add up0 type veth peer name up1 && ip link set up1 up && ip addr add 192.0.2.1/24 dev up0 "
        + "&& ip link set up0 up && ip route add default via 192.0.2.254 && exec \"$0\" \"$@\"";

    CommandProcess? _server;

    string[] Inside => ["nsenter", "-t", $"{_server!.Id}", "-U", "-n", "--preserve-credentials"];

    [SetUp]
    public async Task MakeMachine()
    {
        string[] machine = ["unshare", "-rn", "sh", "-c", Network];
        using (var first = CommandProcess.StartBy(machine, "decode", "2001::1"))
        {
            var result = await first.ExitAsync();
            if (result.ExitCode != 0)
                Assert.Ignore($"No network namespace can be made here: {result.Sentence}");
        }
        _server = CommandProcess.StartBy(machine, "server", "--address", "127.0.0.2", "--secondary-address", "127.0.0.3", "--allow-private");
        await _server.LineAsync("serving on ");
    }

    [TearDown]
    public void EndMachine() => _server?.Dispose();

    [Test]
    public async Task Client_MakesAnInterface_AndARelayWhenThereIsNativeIPv6()
    {
        using var client = CommandProcess.StartBy(Inside, "client", "--interface", "tt", "--server", "127.0.0.2", "--allow-private", "--json");
        string line = await client.LineAsync("interface tt has ");
        string address = line["interface tt has ".Length..];
        Assert.That(System.Net.IPAddress.Parse(address).IsIPv6Teredo);
        await AddNativeIPv6Async();
        await client.LineAsync("interface tt is a host-specific relay: this machine has native IPv6");
        client.Terminate();
        var result = await client.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Document.GetProperty("interfaceName").GetString(), Is.EqualTo("tt"));
        Assert.That(result.Document.GetProperty("report").GetProperty("address").GetString(), Is.EqualTo(address));
    }

    [Test]
    public async Task Client_OnAMachineWithNativeIPv6_IsARelayAtOnce()
    {
        await AddNativeIPv6Async();
        using var client = CommandProcess.StartBy(Inside, "client", "--server", "127.0.0.2", "--allow-private");
        await client.LineAsync("interface teredo is a host-specific relay: this machine has native IPv6");
        client.Terminate();
        Assert.That(await client.ExitCodeAsync(), Is.Zero);
        Assert.That(client.ErrorLines, Has.Count.EqualTo(1), "no logs");
    }

    [Test]
    public async Task Relay_ServesTheMachine_AsSoonAsThereIsNativeIPv6()
    {
        using (var waiting = CommandProcess.StartBy(Inside, "relay", "--address", "192.0.2.1", "--allow-private"))
        {
            await waiting.LineAsync("waiting for native IPv6 before relaying over ");
            Assert.That(waiting.ErrorLines[0], Does.StartWith("This machine has no native IPv6 address"));
        }
        await AddNativeIPv6Async();
        using var relay = CommandProcess.StartBy(Inside, "relay", "--address", "192.0.2.1", "--port", "4000", "--allow-private", "--json");
        string line = await relay.LineAsync("relaying on 192.0.2.1:4000 over ");
        Assert.That(line, Does.EndWith(" for 2001:db8::1/128"));
        relay.Terminate();
        var result = await relay.ExitAsync();
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Document.GetProperty("isHostSpecific").GetBoolean());
        Assert.That(result.ErrorLines, Has.Count.EqualTo(1), "no problem, and no logs");
    }

    [Test]
    public async Task Relay_ForOthers_SaysWhatTheKernelLacks()
    {
        using var relay = CommandProcess.StartBy([.. Inside, "env", "NOTIFY_SOCKET=@~"], "relay", "--address", "192.0.2.1", "--interface", "rr", "--prefix", "2001:db8::/32", "--allow-private", "-v");
        string line = await relay.LineAsync("relaying on 192.0.2.1:");
        Assert.That(line, Does.EndWith(" over rr for 2001:db8::/32"));
        Assert.That(relay.ErrorLines, Has.Some.Contains("sysctl").And.Some.Contains("info: "));
        await relay.LineAsync("The service manager can't be told");
        relay.Interrupt();
        Assert.That(await relay.ExitCodeAsync(), Is.Zero);
    }

    async Task AddNativeIPv6Async()
    {
        using var ip = CommandProcess.StartBy([.. Inside, "sh", "-c", "ip addr add 2001:db8::1/64 dev up0 nodad && ip route add default via 2001:db8::2 dev up0"]);
        Assert.That(await ip.ExitCodeAsync(), Is.Zero, string.Join('|', ip.ErrorLines));
    }
}
