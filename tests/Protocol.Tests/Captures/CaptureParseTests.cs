using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Captures;

/// <summary>Every datagram of every capture goes through the parsers: real traffic is accepted, crafted nonsense is not.</summary>
public class CaptureParseTests
{
    // The probes of captures 05 and 06 that break a rule on purpose.
    static readonly Dictionary<(string Capture, int Frame), DropReason> Crafted = new()
    {
        [("05-server-conformance-probes", 15)] = DropReason.MalformedIcmpv6, // a solicitation with a wrong checksum
        [("05-server-conformance-probes", 27)] = DropReason.MalformedPacket, // a solicitation two octets short
        [("06-rfc6081-peer-vs-miredo-client", 9)] = DropReason.UnknownTrailer, // trailer 0x41, which miredo ignores
    };

    [Test]
    public void Captures_AreNineteenAndNotEmpty()
    {
        Assert.That(TestData.CaptureNames.Count(), Is.EqualTo(19));
        Assert.That(TestData.CaptureNames.Select(TestData.Capture), Has.All.Count.GreaterThan(1));
    }

    [TestCaseSource(typeof(TestData), nameof(TestData.CaptureNames))]
    public void Capture_EveryFrame_ParsesUnlessItIsCraftedNotTo(string capture)
    {
        foreach (var frame in TestData.Capture(capture))
        {
            Assert.That(Judge(frame), Is.EqualTo(Crafted.GetValueOrDefault((capture, frame.Number))), $"{capture} frame {frame.Number}");
        }
    }

    [TestCaseSource(typeof(TestData), nameof(TestData.CaptureNames))]
    public void Capture_BubblesAndEchoes_AreWhatTheWritersWrite(string capture)
    {
        foreach (var frame in TestData.Capture(capture).Where(f => Judge(f) == DropReason.None))
        {
            var octets = frame.IPv6 ?? frame.Udp?.Payload ?? [];
            if (frame.IPv6 is null && Encapsulation.TryParse(octets, out var datagram, out _))
                octets = datagram.Packet.Octets.ToArray();
            if (IPv6Packet.TryParse(octets, out var packet) && Rewrite(packet) is { } rewritten)
                Assert.That(Convert.ToHexString(rewritten), Is.EqualTo(Convert.ToHexString(octets)), $"{capture} frame {frame.Number}");
        }
    }

    static DropReason Judge(CapturedFrame frame)
    {
        if (frame.Udp is not { } udp)
            return IPv6Packet.TryParse(frame.IPv6, out var packet) ? Judge(packet) : DropReason.None; // ICMP over IPv4 is none of ours
        if (!Encapsulation.TryParse(udp.Payload, out var datagram, out var reason))
            return reason;
        return TrailerSet.TryParse(datagram.TrailerOctets, out _) ? Judge(datagram.Packet) : DropReason.UnknownTrailer;
    }

    static DropReason Judge(in IPv6Packet packet)
    {
        if (packet.NextHeader != NextHeader.Icmpv6)
            return DropReason.None;
        if (!Icmpv6Message.TryParse(packet, out var message))
            return DropReason.MalformedIcmpv6;
        bool good = message.Type != Icmpv6Type.RouterAdvertisement || RouterAdvertisement.TryParse(packet, out _);
        return good ? DropReason.None : DropReason.BadRouterAdvertisement;
    }

    static byte[]? Rewrite(in IPv6Packet packet)
    {
        var (source, destination, hopLimit) = (packet.Source, packet.Destination, packet.HopLimit);
        if (packet.Octets[1] != 0 || packet.Octets[2] != 0 || packet.Octets[3] != 0 || packet.Octets[0] != 0x60)
            return null; // the writers leave traffic class and flow label 0
        if (packet.IsBubble)
            return WireFormats.Octets.Of(o => Bubble.Write(o, source, destination, hopLimit));
        if (!Icmpv6Message.TryParse(packet, out var message) || !EchoMessage.TryParse(message, out var echo))
            return null;
        var (type, identifier, sequence, data) = (message.Type, echo.Identifier, echo.Sequence, echo.Data.ToArray());
        return WireFormats.Octets.Of(o => EchoMessage.WritePacket(o, type, source, destination, identifier, sequence, data, hopLimit));
    }
}
