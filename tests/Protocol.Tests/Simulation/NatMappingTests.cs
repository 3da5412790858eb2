using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>RFC 4787 §4.1: which destinations share an external endpoint.</summary>
public sealed class NatMappingTests : SimulationTest
{
    SimulatedUdpSocket _x1 = null!, _x2 = null!, _y1 = null!;

    [SetUp]
    public void MakeRemotes()
    {
        var x = Internet.Host("x");
        (_x1, _x2, _y1) = (x.Bind(1001), x.Bind(1002), Internet.Host("y").Bind(1001));
    }

    [TestCase(Mapping.EndpointIndependent, true, true)]
    [TestCase(Mapping.Address, true, false)]
    [TestCase(Mapping.AddressAndPort, false, false)]
    public void Mapping_OtherPortAndOtherAddress_ShareTheEndpointAsTheBehaviourSays(Mapping mapping, bool sharedByPort, bool sharedByAddress)
    {
        var nat = Internet.Nat(mapping, Filtering.AddressAndPort);
        var socket = nat.Host("inside").Bind();
        var first = SourceSeen(socket, _x1);
        Assert.Multiple(() =>
        {
            Assert.That(first.Address, Is.EqualTo(nat.ExternalAddress));
            Assert.That(SourceSeen(socket, _x1), Is.EqualTo(first), "the same destination keeps its mapping");
            Assert.That(SourceSeen(socket, _x2) == first, Is.EqualTo(sharedByPort));
            Assert.That(SourceSeen(socket, _y1) == first, Is.EqualTo(sharedByAddress));
        });
    }

    [Test]
    public void Mapping_TwoInsideHostsWithOnePort_NeverShareAnEndpoint([Values] PortAllocation allocation)
    {
        var nat = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort, options => options with { Allocation = allocation });
        var (a, b) = (nat.Host("a").Bind(5000), nat.Host("b").Bind(5000));
        Assert.That(SourceSeen(a, _x1), Is.Not.EqualTo(SourceSeen(b, _x1)));
    }

    [Test]
    public void Preserving_PortFree_KeepsIt_UntilItCollides()
    {
        var nat = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort, options => options with { Allocation = PortAllocation.Preserving });
        var (a, b) = (nat.Host("a").Bind(5000), nat.Host("b").Bind(5000));
        Assert.Multiple(() =>
        {
            Assert.That(SourceSeen(a, _x1).Port, Is.EqualTo(5000));
            Assert.That(SourceSeen(b, _x1).Port, Is.Not.EqualTo(5000));
        });
    }

    [Test]
    public void PreservingSymmetric_SecondDestination_GetsAnotherPort()
    {
        var socket = Internet.Nat(NatKind.PortPreservingSymmetric).Host("inside").Bind(5000);
        Assert.Multiple(() =>
        {
            Assert.That(SourceSeen(socket, _x1).Port, Is.EqualTo(5000));
            Assert.That(SourceSeen(socket, _y1).Port, Is.Not.EqualTo(5000));
        });
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Sequential_EachMapping_StepsThePort(int step)
    {
        var nat = Internet.Nat(NatKind.SequentialSymmetric, options => options with { PortStep = step });
        var socket = nat.Host("inside").Bind();
        int first = SourceSeen(socket, _x1).Port;
        Assert.Multiple(() =>
        {
            Assert.That(SourceSeen(socket, _x2).Port, Is.EqualTo(first + step));
            Assert.That(SourceSeen(nat.Host("other").Bind(), _y1).Port, Is.EqualTo(first + 2 * step), "counted over all inside hosts");
        });
    }

    [Test]
    public void Random_Ports_AreFarApartAndFollowTheSeed()
    {
        int[] Ports(ulong seed)
        {
            Internet = new(seed);
            MakeRemotes();
            var host = Internet.Nat(NatKind.PortSymmetric).Host("inside");
            return [.. Enumerable.Range(0, 20).Select(_ => (int)SourceSeen(host.Bind(), _x1).Port)];
        }
        int[] ports = Ports(1);
        Assert.Multiple(() =>
        {
            Assert.That(ports, Is.Unique);
            Assert.That(ports.Zip(ports.Skip(1), (a, b) => Math.Abs(a - b)), Has.Some.GreaterThan(1000));
            Assert.That(Ports(1), Is.EqualTo(ports));
            Assert.That(Ports(2), Is.Not.EqualTo(ports));
        });
    }

    [Test]
    public void Block_PortsOfAHost_StayInItsBlock_AndRunOut()
    {
        var nat = Internet.Nat(Mapping.AddressAndPort, Filtering.AddressAndPort, o => o with { Allocation = PortAllocation.Block, BlockSize = 8 });
        var (a, b) = (nat.Host("a"), nat.Host("b"));
        int[] portsOfA = [.. Enumerable.Range(0, 8).Select(_ => (int)SourceSeen(a.Bind(), _x1).Port)];
        int portOfB = SourceSeen(b.Bind(), _x1).Port;
        List<DatagramLoss> losses = [];
        Internet.DatagramLost += (_, loss) => losses.Add(loss);
        Assert.Multiple(() =>
        {
            Assert.That(portsOfA.Max() - portsOfA.Min(), Is.EqualTo(7));
            Assert.That(portsOfA, Is.Unique);
            Assert.That(portOfB, Is.Not.InRange(portsOfA.Min(), portsOfA.Max()));
            Assert.That(Reaches(a.Bind(), _x1.LocalEndpoint, _x1), Is.False, "the ninth mapping finds no port");
            Assert.That(losses, Is.EqualTo(new[] { DatagramLoss.NoMapping }));
        });
    }

    [Test]
    public void Pooling_Paired_KeepsTheAddressOfAHost()
    {
        var nat = Internet.Nat(Mapping.AddressAndPort, Filtering.AddressAndPort, o => o with { ExternalAddressCount = 4 });
        var (a, b) = (nat.Host("a").Bind(), nat.Host("b").Bind());
        IPv4Address[] ofA = [SourceSeen(a, _x1).Address, SourceSeen(a, _x2).Address, SourceSeen(a, _y1).Address];
        Assert.Multiple(() =>
        {
            Assert.That(ofA.Distinct().Count(), Is.EqualTo(1));
            Assert.That(SourceSeen(b, _x1).Address, Is.Not.EqualTo(ofA[0]), "another host may have another one");
        });
    }

    [Test]
    public void Pooling_Arbitrary_PicksAnotherAddressForAnotherDestination()
    {
        var nat = Internet.Nat(NatKind.AddressSymmetric);
        var socket = nat.Host("inside").Bind();
        IPv4Address[] seen = [SourceSeen(socket, _x1).Address, SourceSeen(socket, _x2).Address, SourceSeen(socket, _y1).Address];
        Assert.Multiple(() =>
        {
            Assert.That(seen, Is.Unique);
            Assert.That(seen, Is.SubsetOf(nat.ExternalAddresses));
            Assert.That(SourceSeen(socket, _x1).Address, Is.EqualTo(seen[0]), "a mapping keeps its address");
        });
    }
}
