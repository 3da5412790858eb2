using System.Net;
using System.Net.Sockets;
using TeredoSdk.Platform.Tests.Network;

namespace TeredoSdk.Platform.Tests.Baseline;

/// <summary>Each kind of NAT of the lab maps and filters as its name says.</summary>
public class NatTests : LabTests
{
    /// <summary>A host behind a NAT, and strangers at two addresses, one of them with two ports.</summary>
    sealed record Probe(Lab Lab, LabNat Nat, LabHost Host, Socket First, Socket OtherPort, Socket OtherAddress)
    {
        public IPEndPoint[] Ends => [.. new[] { First, OtherPort, OtherAddress }.Select(socket => (IPEndPoint)socket.LocalEndPoint!)];
    }

    async Task<Probe> StartAsync(NatKind kind, bool dropsInput = true)
    {
        var lab = NewLab();
        var peer = lab.AddPublicHost("peer", native: false, 30, 31);
        var nat = lab.AddNat("nat", kind, dropsInput);
        var host = nat.AddHost("host");
        await lab.StartAsync();
        return new(lab, nat, host, Bound(peer, 0, 4000), Bound(peer, 0, 4001), Bound(peer, 1, 4000));
    }

    static Socket Bound(LabHost host, int address, int port)
    {
        var socket = host.CreateSocket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Parse(host.Links[0].Addresses[address].Split('/')[0]), port));
        return socket;
    }

    [TestCase(NatKind.FullCone, true)]
    [TestCase(NatKind.AddressRestricted, true)]
    [TestCase(NatKind.PortRestricted, true)]
    [TestCase(NatKind.Symmetric, false)]
    public async Task Nat_DatagramsToThreeEndpoints_MapsAsItsKind(object kind, bool oneMapping)
    {
        var probe = await StartAsync((NatKind)kind);
        using var host = probe.Host.CreateUdpSocket();
        foreach (var end in probe.Ends)
            host.Send("out", end);
        var mapped = new[] { probe.First, probe.OtherPort, probe.OtherAddress }.Select(socket => socket.Receive().Source).ToList();
        Assert.That(mapped.Select(end => end.Address), Is.All.EqualTo(probe.Nat.Address));
        Assert.That(mapped.Distinct().Count(), Is.EqualTo(oneMapping ? 1 : 3));
    }

    [TestCase(NatKind.FullCone, "other port,other address")]
    [TestCase(NatKind.AddressRestricted, "other port")]
    [TestCase(NatKind.PortRestricted, "")]
    [TestCase(NatKind.Symmetric, "")]
    public async Task Nat_DatagramsFromStrangers_FiltersAsItsKind(object kind, string passing)
    {
        var probe = await StartAsync((NatKind)kind);
        using var host = probe.Host.CreateUdpSocket();
        host.Send("out", probe.Ends[0]);
        var mapped = probe.First.Receive().Source;
        probe.OtherPort.Send("other port", mapped);
        probe.OtherAddress.Send("other address", mapped);
        probe.First.Send("last", mapped);
        Assert.That(string.Join(',', host.ReceiveUntil("last")), Is.EqualTo(passing));
    }

    [Test]
    public async Task FullCone_OfTwoHosts_LetsStrangersReachEachOnItsOwnPort()
    {
        var lab = NewLab();
        var peer = lab.AddPublicHost("peer", native: false, 30, 31);
        var nat = lab.AddNat("nat", NatKind.FullCone);
        var (alice, bob) = (nat.AddHost("alice"), nat.AddHost("bob"));
        await lab.StartAsync();
        using var first = Bound(peer, 0, 4000);
        using var stranger = Bound(peer, 1, 4001);
        foreach (var host in new[] { alice, bob })
        {
            using var socket = host.CreateUdpSocket();
            socket.Send(host.Name, first.LocalEndPoint!);
            stranger.Send($"to {host.Name}", first.Receive().Source);
            Assert.That(socket.Receive().Text, Is.EqualTo($"to {host.Name}"));
        }
    }

    [TestCase(true, true)]
    [TestCase(false, false)]
    public async Task PortRestricted_DatagramThatCameTooEarly_ChangesTheMappingOnlyWithoutInputDrop(bool dropsInput, bool keepsPort)
    {
        var probe = await StartAsync(NatKind.PortRestricted, dropsInput);
        using var host = probe.Host.CreateUdpSocket(5000);
        probe.First.Send("too early", new IPEndPoint(probe.Nat.Address, 5000));
        host.Send("out", probe.Ends[0]);
        Assert.That(probe.First.Receive().Source.Port == 5000, Is.EqualTo(keepsPort));
    }

    [TestCase(NatKind.FullCone)]
    [TestCase(NatKind.AddressRestricted)]
    [TestCase(NatKind.PortRestricted)]
    [TestCase(NatKind.Symmetric)]
    public async Task Flush_OfMappings_BlocksThePeerUntilTheHostSendsAgain(object kind)
    {
        var probe = await StartAsync((NatKind)kind);
        using var host = probe.Host.CreateUdpSocket();
        host.Send("out", probe.Ends[0]);
        var mapped = probe.First.Receive().Source;
        await probe.Nat.FlushAsync();
        probe.First.Send("after the flush", mapped);
        host.Send("again", probe.Ends[0]);
        probe.First.Send("last", probe.First.Receive().Source);
        Assert.That(host.ReceiveUntil("last"), Is.Empty);
    }

    [Test]
    public async Task BlockUdp_UntilUnblocked_LetsNoDatagramThrough()
    {
        var probe = await StartAsync(NatKind.FullCone);
        using var host = probe.Host.CreateUdpSocket();
        await probe.Nat.BlockUdpAsync();
        host.Send("blocked", probe.Ends[0]);
        await probe.Nat.BlockUdpAsync(false);
        host.Send("last", probe.Ends[0]);
        Assert.That(probe.First.ReceiveUntil("last"), Is.Empty);
    }

    [Test]
    public async Task Loss_OfThirtyPercent_LosesAboutThatManyEachWay()
    {
        const int sent = 150; // few enough for a socket to hold them all
        var probe = await StartAsync(NatKind.PortRestricted);
        using var host = probe.Host.CreateUdpSocket();
        host.Send("out", probe.Ends[0]);
        var mapped = probe.First.Receive().Source;
        await probe.Host.SetLossAsync(0.3);
        for (int number = 0; number < sent; number++)
        {
            host.Send("out", probe.Ends[0]);
            probe.First.Send("in", mapped);
        }
        await probe.Host.SetLossAsync(0);
        host.Send("last", probe.Ends[0]);
        probe.First.Send("last", mapped);
        Assert.That(probe.First.ReceiveUntil("last"), Has.Count.InRange(70, 140));
        Assert.That(host.ReceiveUntil("last"), Has.Count.InRange(70, 140));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task RouterHop_WhereThereIsOne_DropsUdpOfALowTtl(bool hasRouterHop)
    {
        var lab = NewLab(hasRouterHop: hasRouterHop);
        var (a, b) = (lab.AddPublicHost("a", native: false), lab.AddPublicHost("b", native: false));
        await lab.StartAsync();
        using var receiver = b.CreateUdpSocket(4000);
        using var sender = a.CreateUdpSocket();
        var to = new IPEndPoint(b.Address, 4000);
        sender.Ttl = 2;
        sender.Send("low", to);
        sender.Ttl = 64;
        sender.Send("last", to);
        Assert.That(receiver.ReceiveUntil("last"), hasRouterHop ? Is.Empty : Is.EqualTo(new[] { "low" }));
    }
}
