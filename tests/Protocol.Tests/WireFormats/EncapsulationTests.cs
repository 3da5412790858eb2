using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>RFC 4380 §5.1.1 and RFC 6081 §4: what may stand in a datagram, and in which order.</summary>
public class EncapsulationTests
{
    static readonly byte[] BubbleOctets = TestData.Vector("TV-07");
    static readonly IPv4Endpoint Mapped = IPv4Endpoint.Parse("192.0.2.1:4096");

    [Test, Conformance("C-010")]
    public void Encapsulation_AuthenticationThenOrigin_IsAccepted()
    {
        byte[] datagram = Octets.Of(o => Authentication.Write(o, 7), o => OriginIndication.Write(o, Mapped), o => Bubble.Write(o, default, default));
        Assert.That(Encapsulation.TryParse(datagram, out var parsed, out var reason), Is.True);
        Assert.That((parsed.HasAuthentication, parsed.HasOrigin, parsed.PacketOffset, reason), Is.EqualTo((true, true, 21, DropReason.None)));
        Assert.That((parsed.Authentication.Nonce, parsed.Origin.MappedEndpoint), Is.EqualTo((7ul, Mapped)));
    }

    [Test, Conformance("C-010")]
    public void Encapsulation_OriginThenAuthentication_IsDropped()
    {
        byte[] datagram = Octets.Of(o => OriginIndication.Write(o, Mapped), o => Authentication.Write(o, 7), o => Bubble.Write(o, default, default));
        AssertDropped(datagram, DropReason.MalformedPacket);
    }

    [Test]
    public void Encapsulation_TwoAuthenticationHeaders_IsDropped()
    {
        byte[] datagram = Octets.Of(o => Authentication.Write(o, 7), o => Authentication.Write(o, 7), o => Bubble.Write(o, default, default));
        AssertDropped(datagram, DropReason.MalformedPacket);
    }

    [Test, Conformance("C-011")]
    public void Origin_ExampleOfTheRfc_Is1234Port337()
    {
        byte[] octets = Convert.FromHexString("0000feaefefdfcfb");
        Assert.That(OriginIndication.TryParse(octets, out var origin), Is.True);
        Assert.That(origin.MappedEndpoint, Is.EqualTo(IPv4Endpoint.Parse("1.2.3.4:337")));
        Assert.That(Octets.Of(o => OriginIndication.Write(o, IPv4Endpoint.Parse("1.2.3.4:337"))), Is.EqualTo(octets));
    }

    [TestCase(255, 255), TestCase(0, 1), TestCase(1, 0), TestCase(200, 0)]
    [Conformance("C-012")]
    public void Authentication_LengthsBeyondTheDatagram_IsDropped(int identifierLength, int valueLength)
    {
        byte[] datagram = Octets.Of(o => Authentication.Write(o, 7));
        datagram[2] = (byte)identifierLength;
        datagram[3] = (byte)valueLength;
        AssertDropped(datagram, DropReason.MalformedAuthentication);
    }

    [TestCase(2000), TestCase(65507)]
    [Conformance("C-022")]
    public void Encapsulation_PacketLargerThanTheMtu_IsParsed(int length)
    {
        byte[] datagram = new byte[length];
        IPv6Packet.WriteHeader(datagram, length - IPv6Packet.HeaderSize, NextHeader.Tcp, 64, default, default);
        Assert.That(Encapsulation.TryParse(datagram, out var parsed, out _), Is.True);
        Assert.That((parsed.Packet.Length, parsed.TrailerOctets.Length), Is.EqualTo((length, 0)));
    }

    [Test, Conformance("C-020")]
    public void Encapsulation_DatagramLongerThanThePacket_RestAreTrailers()
    {
        Assert.That(Encapsulation.TryParse(TestData.Vector("TV-09"), out var parsed, out _), Is.True);
        Assert.That(parsed.Packet.Length, Is.EqualTo(40));
        Assert.That(Convert.ToHexStringLower(parsed.TrailerOctets), Is.EqualTo("0104cafebabe"));
        Assert.That(parsed.PacketAndTrailers.ToArray(), Is.EqualTo(TestData.Vector("TV-09")));
    }

    [Test]
    public void Encapsulation_EmptyDatagram_IsDropped() => AssertDropped([], DropReason.MalformedPacket);

    [Test]
    public void Encapsulation_FirstOctetsOfNoKnownHeader_IsDropped([Values(0x0002, 0x00FF, 0x0100, 0x4500, 0x5FFF, 0x7000, 0xFFFF)] int start)
    {
        byte[] datagram = [(byte)(start >> 8), (byte)start, .. BubbleOctets];
        AssertDropped(datagram, DropReason.MalformedPacket);
    }

    [TestCaseSource(typeof(TestData), nameof(TestData.VectorNames))]
    public void Encapsulation_EveryTruncation_IsDroppedUnlessThePacketIsWhole(string name)
    {
        byte[] vector = TestData.Vector(name);
        for (int cut = 0; cut < vector.Length; cut++)
        {
            var expected = ExpectedReason(vector.AsSpan(0, cut));
            bool accepted = Encapsulation.TryParse(vector.AsSpan(0, cut), out var parsed, out var reason);
            Assert.That((accepted, reason), Is.EqualTo((expected == DropReason.None, expected)), $"{name} cut to {cut}");
            if (accepted)
                Assert.That(TrailerSet.TryParse(parsed.TrailerOctets, out _), Is.True, $"{name} cut to {cut}: a cut trailer never discards");
        }
    }

    [Property(MaxTest = 500)]
    public bool Encapsulation_RandomOctets_NeverThrowAndNeverReachBeyondTheDatagram(byte[] octets) =>
        !Encapsulation.TryParse(octets, out var parsed, out var reason)
            ? reason != DropReason.None
            : parsed.PacketOffset + parsed.Packet.Length + parsed.TrailerOctets.Length == octets.Length;

    [Property(MaxTest = 500)]
    public bool Encapsulation_VectorWithOneOctetChanged_NeverThrows(byte vector, ushort position, byte value)
    {
        byte[] octets = TestData.Vector($"TV-{vector % 30 + 1:00}");
        octets[position % octets.Length] = value;
        EveryParser.Run(octets);
        return Encapsulation.TryParse(octets, out _, out var reason) == (reason == DropReason.None);
    }

    [Property(MaxTest = 200)]
    public bool Encapsulation_RoundTrip_KeepsEveryPart(ulong nonce, uint address, ushort port, byte[] payload, byte[] rest)
    {
        var mapped = new IPv4Endpoint(new(address), port);
        byte[] datagram = Octets.Of(o => Authentication.Write(o, nonce), o => OriginIndication.Write(o, mapped),
            o => IPv6Packet.WriteHeader(o, payload.Length, NextHeader.Tcp, 9, new(1, 2), new(3, 4)), o => Copy(payload, o), o => Copy(rest, o));
        return Encapsulation.TryParse(datagram, out var parsed, out _)
            && parsed.Authentication.Nonce == nonce && parsed.Origin.MappedEndpoint == mapped
            && parsed.Packet.Source == new IPv6Address(1, 2) && parsed.Packet.Destination == new IPv6Address(3, 4)
            && parsed.Packet.HopLimit == 9 && parsed.Packet.NextHeader == NextHeader.Tcp
            && parsed.Packet.Payload.SequenceEqual(payload) && parsed.TrailerOctets.SequenceEqual(rest);
    }

    static int Copy(byte[] from, Span<byte> to)
    {
        from.CopyTo(to);
        return from.Length;
    }

    // The rules of docs/protocol §2 once more, in the plainest words.
    static DropReason ExpectedReason(ReadOnlySpan<byte> datagram)
    {
        if (datagram.Length >= 2 && datagram[0] == 0 && datagram[1] == 1)
        {
            if (datagram.Length < 4 || datagram.Length < 13 + datagram[2] + datagram[3])
                return DropReason.MalformedAuthentication;
            datagram = datagram[(13 + datagram[2] + datagram[3])..];
        }
        if (datagram.Length >= 2 && datagram[0] == 0 && datagram[1] == 0)
        {
            if (datagram.Length < 8)
                return DropReason.MalformedOrigin;
            datagram = datagram[8..];
        }
        bool whole = datagram.Length >= 40 && datagram[0] >> 4 == 6 && datagram.Length >= 40 + (datagram[4] << 8 | datagram[5]);
        return whole ? DropReason.None : DropReason.MalformedPacket;
    }

    static void AssertDropped(ReadOnlySpan<byte> datagram, DropReason expected)
    {
        Assert.That(Encapsulation.TryParse(datagram, out _, out var reason), Is.False);
        Assert.That(reason, Is.EqualTo(expected));
    }
}
