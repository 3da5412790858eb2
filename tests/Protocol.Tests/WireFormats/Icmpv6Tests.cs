using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>RFC 4443: echo messages and errors.</summary>
public class Icmpv6Tests
{
    static readonly IPv6Address Source = IPv6Address.Parse("2001:db8::1"), Destination = IPv6Address.Parse("2001:db8::2");

    [Property(MaxTest = 200)]
    public bool Echo_RoundTrip_KeepsEachField(bool reply, ushort identifier, ushort sequence, byte[] data)
    {
        var type = reply ? Icmpv6Type.EchoReply : Icmpv6Type.EchoRequest;
        byte[] octets = Octets.Of(o => EchoMessage.WritePacket(o, type, Source, Destination, identifier, sequence, data));
        return IPv6Packet.TryParse(octets, out var packet) && Icmpv6Message.TryParse(packet, out var message) && !message.IsError
            && EchoMessage.TryParse(message, out var echo) && echo.IsReply == reply && echo.Identifier == identifier
            && echo.Sequence == sequence && echo.Data.SequenceEqual(data);
    }

    [TestCase(40, (byte)130), TestCase(41, (byte)1)]
    public void Echo_OtherTypeOrCode_IsNone(int at, byte value)
    {
        byte[] octets = Octets.Of(o => EchoMessage.WritePacket(o, Icmpv6Type.EchoRequest, Source, Destination, 1, 2, []));
        octets[at] = value;
        Icmpv6Message.WriteChecksum(octets);
        Assert.That(IPv6Packet.TryParse(octets, out var packet) && Icmpv6Message.TryParse(packet, out var message)
            && !EchoMessage.TryParse(message, out _), Is.True);
    }

    [Test]
    public void Message_ShorterThanItsHeader_IsRejected([Range(0, 3)] int length)
    {
        byte[] octets = [.. Octets.Of(o => IPv6Packet.WriteHeader(o, length, NextHeader.Icmpv6, 64, Source, Destination)), .. new byte[length]];
        Assert.That(IPv6Packet.TryParse(octets, out var packet), Is.True);
        Assert.That(Icmpv6Message.TryParse(packet, out _), Is.False);
    }

    [Test]
    public void Message_OfItsHeaderAlone_IsWhole()
    {
        byte[] octets = [.. Octets.Of(o => IPv6Packet.WriteHeader(o, 4, NextHeader.Icmpv6, 64, Source, Destination)), 200, 1, 0, 0];
        Icmpv6Message.WriteChecksum(octets);
        Assert.That(IPv6Packet.TryParse(octets, out var packet) && Icmpv6Message.TryParse(packet, out var message) && message.Octets.Length == 4, Is.True);
    }

    [TestCase(0), TestCase(40), TestCase(1232), TestCase(1233), TestCase(5000)]
    public void Error_QuotesAsMuchAsFitsInto1280Octets(int quotedLength)
    {
        byte[] quoted = [.. Enumerable.Range(0, quotedLength).Select(i => (byte)i)];
        byte[] octets = Octets.Of(o => Icmpv6Error.WritePacket(o, Icmpv6Type.DestinationUnreachable, Icmpv6Error.AddressUnreachable, 7, Source, Destination, quoted));
        Assert.That(octets, Has.Length.EqualTo(Math.Min(48 + quotedLength, 1280)));
        Assert.That(IPv6Packet.TryParse(octets, out var packet), Is.True);
        Assert.That(Icmpv6Message.TryParse(packet, out var message), Is.True);
        Assert.That((message.Type, message.Code, message.IsError), Is.EqualTo((Icmpv6Type.DestinationUnreachable, (byte)3, true)));
        Assert.That(message.Octets[7], Is.EqualTo(7));
        Assert.That(message.Octets[8..].SequenceEqual(quoted.AsSpan(0, Math.Min(quotedLength, 1232))), Is.True);
    }

    [Test]
    public void Error_ForABubbleAnErrorOrMulticast_IsNotAllowed()
    {
        Assert.That(MayAnswer(Packet(NextHeader.Udp, 0, Source, Destination)), Is.True);
        Assert.That(MayAnswer(Packet(NextHeader.Icmpv6, 128, Source, Destination)), Is.True);
        Assert.That(MayAnswer(Packet(NextHeader.Icmpv6, 1, Source, Destination)), Is.False);
        Assert.That(MayAnswer(Packet(NextHeader.Icmpv6, 127, Source, Destination)), Is.False);
        Assert.That(MayAnswer(Packet(NextHeader.Icmpv6, 137, Source, Destination)), Is.False, "a redirect");
        Assert.That(MayAnswer(Packet(NextHeader.Udp, 0, Source, IPv6Address.AllNodes)), Is.False);
        Assert.That(MayAnswer(Packet(NextHeader.Udp, 0, IPv6Address.AllNodes, Destination)), Is.False);
        Assert.That(MayAnswer(Packet(NextHeader.Udp, 0, default, Destination)), Is.False);
        Assert.That(MayAnswer(Octets.Of(o => Bubble.Write(o, Source, Destination))), Is.False);
        byte[] header = Octets.Of(o => IPv6Packet.WriteHeader(o, 1, NextHeader.Icmpv6, 64, Source, Destination));
        Assert.That(MayAnswer([.. header, 1]), Is.False, "cut short, and an error nevertheless");
        Assert.That(MayAnswer(Octets.Of(o => IPv6Packet.WriteHeader(o, 0, NextHeader.Icmpv6, 64, Source, Destination))), Is.True);
    }

    static bool MayAnswer(byte[] octets) => IPv6Packet.TryParse(octets, out var packet) && Icmpv6Error.MayAnswer(packet);

    static byte[] Packet(byte nextHeader, byte firstOctet, IPv6Address source, IPv6Address destination) =>
        [.. Octets.Of(o => IPv6Packet.WriteHeader(o, 8, nextHeader, 64, source, destination)), firstOctet, 0, 0, 0, 0, 0, 0, 0];
}
