using System.Buffers.Binary;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>RFC 4380 §5.2.1, §5.3.2 and RFC 4861 §6.1.2: what a router advertisement must look like.</summary>
public class RouterDiscoveryTests
{
    const int FirstOption = 56, MtuOption = 88;
    static readonly IPv4Address Server = IPv4Address.Parse("203.0.113.1");

    [Test]
    public void Advertisement_AsWritten_IsAcceptedWithPrefixAndMtu()
    {
        var advertisement = Accepted(Advertisement());
        Assert.That(advertisement.Prefix, Is.EqualTo(new IPv6Prefix(IPv6Address.Parse("2001:0:cb00:7101::"), 64)));
        Assert.That(advertisement.MtuOctets, Is.EqualTo(1280));
    }

    [Test, Conformance("C-029")]
    public void Advertisement_WithoutPrefix_IsIgnored() => AssertIgnored(WithOptions([5, 1, 0, 0, 0, 0, 5, 0]));

    [Test, Conformance("C-029")]
    public void Advertisement_WithTwoPrefixes_IsIgnored()
    {
        byte[] prefix = Advertisement()[FirstOption..MtuOption];
        AssertIgnored(WithOptions([.. prefix, .. prefix]));
    }

    [Test, Conformance("C-029")]
    public void Advertisement_WithoutAnyOption_IsIgnored() => AssertIgnored(WithOptions([]));

    [Test, Conformance("C-031")]
    public void Advertisement_HopLimitNot255_IsIgnored([Values(0, 64, 254)] int hopLimit) =>
        AssertIgnored(Changed(7, (byte)hopLimit));

    [Test, Conformance("C-031")]
    public void Advertisement_WrongChecksum_IsIgnored()
    {
        byte[] octets = Advertisement();
        octets[42] ^= 1;
        Assert.That(TryParse(octets, out _), Is.False);
    }

    [Test, Conformance("C-031")]
    public void Advertisement_CodeNot0_IsIgnored() => AssertIgnored(Changed(41, 1));

    [Test, Conformance("C-031")]
    public void Advertisement_OfAnotherType_IsIgnored([Values(133, 135, 136)] int type) => AssertIgnored(Changed(40, (byte)type));

    [Test, Conformance("C-031")]
    public void Advertisement_OptionLength0_IsIgnored([Values(FirstOption, MtuOption)] int option) => AssertIgnored(Changed(option + 1, 0));

    [Test, Conformance("C-031")]
    public void Advertisement_OptionLongerThanThePacket_IsIgnored([Values(FirstOption, MtuOption)] int option) =>
        AssertIgnored(Changed(option + 1, 255));

    [Test, Conformance("C-031")]
    public void Advertisement_TrailingOctetOfAnOption_IsIgnored()
    {
        byte[] prefix = Advertisement()[FirstOption..MtuOption];
        AssertIgnored(WithOptions([.. prefix, 14]));
    }

    [Test, Conformance("C-031")]
    public void Advertisement_SourceNotLinkLocal_IsIgnored()
    {
        byte[] octets = Advertisement();
        IPv6Address.Parse("2001:db8::1").Write(octets.AsSpan(8));
        AssertIgnored(WithChecksum(octets));
    }

    [Test, Conformance("C-031")]
    public void Advertisement_ShorterThanItsFixedPart_IsIgnored() => AssertIgnored(Resized(Advertisement()[..(FirstOption - 1)]));

    [Test]
    public void Advertisement_PrefixLengthNot64_IsIgnored([Values(0, 32, 63, 65, 128)] int length) => AssertIgnored(Changed(FirstOption + 2, (byte)length));

    [Test]
    public void Advertisement_UnknownOption_IsSkipped_BeforeAndBehind()
    {
        byte[] options = Advertisement()[FirstOption..], unknown = [24, 1, 1, 2, 0, 0, 0x05, 0xDC]; // with 1500 where an MTU would be
        Assert.That(Accepted(WithOptions([.. unknown, .. options])).MtuOctets, Is.EqualTo(1280));
        Assert.That(Accepted(WithOptions([.. options, .. unknown])).MtuOctets, Is.EqualTo(1280));
    }

    [Test]
    public void Advertisement_MtuOptionOfAnotherSize_IsSkipped() =>
        Assert.That(Accepted(WithOptions([.. Advertisement()[FirstOption..MtuOption], 5, 2, 0, 0, 0, 0, 0x05, 0xDC, .. new byte[8]])).MtuOctets, Is.Null);

    [TestCase(0u, null), TestCase(1279u, null), TestCase(1280u, 1280), TestCase(1500u, 1500), TestCase(65467u, 65467), TestCase(65468u, null), TestCase(uint.MaxValue, null)]
    public void Advertisement_MtuOutsideItsRange_CountsAsNone(uint mtu, int? expected)
    {
        byte[] octets = Advertisement();
        BinaryPrimitives.WriteUInt32BigEndian(octets.AsSpan(MtuOption + 4), mtu);
        Assert.That(Accepted(WithChecksum(octets)).MtuOctets, Is.EqualTo(expected));
    }

    [Test]
    public void Advertisement_WithoutMtu_IsAccepted() => Assert.That(Accepted(WithOptions(Advertisement()[FirstOption..MtuOption])).MtuOctets, Is.Null);

    [Test]
    public void Advertisement_RouterLifetime0_IsNoReasonToIgnoreIt()
    {
        Assert.That(BinaryPrimitives.ReadUInt16BigEndian(Advertisement().AsSpan(46)), Is.Zero);
        Assert.That(TryParse(Advertisement(), out _), Is.True);
    }

    [Property(MaxTest = 300)]
    public bool Advertisement_RandomOptions_NeverThrow(byte[] options) =>
        !TryParse(WithOptions(options), out var advertisement) || advertisement.Prefix.Length == 64;

    [Property(MaxTest = 200)]
    public bool Advertisement_RoundTrip_KeepsServerAndDestination(uint server, ulong identifier)
    {
        var destination = new IPv6Address(0xFE80_0000_0000_0000, identifier);
        byte[] octets = Octets.Of(o => RouterAdvertisement.Write(o, new(server), destination));
        return IPv6Packet.TryParse(octets, out var packet) && packet.Destination == destination && packet.Source == TeredoLinkLocal.Server(new(server))
            && RouterAdvertisement.TryParse(packet, out var parsed)
            && parsed == new RouterAdvertisement { Prefix = new(new(0x2001_0000_0000_0000ul | server, 0), 64), MtuOctets = 1280 };
    }

    [TestCase("fe80::ffff:ffff:ffff", "ff02::2", true), TestCase("fe80::5445:5245:444f", "ff02::2", true), TestCase("febf::1", "ff02::2", true)]
    [TestCase("fec0::1", "ff02::2", false), TestCase("::", "ff02::2", false), TestCase("2001:db8::1", "ff02::2", false)]
    [TestCase("fe80::1", "ff02::1", false), TestCase("fe80::1", "fe80::8000:f227:34ff:8efe", false)]
    public void Solicitation_IsFromAnyLinkLocalAddressToAllRouters(string source, string destination, bool matches)
    {
        byte[] octets = Octets.Of(o => RouterSolicitation.Write(o, IPv6Address.Parse(source)));
        IPv6Address.Parse(destination).Write(octets.AsSpan(24));
        Assert.That(IPv6Packet.TryParse(octets, out var packet), Is.True);
        Assert.That(RouterSolicitation.Matches(packet), Is.EqualTo(matches));
    }

    [TestCase("fe80::ffff:ffff:ffff", false), TestCase("fe80::8000:ffff:ffff:ffff", true), TestCase("fe80::7fff:ffff:ffff:ffff", false)]
    public void ConeBit_IsTheFirstOfTheFlags(string source, bool cone) =>
        Assert.That(TeredoLinkLocal.HasConeBit(IPv6Address.Parse(source)), Is.EqualTo(cone));

    [Test]
    public void LinkLocal_OfAClient_HasConeBit0() => Assert.That(TeredoLinkLocal.Client.ToString(), Is.EqualTo("fe80::ffff:ffff:ffff"));

    [Test, Conformance("C-009")]
    public void LinkLocal_OfAServer_HasConeBit1() => Assert.That(TeredoLinkLocal.Server(Server).ToString(), Is.EqualTo("fe80::8000:f227:34ff:8efe"));

    static byte[] Advertisement() => Octets.Of(o => RouterAdvertisement.Write(o, Server, TeredoLinkLocal.Client));

    static byte[] Changed(int at, byte value)
    {
        byte[] octets = Advertisement();
        octets[at] = value;
        return WithChecksum(octets);
    }

    static byte[] WithOptions(byte[] options) => Resized([.. Advertisement()[..FirstOption], .. options]);

    static byte[] Resized(byte[] octets)
    {
        BinaryPrimitives.WriteUInt16BigEndian(octets.AsSpan(4), (ushort)(octets.Length - IPv6Packet.HeaderSize));
        return WithChecksum(octets);
    }

    static byte[] WithChecksum(byte[] octets)
    {
        Icmpv6Message.WriteChecksum(octets);
        return octets;
    }

    static RouterAdvertisement Accepted(byte[] octets)
    {
        Assert.That(TryParse(octets, out var advertisement), Is.True);
        return advertisement;
    }

    static void AssertIgnored(byte[] octets)
    {
        Assert.That(IPv6Packet.TryParse(octets, out var packet), Is.True);
        Assert.That(Icmpv6Message.TryParse(packet, out _), Is.True, "the checksum is not what it is ignored for");
        Assert.That(RouterAdvertisement.TryParse(packet, out _), Is.False);
    }

    static bool TryParse(byte[] octets, out RouterAdvertisement advertisement)
    {
        Assert.That(IPv6Packet.TryParse(octets, out var packet), Is.True);
        return RouterAdvertisement.TryParse(packet, out advertisement);
    }
}
