using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;
using TeredoSdk.Platform.Tests.Scenarios;

namespace TeredoSdk.Platform.Tests.Doctor;

/// <summary>What a doctor finds on Linux machines with real faults: that fault, and nothing on a sound machine.</summary>
sealed class LinuxProbesTests : LabTests
{
    const string DropsUdpOut = "chain output { type filter hook output priority 0; policy accept;\n udp dport 3544 drop\n }";
    const string DropsAllIn = "chain input { type filter hook input priority 0; policy drop;\n iif lo accept\n }";
    const string Stateful = "chain input { type filter hook input priority 0; policy drop;\n ct state established,related accept\n iif lo accept\n }";

    [TestCase("true")]
    [TestCase($"nft 'table inet filter {{\n {Stateful}\n }}'", TestName = "SoundMachine_WithAStatefulFirewall_HasNoFinding")]
    public async Task SoundMachine_HasNoFinding(string preparation) => Assert.That(await AskAsync(preparation, "-", new()), Is.Empty);

    [TestCase("ip link set dev eth0 mtu 1300", "-", "network.small-mtu")]
    [TestCase("sysctl -qw net.ipv6.conf.default.disable_ipv6=1", "-", "linux.ipv6-switched-off")]
    [TestCase($"nft 'table inet filter {{\n {DropsUdpOut}\n }}'", "-", "linux.udp-blocked-out")]
    [TestCase($"nft 'table inet filter {{\n {DropsAllIn}\n }}'", "-", "linux.udp-blocked-in")]
    [TestCase($"nft 'table inet filter {{\n {Stateful}\n }}'", "3544", "linux.service-port-blocked")]
    [TestCase("iptables-nft -A OUTPUT -p udp --dport 3544 -j DROP", "-", "linux.udp-blocked-out")]
    [TestCase("ip link add teredo type veth peer name teredo1; ip link set teredo up; ip link set teredo1 up; ip addr add 2001:0:cb00:7101:0:63bf:3fff:fdd2/32 dev teredo", "-",
        "linux.other-teredo-interface")]
    [TestCase("ip addr add 2001:db8:5::1/64 dev eth0; ip route add default via 2001:db8:5::2", "-", "network.native-ipv6")]
    public async Task Fault_IsFound(string fault, string servicePort, string id) =>
        Assert.That(await AskAsync(fault, servicePort, new()), Is.EqualTo(new[] { id }));

    [Test]
    public async Task UdpThatIsDropped_IsFoundWithoutRights() => Assert.That(
        await AskAsync($"nft 'table inet filter {{\n {DropsUdpOut}\n }}'", "-", StartOptions.User), Is.EqualTo(new[] { "linux.udp-blocked-out" }));

    [Test]
    public async Task MissingDevice_IsFound([Values(TunDevice.Missing, TunDevice.ForRoot)] TunDevice tun) =>
        Assert.That(await AskAsync("true", "-", StartOptions.User with { Tun = tun }), Is.EqualTo(new[] { "linux.tun-unavailable" }));

    [Test]
    public async Task RefusedNamespaces_AreFound([Values(UserNamespaces.LimitIsZero, UserNamespaces.NotPermitted)] UserNamespaces namespaces) =>
        Assert.That(await AskAsync("true", "-", StartOptions.User with { UserNamespaces = namespaces }), Is.EqualTo(new[] { "linux.namespaces-refused" }));

    async Task<IEnumerable<string>> AskAsync(string preparation, string servicePort, StartOptions options)
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var machine = lab.AddPublicHost("machine", native: false);
        await lab.StartAsync();
        await machine.ShellAsync(preparation);
        var process = machine.Start(BuildOutput.Executable(Talker.Folder, Talker.Assembly), ["doctor", $"{server.Address}", servicePort], options);
        Assert.That(await process.WaitForExitAsync(), Is.Zero, () => process.Transcript);
        Assert.That(process.Output, Does.EndWith("asked"), () => process.Transcript);
        TestContext.Out.WriteLine(process.Transcript);
        return process.Output.Split('\n').Where(line => line.StartsWith("found ", StringComparison.Ordinal)).Select(line => line["found ".Length..]);
    }
}
