using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>RFC 8200: IPv6 packets, source routes, UDP; RFC 4380 §2.8: bubbles.</summary>
public class PacketTests
{
    static readonly IPv6Address Source = IPv6Address.Parse("2001:db8::1"), Destination = IPv6Address.Parse("2001:db8::2");

    [TestCase(59, 0, true), TestCase(59, 8, false), TestCase(58, 0, false), TestCase(17, 0, false)]
    [Conformance("C-092")]
    public void Bubble_IsNextHeader59WithoutPayload(int nextHeader, int payloadLength, bool bubble) =>
        Assert.That(Parse(Packet((byte)nextHeader, new byte[payloadLength])).IsBubble, Is.EqualTo(bubble));

    [Test, Conformance("C-092")]
    public void Bubble_Written_IsFortyOctetsWithTrafficClassAndFlowLabel0() =>
        Assert.That(Convert.ToHexStringLower(Octets.Of(o => Bubble.Write(o, Source, Destination))),
            Is.EqualTo("6000000000003bff" + "20010db8000000000000000000000001" + "20010db8000000000000000000000002"));

    [Test]
    public void Packet_VersionOtherThan6_IsRejected([Range(0, 15)] int version)
    {
        byte[] octets = Packet(NextHeader.None, []);
        octets[0] = (byte)(version << 4 | 0x0F);
        Assert.That(IPv6Packet.TryParse(octets, out _), Is.EqualTo(version == 6));
    }

    [TestCase(new byte[] { 43, 0, 0, 0, 0, 0, 0, 0 }, 0, false, TestName = "SourceRoute_OptionsThenRoutingTypeCut_IsNone")]
    [TestCase(new byte[] { 59, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 43, true, TestName = "SourceRoute_Type0First_IsFound")]
    [TestCase(new byte[] { 43, 0, 0, 0, 0, 0, 0, 0, 59, 0, 0, 1, 0, 0, 0, 0 }, 0, true, TestName = "SourceRoute_BehindHopByHop_IsFound")]
    [TestCase(new byte[] { 43, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 59, 0, 0, 1, 0, 0, 0, 0 }, 60, true, TestName = "SourceRoute_BehindLongOptions_IsFound")]
    [TestCase(new byte[] { 43, 0, 0, 1, 0, 0, 0, 1, 59, 0, 0, 1, 0, 0, 0, 0 }, 44, true, TestName = "SourceRoute_BehindAFirstFragment_IsFound")]
    [TestCase(new byte[] { 43, 0, 1, 0, 0, 0, 0, 1, 59, 0, 0, 1, 0, 0, 0, 0 }, 44, false, TestName = "SourceRoute_InALaterFragment_IsPayload")]
    [TestCase(new byte[] { 59, 0, 2, 1, 0, 0, 0, 0 }, 43, false, TestName = "SourceRoute_Type2_IsNoSourceRoute")]
    [TestCase(new byte[] { 43, 255, 0, 0, 0, 0, 0, 0 }, 60, false, TestName = "SourceRoute_OptionsBeyondThePacket_IsNone")]
    [TestCase(new byte[] { 59, 0, 0, 1, 0, 0, 0 }, 43, false, TestName = "SourceRoute_HeaderCut_IsNone")]
    public void SourceRoute(byte[] payload, int nextHeader, bool found) =>
        Assert.That(Parse(Packet((byte)nextHeader, payload)).HasSourceRoute, Is.EqualTo(found));

    [Test]
    public void Udp_LengthBelowHeaderOrBeyondPacket_IsRejected([Values(0, 7, 13, 65535)] int length)
    {
        byte[] packet = Udp("abcd"u8);
        (packet[44], packet[45]) = ((byte)(length >> 8), (byte)length);
        Assert.That(UdpDatagram.TryParse(Parse(packet), out _), Is.False);
    }

    [Test]
    public void Udp_NoChecksum_IsRejected()
    {
        byte[] packet = Udp("abcd"u8);
        packet[46] = packet[47] = 0;
        Assert.That(UdpDatagram.TryParse(Parse(packet), out _), Is.False);
    }

    [Test]
    public void Udp_WrongChecksum_IsRejected()
    {
        byte[] packet = Udp("abcd"u8);
        packet[^1] ^= 1;
        Assert.That(UdpDatagram.TryParse(Parse(packet), out _), Is.False);
    }

    [Test]
    public void Udp_ChecksumThatComputesTo0_IsSentAsFfff()
    {
        byte[] probe = Udp([0, 0]);
        byte[] packet = Udp(probe.AsSpan(46, 2)); // its own checksum added to the sum makes all ones
        Assert.That(Convert.ToHexStringLower(packet[46..48]), Is.EqualTo("ffff"));
        Assert.That(UdpDatagram.TryParse(Parse(packet), out _), Is.True);
    }

    [Property(MaxTest = 200)]
    public bool Udp_RoundTrip_KeepsEachField(ushort sourcePort, ushort destinationPort, byte[] payload, byte hopLimit)
    {
        byte[] packet = Octets.Of(o => UdpDatagram.WritePacket(o, Source, sourcePort, Destination, destinationPort, payload, hopLimit));
        return IPv6Packet.TryParse(packet, out var parsed) && parsed.HopLimit == hopLimit && UdpDatagram.TryParse(parsed, out var udp)
            && udp.SourcePort == sourcePort && udp.DestinationPort == destinationPort && udp.Payload.SequenceEqual(payload);
    }

    [Property(MaxTest = 500)]
    public bool EveryParser_RandomOctetsBehindAValidHeader_NeverThrows(byte nextHeader, byte[] payload)
    {
        byte[] known = [0, 17, 43, 44, 58, 60];
        byte[] packet = Packet(known[nextHeader % known.Length], payload);
        EveryParser.Run(packet);
        return Parse(packet).Payload.SequenceEqual(payload);
    }

    [TestCaseSource(typeof(TestData), nameof(TestData.VectorNames))]
    public void EveryParser_EveryTruncationOfAVector_NeverThrows(string name)
    {
        byte[] vector = TestData.Vector(name);
        for (int cut = 0; cut <= vector.Length; cut++)
            for (int start = 0; start < 2; start++)
                Assert.That(() => EveryParser.Run(vector.AsSpan(Math.Min(start, cut)..cut)), Throws.Nothing, $"{name} cut to {cut}");
    }

    static byte[] Udp(ReadOnlySpan<byte> payload)
    {
        byte[] copy = payload.ToArray();
        return Octets.Of(o => UdpDatagram.WritePacket(o, Source, 4242, Destination, 53, copy));
    }

    [TestCase(-1), TestCase(65_536)]
    public void PayloadLengthThatTheHeaderCannotSay_IsRefused(int length) => Assert.That(
        () => IPv6Packet.WriteHeader(new byte[IPv6Packet.HeaderSize], length, NextHeader.Udp, 64, Source, Destination),
        Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("payloadLength"));

    static byte[] Packet(byte nextHeader, byte[] payload) =>
        [.. Octets.Of(o => IPv6Packet.WriteHeader(o, payload.Length, nextHeader, 64, Source, Destination)), .. payload];

    static IPv6Packet Parse(byte[] octets)
    {
        Assert.That(IPv6Packet.TryParse(octets, out var packet), Is.True);
        return packet;
    }
}
