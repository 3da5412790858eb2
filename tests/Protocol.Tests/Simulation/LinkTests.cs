using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

public sealed class LinkTests : SimulationTest
{
    SimulatedHost _a = null!, _b = null!;
    SimulatedUdpSocket _from = null!, _to = null!;

    [SetUp]
    public void MakeHosts()
    {
        (_a, _b) = (Internet.Host("a"), Internet.Host("b"));
        (_from, _to) = (_a.Bind(1000), _b.Bind(1000));
    }

    [Test]
    public void Delay_UplinksAndCore_AddUp()
    {
        _a.Uplink.Delay = TimeSpan.FromMilliseconds(3);
        _b.Uplink.Delay = TimeSpan.FromMilliseconds(4);
        Send(1);
        Assert.That(_to.Received[0].Time, Is.EqualTo(Instant.FromSeconds(0.057)));
    }

    [Test]
    public void Loss_OfTenPercent_LosesAboutATenth_AndTheSameOnesForTheSameSeed()
    {
        int[] Arrived(ulong seed)
        {
            Internet = new(seed) { Loss = 0.1 };
            MakeHosts();
            Send(2000);
            return Numbers();
        }
        int[] first = Arrived(1);
        Assert.Multiple(() =>
        {
            Assert.That(first.Length, Is.InRange(1740, 1860)); // more than four standard deviations (13.4) to both sides
            Assert.That(Arrived(1), Is.EqualTo(first));
            Assert.That(Arrived(2), Is.Not.EqualTo(first));
        });
    }

    [Test]
    public void Jitter_SpreadsTheDelayToBothSides_AndKeepsTheOrder()
    {
        Internet.Jitter = TimeSpan.FromMilliseconds(20);
        List<double> delays = [];
        _to.DatagramReceived += datagram => delays.Add((datagram.Time - Instant.FromSeconds(BitConverter.ToInt32(datagram.Payload.Span) * 0.1)).TotalMilliseconds);
        Send(500, apart: TimeSpan.FromSeconds(0.1));
        Send(200);
        Assert.Multiple(() =>
        {
            Assert.That(delays.Take(500).Min(), Is.InRange(30, 32));
            Assert.That(delays.Take(500).Max(), Is.InRange(68, 70));
            Assert.That(Numbers().Skip(500), Is.Ordered);
        });
    }

    [Test]
    public void Reordering_HoldsSomeBack_SoThatOthersOvertake()
    {
        Internet.Core.Reordering = 0.1;
        Send(200, apart: TimeSpan.FromMilliseconds(5));
        int[] numbers = Numbers();
        Assert.Multiple(() =>
        {
            Assert.That(numbers, Is.Not.Ordered);
            Assert.That(numbers.Order(), Is.EqualTo(Enumerable.Range(0, 200)));
        });
    }

    [Test]
    public void Duplication_SomeArriveTwice_NoneIsLost()
    {
        Internet.Core.Duplication = 0.25;
        Send(400);
        int[] copies = [.. Numbers().GroupBy(number => number).Select(group => group.Count())];
        Assert.Multiple(() =>
        {
            Assert.That(copies, Has.Length.EqualTo(400).And.All.InRange(1, 2));
            Assert.That(copies.Count(count => count == 2), Is.InRange(65, 135)); // four standard deviations (8.7) around 100
        });
    }

    [TestCase(1472, true, true)]
    [TestCase(1473, true, true)]
    [TestCase(1472, false, true)]
    [TestCase(1473, false, false)]
    public void Mtu_LargerPackets_PassInFragmentsOrNotAtAll(int payload, bool fragments, bool arrives)
    {
        Internet.Core.Fragments = fragments;
        _from.Send(_to.LocalEndpoint, new byte[payload]);
        Internet.RunFor(Second);
        Assert.That(_to.Received, Has.Count.EqualTo(arrives ? 1 : 0));
    }

    [Test]
    public void Path_OfTwoNodes_ConcernsOnlyThem_AndANatStandsForItsHosts()
    {
        var near = Internet.Nat(NatKind.Cone).Host("near");
        var far = Internet.Nat(NatKind.Cone).Host("far");
        Internet.Path(_a, _b).Delay = 2 * Second;
        Internet.Path(far, _b).IsUp = false;
        Assert.Multiple(() =>
        {
            Assert.That(Reaches(near.Bind(), _to.LocalEndpoint, _to), Is.True);
            Assert.That(Reaches(far.Bind(), _to.LocalEndpoint, _to), Is.False);
            Assert.That(Reaches(far.Bind(), _from.LocalEndpoint, _from), Is.True);
            Assert.That(Reaches(_from, _to.LocalEndpoint, _to), Is.False, "not within a second");
            Assert.That(() => near.Network.Path(near, far), Throws.ArgumentException);
        });
    }

    [Test]
    public void Multicast_ReachesWhoJoinedBehindTheSameNat_AndNobodyElse()
    {
        var group = IPv4Endpoint.Parse("224.0.0.253:3544");
        var (nat, other) = (Internet.Nat(NatKind.Cone), Internet.Nat(NatKind.Cone));
        var sender = nat.Host("sender").Bind(5000);
        var (member, stranger) = (nat.Host("member").Join(group), other.Host("stranger").Join(group));
        List<(string From, DatagramLoss Loss)> losses = [];
        Internet.DatagramLost += (datagram, loss) => losses.Add((datagram.From.Name, loss));
        sender.Send(group, [1], ttl: 1);
        _from.Send(group, [1], ttl: 1);
        Internet.RunFor(Second);
        Assert.Multiple(() =>
        {
            Assert.That(member.Received.Single().Source, Is.EqualTo(sender.LocalEndpoint));
            Assert.That(stranger.Received, Is.Empty);
            Assert.That(losses, Is.EqualTo(new[] { ("a", DatagramLoss.NoRoute) }), "the internet carries none");
        });
    }

    [Test]
    public void Options_OutsideTheirRange_AreRefused() => Assert.Multiple(() =>
    {
        Assert.That(() => Internet.Loss = 1.5, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("0 to 1"));
        Assert.That(() => Internet.Delay = -Second, Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => Internet.Core.MtuOctets = 10, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("68 to 65535"));
    });

    void Send(int count, TimeSpan apart = default)
    {
        for (int i = 0; i < count; i++)
        {
            _from.Send(_to.LocalEndpoint, BitConverter.GetBytes(i));
            Internet.RunFor(apart);
        }
        Internet.RunFor(Second);
    }

    int[] Numbers() => [.. _to.Received.Select(datagram => BitConverter.ToInt32(datagram.Payload.Span))];
}
