using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.4: what a client does with a packet of its host.</summary>
public sealed class TransmissionTests
{
    static readonly Peer Peer = Peer.Number();
    static readonly int[] TimesToLive = [2, 4, 8, 0];

    [Test, Conformance("C-075")]
    public void Transmission_TrustedFreshPeer_GetsThePacketDirectly()
    {
        var client = Qualified();
        client.Trust(Peer);
        Assert.That(client.SendTo(Peer.Address, 100), Is.EqualTo(Verdict.Send(LocalPort.Service, Peer.Mapped, 148)));
        Assert.That(client.Sent.Single().IsHostPacket, Is.True);
    }

    [Test, Conformance("C-078", "C-082", "C-087", "C-088", "C-092")]
    public void Transmission_NewPeer_QueuesAndSendsADirectAndAnIndirectBubble()
    {
        var client = With(TeredoExtensions.None);
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
        Assert.That(client.Sent, Has.Count.EqualTo(2));
        var direct = client.Direct().Single();
        var indirect = client.Indirect().Single();
        byte[] bubble = Build.Bubble(client.Address, Peer.Address);
        Assert.That(direct.Target, Is.EqualTo(Peer.Mapped));
        Assert.That(direct.PacketOctets[6], Is.EqualTo(59));
        Assert.That(direct.Payload, Has.Length.EqualTo(40));
        Assert.That(indirect.Target, Is.EqualTo(Lab.Endpoint("5.6.7.8:3544")));
        Assert.That(indirect.Payload, Is.EqualTo(bubble));
        Assert.That(indirect.Ttl, Is.Zero);
        Assert.That(client.Sent.Select(s => s.Via), Is.All.EqualTo(LocalPort.Service));
        Assert.That(client.Sent.Select(s => s.InnerSource), Is.All.EqualTo(client.Address));
        Assert.That(client.Sent.Select(s => s.InnerDestination), Is.All.EqualTo((IPv6Address)Peer.Address));
    }

    [Test, Conformance("C-079", "C-090")]
    public void Transmission_DeadPeer_FourPairsThenUnreachable()
    {
        var client = Qualified();
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        client.AdvanceTo(30);
        foreach (var kind in new[] { client.Direct(), client.Indirect() })
        {
            Assert.That(kind, Has.Count.EqualTo(4));
            double[] times = [.. kind.Times()];
            for (int i = 1; i < 4; i++)
                Assert.That(times[i] - times[i - 1], Is.InRange(2, 2.25), "2 s and a random part, so that timer and spacing never collide");
        }
        var lost = client.EventsOf<ClientEvent.PeerUnreachable>().Single();
        Assert.That(lost.Peer, Is.EqualTo((IPv6Address)Peer.Address));
        Assert.That(lost.Reason, Is.EqualTo(UnreachableReason.Silent));
        ExpectUnreachable(client, packet);
    }

    [Test, Conformance("C-079")]
    public void Transmission_DeadPeer_DirectBubblesStartWithALowTimeToLive()
    {
        // docs/protocol §7.3: enough to open our own NAT, too little to reach the peer's.
        var client = Qualified();
        client.SendTo(Peer.Address);
        client.AdvanceTo(10);
        Assert.That(client.Direct().Select(s => (int)s.Ttl), Is.EqualTo(TimesToLive));
        Assert.That(client.Indirect().Select(s => (int)s.Ttl), Is.All.Zero);
    }

    [Test, Conformance("C-079")]
    public void Transmission_EveryPacketForADeadPeer_IsAnsweredWithUnreachable()
    {
        var client = Qualified();
        client.SendTo(Peer.Address, 10);
        client.AdvanceTo(6.9);
        client.SendTo(Peer.Address, 20);
        client.AdvanceTo(9.5);
        Assert.That(client.Unreachables(), Has.Count.EqualTo(2));
        client.Clear();
        Assert.That(client.SendTo(Peer.Address, 30), Is.EqualTo(Verdict.Dropped(DropReason.PeerUnreachable)));
        Assert.That(client.Unreachables(), Has.Count.EqualTo(1), "the application falls back at once");
    }

    [Test, Conformance("C-079")]
    public void Transmission_ErrorsToTheHost_AreAtMostTenPerSecond()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        client.AdvanceTo(20);
        client.Clear();
        for (int i = 0; i < 100; i++)
            Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Dropped(DropReason.PeerUnreachable)));
        Assert.That(client.Unreachables(), Has.Count.InRange(5, 10));
    }

    [Test, Conformance("C-079")]
    public void Transmission_PeerAnswersThroughItsServerOnly_IsReportedAsBlockedPath()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        client.AdvanceTo(1);
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        client.AdvanceTo(10);
        Assert.That(client.EventsOf<ClientEvent.PeerUnreachable>().Single().Reason, Is.EqualTo(UnreachableReason.DirectPathBlocked));
    }

    [Test, Conformance("C-079", "C-090")]
    public void Transmission_UnreachablePeer_IsTriedAgainAfterTheWindow()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        client.AdvanceTo(299);
        client.Clear();
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Dropped(DropReason.PeerUnreachable)));
        Assert.That(client.SentToPeers(), Is.Empty);
        client.AdvanceTo(301);
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-079")]
    public void Transmission_UnreachablePeerShowsUp_IsReachableAtOnce()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        client.AdvanceTo(20);
        client.ReceiveDirect(Peer);
        Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
    }

    [TestCase("0.1.2.3")]
    [TestCase("10.1.2.3")]
    [TestCase("127.0.0.1")]
    [TestCase("169.254.1.1")]
    [TestCase("172.16.0.1")]
    [TestCase("192.168.1.1")]
    [TestCase("192.88.99.1")]
    [TestCase("224.0.0.1")]
    [TestCase("255.255.255.255")]
    [TestCase("100.64.0.1")]
    [TestCase("192.0.0.1")]
    [TestCase("192.0.2.1")]
    [TestCase("198.18.0.1")]
    [TestCase("198.51.100.1")]
    [TestCase("203.0.113.1")]
    [TestCase("240.0.0.1")]
    [Conformance("C-080")]
    public void Transmission_EmbeddedAddressNotGlobalUnicast_IsDroppedSilently(string address)
    {
        var client = Qualified();
        foreach (var flags in new[] { Peer.SomeFlags, TeredoFlags.Cone })
            Assert.That(client.SendTo(Peer.At($"{address}:4096", flags: flags).Address), Is.EqualTo(Verdict.Dropped(DropReason.DestinationNotGlobal)));
        client.Advance(10);
        Assert.That(client.SentToPeers(), Is.Empty);
        Assert.That(client.Delivered, Is.Empty, "silently");
        Assert.That(client.Client.PeerCount, Is.Zero);
    }

    [Test, Conformance("C-080")]
    public void Transmission_DirectedBroadcastOfOurSubnet_IsDropped()
    {
        var client = Qualified(o => o with { AllowPrivateAddresses = true });
        Assert.That(client.SendTo(Peer.At("10.0.0.255:4096").Address), Is.EqualTo(Verdict.Dropped(DropReason.DestinationNotGlobal)));
        Assert.That(client.SendTo(Peer.At("10.0.1.255:4096").Address), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-080")]
    public void Transmission_EmbeddedPortZero_IsDropped()
    {
        var client = Qualified();
        Assert.That(client.SendTo(Peer.At("8.0.0.1:0").Address).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.Log, Is.Empty);
    }

    [Test]
    public void Transmission_EmbeddedPortIsAServers_IsDropped()
    {
        // docs/protocol §5.2: nothing but a server listens there.
        var client = Qualified();
        Assert.That(client.SendTo(Peer.At("8.0.0.1:3544").Address), Is.EqualTo(Verdict.Dropped(DropReason.ServerPort)));
        Assert.That(client.Log, Is.Empty);
    }

    [Test]
    public void Transmission_DestinationEmbedsOurOwnEndpoint_IsDropped()
    {
        var client = Qualified();
        Assert.That(client.SendTo(Peer.At("9.0.0.1:4096").Address), Is.EqualTo(Verdict.Dropped(DropReason.OwnAddress)));
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [TestCase("10.0.0.1")]
    [TestCase("224.0.0.1")]
    [TestCase("203.0.113.1")]
    [TestCase("0.0.0.0")]
    [Conformance("C-084")]
    public void Transmission_EmbeddedServerNotGlobalUnicast_IsDropped(string server)
    {
        var client = Qualified();
        Assert.That(client.SendTo(Peer.At("8.0.0.1:4096", server).Address), Is.EqualTo(Verdict.Dropped(DropReason.DestinationNotGlobal)));
        Assert.That(client.Log, Is.Empty);
    }

    [TestCase("ff02::1")]
    [TestCase("ff0e::1")]
    [TestCase("fe80::1")]
    [TestCase("::1")]
    [TestCase("::")]
    [TestCase("::ffff:8.0.0.1")]
    public void Transmission_DestinationThatTeredoCannotReach_IsDropped(string destination)
    {
        var client = Qualified();
        var to = IPv6Address.Parse(destination);
        Assert.That(client.SendTo(to), Is.EqualTo(Verdict.Dropped(DropReason.BadInnerDestination)));
        Assert.That(client.SentToPeers(), Is.Empty);
        Assert.That(client.Delivered, Has.Count.EqualTo(to.IsMulticast ? 0 : 1), "the host is told, except of multicast (RFC 4443 §2.4)");
    }

    [Test]
    public void Transmission_SourceNotOurs_IsDropped()
    {
        var client = Qualified();
        client.Trust(Peer);
        Assert.That(client.Send(Build.Udp(Native, Peer.Address)), Is.EqualTo(Verdict.Dropped(DropReason.BadInnerSource)));
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test, Conformance("C-081")]
    public void Transmission_PeerNotHeardForThirtySeconds_GetsBubblesFirst()
    {
        var client = With(TeredoExtensions.None);
        client.Trust(Peer);
        client.Advance(31);
        client.Clear();
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
        Assert.That(client.Direct().Single().Target, Is.EqualTo(Peer.Mapped));
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
        client.Clear();
        client.ReceiveDirect(Peer);
        Assert.That(client.SentToPeers().Single().InnerDestination, Is.EqualTo((IPv6Address)Peer.Address));
        Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
    }

    [Test, Conformance("C-081")]
    public void Transmission_OurOwnPackets_DoNotKeepThePeerFresh()
    {
        var client = With(TeredoExtensions.None);
        client.Trust(Peer);
        for (int second = 0; second < 29; second++)
        {
            client.Advance(1);
            Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send), $"{second + 1} s");
        }
        client.Advance(2);
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-083")]
    public void Transmission_ManyPeers_TheTableStaysBounded()
    {
        var client = Qualified(o => o with { MaxPeers = 64 });
        for (int i = 0; i < 2000; i++)
        {
            client.SendTo(Peer.Number(i).Address);
            Assert.That(client.Client.PeerCount, Is.LessThanOrEqualTo(64));
            client.Sent.Clear();
        }
        for (int i = 0; i < 2000; i++)
        {
            client.ReceiveDirect(Peer.Number(i));
            Assert.That(client.Client.PeerCount, Is.LessThanOrEqualTo(64));
        }
        Assert.That(client.Client.PeerCount, Is.GreaterThanOrEqualTo(32));
    }

    [Test, Conformance("C-083")]
    public void Transmission_AHundredThousandPeers_TheTableStaysBounded()
    {
        var client = Qualified(o => o with { MaxPeers = 1024 });
        byte[] packet = client.PacketTo(Peer.Address);
        for (int i = 0; i < 100_000; i++)
        {
            ((IPv6Address)Peer.Number(i).Address).Write(packet.AsSpan(24));
            client.Client.HandlePacket(client.Now, packet);
        }
        Assert.That(client.Client.PeerCount, Is.InRange(512, 1024));
    }

    [Test]
    public void Transmission_QueueOfOnePeer_HoldsFourPackets()
    {
        var client = Qualified();
        for (int i = 0; i < 4; i++)
            Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Dropped(DropReason.QueueFull)));
        Assert.That(client.SendTo(Peer.Number(1).Address), Is.EqualTo(Verdict.Held), "another peer's queue is its own");
    }

    [Test]
    public void Transmission_QueueOfOnePeer_Holds5120Octets()
    {
        var client = Qualified();
        for (int i = 0; i < 2; i++)
            Assert.That(client.SendTo(Peer.Address, 2500 - 48), Is.EqualTo(Verdict.Held));
        Assert.That(client.SendTo(Peer.Address, 121 - 48), Is.EqualTo(Verdict.Dropped(DropReason.QueueFull)));
        Assert.That(client.SendTo(Peer.Address, 120 - 48), Is.EqualTo(Verdict.Held));
    }

    [Test]
    public void Transmission_HeldForEightSeconds_IsNotSentAnyMore()
    {
        var client = Qualified();
        client.SendTo(Peer.Address, 10);
        client.AdvanceTo(4);
        client.SendTo(Peer.Address, 20);
        client.AdvanceTo(8);
        client.Clear();
        client.ReceiveDirect(Peer);
        Assert.That(client.SentToPeers().Single().PacketOctets, Has.Length.EqualTo(68));
        Assert.That(client.Client.Drops[DropReason.QueueExpired], Is.EqualTo(1));
    }

    static void ExpectUnreachable(ClientHarness client, byte[] packet)
    {
        byte[] error = client.Delivered.Single();
        Assert.That(IPv6Packet.TryParse(error, out var ipv6), Is.True);
        Assert.That(Icmpv6Message.TryParse(ipv6, out var message), Is.True, "checksum");
        Assert.That(message.Type, Is.EqualTo(Icmpv6Type.DestinationUnreachable));
        Assert.That(message.Code, Is.EqualTo(3));
        Assert.That(ipv6.Destination, Is.EqualTo(client.Address));
        Assert.That(message.Octets[8..].ToArray(), Is.EqualTo(packet), "quotes the packet");
    }
}
