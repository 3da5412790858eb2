using System.Buffers.Binary;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Simulation;

/// <summary>Nested NATs, the Linux conntrack clash, port mapping, application level gateways, TTL.</summary>
public sealed class NatOptionTests : SimulationTest
{
    SimulatedUdpSocket _x1 = null!, _y1 = null!;

    [SetUp]
    public void MakeRemotes() => (_x1, _y1) = (Internet.Host("x").Bind(1001), Internet.Host("y").Bind(1001));

    [Test]
    public void Nested_DatagramOut_IsTranslatedTwice_AndItsAnswerComesBack()
    {
        var carrier = Internet.Nat(NatKind.PortRestricted);
        var home = carrier.Nat(NatKind.PortRestricted);
        var socket = home.Host("inside").Bind();
        var external = SourceSeen(socket, _x1);
        Assert.Multiple(() =>
        {
            Assert.That(external.Address, Is.EqualTo(carrier.ExternalAddress));
            Assert.That(carrier.InsideSubnet.Contains(home.ExternalAddress), Is.True);
            Assert.That(Reaches(_x1, external, socket), Is.True);
            Assert.That(Reaches(_y1, external, socket), Is.False);
        });
    }

    [Test]
    public void Nested_SymmetricInsideCone_IsSymmetric()
    {
        var socket = Internet.Nat(NatKind.Cone).Nat(NatKind.PortSymmetric).Host("inside").Bind();
        Assert.That(SourceSeen(socket, _x1), Is.Not.EqualTo(SourceSeen(socket, _y1)));
    }

    [Test]
    public void Nested_TwoHomesBehindOneCarrier_MeetByItsHairpinning()
    {
        var carrier = Internet.Nat(NatKind.Cone, options => options with { Hairpinning = Hairpinning.OutsideSource });
        var (a, b) = (carrier.Nat(NatKind.Cone).Host("a").Bind(), carrier.Nat(NatKind.Cone).Host("b").Bind());
        var externalOfB = SourceSeen(b, _x1);
        Assert.That(Reaches(a, externalOfB, b), Is.True);
    }

    [Test]
    public void ConntrackClash_UnsolicitedDatagram_TakesThePortFromTheLaterFlow()
    {
        var nat = LinuxNat();
        var socket = nat.Host("inside").Bind(5000);
        var external = SourceSeen(socket, _x1);
        Assert.That(Reaches(_y1, external, socket), Is.False);
        Assert.Multiple(() =>
        {
            Assert.That(external.Port, Is.EqualTo(5000));
            Assert.That(SourceSeen(socket, _y1).Port, Is.Not.EqualTo(5000), "the tuple is taken");
            Assert.That(SourceSeen(socket, _x1).Port, Is.EqualTo(5000), "other flows keep the port");
        });
    }

    [Test]
    public void ConntrackClash_UnsolicitedDatagramDroppedFirst_DoesNotClash()
    {
        var nat = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort, o => o with { Allocation = PortAllocation.Preserving });
        var socket = nat.Host("inside").Bind(5000);
        Assert.That(Reaches(_y1, SourceSeen(socket, _x1), socket), Is.False);
        Assert.That(SourceSeen(socket, _y1).Port, Is.EqualTo(5000));
    }

    [Test]
    public void ConntrackClash_EachUnsolicitedDatagram_RenewsThe30Seconds()
    {
        var socket = LinuxNat().Host("inside").Bind(5000);
        var external = SourceSeen(socket, _x1);
        for (int i = 0; i < 3; i++)
        {
            Assert.That(Reaches(_y1, external, socket), Is.False);
            Internet.RunFor(24 * Second);
            SourceSeen(socket, _x1);
        }
        Assert.That(SourceSeen(socket, _y1).Port, Is.Not.EqualTo(5000), "at 27 s after the third");
    }

    [Test]
    public void ConntrackClash_30SecondsOfSilence_FreeThePort()
    {
        var socket = LinuxNat().Host("inside").Bind(5000);
        Assert.That(Reaches(_y1, SourceSeen(socket, _x1), socket), Is.False);
        Internet.RunFor(30 * Second);
        Assert.That(SourceSeen(socket, _y1).Port, Is.EqualTo(5000));
    }

    [Test]
    public void ConntrackClash_FlowThatNobodyAnswers_ForgetsItsOtherPortAfter30Seconds()
    {
        var socket = LinuxNat().Host("inside").Bind(5000);
        Assert.That(Reaches(_y1, SourceSeen(socket, _x1), socket), Is.False);
        Assert.That(SourceSeen(socket, _y1).Port, Is.Not.EqualTo(5000));
        Internet.RunFor(31 * Second);
        Assert.That(SourceSeen(socket, _y1).Port, Is.EqualTo(5000));
    }

    [TestCase(2, false)]
    [TestCase(7, false)]
    [TestCase(8, true)]
    public void ConntrackClash_LowTtl_OpensTheOwnNatWithoutReachingTheOther(byte ttl, bool clashes)
    {
        var (natA, natB) = (LinuxNat(), LinuxNat());
        var (a, b) = (natA.Host("a").Bind(5001), natB.Host("b").Bind(5002));
        var (externalOfA, externalOfB) = (SourceSeen(a, _x1), SourceSeen(b, _x1));
        Assert.That(Reaches(a, externalOfB, b, ttl), Is.False);
        // One NAT and six routers lie before B's NAT. Unless A's datagram got so far, B's answer is let in by A's NAT.
        Assert.That(Reaches(b, externalOfA, a), Is.EqualTo(!clashes));
    }

    [Test]
    public void Ttl_EachNatAndRouter_TakesOne()
    {
        var socket = Internet.Nat(NatKind.Cone).Nat(NatKind.Cone).Host("inside").Bind();
        Assert.Multiple(() =>
        {
            Assert.That(Reaches(socket, _x1.LocalEndpoint, _x1, ttl: 8), Is.False);
            Assert.That(Reaches(socket, _x1.LocalEndpoint, _x1, ttl: 9), Is.True);
            Assert.That(_x1.Received[^1].Ttl, Is.EqualTo(1));
        });
    }

    [Test]
    public void Ttl_OfOne_DiesAtTheNatAndMakesNoMapping()
    {
        var nat = Internet.Nat(NatKind.SequentialSymmetric);
        var socket = nat.Host("inside").Bind();
        int before = SourceSeen(socket, _x1).Port;
        Assert.That(Reaches(socket, new(_x1.LocalEndpoint.Address, 9), _x1, ttl: 1), Is.False);
        Assert.That(SourceSeen(socket, _y1).Port, Is.EqualTo(before + 1));
    }

    [Test]
    public void PayloadRewriting_InsideAddressInThePayload_BecomesTheOutsideOne_OthersStay()
    {
        var nat = Internet.Nat(NatKind.Cone, options => options with { RewritesPayload = true });
        var host = nat.Host("inside");
        byte[] payload = new byte[14];
        host.Address.Write(payload.AsSpan(1)); // not aligned
        BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan(6), ~host.Address.Value); // as Teredo writes it
        new IPv4Address(host.Address.Value + 100).Write(payload.AsSpan(10)); // nobody's
        byte[] expected = [.. payload];
        nat.ExternalAddress.Write(expected.AsSpan(1));
        host.Bind().Send(_x1.LocalEndpoint, payload);
        Internet.RunFor(Second);
        Assert.That(_x1.Received[^1].Payload.ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Forward_AnyoneGetsIn_AndAnotherHostCantHaveThePort()
    {
        var nat = Internet.Nat(NatKind.PortSymmetric);
        var (a, b) = (nat.Host("a").Bind(5000), nat.Host("b").Bind(5000));
        nat.Forward(7000, a.LocalEndpoint);
        Assert.Multiple(() =>
        {
            Assert.That(Reaches(_x1, new(nat.ExternalAddress, 7000), a), Is.True);
            Assert.That(() => nat.Forward(7000, b.LocalEndpoint), Throws.InvalidOperationException);
        });
    }

    [Test]
    public void Forward_EndpointIndependent_EverythingGoesOutByThatPort()
    {
        var nat = Internet.Nat(NatKind.UpnpPortRestricted);
        var socket = nat.Host("inside").Bind(5000);
        SourceSeen(socket, _x1);
        nat.Forward(7000, socket.LocalEndpoint);
        Assert.Multiple(() =>
        {
            Assert.That(SourceSeen(socket, _x1).Port, Is.EqualTo(7000));
            Assert.That(SourceSeen(socket, _y1).Port, Is.EqualTo(7000));
        });
    }

    [Test]
    public void Forward_Symmetric_OnlyTheFirstDestinationSeesThatPort_AndAnyoneGetsInByIt()
    {
        var nat = Internet.Nat(NatKind.UpnpPortSymmetric);
        var socket = nat.Host("inside").Bind(5000);
        nat.Forward(5000, socket.LocalEndpoint);
        Assert.Multiple(() =>
        {
            Assert.That(SourceSeen(socket, _x1).Port, Is.EqualTo(5000));
            Assert.That(SourceSeen(socket, _y1).Port, Is.Not.EqualTo(5000));
            Assert.That(Reaches(_y1, new(nat.ExternalAddress, 5000), socket), Is.True);
        });
    }

    [TestCase(PortMappingService.None, false, false, null)]
    [TestCase(PortMappingService.Refusing, false, false, true)]
    [TestCase(PortMappingService.Answering, true, true, true)]
    [TestCase(PortMappingService.LyingAboutPort, true, false, true)]
    [TestCase(PortMappingService.LyingAboutAddress, true, true, false)]
    [TestCase(PortMappingService.NoExternalAddress, true, true, null)]
    public void PortMappingService_AskedForAPort_ClaimsAndDoesWhatItsKindSays(PortMappingService service, bool claims, bool opens, bool? tellsTruth)
    {
        var nat = Internet.Nat(NatKind.PortRestricted, options => options with { PortMapping = service });
        var socket = nat.Host("inside").Bind(5000);
        Assert.Multiple(() =>
        {
            Assert.That(nat.RequestPortMapping(5000, socket.LocalEndpoint), Is.EqualTo(claims ? 5000 : null));
            Assert.That(Reaches(_x1, new(nat.ExternalAddress, 5000), socket), Is.EqualTo(opens));
            var told = nat.RequestExternalAddress();
            Assert.That(told is null ? (bool?)null : told == nat.ExternalAddress, Is.EqualTo(tellsTruth));
        });
    }

    [Test]
    public void PortMappingService_PortGivenBackOrExpired_IsClosed()
    {
        var nat = Internet.Nat(NatKind.UpnpPortRestricted);
        var (a, b) = (nat.Host("a").Bind(5000), nat.Host("b").Bind(6000));
        nat.RequestPortMapping(5000, a.LocalEndpoint);
        nat.RequestPortMapping(6000, b.LocalEndpoint, 10 * Second);
        Assert.That(nat.RequestPortMapping(5000, b.LocalEndpoint), Is.Null, "another host has it");
        Assert.That(Reaches(_x1, new(nat.ExternalAddress, 6000), b), Is.True);
        nat.RequestUnmapping(5000);
        Internet.RunFor(10 * Second);
        Assert.Multiple(() =>
        {
            Assert.That(Reaches(_x1, new(nat.ExternalAddress, 5000), a), Is.False);
            Assert.That(Reaches(_x1, new(nat.ExternalAddress, 6000), b), Is.False);
        });
    }

    [Test]
    public void Options_OutsideTheirRange_AreNamed()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Internet.Nat(new NatOptions { PortStep = 0 }), Throws.ArgumentException.With.Message.Contains("PortStep is 0; expected 1 to 1000"));
            Assert.That(() => Internet.Nat(new NatOptions { ExternalAddressCount = 300 }), Throws.ArgumentException.With.Message.Contains("1 to 256"));
            Assert.That(() => Internet.Nat(new NatOptions { UdpLifetime = TimeSpan.Zero }), Throws.ArgumentException.With.Message.Contains("UdpLifetime"));
            Assert.That(() => Internet.Host("x"), Throws.ArgumentException.With.Message.Contains("'x'"));
        });
    }

    SimulatedNat LinuxNat() => Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort,
        options => options with { Allocation = PortAllocation.Preserving, ConntrackClash = true });
}
