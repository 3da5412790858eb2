using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>RFC 4787 §4.3, §5, §6: what comes in, for how long, and back in.</summary>
public sealed class NatFilteringTests : SimulationTest
{
    SimulatedUdpSocket _x1 = null!, _x2 = null!, _y1 = null!;

    [SetUp]
    public void MakeRemotes()
    {
        var x = Internet.Host("x");
        (_x1, _x2, _y1) = (x.Bind(1001), x.Bind(1002), Internet.Host("y").Bind(1001));
    }

    [Test, Combinatorial]
    public void Filtering_StrangersWithMoreOrLessInCommon_GetInAsTheBehaviourSays([Values] Mapping mapping, [Values] Filtering filtering)
    {
        var socket = Internet.Nat(mapping, filtering).Host("inside").Bind();
        var external = SourceSeen(socket, _x1);
        Assert.Multiple(() =>
        {
            Assert.That(Reaches(_x1, external, socket), Is.True, "who was sent to");
            Assert.That(Reaches(_x2, external, socket), Is.EqualTo(filtering != Filtering.AddressAndPort), "another port of it");
            Assert.That(Reaches(_y1, external, socket), Is.EqualTo(filtering == Filtering.EndpointIndependent), "another address");
        });
    }

    [TestCase(Mapping.EndpointIndependent, true)]
    [TestCase(Mapping.AddressAndPort, false)]
    public void Filtering_AfterSendingToTheStranger_LetsItInByTheFirstMappingOnlyIfItIsShared(Mapping mapping, bool reaches)
    {
        var socket = Internet.Nat(mapping, Filtering.AddressAndPort).Host("inside").Bind();
        var external = SourceSeen(socket, _x1);
        SourceSeen(socket, _y1);
        Assert.That(Reaches(_y1, external, socket), Is.EqualTo(reaches));
    }

    [Test]
    public void Filtering_NothingSentYet_NothingComesIn()
    {
        var nat = Internet.Nat(NatKind.Cone);
        var socket = nat.Host("inside").Bind(5000);
        Assert.That(Reaches(_x1, new(nat.ExternalAddress, 5000), socket), Is.False);
    }

    [Test]
    public void Lifetime_WithoutOutboundDatagrams_EndsAfter120Seconds()
    {
        var socket = Internet.Nat(NatKind.Cone).Host("inside").Bind();
        var external = SourceSeen(socket, _x1); // one second has passed since
        Internet.RunFor(118 * Second);
        Assert.That(Reaches(_x1, external, socket), Is.True, "at 119 s");
        Internet.RunFor(Second);
        Assert.Multiple(() =>
        {
            Assert.That(Reaches(_x1, external, socket), Is.False, "at 121 s: what came in did not refresh it");
            Assert.That(SourceSeen(socket, _x1), Is.Not.EqualTo(external), "the next one is a new mapping");
        });
    }

    [Test]
    public void Lifetime_OutboundDatagrams_RefreshIt()
    {
        var socket = Internet.Nat(NatKind.PortRestricted, options => options with { UdpLifetime = 30 * Second }).Host("inside").Bind();
        var external = SourceSeen(socket, _x1);
        for (int i = 0; i < 5; i++)
        {
            Internet.RunFor(20 * Second);
            Assert.That(SourceSeen(socket, _x1), Is.EqualTo(external));
        }
        Assert.That(Reaches(_x1, external, socket), Is.True);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Lifetime_InboundDatagrams_RefreshItOnlyWithTheOption(bool inboundRefresh)
    {
        var nat = Internet.Nat(NatKind.PortRestricted, o => o with { UdpLifetime = 30 * Second, InboundRefresh = inboundRefresh });
        var socket = nat.Host("inside").Bind();
        var external = SourceSeen(socket, _x1);
        for (int i = 0; i < 2; i++)
        {
            Internet.RunFor(12 * Second);
            Assert.That(Reaches(_x1, external, socket), Is.True);
        }
        Internet.RunFor(12 * Second);
        Assert.That(Reaches(_x1, external, socket), Is.EqualTo(inboundRefresh));
    }

    [Test]
    public void Lifetime_OneFlowEnds_TheMappingStaysForTheOther()
    {
        var socket = Internet.Nat(NatKind.PortRestricted, o => o with { UdpLifetime = 30 * Second }).Host("inside").Bind();
        var external = SourceSeen(socket, _x1);
        Internet.RunFor(20 * Second);
        SourceSeen(socket, _y1);
        Internet.RunFor(15 * Second);
        Assert.Multiple(() =>
        {
            Assert.That(Reaches(_x1, external, socket), Is.False);
            Assert.That(Reaches(_y1, external, socket), Is.True);
        });
    }

    [TestCase(Hairpinning.None)]
    [TestCase(Hairpinning.InsideSource)]
    [TestCase(Hairpinning.OutsideSource)]
    public void Hairpinning_InsideToExternalEndpoint_ComesBackInAsTheBehaviourSays(Hairpinning hairpinning)
    {
        var nat = Internet.Nat(NatKind.Cone, options => options with { Hairpinning = hairpinning });
        var (a, b) = (nat.Host("a").Bind(), nat.Host("b").Bind());
        var (externalOfA, externalOfB) = (SourceSeen(a, _x1), SourceSeen(b, _x1));
        bool reaches = Reaches(a, externalOfB, b);
        Assert.That(reaches, Is.EqualTo(hairpinning != Hairpinning.None));
        if (reaches)
            Assert.That(b.Received[^1].Source, Is.EqualTo(hairpinning == Hairpinning.InsideSource ? a.LocalEndpoint : externalOfA));
    }

    [Test]
    public void Hairpinning_PortRestricted_OpensOnlyAfterBothSent()
    {
        var nat = Internet.Nat(NatKind.PortRestricted, options => options with { Hairpinning = Hairpinning.OutsideSource });
        var (a, b) = (nat.Host("a").Bind(), nat.Host("b").Bind());
        var (externalOfA, externalOfB) = (SourceSeen(a, _x1), SourceSeen(b, _x1));
        Assert.Multiple(() =>
        {
            Assert.That(Reaches(a, externalOfB, b), Is.False);
            Assert.That(Reaches(b, externalOfA, a), Is.True);
            Assert.That(Reaches(a, externalOfB, b), Is.True);
        });
    }

    [Test]
    public void Reboot_ForgetsMappings()
    {
        var nat = Internet.Nat(NatKind.Cone);
        var socket = nat.Host("inside").Bind();
        var external = SourceSeen(socket, _x1);
        nat.Reboot();
        Assert.That(Reaches(_x1, external, socket), Is.False);
    }

    [Test]
    public void ChangeAddress_NewMappings_HaveTheNewAddress_AndTheOldOneIsGone()
    {
        var nat = Internet.Nat(NatKind.Cone);
        var socket = nat.Host("inside").Bind();
        var old = SourceSeen(socket, _x1);
        nat.ChangeAddress();
        List<DatagramLoss> losses = [];
        Internet.DatagramLost += (_, loss) => losses.Add(loss);
        Assert.Multiple(() =>
        {
            Assert.That(SourceSeen(socket, _x1).Address, Is.EqualTo(nat.ExternalAddress).And.Not.EqualTo(old.Address));
            Assert.That(Reaches(_x1, old, socket), Is.False);
            Assert.That(losses, Is.EqualTo(new[] { DatagramLoss.NoRoute }));
        });
    }
}
