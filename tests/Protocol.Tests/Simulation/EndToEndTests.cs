using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>Whole Teredo clients, servers and relays in the simulated internet.</summary>
public sealed class EndToEndTests : SimulationTest
{
    [SetUp]
    public void MakeServer() => Internet.Server();

    [Test]
    public void TwoPortRestrictedHosts_QualifyAndPingEachOther_WithinASecondEach()
    {
        var alice = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort).Host("alice");
        var bob = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort).Host("bob");
        Qualify(Second, alice, bob);
        var ping = alice.Teredo.Ping(bob.Teredo.Address);
        Assert.That(Internet.RunUntil(() => ping.Succeeded, Second), Is.True);
        var back = bob.Teredo.Ping(alice.Teredo.Address);
        Assert.That(Internet.RunUntil(() => back.Succeeded, Second), Is.True);
        Assert.That(back.RoundTrip, Is.EqualTo(TimeSpan.FromMilliseconds(100)), "the way is open");
    }

    [Test]
    public void Cone_ReachesEveryKind_WithinASecond([Values] NatKind kind)
    {
        var (alice, bob) = (Internet.Nat(NatKind.Cone).Host("alice"), Internet.Nat(kind).Host("bob"));
        Qualify(Second, alice, bob);
        var ping = alice.Teredo.Ping(bob.Teredo.Address);
        Assert.That(Internet.RunUntil(() => ping.Succeeded, Second), Is.True);
    }

    [TestCase(Hairpinning.None)]
    [TestCase(Hairpinning.InsideSource)]
    [TestCase(Hairpinning.OutsideSource)]
    [Conformance("C-234")]
    public void TwoHostsBehindOneNat_TheFirstPingIsAnswered(Hairpinning hairpinning)
    {
        var nat = Internet.Nat(NatKind.PortRestricted, options => options with { Hairpinning = hairpinning });
        var (alice, bob) = (nat.Host("alice"), nat.Host("bob"));
        Qualify(Second, alice, bob);
        var ping = alice.Teredo.Ping(bob.Teredo.Address);
        Assert.That(Internet.RunUntil(() => ping.Succeeded, Second), Is.True);
    }

    [Test]
    public void Udp_OverTeredo_ArrivesInOrder()
    {
        var (alice, bob) = (Internet.Nat(NatKind.Cone).Host("alice"), Internet.Nat(NatKind.AddressRestricted).Host("bob"));
        Qualify(Second, alice, bob);
        for (byte i = 0; i < 3; i++)
            alice.Teredo.SendUdp(1000, bob.Teredo.Address, 2000, [i]);
        Internet.RunFor(Second);
        Assert.Multiple(() =>
        {
            Assert.That(bob.Teredo.Datagrams.Select(datagram => (int)datagram.Payload.Span[0]), Is.EqualTo(Enumerable.Range(0, 3)));
            Assert.That(bob.Teredo.Datagrams.Select(datagram => datagram.Source), Is.All.EqualTo(alice.Teredo.Address.ToIPv6Address()));
        });
    }

    [Test]
    public void PeerThatIsGone_PingEndsWithAnIcmpv6Error()
    {
        var (alice, bob) = (Internet.Nat(NatKind.PortRestricted).Host("alice"), Internet.Nat(NatKind.PortRestricted).Host("bob"));
        Qualify(Second, alice, bob);
        bob.Uplink.IsUp = false;
        var ping = alice.Teredo.Ping(bob.Teredo.Address);
        Assert.That(Internet.RunUntil(() => ping.Completed, 12 * Second), Is.True);
        Assert.That(ping.Error?.Type, Is.EqualTo(Icmpv6Type.DestinationUnreachable));
    }

    [TestCase(NatKind.PortRestricted)]
    [TestCase(NatKind.PortSymmetric)]
    public void NativeNode_ThroughARelay_IsReachedAndReaches(NatKind kind)
    {
        Internet.Relay();
        var node = Internet.NativeNode("native");
        var alice = Internet.Nat(kind).Host("alice");
        Qualify(Second, alice);
        var there = alice.Teredo.Ping(node.Address);
        Assert.That(Internet.RunUntil(() => there.Succeeded, 3 * Second), Is.True);
        Internet.RunFor(700 * Second); // all state of peers is gone
        var back = node.Ping(alice.Teredo.Address);
        Assert.That(Internet.RunUntil(() => back.Succeeded, 3 * Second), Is.True);
    }

    [Test]
    public void HostSpecificRelay_BehindANat_IsReachedAndReaches()
    {
        var relay = Internet.Nat(NatKind.PortRestricted).Host("dual").StartRelay();
        var alice = Internet.Nat(NatKind.PortRestricted).Host("alice");
        Qualify(Second, alice);
        var there = alice.Teredo.Ping(relay.Node!.Address);
        Assert.That(Internet.RunUntil(() => there.Succeeded, 3 * Second), Is.True);
        var back = relay.Node.Ping(alice.Teredo.Address);
        Assert.That(Internet.RunUntil(() => back.Succeeded, 3 * Second), Is.True);
    }

    [Test]
    public void Upnp_PortIsMapped_AndGivenBackAtTheEnd()
    {
        var nat = Internet.Nat(NatKind.UpnpPortRestricted);
        var alice = nat.Host("alice");
        Qualify(Second, alice);
        Assert.That(alice.Teredo.Nat.PortMapped, Is.True);
        var mapped = alice.Teredo.Address.MappedEndpoint;
        alice.Teredo.Stop();
        Internet.RunFor(121 * Second); // so that the flow to the server is forgotten too
        var other = nat.Host("other").Bind();
        Assert.That(nat.RequestPortMapping(mapped.Port, other.LocalEndpoint), Is.EqualTo(mapped.Port), "the port is free again");
    }

    [Test]
    public void MoveTo_AnotherNat_ChangesTheAddress()
    {
        var alice = Internet.Nat(NatKind.PortRestricted).Host("alice");
        Qualify(Second, alice);
        var second = Internet.Nat(NatKind.PortRestricted);
        alice.MoveTo(second);
        Assert.That(Internet.RunUntil(() => alice.Teredo.IsQualified && alice.Teredo.Address.MappedEndpoint.Address == second.ExternalAddress,
            4 * Second), Is.True, "2 s between two solicitations, and the time to qualify");
    }

    [Test]
    public void SameSeed_WholeRun_GivesTheSameTrace()
    {
        string Run(ulong seed)
        {
            Internet = new(seed) { Loss = 0.1, Jitter = TimeSpan.FromMilliseconds(20) };
            MakeServer();
            List<string> lines = [];
            Internet.DatagramSent += datagram => lines.Add($"{datagram} {Convert.ToHexString(datagram.Payload.Span)}");
            var (alice, bob) = (Internet.Nat(NatKind.PortRestricted).Host("alice"), Internet.Nat(NatKind.SequentialSymmetric).Host("bob"));
            Qualify(30 * Second, alice, bob);
            alice.Teredo.Ping(bob.Teredo.Address);
            Internet.RunFor(100 * Second);
            return string.Join('\n', lines);
        }
        string first = Run(5);
        Assert.Multiple(() =>
        {
            Assert.That(Run(5), Is.EqualTo(first));
            Assert.That(Run(6), Is.Not.EqualTo(first));
        });
    }

    void Qualify(TimeSpan limit, params SimulatedHost[] hosts)
    {
        foreach (var host in hosts)
            host.StartTeredo();
        Assert.That(Internet.RunUntil(() => hosts.All(host => host.Teredo.State == ClientState.Qualified), limit), Is.True, "not qualified in time");
    }
}
