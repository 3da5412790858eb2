using System.Net;
using System.Runtime.Versioning;
using TeredoSdk.Doctor;
using TeredoSdk.Doctor.Linux;
using TeredoSdk.Setup.Linux;

namespace TeredoSdk.Tests.Linux;

/// <summary>What a doctor asks a Linux machine about its firewalls, and about the network of a test.</summary>
[Platform("Linux"), SupportedOSPlatform("linux"), FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
sealed class LinuxProbesTests : IDisposable
{
    readonly FakeLinux _machine = new();

    public void Dispose() => _machine.Dispose();

    async Task<string[]> AskAsync(int? port = null) => [.. (await new LinuxFirewallProbe([], port, _machine).AskAsync(default)).Select(Words)];

    static string Words(Finding finding) => $"{finding.Id} {finding.Subject} {finding.SetBy} {finding.Fix?.Command}|{string.Join(' ', finding.Evidence)}";

    void Chain(string hook, string policy) => _machine.Chains.Add($$"""{"family":"inet","table":"t","name":"{{hook}}","hook":"{{hook}}","policy":"{{policy}}"}""");

    [Test]
    public void PrivateNetwork_IsAskedAbout_WhereItIsWanted_WhateverTheServersAreCalled([Values] TeredoSockets sockets, [Values("one.lab", "no name")] string server)
    {
        var probes = MachineProbes.Of(new() { Sockets = sockets, Servers = [server] }, null, isThisMachine: true);
        Assert.That(probes.Select(probe => probe.Name), sockets == TeredoSockets.InProcess ? Does.Not.Contain("user namespaces") : Does.Contain("user namespaces"));
        Assert.That(probes.Select(probe => probe.Name), Does.Contain("the MTU"));
    }

    // The kernel itself refuses a broadcast, with the error of a firewall's refusal.
    [TestCase("127.0.0.1", false), TestCase("255.255.255.255", true)]
    public async Task ServerThatMayNotBeSentTo_IsTold(string server, bool isRefused)
    {
        var findings = await new LinuxFirewallProbe([IPAddress.Parse(server)], null, _machine).AskAsync(default);
        Assert.That(findings.Select(finding => finding.Id), Is.EqualTo(isRefused ? [FindingIds.LinuxUdpBlockedOut] : Array.Empty<string>()));
    }

    [Test]
    public async Task MachineWithoutRules_OrWithoutRights_TellsNothing()
    {
        Assert.That(await AskAsync(3544), Is.Empty);
        _machine.Put("/usr/sbin/nft", "");
        Chain("output", "accept");
        Assert.That(await AskAsync(3544), Is.Empty);
        Chain("output", "drop");
        _machine.Elevated = false;
        Assert.That(await AskAsync(3544), Is.Empty);
    }

    [TestCase(null, "nftables  ")]
    [TestCase(LinuxFirewall.Ufw, "ufw ufw ufw allow out 3544/udp")]
    [TestCase(LinuxFirewall.Firewalld, "firewalld firewalld ")]
    public async Task UdpThatMayNotGoOut_IsToldWithWhoSetIt(LinuxFirewall? firewall, string words)
    {
        if (firewall is { } manager)
            _machine.Install(manager);
        _machine.Put("/usr/sbin/nft", "");
        Chain("output", "drop");
        Assert.That(await AskAsync(), Is.EqualTo(new[] { $"{FindingIds.LinuxUdpBlockedOut} {words}|The chain inet t output of nftables drops it." }));
    }

    [TestCase(null, "nftables  ")]
    [TestCase(LinuxFirewall.Ufw, "ufw ufw ")]
    public async Task AnswersThatDoNotComeIn_AreTold_AndStrangersNotBesides(LinuxFirewall? firewall, string words)
    {
        if (firewall is { } manager)
            _machine.Install(manager);
        _machine.Put("/usr/sbin/nft", "");
        Chain("input", "drop");
        Assert.That(await AskAsync(3544), Is.EqualTo(new[] { $"{FindingIds.LinuxUdpBlockedIn} {words}|The chain inet t input of nftables drops it." }));
    }

    const string StatefulRule = """{"family":"inet","table":"t","chain":"input","handle":1,"expr":[{"match":{"op":"==","left":{"ct":{"key":"state"}},"right":"established"}},{"accept":null}]}""";

    [TestCase(null, 4444, "nftables  ")]
    [TestCase(LinuxFirewall.Ufw, 4444, "ufw ufw ufw allow 4444/udp")]
    [TestCase(LinuxFirewall.Firewalld, 4444, "firewalld firewalld firewall-cmd --add-port=4444/udp")]
    [TestCase(null, null, null)]
    public async Task StrangersThatDoNotGetIn_AreToldToWhoServesThem(LinuxFirewall? firewall, int? port, string? words)
    {
        if (firewall is { } manager)
            _machine.Install(manager);
        _machine.Put("/usr/sbin/nft", "");
        _machine.Answers["nft -j list ruleset"] = new(0,
            """{"nftables":[{"chain":{"family":"inet","table":"t","name":"input","hook":"input","policy":"drop"}},{"rule":""" + StatefulRule + "}]}", "");
        Assert.That(await AskAsync(port), Is.EqualTo(words is null ? [] : new[] { $"{FindingIds.LinuxServicePortBlocked} {words}|The chain inet t input of nftables drops it." }));
    }

    static Finding[] Ask(string question, params IPAddress[] servers) =>
        [.. new LinuxProbes(servers, null).OfNetwork.Single(probe => probe.Name == question).AskAsync(default).GetAwaiter().GetResult()];

    [TestCase(1308, false)]
    [TestCase(1307, true)]
    public void LinkThatIsTooNarrow_IsTold(int octets, bool isTold) => OwnNetwork.Run(() =>
    {
        Assert.That(Ask("the MTU"), Is.Empty, "there is no route");
        OwnNetwork.Ip("link add name teredotest type veth peer name teredopeer");
        OwnNetwork.Ip($"link set teredotest mtu {octets} up");
        OwnNetwork.Ip("link set teredopeer up");
        OwnNetwork.Ip("address add 192.0.2.7/24 dev teredotest");
        var found = Ask("the MTU", IPAddress.Parse("192.0.2.1"));
        Assert.That(found.Select(finding => (finding.Id, finding.Subject)), Is.EqualTo(isTold ? new[] { (FindingIds.NetworkSmallMtu, "teredotest") } : []));
        Assert.That(Ask("the MTU"), Is.Empty, "no route leads there without a server");
        OwnNetwork.Ip("route add default via 192.0.2.1");
        Assert.That(Ask("the MTU"), Has.Length.EqualTo(isTold ? 1 : 0));
    });

    [TestCase("2001:db8::7", true)]
    [TestCase("3fff::7", true)]
    [TestCase("4000::7", false)]
    [TestCase("fd00::7", false)]
    [TestCase("2001::7", false)]
    public void NativeIPv6_IsANote_AndATeredoAddressAWarning(string address, bool isNative) => OwnNetwork.Run(() =>
    {
        Assert.That(Ask("native IPv6"), Is.Empty);
        OwnNetwork.Ip("link add name teredotest type veth peer name teredopeer");
        OwnNetwork.Ip("link set teredotest up");
        OwnNetwork.Ip("link set teredopeer up");
        OwnNetwork.Ip($"-6 address add {address}/128 dev teredotest nodad");
        OwnNetwork.Ip("-6 route add default dev teredotest");
        var found = Ask("native IPv6");
        Assert.That(found.Select(finding => (finding.Id, finding.Subject)), Is.EqualTo(isNative ? new[] { (FindingIds.NetworkNativeIPv6, address) } : []));
        var others = Ask("other Teredo interfaces");
        bool isTeredo = address == "2001::7";
        Assert.That(others.Select(finding => (finding.Id, finding.Subject)), Is.EqualTo(isTeredo ? new[] { (FindingIds.LinuxOtherTeredoInterface, "teredotest") } : []));
        if (isTeredo)
            Assert.That(others[0].Evidence[0], Is.EqualTo($"teredotest has {address}"));
    });
}
