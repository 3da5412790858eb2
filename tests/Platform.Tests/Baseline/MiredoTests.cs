using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Baseline;

/// <summary>Miredo works in the lab, so that a failure with ours is ours.</summary>
public class MiredoTests : LabTests
{
    [Test]
    public async Task TwoClients_BehindTwoPortRestrictedNats_PingEachOther()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var first = await Miredo.StartClientAsync(alice, server);
        var second = await Miredo.StartClientAsync(bob, server);
        TestContext.Out.WriteLine($"Start to address: {first.TimeToAddress.TotalMilliseconds:F1} ms, {second.TimeToAddress.TotalMilliseconds:F1} ms");
        await PingAsync(alice, second.Address);
        await PingAsync(bob, first.Address);
    }

    [Test]
    public async Task NativeHost_ThroughTheRelay_AndAClient_PingEachOther()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var relay = lab.AddRelay();
        var native = lab.AddNativeHost();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        await Miredo.StartRelayAsync(relay);
        var client = await Miredo.StartClientAsync(alice, server);
        await PingAsync(native, client.Address);
        await PingAsync(alice, native.Address6);
    }

    [Test]
    public async Task TwoServers_EachAnswerTheirOwnClient()
    {
        var lab = NewLab();
        var (first, second) = (lab.AddServer(), lab.AddServer("server2"));
        var nat = lab.AddNat("nat", NatKind.PortRestricted);
        var (alice, bob) = (nat.AddHost("alice"), nat.AddHost("bob"));
        await lab.StartAsync();
        await Miredo.StartServerAsync(first);
        await Miredo.StartServerAsync(second);
        Assert.That(ServerOf(await Miredo.StartClientAsync(alice, first)), Is.EqualTo(first.Address));
        Assert.That(ServerOf(await Miredo.StartClientAsync(bob, second)), Is.EqualTo(second.Address));
    }

    [Test]
    public async Task Capture_OfAQualification_HoldsItsDatagrams()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var nat = lab.AddNat("nat", NatKind.PortRestricted);
        var alice = nat.AddHost("alice");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var capture = await Capture.StartAsync(nat, filter: "udp port 3544");
        await Miredo.StartClientAsync(alice, server);
        var datagrams = (await capture.StopAsync()).Select(frame => frame.Udp!).ToList();
        Assert.That(datagrams, Has.Count.GreaterThanOrEqualTo(2));
        Assert.That($"{datagrams[0].Source}", Does.StartWith($"{nat.Address}:"));
        Assert.That($"{datagrams[0].Destination}", Is.EqualTo($"{server.Address}:3544"));
    }

    static async Task PingAsync(LabHost from, IPAddress to) => await from.RunAsync("ping", "-6", "-c", "1", "-W", "5", $"{to}");

    // RFC 4380 §4: the server's address follows the prefix.
    static IPAddress ServerOf(MiredoClient client) => new(client.Address.GetAddressBytes().AsSpan(4, 4));
}
