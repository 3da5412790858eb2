using FsCheck.Fluent;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.3: what a client does with a datagram.</summary>
public sealed class ReceptionTests
{
    static readonly Peer Peer = Peer.Number();

    [TestCase("0000feaefefdfc", TestName = "Reception_OriginCut_IsDropped")] // TV-26
    [TestCase("0001ffffbe8f7520984f1be9006000000000083aff", TestName = "Reception_AuthenticationBeyondDatagram_IsDropped")] // TV-27
    [TestCase("4500000000003b4020010000cb0071012443665f34ff8ef420010000cb00710100c315b134ff8ef3", TestName = "Reception_VersionIsNotSix_IsDropped")] // TV-29
    [TestCase("", TestName = "Reception_Empty_IsDropped")]
    [TestCase("6000", TestName = "Reception_TwoOctets_IsDropped")]
    [Conformance("C-058")]
    public void Reception_Malformed_IsDroppedSilently(string hex)
    {
        var client = Qualified();
        foreach (var source in new[] { Peer.Mapped, ServerPrimary })
            Assert.That(client.Receive(source, Convert.FromHexString(hex)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.Log, Is.Empty);
        Assert.That(client.Client.Drops.Total, Is.EqualTo(2));
    }

    [Test, Conformance("C-058")]
    public void Reception_EveryTruncationOfAPacket_IsDroppedSilently()
    {
        var client = Qualified();
        client.Trust(Peer);
        byte[] whole = Build.Udp(Peer.Address, client.Address);
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.That(client.Receive(Peer.Mapped, whole[..length]), Is.EqualTo(Verdict.Dropped(DropReason.MalformedPacket)), $"{length} octets");
            Assert.That(client.Receive(ServerPrimary, Build.WithOrigin(Peer.Mapped, whole[..length])).Kind, Is.EqualTo(VerdictKind.Dropped));
        }
        Assert.That(client.Log, Is.Empty);
    }

    [Test, Conformance("C-058")]
    public void Reception_AnyOctetChanged_NothingForOthersReachesTheHost() =>
        PropertySeed.Check(Prop.ForAll<ushort, byte, (bool ViaServer, bool Bubble)>(ReceiveChanged));

    /// <summary>One octet of a right datagram is changed: whatever the client makes of it, it neither throws nor delivers what is not for it.</summary>
    static void ReceiveChanged(ushort at, byte value, (bool ViaServer, bool Bubble) kind)
    {
        var client = Qualified();
        client.Trust(Peer);
        byte[] packet = kind.Bubble
            ? Build.Bubble(Peer.Address, client.Address, Build.Nonce(7), Build.RandomPort(9))
            : Build.Udp(Peer.Address, client.Address);
        byte[] datagram = kind.ViaServer ? Build.WithOrigin(Peer.Mapped, packet) : packet;
        datagram[at % datagram.Length] = value;
        client.Receive(kind.ViaServer ? ServerPrimary : Peer.Mapped, datagram);
        foreach (byte[] delivered in client.Delivered)
        {
            Assert.That(IPv6Packet.TryParse(delivered, out var ipv6), Is.True);
            Assert.That(ipv6.Destination, Is.EqualTo(client.Address));
            Assert.That(TeredoAddress.TryCreate(ipv6.Source, out var sender), Is.True);
            Assert.That(sender.MappedEndpoint, Is.EqualTo(Peer.Mapped), "the address, whatever its other bits, must embed the source");
        }
        Assert.That(client.SentToPeers(), Has.Count.LessThanOrEqualTo(4));
    }

    [TestCase("2001:0:102:304:1443:efff:f6ff:fffd", TestName = "Reception_DestinationIsAnotherTeredoClient_IsDropped")]
    [TestCase("2001:db8::1", TestName = "Reception_DestinationIsNative_IsDropped")]
    [TestCase("ff02::1", TestName = "Reception_DestinationIsAllNodes_IsDropped")]
    [TestCase("fe80::ffff:ffff:ffff", TestName = "Reception_DestinationIsOurSolicitationSource_IsDropped")]
    [Conformance("C-059")]
    public void Reception_DestinationNotOurs_IsDropped(string destination)
    {
        var client = Qualified();
        client.Trust(Peer);
        var address = IPv6Address.Parse(destination);
        Assert.That(client.Receive(Peer.Mapped, Build.Udp(Peer.Address, address)), Is.EqualTo(Verdict.Dropped(DropReason.BadInnerDestination)));
        Assert.That(client.Receive(Peer.Mapped, Build.Bubble(Peer.Address, address)), Is.EqualTo(Verdict.Dropped(DropReason.BadInnerDestination)));
        Assert.That(client.Receive(ServerPrimary, Build.WithOrigin(Peer.Mapped, Build.Bubble(Peer.Address, address))).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.Log, Is.Empty);
    }

    [Test, Conformance("C-059")]
    public void Reception_OurAddressWithOtherRandomBits_IsDropped()
    {
        var client = Qualified();
        client.Trust(Peer);
        var other = new IPv6Address(client.Address.High, client.Address.Low ^ 1UL << 48);
        Assert.That(client.Receive(Peer.Mapped, Build.Udp(Peer.Address, other)), Is.EqualTo(Verdict.Dropped(DropReason.BadInnerDestination)));
    }

    [Test, Conformance("C-060")]
    public void Reception_BubbleThroughServer_CountsAsInteractionWithIt()
    {
        var quiet = Qualified();
        quiet.AdvanceTo(30);
        Assert.That(quiet.Solicitations.ToList(), Has.Count.EqualTo(1), "75 to 100 % of 30 s after qualification");
        double due = quiet.Solicitations.First().Seconds;

        var busy = Qualified(); // the same seed, so the same interval
        busy.AdvanceTo(due - 1);
        // The answer's pair goes to the peer; only reception, and the datagram we send to our server, push the refresh back.
        busy.ReceiveIndirect(Peer.At("8.0.0.1:4096", server: "1.2.3.4"));
        busy.AdvanceTo(due + 20);
        Assert.That(busy.Solicitations, Is.Empty);
        busy.AdvanceTo(due + 30);
        Assert.That(busy.Solicitations.ToList(), Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-061")]
    public void Reception_BubbleOfARelayThroughServer_IsAnsweredToItsOrigin()
    {
        // TV-20: the relay's source is link-local, only the origin indication says where it is.
        var client = Qualified();
        var source = IPv6Address.Parse("fe80::3893:7d04:9058:f0a3");
        var verdict = client.Receive(ServerPrimary, Build.WithOrigin(RelayEndpoint, Build.Bubble(source, client.Address)));
        Assert.That(verdict, Is.EqualTo(Verdict.Consumed));
        var answer = client.SentToPeers().Single();
        Assert.That(answer.IsDirectBubble, Is.True);
        Assert.That(answer.Target, Is.EqualTo(RelayEndpoint));
        Assert.That(answer.Via, Is.EqualTo(LocalPort.Service));
        Assert.That(answer.Ttl, Is.Zero, "an answer must reach the sender");
        Assert.That(answer.InnerSource, Is.EqualTo(client.Address));
        Assert.That(answer.InnerDestination, Is.EqualTo(source));
        Assert.That(client.Client.PeerCount, Is.Zero);
    }

    [Test, Conformance("C-061")]
    public void Reception_BubbleThroughServer_IsAnsweredAndDoesNotMakeTrusted()
    {
        var client = With(TeredoSdk.Protocol.Client.TeredoExtensions.None);
        Assert.That(client.ReceiveIndirect(Peer), Is.EqualTo(Verdict.Consumed));
        var direct = client.Direct().Single();
        Assert.That(direct.Target, Is.EqualTo(Peer.Mapped));
        Assert.That(direct.InnerDestination, Is.EqualTo((IPv6Address)Peer.Address));
        Assert.That(client.Delivered, Is.Empty);
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held), "what came through the server proves nothing about the direct path");
    }

    [Test, Conformance("C-061")]
    public void Reception_NativeBubbleWithoutOrigin_IsNotAnswered()
    {
        var client = Qualified();
        client.Receive(ServerPrimary, Build.Bubble(Native, client.Address));
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test, Conformance("C-061")]
    public void Reception_Icmpv6ThroughServerWithOrigin_IsTestedNotDelivered()
    {
        var client = Qualified();
        byte[] ping = Build.EchoRequest(Native, client.Address, 1, 1, 1, 2, 3, 4);
        var verdict = client.Receive(ServerPrimary, Build.WithOrigin(RelayEndpoint, ping));
        Assert.That(verdict.Kind, Is.Not.EqualTo(VerdictKind.Deliver));
        Assert.That(client.Delivered, Is.Empty);
        Assert.That(client.EchoRequests().Single().InnerDestination, Is.EqualTo(Native));
    }

    [Test, Conformance("C-062")]
    public void Reception_TrustedPeerFromItsMapping_IsDelivered()
    {
        var client = Qualified();
        client.Trust(Peer);
        byte[] packet = Build.Udp(Peer.Address, client.Address, 100);
        Assert.That(client.Receive(Peer.Mapped, packet), Is.EqualTo(Verdict.Deliver(0, packet.Length)));
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test, Conformance("C-062")]
    public void Reception_TrailersBehindData_AreCutOff()
    {
        var client = Qualified();
        client.Trust(Peer);
        byte[] packet = Build.Udp(Peer.Address, client.Address);
        byte[] datagram = [.. packet, .. Build.Nonce(5)];
        Assert.That(client.Receive(Peer.Mapped, datagram), Is.EqualTo(Verdict.Deliver(0, packet.Length)));
    }

    [Test, Conformance("C-062")]
    public void Reception_FromTrustedPeer_KeepsItFresh()
    {
        var client = Qualified();
        client.Trust(Peer);
        client.Advance(25);
        client.ReceiveData(Peer);
        client.Advance(29.9);
        Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
        client.Advance(0.1);
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-065", "C-087")]
    public void Reception_DataOfUnknownPeerFromItsEmbeddedMapping_CreatesATrustedEntry()
    {
        var client = Qualified();
        byte[] packet = Build.Udp(Peer.Address, client.Address);
        Assert.That(client.Receive(Peer.Mapped, packet), Is.EqualTo(Verdict.Deliver(0, packet.Length)));
        Assert.That(client.Client.PeerCount, Is.EqualTo(1));
        var answer = client.SendTo(Peer.Address);
        Assert.That(answer, Is.EqualTo(Verdict.Send(LocalPort.Service, Peer.Mapped, 60)));
    }

    [Test, Conformance("C-066")]
    public void Reception_Bubble_NeverReachesTheHost()
    {
        var client = Qualified();
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Consumed), "that makes the entry");
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Consumed), "that meets it");
        client.ReceiveIndirect(Peer);
        Assert.That(client.Delivered, Is.Empty);
    }

    [Test, Conformance("C-067", "C-086")]
    public void Reception_BubbleFromPeer_SendsQueuedPacketsInOrder()
    {
        var client = Qualified();
        byte[][] packets = [client.PacketTo(Peer.Address, 10), client.PacketTo(Peer.Address, 20), client.PacketTo(Peer.Address, 30)];
        foreach (byte[] packet in packets)
            Assert.That(client.Send(packet), Is.EqualTo(Verdict.Held));
        client.Clear();
        client.ReceiveDirect(Peer);
        Assert.That(client.Sent.Select(s => s.Payload), Is.EqualTo(packets));
        Assert.That(client.Sent.Select(s => s.Target), Is.All.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-067", "C-086")]
    public void Reception_DataFromPeer_SendsQueuedPackets()
    {
        var client = Qualified();
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        client.Clear();
        Assert.That(client.ReceiveData(Peer).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(client.Sent.Single().Payload, Is.EqualTo(packet));
    }

    [Test, Conformance("C-071", "C-144")]
    public void Reception_TrustedPeersAddressFromAnotherPort_IsNotDelivered()
    {
        var client = Qualified();
        client.Trust(Peer);
        foreach (string other in new[] { "8.0.0.1:4097", "8.0.0.2:4096", "7.7.7.7:9999" })
            Assert.That(client.ReceiveData(Peer, Lab.Endpoint(other)), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)), other);
        Assert.That(client.Log, Is.Empty);
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-144")]
    public void Reception_UnknownTeredoSourceFromAnotherEndpoint_IsDroppedAndNotRemembered()
    {
        var client = Qualified();
        var other = Lab.Endpoint("8.0.0.9:4096");
        Assert.That(client.ReceiveData(Peer, other), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)));
        Assert.That(client.ReceiveDirectFrom(other, Peer), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
        Assert.That(client.Client.PeerCount, Is.Zero);
        Assert.That(client.Log, Is.Empty);
    }

    [Test, Conformance("C-072")]
    public void Reception_OriginIndicationFromAPeer_HasNoEffect()
    {
        var client = Qualified();
        var victim = Lab.Endpoint("7.7.7.7:53");
        client.Receive(Peer.Mapped, Build.WithOrigin(victim, Build.Bubble(Peer.Address, client.Address)));
        client.Receive(Peer.Mapped, Build.WithOrigin(victim, Build.Bubble(Native, client.Address)));
        client.Advance(10);
        Assert.That(client.SentToPeers().Where(s => s.Target == victim), Is.Empty);
    }

    [Test, Conformance("C-072")]
    public void Reception_OriginOfTeredoPeerDiffersFromItsAddress_EmbeddedMappingIsAnswered()
    {
        var client = Qualified();
        var victim = Lab.Endpoint("7.7.7.7:53");
        client.Receive(ServerPrimary, Build.WithOrigin(victim, Build.Bubble(Peer.Address, client.Address)));
        Assert.That(client.Direct().Single().Target, Is.EqualTo(Peer.Mapped));
    }

    [TestCase("fe80::1")]
    [TestCase("ff02::1")]
    [TestCase("::1")]
    [TestCase("::")]
    [TestCase("::ffff:8.0.0.1")]
    [Conformance("C-073")]
    public void Reception_SourceThatNoPeerHas_NeverReachesTheHost(string source)
    {
        var client = Qualified();
        client.Trust(Peer);
        Assert.That(client.Receive(Peer.Mapped, Build.Udp(IPv6Address.Parse(source), client.Address)),
            Is.EqualTo(Verdict.Dropped(DropReason.BadInnerSource)));
        Assert.That(client.Log, Is.Empty);
    }

    [TestCase("ff02::1")]
    [TestCase("::1")]
    [TestCase("::")]
    [TestCase(null)]
    public void Reception_BubbleThroughTheServerOfASourceThatNoPeerHas_IsNotAnswered(string? source)
    {
        var client = Qualified();
        byte[] bubble = Build.Bubble(source is null ? client.Address : IPv6Address.Parse(source), client.Address);
        Assert.That(client.Receive(ServerPrimary, Build.WithOrigin(RelayEndpoint, bubble)), Is.EqualTo(Verdict.Dropped(DropReason.BadInnerSource)));
        Assert.That(client.Log, Is.Empty);
    }

    [Test, Conformance("C-073")]
    public void Reception_OurOwnAddressAsSource_IsDropped()
    {
        var client = Qualified();
        Assert.That(client.Receive(Mapped, Build.Udp(client.Address, client.Address)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.Receive(Peer.Mapped, Build.Udp(client.Address, client.Address)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.Client.PeerCount, Is.Zero);
        Assert.That(client.Log, Is.Empty);
    }

    [Test, Conformance("C-073")]
    public void Reception_RouterAdvertisementFromAPeer_HasNoEffect()
    {
        var client = Qualified();
        client.Trust(Peer);
        var before = client.Address;
        byte[] advertisement = new byte[RouterAdvertisement.Size];
        RouterAdvertisement.Write(advertisement, OwnServer.Primary, client.Address);
        client.Receive(Peer.Mapped, advertisement);
        client.Receive(Peer.Mapped, Build.WithOrigin(Lab.Endpoint("8.8.8.8:1"), advertisement));
        Assert.That(client.Log, Is.Empty);
        Assert.That(client.Address, Is.EqualTo(before));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void Reception_OfANewSender_CausesNoBubble(bool isItself)
    {
        var client = Qualified();
        var source = isItself ? Peer.Mapped : Lab.Endpoint("9.9.9.9:999");
        for (int i = 0; i < 19; i++)
        {
            var verdict = client.ReceiveData(Peer, source);
            Assert.That(verdict.Kind, Is.EqualTo(isItself ? VerdictKind.Deliver : VerdictKind.Dropped));
            client.Advance(0.1);
        }
        Assert.That((client.Direct().Count, client.Indirect().Count), Is.EqualTo((0, 0)), "RFC 4380 §5.2.3 permits one; nothing is gained by it");
    }

    [Test, Conformance("C-145")]
    public void Reception_SourceRoutedPacket_IsDropped()
    {
        var client = Qualified();
        client.Trust(Peer);
        byte[] packet = new byte[64];
        IPv6Packet.WriteHeader(packet, 24, NextHeader.Routing, 64, Peer.Address, client.Address);
        packet[40] = NextHeader.None;
        packet[41] = 2;  // 24 octets
        packet[42] = 0;  // routing type 0
        packet[43] = 1;  // segments left
        client.Address.Write(packet.AsSpan(48));
        Assert.That(client.Receive(Peer.Mapped, packet), Is.EqualTo(Verdict.Dropped(DropReason.SourceRoute)));
        packet[42] = 4;  // segment routing is no source route of this kind
        Assert.That(client.Receive(Peer.Mapped, packet).Kind, Is.EqualTo(VerdictKind.Deliver));
    }

    [Test, Conformance("C-005")]
    public void Reception_PeerWithAllRandomBitsAndReservedBit_Works()
    {
        foreach (int flags in new[] { 0, 0x3CFF, 0x4000, 0x7CFF })
        {
            var client = Qualified();
            var peer = Peer.At("8.0.0.1:4096", flags: (TeredoFlags)flags);
            Assert.That(client.SendTo(peer.Address), Is.EqualTo(Verdict.Held), $"{flags:x4}");
            client.ReceiveDirect(peer);
            Assert.That(client.SendTo(peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
            Assert.That(client.ReceiveData(peer).Kind, Is.EqualTo(VerdictKind.Deliver));
        }
    }

    [Test, Conformance("C-006", "C-085")]
    public void Transmission_PeerWithConeBit_GetsBubblesBeforeData()
    {
        var client = Qualified();
        var peer = Peer.At("8.0.0.1:4096", flags: TeredoFlags.Cone);
        Assert.That(client.SendTo(peer.Address), Is.EqualTo(Verdict.Held));
        Assert.That(client.Sent.Select(s => s.IsBubble), Is.All.True);
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
    }
}
