using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Server.ServerHarness;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>RFC 4380 §5.3.1: what a server accepts, and where it sends it.</summary>
public class ServerForwardingTests
{
    static readonly IPv4Address OtherServer = IPv4Address.Parse("203.0.113.50");

    static readonly object[] MalformedDatagrams =
    [
        new object[] { Vectors.Tv26, DropReason.MalformedOrigin },
        new object[] { Vectors.Tv27, DropReason.MalformedAuthentication },
        new object[] { Vectors.Tv28, DropReason.MalformedPacket },
        new object[] { Vectors.Tv29, DropReason.MalformedPacket },
        new object[] { Vectors.Tv30, DropReason.MalformedPacket },
        new object[] { Array.Empty<byte>(), DropReason.MalformedPacket },
        new object[] { new byte[] { 0 }, DropReason.MalformedPacket },
        new object[] { new byte[] { 0, 2, 0, 0 }, DropReason.MalformedPacket },
    ];

    [TestCaseSource(nameof(MalformedDatagrams)), Conformance("C-105", "C-012", "C-020")]
    public void Rule1_Malformed_IsDropped(byte[] datagram, DropReason reason) =>
        Assert.That(new ServerHarness().Drop(MappedA, datagram), Is.EqualTo(reason));

    [Test, Conformance("C-010")]
    public void Rule1_OriginInFrontOfAuthentication_IsDropped()
    {
        byte[] datagram = [.. Vectors.Hex("0000feaefefdfcfb"), .. Vectors.Tv01];
        Assert.That(new ServerHarness().Drop(MappedA, datagram), Is.EqualTo(DropReason.MalformedPacket));
    }

    [Test, Conformance("C-105")]
    public void Rule1_RandomlyDamagedDatagrams_NeverThrowAndNeverCauseMoreThanOneOutput()
    {
        var random = new Random(4380);
        var server = new ServerHarness(Options with { ForwardNative = true });
        byte[][] seeds = [Vectors.Tv01, Vectors.Tv03, Vectors.Tv05, Vectors.Tv07, Vectors.Tv12, Vectors.Tv15, Vectors.Tv27];
        int consumed = 0;
        for (int i = 0; i < 50_000; i++)
        {
            byte[] datagram = [.. seeds[random.Next(seeds.Length)]];
            for (int flips = random.Next(4); flips > 0; flips--)
                datagram[random.Next(datagram.Length)] = (byte)random.Next(256);
            int length = random.Next(3) == 0 ? random.Next(datagram.Length + 1) : datagram.Length;
            var (verdict, sent) = server.Handle(MappedA, datagram.AsSpan(0, length), toSecondary: random.Next(2) == 0);
            consumed += verdict.Kind == VerdictKind.Consumed ? 1 : 0;
            if (sent is not null)
                Assert.That(sent.Length, Is.LessThanOrEqualTo(length + 56)); // a solicitation's answer; a forward adds 8
        }
        Assert.That(consumed, Is.GreaterThan(5000).And.LessThan(45_000));
        Assert.That(server.Server.Drops.Total, Is.EqualTo(50_000 - consumed));
    }

    [Test, Conformance("C-106")]
    public void Rule2_NeitherBubbleNorIcmpv6_IsDropped([Values(NextHeader.Udp, NextHeader.Tcp, NextHeader.Routing, NextHeader.Fragment, NextHeader.None)] byte next)
    {
        byte[] packet = Echo(A, B);
        packet[6] = next; // next header 59 with a payload is no bubble
        Assert.That(new ServerHarness().Drop(MappedA, packet), Is.EqualTo(DropReason.NotBubbleOrIcmpv6));
    }

    [Test, Conformance("C-106")]
    public void Rule2_Icmpv6WithoutMessage_IsDropped()
    {
        byte[] packet = BubbleOf(A, B);
        packet[6] = NextHeader.Icmpv6;
        Assert.That(new ServerHarness().Drop(MappedA, packet), Is.EqualTo(DropReason.NotBubbleOrIcmpv6));
    }

    [TestCase("10.0.0.1:5000"), TestCase("127.0.0.1:5000"), TestCase("198.51.100.7:5000"), TestCase("239.1.1.1:5000"), Conformance("C-107")]
    public void Rule3_SourceNotGlobal_IsDropped(string text)
    {
        var options = new TeredoServerOptions { Primary = IPv4Address.Parse("65.54.227.120"), Secondary = IPv4Address.Parse("65.54.227.121") };
        var source = IPv4Endpoint.Parse(text);
        var server = new ServerHarness(options);
        Assert.Multiple(() =>
        {
            Assert.That(server.Drop(source, Vectors.Tv01), Is.EqualTo(DropReason.SourceNotGlobal));
            Assert.That(server.Drop(source, BubbleOf(AddressOf(source, options.Primary), AddressOf(new(new(0x08080808), 5000), options.Primary))), Is.EqualTo(DropReason.SourceNotGlobal));
        });
    }

    [Test, Conformance("C-109", "C-114")]
    public void Rule5_MatchingTeredoSource_IsForwardedWithOriginAsVector08([Values] bool toSecondary)
    {
        var sent = new ServerHarness().Answer(MappedA, Vectors.Tv07, toSecondary);
        Assert.That(sent, Is.EqualTo(new Sent(Vectors.Tv08, LocalPort.ServerPrimary, MappedB)));
    }

    [TestCase("203.0.113.11:39329"), TestCase("203.0.113.12:39328"), TestCase("203.0.113.12:59982"), Conformance("C-109")]
    public void Rule5_TeredoSourceThatDoesNotMatch_IsDropped(string source) =>
        Assert.That(new ServerHarness().Drop(IPv4Endpoint.Parse(source), Vectors.Tv07), Is.EqualTo(DropReason.SourceMismatch));

    [Test, Conformance("C-110")]
    public void Rule6_RelayBubbleToOwnClient_IsForwardedAsVector20()
    {
        var sent = new ServerHarness().Answer(RelayEndpoint, Vectors.Hex(Vectors.Tv20).AsSpan(8));
        Assert.That(sent, Is.EqualTo(new Sent(Vectors.Tv20, LocalPort.ServerPrimary, MappedA)));
    }

    [Test, Conformance("C-110")]
    public void Rule6_NativeOrUniqueLocalSourceToOwnClient_IsForwarded([Values("2001:db8:6::50", "fd00::1", "2002:c000:0201::1")] string source) =>
        Assert.That(new ServerHarness().Answer(RelayEndpoint, BubbleOf(IPv6Address.Parse(source), A)).Target, Is.EqualTo(MappedA));

    [Test]
    public void Rule6_SourceThatNobodyHas_IsDropped(
        [Values("::", "::1", "ff02::1", "::ffff:203.0.113.9", "::203.0.113.9", "fe80::8000:f227:34ff:8efe", "3ffe:831f::1")] string source) =>
        Assert.That(new ServerHarness().Drop(RelayEndpoint, BubbleOf(IPv6Address.Parse(source), A)), Is.EqualTo(DropReason.BadInnerSource));

    [Test, Conformance("C-111")]
    public void Rule7_NativeSourceToClientOfOtherServer_IsDropped()
    {
        var server = new ServerHarness();
        Assert.Multiple(() =>
        {
            Assert.That(server.Drop(RelayEndpoint, BubbleOf(Native, AddressOf(MappedA, OtherServer))), Is.EqualTo(DropReason.NotAccepted));
            Assert.That(server.Drop(RelayEndpoint, BubbleOf(Native, AddressOf(MappedA, Secondary))), Is.EqualTo(DropReason.NotAccepted));
            Assert.That(server.Drop(RelayEndpoint, Echo(Native, IPv6Address.Parse("2001:db8::1"))), Is.EqualTo(DropReason.NotAccepted));
        });
    }

    [Test, Conformance("C-112")]
    public void Destination_NotGlobal_IsNotForwarded(
        [Values("fe80::1", "ff0e::1", "ff02::1", "ff02::2", "fd00::1", "::1", "::", "::ffff:8.8.8.8", "3ffe:831f:cb00:7101:0:15b1:34ff:8ef3")] string destination)
    {
        var server = new ServerHarness(Options with { ForwardNative = true });
        foreach (byte[] packet in new[] { BubbleOf(A, IPv6Address.Parse(destination)), Echo(A, IPv6Address.Parse(destination)) })
            Assert.That(server.Drop(MappedA, packet), Is.EqualTo(DropReason.BadInnerDestination));
    }

    [Test, Conformance("C-113")]
    public void Destination_EmbedsAddressThatIsNotGlobal_IsDropped([Values("192.168.1.1", "10.0.0.1", "127.0.0.1", "224.0.0.253", "255.255.255.255", "0.0.0.0")] string embedded)
    {
        var options = new TeredoServerOptions { Primary = IPv4Address.Parse("65.54.227.120"), Secondary = IPv4Address.Parse("65.54.227.121") };
        var source = IPv4Endpoint.Parse("8.8.4.4:5000");
        byte[] packet = BubbleOf(AddressOf(source, options.Primary), AddressOf(new(IPv4Address.Parse(embedded), 5000), options.Primary));
        Assert.That(new ServerHarness(options).Drop(source, packet), Is.EqualTo(DropReason.DestinationNotGlobal));
    }

    [Test, Conformance("C-113")]
    public void Destination_EmbedsPortZero_IsDropped() =>
        Assert.That(new ServerHarness().Drop(MappedA, BubbleOf(A, AddressOf(MappedB with { Port = 0 }))), Is.EqualTo(DropReason.DestinationNotGlobal));

    [Test, Conformance("C-114")]
    public void Forward_ToClientOfOtherServer_HasNoOrigin()
    {
        byte[] packet = BubbleOf(A, AddressOf(MappedB, OtherServer));
        Assert.That(new ServerHarness().Answer(MappedA, packet), Is.EqualTo(new Sent(Convert.ToHexStringLower(packet), LocalPort.ServerPrimary, MappedB)));
    }

    [Test, Conformance("C-114")]
    public void Forward_OfPacketWithAuthenticationAndOrigin_CarriesTheServersOriginAlone()
    {
        byte[] datagram = [.. Vectors.Tv01.AsSpan(0, 13), .. Vectors.Hex("0000feaefefdfcfb"), .. Vectors.Tv07];
        Assert.That(new ServerHarness().Answer(MappedA, datagram).Hex, Is.EqualTo(Vectors.Tv08));
    }

    [Test, Conformance("C-122", "C-020")]
    public void Forward_OverUdp_KeepsTrailers()
    {
        var server = new ServerHarness();
        foreach (byte[] datagram in new[] { Vectors.Tv09, Vectors.Tv12, [.. Vectors.Tv07, 0x41, 0x00] })
            Assert.That(server.Answer(MappedA, datagram).Hex, Is.EqualTo("0000665f34ff8ef4" + Convert.ToHexStringLower(datagram)));
    }

    [Test, Conformance("C-124")]
    public void Forward_Icmpv6Of88Octets_IsTheLargest()
    {
        var server = new ServerHarness(Options with { ForwardNative = true });
        Assert.Multiple(() =>
        {
            Assert.That(server.Answer(MappedA, Echo(A, B, 80)).Length, Is.EqualTo(8 + 128));
            Assert.That(server.Drop(MappedA, Echo(A, B, 81)), Is.EqualTo(DropReason.TooLarge));
            Assert.That(server.Answer(MappedA, Echo(A, Native, 80)).Length, Is.EqualTo(128));
            Assert.That(server.Drop(MappedA, Echo(A, Native, 81)), Is.EqualTo(DropReason.TooLarge));
        });
    }

    [Test]
    public void Forward_WithMoreTrailersThanTheMtuHolds_IsDropped()
    {
        byte[] datagram = new byte[1281];
        Vectors.Tv07.CopyTo(datagram, 0);
        var server = new ServerHarness();
        Assert.Multiple(() =>
        {
            Assert.That(server.Answer(MappedA, datagram.AsSpan(0, 1280)).Length, Is.EqualTo(1288));
            Assert.That(server.Drop(MappedA, datagram), Is.EqualTo(DropReason.TooLarge));
        });
    }

    [Test]
    public void Forward_NeighborDiscovery_NeverGoesToAClient([Values(133, 134, 135, 136, 137)] int type)
    {
        byte[] packet = Echo(IPv6Address.Parse("fe80::8000:f227:34ff:8eff"), A, type: (Icmpv6Type)type);
        Assert.That(new ServerHarness().Drop(RelayEndpoint, packet), Is.EqualTo(DropReason.NotAccepted));
    }

    [TestCase(132), TestCase(138)]
    public void Forward_TypesBesideNeighborDiscovery_AreNotTakenForIt(int type)
    {
        byte[] packet = Echo(IPv6Address.Parse("fe80::8000:f227:34ff:8eff"), A, type: (Icmpv6Type)type);
        Assert.That(new ServerHarness().Answer(RelayEndpoint, packet).Length, Is.EqualTo(OriginIndication.Size + packet.Length));
    }

    [Test, Conformance("C-115")]
    public void Native_ConnectivityTest_LeavesWithHopLimitDecrementedAndWithoutTrailers()
    {
        byte[] expected = [.. Vectors.Tv15];
        expected[7]--;
        var sent = new ServerHarness(Options with { ForwardNative = true }).Answer(MappedA, [.. Vectors.Tv15, 1, 4, 0xca, 0xfe, 0xba, 0xbe]);
        Assert.That(sent, Is.EqualTo(new Sent(Convert.ToHexStringLower(expected), null, default)));
    }

    [Test]
    public void Native_WithoutRoute_IsDropped() =>
        Assert.That(new ServerHarness().Drop(MappedA, Vectors.Tv15), Is.EqualTo(DropReason.NoNativeRoute));

    [Test]
    public void Native_AnythingButEchoOrWithoutHops_IsDropped()
    {
        var server = new ServerHarness(Options with { ForwardNative = true });
        Assert.Multiple(() =>
        {
            Assert.That(server.Drop(MappedA, BubbleOf(A, Native)), Is.EqualTo(DropReason.NotAccepted));
            Assert.That(server.Drop(MappedA, Echo(A, Native, type: Icmpv6Type.DestinationUnreachable)), Is.EqualTo(DropReason.NotAccepted));
            Assert.That(server.Drop(MappedA, Echo(A, Native, hopLimit: 1)), Is.EqualTo(DropReason.HopLimitExceeded));
            Assert.That(server.Drop(MappedA, Echo(A, Native, hopLimit: 0)), Is.EqualTo(DropReason.HopLimitExceeded));
            Assert.That(server.Answer(MappedA, Echo(A, Native, type: Icmpv6Type.EchoReply, hopLimit: 2)).Via, Is.Null);
            Assert.That(server.Drop(MappedB, Echo(A, Native)), Is.EqualTo(DropReason.SourceMismatch));
            Assert.That(server.Drop(MappedA, Echo(A, IPv6Address.Parse("2002:e000:fd::1"))), Is.EqualTo(DropReason.BadInnerDestination));
        });
    }

    [Test, Conformance("C-116")]
    public void Echo_ToOwnLinkLocal_IsAnsweredWithTheSameData([Values] bool toSecondary)
    {
        var own = TeredoLinkLocal.Server(Primary);
        byte[] expected = Echo(own, A, 20, Icmpv6Type.EchoReply);
        var sent = new ServerHarness().Answer(MappedA, Echo(A, own, 20), toSecondary);
        Assert.That(sent, Is.EqualTo(new Sent(Convert.ToHexStringLower(expected), toSecondary ? LocalPort.ServerSecondary : LocalPort.ServerPrimary, MappedA)));
    }

    [Test]
    public void Echo_ToOwnLinkLocalThatIsNoValidRequest_IsDropped()
    {
        var own = TeredoLinkLocal.Server(Primary);
        byte[] damaged = Echo(A, own);
        damaged[^1] ^= 1;
        var server = new ServerHarness();
        Assert.Multiple(() =>
        {
            Assert.That(server.Drop(MappedA, damaged), Is.EqualTo(DropReason.MalformedIcmpv6));
            Assert.That(server.Drop(MappedA, Echo(A, own, type: Icmpv6Type.EchoReply)), Is.EqualTo(DropReason.BadInnerDestination));
            Assert.That(server.Drop(MappedA, BubbleOf(A, own)), Is.EqualTo(DropReason.BadInnerDestination));
            Assert.That(server.Drop(MappedA, Echo(IPv6Address.Parse("fe80::1"), own)), Is.EqualTo(DropReason.NotAccepted));
        });
    }

    [Test, Conformance("C-121")]
    public void Relay_OnTheServersOwnAddress_IsServedWhenConfigured()
    {
        var relay = new IPv4Endpoint(IPv4Address.Parse("65.54.227.120"), 40000);
        var client = IPv4Endpoint.Parse("8.8.4.4:5000");
        var options = new TeredoServerOptions { Primary = relay.Address };
        byte[] bubble = BubbleOf(Native, AddressOf(client, options.Primary));
        Assert.Multiple(() =>
        {
            Assert.That(new ServerHarness(options).Drop(relay, bubble), Is.EqualTo(DropReason.OwnAddress));
            Assert.That(new ServerHarness(options with { Relay = relay }).Answer(relay, bubble).Target, Is.EqualTo(client));
        });
    }
}
