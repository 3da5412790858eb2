using System.Buffers.Binary;
using System.Runtime.Versioning;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks.Kernel;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests.Linux;

/// <summary>The firewall in front of the kernel's sockets, by itself and in virtual time.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
[SupportedOSPlatform("linux")]
public sealed class InboundFilterTests
{
    const byte Syn = 2, Rst = 4, Ack = 16;
    const byte UnreachableType = 1, MulticastReport = 143, NeighbourSolicitation = 135;
    const ushort Local = 4242, Remote = 5000;

    static readonly IPv6Address Self = IPv6Address.Parse("2001:0:c000:201:0:efff:34ff:8efe"),
        Peer = IPv6Address.Parse("2001:0:c000:201:0:eeee:34ff:8efd"), Other = IPv6Address.Parse("2001:db8::7");

    readonly ManualTime _time = new();
    readonly InboundFilter _filter;

    public InboundFilterTests() => _filter = new(new EngineClock(_time));

    [TestCase(NextHeader.Udp)]
    [TestCase(NextHeader.Tcp)]
    public void ClosedPort_LetsNobodyIn(byte protocol) => Assert.That(In(protocol), Is.EqualTo(((DropReason?)DropReason.Unsolicited, false)));

    [TestCase(NextHeader.Udp)]
    [TestCase(NextHeader.Tcp)]
    public void OpenPort_LetsStrangersIn_AtThatPortOfThatProtocolOnly(byte protocol)
    {
        _filter.Open(protocol, Local);
        Assert.That(In(protocol), Is.EqualTo(((DropReason?)null, false)));
        Assert.That(In(protocol, local: Local + 1).Drop, Is.EqualTo(DropReason.Unsolicited));
        Assert.That(In(protocol == NextHeader.Udp ? NextHeader.Tcp : NextHeader.Udp).Drop, Is.EqualTo(DropReason.Unsolicited));
        _filter.Close(protocol, Local);
        Assert.That(In(protocol).Drop, Is.EqualTo(DropReason.Unsolicited));
    }

    [TestCase(NextHeader.Udp)]
    [TestCase(NextHeader.Tcp)]
    public void Flow_LetsInWhoWasSentTo_AndNobodyElse(byte protocol)
    {
        Assert.That(Out(protocol), Is.Null);
        Assert.That(In(protocol), Is.EqualTo(((DropReason?)null, true)));
        Assert.That(In(protocol, remote: Remote + 1).Drop, Is.EqualTo(DropReason.Unsolicited), "another port of the peer");
        Assert.That(In(protocol, local: Local + 1).Drop, Is.EqualTo(DropReason.Unsolicited), "another port of ours");
        Assert.That(In(protocol, peer: Other).Drop, Is.EqualTo(DropReason.Unsolicited), "another peer");
        Assert.That(In(protocol == NextHeader.Udp ? NextHeader.Tcp : NextHeader.Udp).Drop, Is.EqualTo(DropReason.Unsolicited), "another protocol");
    }

    [TestCase(NextHeader.Udp, 5)]
    [TestCase(NextHeader.Tcp, 124)]
    public void Flow_EndsSoManyMinutesAfterTheLastPacketThatWent_WhateverComesIn(byte protocol, int minutes)
    {
        Out(protocol);
        _time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
        Out(protocol);
        _time.Advance(TimeSpan.FromMinutes(minutes) - TimeSpan.FromSeconds(1));
        Assert.That(In(protocol).Drop, Is.Null);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.That(In(protocol).Drop, Is.EqualTo(DropReason.Unsolicited));
    }

    [Test]
    public void SynAck_OpensNoFlow()
    {
        Assert.That(Out(NextHeader.Tcp, flags: Syn | Ack), Is.Null);
        Assert.That(In(NextHeader.Tcp).Drop, Is.EqualTo(DropReason.Unsolicited));
    }

    [Test]
    public void AcceptedStream_IsAFlow_WithoutAPacketThatWent()
    {
        _filter.OpenStream(Local, Peer, Remote);
        Assert.That(In(NextHeader.Tcp), Is.EqualTo(((DropReason?)null, true)));
    }

    [TestCase(Rst)]
    [TestCase(Rst | Ack)]
    public void Reset_GoesToAFlow_AndStaysFromAStranger(byte flags)
    {
        Assert.That(Out(NextHeader.Tcp, flags: flags), Is.EqualTo(DropReason.AnswerToStranger));
        Assert.That(In(NextHeader.Tcp).Drop, Is.EqualTo(DropReason.Unsolicited), "the reset opened a flow");
        Out(NextHeader.Tcp, flags: Syn);
        Assert.That(Out(NextHeader.Tcp, flags: flags), Is.Null);
    }

    [Test]
    public void Reset_FromAnOpenPortToAStranger_Stays()
    {
        _filter.Open(NextHeader.Tcp, Local);
        Assert.That(Out(NextHeader.Tcp, flags: Rst), Is.EqualTo(DropReason.AnswerToStranger));
    }

    [TestCase(UnreachableType)]
    [TestCase(NeighbourSolicitation)]
    [TestCase(MulticastReport)]
    public void Icmpv6_NeverLeaves(byte type)
    {
        Out(NextHeader.Udp);
        byte[] message = Error(Segment(NextHeader.Udp, Self, Peer, Local, Remote));
        message[IPv6Packet.HeaderSize] = type;
        Assert.That(NoteSent(message), Is.EqualTo(DropReason.AnswerToStranger));
    }

    [TestCase(NextHeader.Udp)]
    [TestCase(NextHeader.Tcp)]
    public void Icmpv6Error_GetsInWhenItIsAboutAFlow(byte protocol)
    {
        byte[] error = Error(Segment(protocol, Self, Peer, Local, Remote));
        Assert.That(Judge(error).Drop, Is.EqualTo(DropReason.Unsolicited), "about none");
        Out(protocol);
        Assert.That(Judge(error), Is.EqualTo(((DropReason?)null, true)));
        Assert.That(Judge(Error(Segment(protocol, Self, Other, Local, Remote))).Drop, Is.EqualTo(DropReason.Unsolicited), "about another peer");
        Assert.That(Judge(Error(Segment(protocol, Peer, Self, Remote, Local))).Drop, Is.EqualTo(DropReason.Unsolicited), "about what the peer sent");
    }

    [Test]
    public void Icmpv6_ThatIsNoError_OrQuotesTooLittle_StaysOut()
    {
        Out(NextHeader.Udp);
        byte[] quoted = Segment(NextHeader.Udp, Self, Peer, Local, Remote);
        byte[] query = Error(quoted);
        query[IPv6Packet.HeaderSize] = NeighbourSolicitation;
        Assert.That(Judge(query).Drop, Is.EqualTo(DropReason.Unsolicited));
        for (int length = 0; length < IPv6Packet.HeaderSize + 4; length++)
            Assert.That(Judge(Error(quoted[..length])).Drop, Is.EqualTo(DropReason.Unsolicited), $"{length} octets quoted");
        Assert.That(Judge(Error(quoted[..(IPv6Packet.HeaderSize + 4)])).Drop, Is.Null, "the ports are enough");
    }

    [TestCase(127, true)] // RFC 4443 §2.1: the errors have the types below 128
    [TestCase(128, false)]
    public void Icmpv6_Error_IsWhatItsTypeSays(byte type, bool getsIn)
    {
        Out(NextHeader.Udp);
        byte[] message = Error(Segment(NextHeader.Udp, Self, Peer, Local, Remote));
        message[IPv6Packet.HeaderSize] = type;
        Assert.That(Judge(message).Drop, Is.EqualTo(getsIn ? (DropReason?)null : DropReason.Unsolicited));
    }

    [TestCase(NextHeader.Udp, UdpDatagram.HeaderSize)]
    [TestCase(NextHeader.Tcp, 20)]
    public void HeaderCutShort_IsMalformed_EvenAtAnOpenPort(byte protocol, int header)
    {
        _filter.Open(protocol, Local);
        byte[] whole = Segment(protocol, Peer, Self, Remote, Local);
        for (int length = 0; length < header; length++)
        {
            Assert.That(Judge(Cut(whole, length)).Drop, Is.EqualTo(DropReason.MalformedTransport), $"{length} octets in");
            Assert.That(NoteSent(Cut(whole, length)), Is.EqualTo(DropReason.UnsupportedProtocol), $"{length} octets out");
        }
    }

    [TestCase(NextHeader.HopByHop)]
    [TestCase(NextHeader.Routing)]
    [TestCase(NextHeader.Fragment)]
    [TestCase(NextHeader.DestinationOptions)]
    [TestCase(NextHeader.None)]
    [TestCase((byte)136)] // UDP-Lite
    [TestCase((byte)132)] // SCTP
    public void EveryOtherProtocol_StaysOutAndIn_EvenWithAnOpenPort(byte protocol)
    {
        _filter.Open(NextHeader.Udp, Local);
        Out(NextHeader.Udp);
        byte[] packet = Segment(NextHeader.Udp, Peer, Self, Remote, Local);
        packet[6] = protocol;
        Assert.That(Judge(packet), Is.EqualTo(((DropReason?)DropReason.UnsupportedProtocol, false)));
        Assert.That(NoteSent(packet), Is.EqualTo(DropReason.UnsupportedProtocol));
    }

    [Test]
    public void CloseDatagrams_EndsTheFlowsAndTheOpeningOfThatPortOnly()
    {
        Out(NextHeader.Udp);
        Out(NextHeader.Udp, local: Local + 1);
        Out(NextHeader.Tcp);
        _filter.Open(NextHeader.Udp, Local);
        _filter.CloseDatagrams(Local);
        Assert.That(In(NextHeader.Udp).Drop, Is.EqualTo(DropReason.Unsolicited));
        Assert.That(In(NextHeader.Udp, local: Local + 1).Drop, Is.Null);
        Assert.That(In(NextHeader.Tcp).Drop, Is.Null);
    }

    [Test]
    public void OpenDatagramPort_AnsweringManyStrangers_EndsNoFlowOfAnotherSocket()
    {
        _filter.Open(NextHeader.Udp, Local + 1);
        Out(NextHeader.Udp);
        for (int i = 0; i < 3 * 4096; i++)
            Out(NextHeader.Udp, local: Local + 1, peer: Stranger(i));
        Assert.That(In(NextHeader.Udp).Drop, Is.Null);
    }

    // Two generations, the older of which is let go when the younger one is full.
    [TestCase(NextHeader.Udp, 4096)]
    [TestCase(NextHeader.Tcp, 65536)]
    public void Flows_AreBounded_AndTheOldestEnd(byte protocol, int generation)
    {
        for (int i = 0; i < 2 * generation; i++)
            Out(protocol, peer: Stranger(i));
        Assert.That(In(protocol, peer: Stranger(0)).Drop, Is.Null);
        Out(protocol, peer: Stranger(2 * generation));
        Assert.That(In(protocol, peer: Stranger(generation - 1)).Drop, Is.EqualTo(DropReason.Unsolicited));
        Assert.That(In(protocol, peer: Stranger(generation)).Drop, Is.Null);
    }

    // A segment outside of the window makes the kernel acknowledge, before the handshake is done: a forged source is enough.
    [Test]
    public void OpenStreamPort_AcknowledgingManyStrangers_EndsNoFlowOfAnotherSocket()
    {
        _filter.Open(NextHeader.Tcp, Local + 1);
        Out(NextHeader.Tcp);
        for (int i = 0; i < 3 * 65536; i++)
            Out(NextHeader.Tcp, local: Local + 1, peer: Stranger(i));
        Assert.That(In(NextHeader.Tcp).Drop, Is.Null);
    }

    [Test]
    public void AcceptedStream_ThatWasUsedLately_OutlivesItsListener()
    {
        _filter.Open(NextHeader.Tcp, Local);
        _filter.OpenStream(Local, Peer, Remote);
        for (int hour = 0; hour < 3; hour++)
        {
            _time.Advance(TimeSpan.FromHours(1));
            Out(NextHeader.Tcp);
        }
        _filter.Close(NextHeader.Tcp, Local);
        Assert.That(In(NextHeader.Tcp).Drop, Is.Null);
    }

    static IPv6Address Stranger(int number) => new(Other.High, (ulong)number);

    DropReason? Out(byte protocol, byte flags = Ack, ushort local = Local, IPv6Address? peer = null) =>
        NoteSent(Segment(protocol, Self, peer ?? Peer, local, Remote, flags));

    (DropReason? Drop, bool IsSolicited) In(byte protocol, ushort local = Local, ushort remote = Remote, IPv6Address? peer = null) =>
        Judge(Segment(protocol, peer ?? Peer, Self, remote, local));

    (DropReason? Drop, bool IsSolicited) Judge(byte[] octets)
    {
        var recent = default(InboundFilter.Recent);
        return (_filter.Judge(Parse(octets), ref recent, out bool solicited), solicited);
    }

    DropReason? NoteSent(byte[] octets)
    {
        var recent = default(InboundFilter.Recent);
        return _filter.NoteSent(Parse(octets), ref recent);
    }

    static IPv6Packet Parse(byte[] octets) => IPv6Packet.TryParse(octets, out var packet) ? packet : throw new AssertionException("no packet");

    static byte[] Segment(byte protocol, IPv6Address source, IPv6Address target, ushort sourcePort, ushort targetPort, byte flags = Syn)
    {
        int length = protocol == NextHeader.Tcp ? 20 : UdpDatagram.HeaderSize;
        byte[] packet = new byte[IPv6Packet.HeaderSize + length];
        IPv6Packet.WriteHeader(packet, length, protocol, 64, source, target);
        var segment = packet.AsSpan(IPv6Packet.HeaderSize);
        BinaryPrimitives.WriteUInt16BigEndian(segment, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], targetPort);
        if (protocol == NextHeader.Tcp)
            segment[13] = flags;
        return packet;
    }

    static byte[] Error(byte[] quoted)
    {
        byte[] packet = new byte[IPv6Packet.HeaderSize + 8 + quoted.Length];
        Icmpv6Error.WritePacket(packet, (Icmpv6Type)UnreachableType, Icmpv6Error.AddressUnreachable, 0, Other, Self, quoted);
        return packet;
    }

    static byte[] Cut(byte[] packet, int payload)
    {
        byte[] cut = packet[..(IPv6Packet.HeaderSize + payload)];
        BinaryPrimitives.WriteUInt16BigEndian(cut.AsSpan(4), (ushort)payload);
        return cut;
    }
}
