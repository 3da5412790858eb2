using System.Net;
using TeredoSdk.Platform.Tests.Network;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Scenarios;

/// <summary>Our client, server and relay with miredo's: by ping, TCP and UDP, whoever starts. Behind port-restricted NATs.</summary>
public class InteropTests : LabTests
{
    [TestCase("kernel"), TestCase("in-process")]
    public async Task OurClient_AndMiredosClient_ReachEachOther(string sockets)
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var client = await Miredo.StartClientAsync(bob, server);
        await DialOursAsync(alice, server, bob, "--sockets", sockets);
        await DialFromOursAsync(alice, server, bob, client.Address, "--sockets", sockets);
    }

    [Test]
    public async Task MiredosClients_OnOurServer_QualifyAndReachEachOtherAndOurs()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        var carol = lab.AddNat("nat3", NatKind.PortRestricted).AddHost("carol");
        await lab.StartAsync();
        await TeredoProgram.StartServerAsync(server);
        var (first, second) = (await Miredo.StartClientAsync(bob, server), await Miredo.StartClientAsync(carol, server));
        await bob.PingAsync(second.Address);
        await bob.CallEchoAsync(carol.EchoOnce(second.Address));
        await carol.CallDatagramEchoAsync(bob.EchoDatagramOnce(first.Address));
        await DialOursAsync(alice, server, bob);
        await DialFromOursAsync(alice, server, carol, second.Address);
    }

    [TestCase(true, true)]
    [TestCase(true, false)]
    [TestCase(false, false)]
    public async Task OurClient_AndANativeHostThroughEachRelay_ReachEachOther(bool miredoServer, bool miredoRelay)
    {
        var lab = NewLab();
        var (server, relay, native) = (lab.AddServer(), lab.AddRelay(), lab.AddNativeHost());
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        await lab.StartAsync();
        await (miredoServer ? Miredo.StartServerAsync(server) : TeredoProgram.StartServerAsync(server, new())); // forwarding needs CAP_NET_RAW
        await (miredoRelay ? Miredo.StartRelayAsync(relay) : TeredoProgram.StartRelayAsync(relay));
        await DialOursAsync(alice, server, native);
        await DialFromOursAsync(alice, server, native, native.Address6);
    }

    [Test]
    public async Task MiredosClient_AndANativeHostThroughOurRelay_ReachEachOther()
    {
        var lab = NewLab();
        var (server, relay, native) = (lab.AddServer(), lab.AddRelay(), lab.AddNativeHost());
        var bob = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        await TeredoProgram.StartRelayAsync(relay);
        var client = await Miredo.StartClientAsync(bob, server);
        await ReachEachOtherAsync(native, native.Address6, bob, client.Address);
    }

    [Test]
    public async Task OurWholeMachineClient_AndMiredosClient_ReachEachOther()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddNat("nat1", NatKind.PortRestricted).AddHost("alice");
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var client = await Miredo.StartClientAsync(bob, server);
        var (ours, address) = await TeredoProgram.StartClientAsync(alice, server);
        await ReachEachOtherAsync(alice, address, bob, client.Address);
        ours.Send(Signal.Terminate);
        Assert.That(await ours.WaitForExitAsync(), Is.Zero, ours.Transcript);
        Assert.That(alice.Addresses().Select(address => address.Device), Does.Not.Contain("teredo"));
    }

    [Test]
    public async Task OurWholeMachineClient_WhenNativeIPv6ComesAndGoes_IsAHostSpecificRelayMeanwhile()
    {
        var lab = NewLab();
        var server = lab.AddServer();
        var alice = lab.AddPublicHost("alice", native: true);
        var bob = lab.AddNat("nat2", NatKind.PortRestricted).AddHost("bob");
        await lab.StartAsync();
        await Miredo.StartServerAsync(server);
        var client = await Miredo.StartClientAsync(bob, server);
        var (ours, address) = await TeredoProgram.StartClientAsync(alice, server);
        await ReachEachOtherAsync(alice, address, bob, client.Address);

        int lines = ours.LineCount;
        await alice.ShellAsync($"ip -6 route add default via {server.Address6}");
        await ours.WaitForLineAsync("is a host-specific relay", from: lines);
        await ReachEachOtherAsync(alice, alice.Address6, bob, client.Address);

        lines = ours.LineCount;
        await alice.ShellAsync($"ip -6 route del default via {server.Address6}");
        await ReachEachOtherAsync(alice, await TeredoProgram.AddressOfAsync(ours, lines), bob, client.Address);
    }

    // A peer dials our listeners, TCP and UDP, and pings.
    static async Task DialOursAsync(LabHost ours, LabHost server, LabHost peer, params string[] more)
    {
        var stream = await TeredoProgram.ListenAsync(ours, server, ["5000", "--echo", .. more]);
        await peer.CallEchoAsync(stream.EndPoint);
        await peer.PingAsync(stream.EndPoint.Address);
        var datagrams = await TeredoProgram.ListenAsync(ours, server, ["5000", "--udp", "--echo", .. more]);
        await peer.CallDatagramEchoAsync(datagrams.EndPoint);
    }

    // We dial a peer's ordinary sockets, and ping.
    static async Task DialFromOursAsync(LabHost ours, LabHost server, LabHost peer, IPAddress address, params string[] more)
    {
        string[] asking = [.. TeredoProgram.Asking(server), .. more];
        await TeredoProgram.RunAsync(ours, "", ["ping", "-c", "1", $"{address}", .. asking]);
        string text = string.Concat(Enumerable.Range(0, 3000).Select(number => $"line {number}\n"));
        Assert.That(await TeredoProgram.RunAsync(ours, text, ["connect", $"{peer.EchoOnce(address)}", .. asking]), Is.EqualTo(text.TrimEnd('\n')));
        string[] datagram = [$"{peer.EchoDatagramOnce(address)}", .. asking];
        Assert.That(await TeredoProgram.EchoDatagramAsync(ours, "a datagram", datagram), Is.EqualTo("a datagram"));
    }

    // Both with ordinary sockets.
    static async Task ReachEachOtherAsync(LabHost one, IPAddress oneAddress, LabHost other, IPAddress otherAddress)
    {
        await one.PingAsync(otherAddress);
        await other.PingAsync(oneAddress);
        await one.CallEchoAsync(other.EchoOnce(otherAddress));
        await other.CallEchoAsync(one.EchoOnce(oneAddress));
        await one.CallDatagramEchoAsync(other.EchoDatagramOnce(otherAddress));
        await other.CallDatagramEchoAsync(one.EchoDatagramOnce(oneAddress));
    }
}
