using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>The thirty test vectors: each decodes to what it is said to be, and is what the library writes.</summary>
public class VectorTests
{
    static readonly IPv6Address A = IPv6Address.Parse("2001:0:cb00:7101:2443:665f:34ff:8ef4");
    static readonly IPv6Address B = IPv6Address.Parse("2001:0:cb00:7101:c3:15b1:34ff:8ef3");
    static readonly IPv6Address Native = IPv6Address.Parse("2001:db8:6::50");
    static readonly IPv6Address ServerLinkLocal = IPv6Address.Parse("fe80::8000:f227:34ff:8efe");
    static readonly IPv6Address ConeLinkLocal = IPv6Address.Parse("fe80::8000:ffff:ffff:ffff");
    static readonly IPv6Address MiredoLinkLocal = IPv6Address.Parse("fe80::a0d0:ff6:c783:f6ce");
    static readonly IPv4Address Server = IPv4Address.Parse("203.0.113.1");
    static readonly IPv4Endpoint MappedA = IPv4Endpoint.Parse("203.0.113.11:39328");
    static readonly byte[] Secret = "teredo-shared-secret"u8.ToArray(), ClientIdentifier = "client-01"u8.ToArray();
    const ulong SecureNonce = 0x0123456789abcdef;
    const uint TrailerNonce = 0xcafebabe;

    [Test]
    public void Vectors_AreThirty() =>
        Assert.That(TestData.VectorNames, Is.EqualTo(Enumerable.Range(1, 30).Select(i => $"TV-{i:00}")));

    [Test]
    public void Vectors_PcapForOutsideDecoders_HoldsTheSameOctets() =>
        Assert.That(PcapReader.Read(TestData.PathOf("Data", "Vectors", "vectors.pcap")).Select(f => f.Udp!.Payload),
            Is.EqualTo(TestData.VectorNames.Select(TestData.Vector)));

    [Test]
    public void TV01_SolicitationWithNonce()
    {
        var datagram = Parse("TV-01");
        AssertAuthentication(datagram, nonce: 0xbe8f7520984f1be9);
        Assert.That(datagram.HasOrigin, Is.False);
        AssertSolicitation(datagram.Packet, TeredoLinkLocal.Client, coneBit: false);
        AssertWritten("TV-01", o => Authentication.Write(o, 0xbe8f7520984f1be9), o => RouterSolicitation.Write(o, TeredoLinkLocal.Client));
    }

    [Test]
    public void TV03_SolicitationWithConeBit()
    {
        var datagram = Parse("TV-03");
        Assert.That(datagram.HasAuthentication || datagram.HasOrigin, Is.False);
        AssertSolicitation(datagram.Packet, ConeLinkLocal, coneBit: true);
        AssertWritten("TV-03", o => RouterSolicitation.Write(o, ConeLinkLocal));
    }

    [TestCase("TV-02", 0xbe8f7520984f1be9, "203.0.113.11:39328", "fe80::ffff:ffff:ffff")]
    [TestCase("TV-04", 0x1122334455667788ul, "203.0.113.30:37352", "fe80::8000:ffff:ffff:ffff")]
    [TestCase("TV-21", 0xa1a1a1a1a1a1a1a1, "203.0.113.11:1200", "fe80::ffff:ffff:ffff")]
    [TestCase("TV-22", 0xb2b2b2b2b2b2b2b2, "203.0.113.11:1202", "fe80::ffff:ffff:ffff")]
    public void Advertisement_CarriesNonceOriginPrefixAndMtu(string name, ulong nonce, string mapped, string destination)
    {
        var (endpoint, to) = (IPv4Endpoint.Parse(mapped), IPv6Address.Parse(destination));
        var datagram = Parse(name);
        AssertAuthentication(datagram, nonce);
        AssertAdvertisement(datagram, endpoint, to);
        AssertWritten(name, o => Authentication.Write(o, nonce), o => OriginIndication.Write(o, endpoint),
            o => RouterAdvertisement.Write(o, Server, to));
    }

    [Test, Conformance("C-043")]
    public void TV05_SecuredSolicitation_HmacSha1OverNonceConfirmationAndPacket()
    {
        var datagram = Parse("TV-05");
        AssertSecured(datagram, "0e05b0bfbb423e98889ec0abb58025aba921afde");
        AssertSolicitation(datagram.Packet, TeredoLinkLocal.Client, coneBit: false);
        byte[] solicitation = datagram.Packet.Octets.ToArray();
        AssertWritten("TV-05", o => Authentication.Write(o, SecureNonce, 0, ClientIdentifier, AuthenticationAlgorithm.HmacSha1, Secret, [], solicitation),
            o => RouterSolicitation.Write(o, TeredoLinkLocal.Client));
    }

    [Test, Conformance("C-043")]
    public void TV06_SecuredAdvertisement_HmacSha1CoversTheOriginToo()
    {
        var datagram = Parse("TV-06");
        AssertSecured(datagram, "9ad067b43666ce7d14ff1f755470d9e40641844c");
        AssertAdvertisement(datagram, MappedA, TeredoLinkLocal.Client);
        byte[] origin = datagram.Origin.Octets.ToArray(), advertisement = datagram.Packet.Octets.ToArray();
        AssertWritten("TV-06", o => Authentication.Write(o, SecureNonce, 0, ClientIdentifier, AuthenticationAlgorithm.HmacSha1, Secret, origin, advertisement),
            o => OriginIndication.Write(o, MappedA), o => RouterAdvertisement.Write(o, Server, TeredoLinkLocal.Client));
    }

    [Test]
    public void TV07_DirectBubble()
    {
        AssertBubble("TV-07", A, B, hopLimit: 64);
        AssertWritten("TV-07", o => Bubble.Write(o, A, B, 64));
    }

    [Test]
    public void TV08_IndirectBubbleAsTheServerPassesItOn()
    {
        Assert.That(Parse("TV-08").Origin.MappedEndpoint, Is.EqualTo(MappedA));
        AssertBubble("TV-08", A, B, hopLimit: 64);
        AssertWritten("TV-08", o => OriginIndication.Write(o, MappedA), o => Bubble.Write(o, A, B, 64));
    }

    [TestCase("TV-09", true), TestCase("TV-10", false)]
    [Conformance("C-020", "C-158")]
    public void BubbleWithNonce_IsAcceptedThoughTheDatagramIsLonger(string name, bool fromA)
    {
        var (source, destination) = fromA ? (A, B) : (B, A);
        AssertBubble(name, source, destination, hopLimit: 64);
        Assert.That(ParseTrailers(name).Nonce, Is.EqualTo(TrailerNonce));
        AssertWritten(name, o => Bubble.Write(o, source, destination, 64), o => TrailerSet.WriteNonce(o, TrailerNonce));
    }

    [Test, Conformance("C-162", "C-165")]
    public void TV11_RandomPort_IsInNetworkByteOrder()
    {
        AssertBubble("TV-11", A, B, hopLimit: 64);
        var trailers = ParseTrailers("TV-11");
        Assert.That((trailers.Nonce, trailers.RandomPort), Is.EqualTo(((uint?)TrailerNonce, (ushort?)50123)));
        AssertWritten("TV-11", o => Bubble.Write(o, A, B, 64), o => TrailerSet.WriteNonce(o, TrailerNonce), o => TrailerSet.WriteRandomPort(o, 50123));
    }

    [Test, Conformance("C-159")]
    public void TV12_AlternateAddresses_AreNotInverted()
    {
        IPv4Endpoint[] expected = [IPv4Endpoint.Parse("10.1.0.2:39328"), IPv4Endpoint.Parse("192.168.1.7:39328")];
        AssertBubble("TV-12", A, B, hopLimit: 64);
        var trailers = ParseTrailers("TV-12");
        Assert.That(trailers.Nonce, Is.EqualTo(TrailerNonce));
        Assert.That(trailers.AlternateAddresses.ToArray(), Is.EqualTo(expected));
        Assert.That(trailers.HasMalformedAlternateAddress, Is.False);
        AssertWritten("TV-12", o => Bubble.Write(o, A, B, 64), o => TrailerSet.WriteNonce(o, TrailerNonce),
            o => TrailerSet.WriteAlternateAddresses(o, expected));
    }

    [TestCase("TV-13", true, NeighborDiscoveryType.Solicitation), TestCase("TV-14", false, NeighborDiscoveryType.Advertisement)]
    [Conformance("C-161")]
    public void BubbleWithNeighborDiscovery(string name, bool fromA, NeighborDiscoveryType type)
    {
        var (source, destination) = fromA ? (A, B) : (B, A);
        AssertBubble(name, source, destination, hopLimit: 64);
        Assert.That(ParseTrailers(name).NeighborDiscovery, Is.EqualTo(type));
        AssertWritten(name, o => Bubble.Write(o, source, destination, 64), o => TrailerSet.WriteNeighborDiscovery(o, type));
    }

    [TestCase("TV-15", false, 64, 0x5445, 1, "f00dfeed01234567")]
    [TestCase("TV-16", true, 63, 0x5445, 1, "f00dfeed01234567")]
    [TestCase("TV-19", false, 128, 0x4b75, 0xd3b8, "6b02054d6c3028119c3ac5bcd35ca7efc4e8")]
    public void ConnectivityTest_IsAnEchoWithANonce(string name, bool reply, int hopLimit, int identifier, int sequence, string data)
    {
        var packet = Parse(name).Packet;
        Assert.That(Icmpv6Message.TryParse(packet, out var message), Is.True);
        Assert.That(EchoMessage.TryParse(message, out var echo), Is.True);
        Assert.That((echo.IsReply, echo.Identifier, echo.Sequence), Is.EqualTo((reply, (ushort)identifier, (ushort)sequence)));
        Assert.That(Convert.ToHexStringLower(echo.Data), Is.EqualTo(data));
        var (source, destination) = reply ? (Native, A) : (A, Native);
        Assert.That((packet.Source, packet.Destination, packet.HopLimit), Is.EqualTo((source, destination, (byte)hopLimit)));
        AssertWritten(name, o => EchoMessage.WritePacket(o, reply ? Icmpv6Type.EchoReply : Icmpv6Type.EchoRequest, source, destination,
            (ushort)identifier, (ushort)sequence, Convert.FromHexString(data), (byte)hopLimit));
    }

    [Test]
    public void TV17_DiscoveryBubble()
    {
        AssertBubble("TV-17", A, IPv6Address.AllNodes, hopLimit: 1);
        AssertWritten("TV-17", o => Bubble.Write(o, A, IPv6Address.AllNodes, Bubble.DiscoveryHopLimit));
    }

    [Test]
    public void TV18_BubbleWithLinkLocalSourceAndHopLimit0()
    {
        AssertBubble("TV-18", MiredoLinkLocal, B, hopLimit: 0);
        AssertWritten("TV-18", o => Bubble.Write(o, MiredoLinkLocal, B, 0));
    }

    [Test]
    public void TV20_RelayBubbleAsTheServerPassesItOn()
    {
        var source = IPv6Address.Parse("fe80::3893:7d04:9058:f0a3");
        Assert.That(Parse("TV-20").Origin.MappedEndpoint, Is.EqualTo(IPv4Endpoint.Parse("203.0.113.20:3545")));
        AssertBubble("TV-20", source, A, hopLimit: 0);
        AssertWritten("TV-20", o => OriginIndication.Write(o, IPv4Endpoint.Parse("203.0.113.20:3545")), o => Bubble.Write(o, source, A, 0));
    }

    [Test, Conformance("C-156")]
    public void TV23_UnknownTrailerWithTypeBits10_IsSkipped()
    {
        AssertBubble("TV-23", A, B, hopLimit: 64);
        Assert.That(ParseTrailers("TV-23").Nonce, Is.EqualTo(TrailerNonce));
    }

    [Test, Conformance("C-157")]
    public void TV24_MalformedTrailer_StopsAndKeepsWhatCameBefore()
    {
        AssertBubble("TV-24", A, B, hopLimit: 64);
        var trailers = ParseTrailers("TV-24");
        Assert.That((trailers.Nonce, trailers.RandomPort), Is.EqualTo(((uint?)TrailerNonce, (ushort?)null)));
    }

    [Test, Conformance("C-155")]
    public void TV25_UnknownTrailerWithTypeBits01_DiscardsThePacket() =>
        Assert.That(TrailerSet.TryParse(Parse("TV-25").TrailerOctets, out _), Is.False);

    [TestCase("TV-26", DropReason.MalformedOrigin)]
    [TestCase("TV-27", DropReason.MalformedAuthentication)]
    [TestCase("TV-28", DropReason.MalformedPacket)]
    [TestCase("TV-29", DropReason.MalformedPacket)]
    [TestCase("TV-30", DropReason.MalformedPacket)]
    [Conformance("C-012", "C-020")]
    public void MalformedVector_IsRejectedWithItsReason(string name, DropReason expected)
    {
        Assert.That(Encapsulation.TryParse(TestData.Vector(name), out _, out var reason), Is.False);
        Assert.That(reason, Is.EqualTo(expected));
    }

    static Encapsulation Parse(string name)
    {
        Assert.That(Encapsulation.TryParse(TestData.Vector(name), out var datagram, out var reason), Is.True, reason.ToString());
        return datagram;
    }

    static TrailerSet ParseTrailers(string name)
    {
        Assert.That(TrailerSet.TryParse(Parse(name).TrailerOctets, out var trailers), Is.True);
        return trailers;
    }

    static void AssertWritten(string name, params ReadOnlySpan<OctetWriter> writers) =>
        Assert.That(Convert.ToHexStringLower(Octets.Of(writers)), Is.EqualTo(Convert.ToHexStringLower(TestData.Vector(name))));

    static void AssertAuthentication(in Encapsulation datagram, ulong nonce)
    {
        var authentication = datagram.Authentication;
        Assert.That(datagram.HasAuthentication, Is.True);
        Assert.That((authentication.Nonce, authentication.Confirmation), Is.EqualTo((nonce, (byte)0)));
        Assert.That((authentication.ClientIdentifier.Length, authentication.Value.Length), Is.EqualTo((0, 0)));
    }

    static void AssertSecured(in Encapsulation datagram, string value)
    {
        var authentication = datagram.Authentication;
        var origin = datagram.HasOrigin ? datagram.Origin.Octets : [];
        Assert.That((authentication.Nonce, authentication.Confirmation), Is.EqualTo((SecureNonce, (byte)0)));
        Assert.That(authentication.ClientIdentifier.ToArray(), Is.EqualTo(ClientIdentifier));
        Assert.That(Convert.ToHexStringLower(authentication.Value), Is.EqualTo(value));
        Assert.That(authentication.Verify(AuthenticationAlgorithm.HmacSha1, Secret, origin, datagram.Packet.Octets), Is.True);
    }

    static void AssertSolicitation(in IPv6Packet packet, IPv6Address source, bool coneBit)
    {
        Assert.That(RouterSolicitation.Matches(packet), Is.True);
        Assert.That((packet.Source, packet.Destination, packet.HopLimit), Is.EqualTo((source, IPv6Address.AllRouters, (byte)255)));
        Assert.That(TeredoLinkLocal.HasConeBit(packet.Source), Is.EqualTo(coneBit));
        Assert.That(Icmpv6Message.TryParse(packet, out _), Is.True, "checksum");
    }

    static void AssertAdvertisement(in Encapsulation datagram, IPv4Endpoint mapped, IPv6Address destination)
    {
        Assert.That(datagram.HasOrigin, Is.True);
        Assert.That(datagram.Origin.MappedEndpoint, Is.EqualTo(mapped));
        Assert.That((datagram.Packet.Source, datagram.Packet.Destination), Is.EqualTo((ServerLinkLocal, destination)));
        Assert.That(TeredoLinkLocal.Server(Server), Is.EqualTo(ServerLinkLocal));
        Assert.That(RouterAdvertisement.TryParse(datagram.Packet, out var advertisement), Is.True);
        Assert.That(advertisement, Is.EqualTo(new RouterAdvertisement
        {
            Prefix = new(IPv6Address.Parse("2001:0:cb00:7101::"), 64),
            MtuOctets = 1280,
        }));
    }

    static void AssertBubble(string name, IPv6Address source, IPv6Address destination, byte hopLimit)
    {
        var packet = Parse(name).Packet;
        Assert.That(packet.IsBubble, Is.True);
        Assert.That((packet.Source, packet.Destination, packet.HopLimit), Is.EqualTo((source, destination, hopLimit)));
    }
}
