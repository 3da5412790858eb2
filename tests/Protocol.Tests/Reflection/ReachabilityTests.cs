using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Tests.Simulation;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Reflection;

/// <summary>The check whether strangers get in, through every kind of NAT (docs/protocol §9).</summary>
public sealed class ReachabilityTests : SimulationTest
{
    static readonly IPv4Address Stranger = IPv4Address.Parse("11.9.9.9");
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(12);

    SimulatedServer ServerWithStranger() => Internet.Server(options => options with { Reflector = Stranger });

    SimulatedTeredoClient Qualified(SimulatedNetwork network)
    {
        var client = network.Host("client").StartTeredo();
        Assert.That(Internet.RunUntil(() => client.IsQualified, Limit), Is.True);
        return client;
    }

    ClientEvent.ReachabilityChecked Check(SimulatedTeredoClient client)
    {
        int before = client.Events.Count;
        Assert.That(client.TryCheckReachability(), Is.True);
        ClientEvent.ReachabilityChecked? Outcome() => client.Events.Skip(before).Select(e => e.Event).OfType<ClientEvent.ReachabilityChecked>().SingleOrDefault();
        Assert.That(Internet.RunUntil(() => Outcome() is not null, Limit), Is.True, "the check ends");
        return Outcome()!;
    }

    [TestCase(NatKind.Cone, FilteringBehaviour.EndpointIndependent)]
    [TestCase(NatKind.AddressRestricted, FilteringBehaviour.AddressDependent)]
    [TestCase(NatKind.PortRestricted, FilteringBehaviour.AddressAndPortDependent)]
    [TestCase(NatKind.UpnpPortRestricted, FilteringBehaviour.NotChecked)] // the gateway's mapping lets everybody in, which tells nothing of its filter
    [TestCase(NatKind.UpnpPortSymmetric, FilteringBehaviour.NotChecked)]
    [TestCase(NatKind.PortPreservingSymmetric, FilteringBehaviour.AddressAndPortDependent)]
    [TestCase(NatKind.SequentialSymmetric, FilteringBehaviour.AddressAndPortDependent)]
    [TestCase(NatKind.PortSymmetric, FilteringBehaviour.AddressAndPortDependent)]
    [TestCase(NatKind.AddressSymmetric, FilteringBehaviour.AddressAndPortDependent)]
    public void Check_TellsWhetherStrangersGetIn_AndHowTheNatFilters(NatKind kind, FilteringBehaviour filtering)
    {
        ServerWithStranger();
        var client = Qualified(Internet.Nat(kind));
        var touched = new List<bool>(); // for each datagram between the two: whether the stranger sent it
        Internet.DatagramSent += datagram =>
        {
            if (datagram.Source.Address == Stranger || datagram.Target.Address == Stranger)
                touched.Add(datagram.Source.Address == Stranger);
        };
        var outcome = Check(client);
        Assert.Multiple(() =>
        {
            Assert.That(outcome.Outcome, Is.EqualTo(ReachabilityOutcome.Reached));
            Assert.That(outcome.Stranger?.Address, Is.EqualTo(Stranger));
            Assert.That(client.Nat.Filtering, Is.EqualTo(filtering));
            Assert.That(touched[0], Is.True, "the stranger is the first to send, so the asking has opened nothing");
            bool unasked = kind is NatKind.Cone or NatKind.UpnpPortRestricted or NatKind.UpnpPortSymmetric;
            Assert.That(touched.Contains(false), Is.EqualTo(!unasked), "a client that got the unasked packet needs no bubbles");
        });
    }

    [Test]
    public void Check_WithoutNat_GetsTheUnaskedPacket()
    {
        ServerWithStranger();
        var client = Qualified(Internet);
        Assert.That(Check(client).Outcome, Is.EqualTo(ReachabilityOutcome.Reached));
        Assert.That(client.Nat.Filtering, Is.EqualTo(FilteringBehaviour.EndpointIndependent));
    }

    [Test]
    public void Check_ThroughLossAndJitter_EndsTheSameWay([Values] NatKind kind)
    {
        Internet.Loss = 0.05;
        Internet.Jitter = TimeSpan.FromMilliseconds(20);
        ServerWithStranger();
        var outcome = Check(Qualified(Internet.Nat(kind)));
        Assert.That(outcome.Outcome, Is.EqualTo(ReachabilityOutcome.Reached));
    }

    [Test]
    public void Check_WhenNothingOfTheStrangerArrives_IsANo()
    {
        var server = ServerWithStranger();
        server.ReflectorIsRunning = false;
        var client = Qualified(Internet.Nat(NatKind.PortRestricted));
        Assert.That(Check(client).Outcome, Is.EqualTo(ReachabilityOutcome.NotReached));
        Assert.That(client.Nat.Filtering, Is.EqualTo(FilteringBehaviour.NotChecked), "silence tells nothing of the NAT");
    }

    [Test]
    public void Check_AtAServerWithoutStranger_IsNotChecked()
    {
        Internet.Server();
        var outcome = Check(Qualified(Internet.Nat(NatKind.Cone)));
        Assert.That(outcome.Outcome, Is.EqualTo(ReachabilityOutcome.NoAnswer));
        Assert.That(outcome.Stranger, Is.Null);
    }

    [Test]
    public void Check_AfterTheAddressWasContacted_ProvesNothing()
    {
        ServerWithStranger();
        var client = Qualified(Internet.Nat(NatKind.PortRestricted));
        Assert.That(Check(client).Outcome, Is.EqualTo(ReachabilityOutcome.Reached), "our bubble has opened the NAT now");
        Internet.RunFor(5 * Second);
        Assert.That(Check(client).Outcome, Is.EqualTo(ReachabilityOutcome.NoStranger));
    }

    [Test]
    public void Check_OfAClientThatStopsOrHasNoAddress_IsTold()
    {
        ServerWithStranger();
        var client = Qualified(Internet.Nat(NatKind.PortRestricted));
        Assert.That(client.TryCheckReachability(), Is.True);
        Assert.That(client.TryCheckReachability(), Is.False, "one at a time");
        Internet.RunFor(Second / 2);
        client.Stop();
        Assert.That(client.Events.Select(e => e.Event).OfType<ClientEvent.ReachabilityChecked>().Single().Outcome, Is.EqualTo(ReachabilityOutcome.Interrupted));
        Assert.That(client.TryCheckReachability(), Is.False, "there is no address");
    }

    [Test]
    public void SecondPeerAtAnAddressThatWasSentTo_TellsNothingOfTheFilter()
    {
        Internet.Server();
        var client = Qualified(Internet.Nat(NatKind.AddressRestricted));
        var house = Internet.Nat(NatKind.Cone);
        var (bob, carol) = (house.Host("bob").StartTeredo(), house.Host("carol").StartTeredo());
        Assert.That(Internet.RunUntil(() => bob.IsQualified && carol.IsQualified, Limit), Is.True);
        foreach (var ping in new[] { () => client.Ping(bob.Address), () => carol.Ping(client.Address) })
        {
            var sent = ping();
            Assert.That(Internet.RunUntil(() => sent.Succeeded, Limit), Is.True);
        }
        Assert.That(client.Nat.Filtering, Is.EqualTo(FilteringBehaviour.NotChecked));
    }

    [Test]
    public void Proofs_ThatNobodyAskedFor_AreDropped_AndTellNothing()
    {
        ServerWithStranger();
        var client = Qualified(Internet.Nat(NatKind.Cone));
        var forger = Internet.Host("forger", IPv4Address.Parse("11.9.9.8")).Bind(3545);
        byte[] proof = ReflectorTests.Proof(new TeredoAddress(client.Core.Server.Primary, default, forger.LocalEndpoint), client.Address, token: 1);
        Internet.Host("other").Bind().Send(client.Address.MappedEndpoint, proof);
        forger.Send(client.Address.MappedEndpoint, proof);
        Internet.RunFor(Second);
        Assert.Multiple(() =>
        {
            Assert.That(client.Core.Drops[DropReason.Untrusted], Is.EqualTo(2));
            Assert.That(client.Core.PeerCount, Is.Zero);
            Assert.That(client.Events.Any(e => e.Event is ClientEvent.ReachabilityChecked), Is.False);
        });
    }
}
