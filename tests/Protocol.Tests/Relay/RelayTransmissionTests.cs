using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Relay.RelayHarness;

namespace TeredoSdk.Protocol.Tests.Relay;

/// <summary>RFC 4380 §5.4.1: packets from the IPv6 side to Teredo clients.</summary>
public class RelayTransmissionTests
{
    [TestCase("0.1.2.3"), TestCase("10.0.0.1"), TestCase("127.0.0.1"), TestCase("169.254.1.1"), TestCase("172.16.0.1"), TestCase("192.168.0.1")]
    [TestCase("192.88.99.1"), TestCase("224.0.0.1"), TestCase("239.255.255.255"), TestCase("255.255.255.255"), TestCase("8.8.9.255")]
    [TestCase("100.64.0.1"), TestCase("192.0.0.1"), TestCase("192.0.2.1"), TestCase("198.18.0.1"), TestCase("198.51.100.1"), TestCase("203.0.113.9")]
    [TestCase("240.0.0.1")]
    [Conformance("C-125")]
    public void Relay_EmbeddedAddressIsNotGlobal_DropsAndSendsNothing(string address)
    {
        var (bad, good) = (IPv4Address.Parse(address), IPv4Address.Parse("8.8.8.8"));
        var harness = new RelayHarness(Router with { AllowPrivateAddresses = false, AttachedSubnets = [new(IPv4Address.Parse("8.8.9.0"), 24)] });
        harness.AssertDropped(harness.Send(Build.Udp(Native, new TeredoAddress(good, 0, new(bad, 4000)))), DropReason.DestinationNotGlobal);
        harness.AssertDropped(harness.Send(Build.Udp(Native, new TeredoAddress(bad, 0, new(good, 4000)))), DropReason.DestinationNotGlobal);
        Assert.That((harness.Sent.Count, harness.Errors.Count, harness.Relay.PeerCount), Is.EqualTo((0, 0, 0)));
        Assert.That(harness.Send(Build.Udp(Native, new TeredoAddress(good, 0, new(good, 4000)))).Kind, Is.EqualTo(VerdictKind.Held));
    }

    [Test, Conformance("C-126")]
    public void Relay_TrustedClient_SendsToItsMappingFor30Seconds()
    {
        var harness = WithTrustedClient();
        byte[] packet = Build.Udp(Native, ClientIp);
        Assert.That(harness.Send(packet), Is.EqualTo(Verdict.Send(LocalPort.Service, Mapped, packet.Length)));
        harness.AdvanceTo(29.9);
        Assert.That(harness.Send(packet).Kind, Is.EqualTo(VerdictKind.Send));
        harness.AdvanceTo(30);
        Assert.That(harness.Send(packet).Kind, Is.EqualTo(VerdictKind.Held), "nothing was received for 30 s");
        Assert.That(harness.Sent.Select(s => s.Target), Is.EqualTo(new[] { Mapped, ServerPort }));
    }

    [Test]
    public void LongPacket_GoesToATrustedClientOnly_AndOtherwiseChangesNothing()
    {
        var harness = WithTrustedClient();
        byte[] packet = Build.Udp(Native, ClientIp, 60_000);
        Assert.That(harness.Relay.TryHandleLongPacket(harness.Now, packet, out var verdict));
        Assert.That(verdict, Is.EqualTo(Verdict.Send(LocalPort.Service, Mapped, packet.Length)));
        byte[] notServed = Build.Udp(ClientIp, ClientIp, 5000), toNobody = Build.Udp(Native, Native, 5000);
        foreach (byte[] other in new[] { notServed, toNobody, packet[..^1], [] })
            Assert.That(harness.Relay.TryHandleLongPacket(harness.Now, other, out _), Is.False);
        harness.AdvanceTo(30);
        Assert.That(harness.Relay.TryHandleLongPacket(harness.Now, packet, out _), Is.False, "nothing was received for 30 s");
        Assert.That((harness.Sent.Count, Enum.GetValues<DropReason>().Sum(reason => harness.Relay.Drops[reason])), Is.EqualTo((0, 0L)));
    }

    [Test, Conformance("C-127", "C-130")]
    public void Relay_UntrustedClient_BubblesEveryTwoSecondsFourTimesThenFails()
    {
        var harness = new RelayHarness();
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Held));
        Assert.That(harness.Sent.Select(s => s.Target), Is.EqualTo(new[] { Mapped, ServerPort }));
        Assert.That(harness.Sent.All(s => s.IsBubble && s.InnerSource.IsLinkLocal && s.InnerDestination == ClientIp));
        Assert.That(harness.Sent[0].InnerSource, Is.EqualTo(harness.Sent[1].InnerSource));
        harness.AdvanceTo(1.99);
        Assert.That(harness.Sent, Has.Count.EqualTo(2));
        harness.AdvanceTo(2.25);
        Assert.That(harness.Sent, Has.Count.EqualTo(4));
        harness.AdvanceTo(3.99);
        Assert.That(harness.Sent, Has.Count.EqualTo(4));
        harness.AdvanceTo(6.75);
        Assert.That(harness.Sent, Has.Count.EqualTo(8));
        Assert.That(harness.Sent.Where(s => s.Target == Mapped).Select(s => s.Transmit.Ttl), Is.EqualTo(new byte[] { 2, 4, 8, 0 }));
        Assert.That(harness.Sent.Where(s => s.Target == ServerPort).Select(s => s.Transmit.Ttl), Is.All.Zero);
        Assert.That(harness.Sent.Select(s => s.InnerSource).Distinct().Count(), Is.EqualTo(4), "a fresh token each time");
        Assert.That(harness.Errors, Is.Empty);
        harness.AdvanceTo(9);
        Assert.That(harness.Errors, Has.Count.EqualTo(1));
        harness.AdvanceTo(250);
        Assert.That(harness.Sent, Has.Count.EqualTo(8));
    }

    [Test, Conformance("C-127")]
    public void Relay_Capture04_BubbleDiffersFromTheRealOneInItsTokenAndHopLimitOnly()
    {
        var capture = TestData.Capture("04-native-to-client-via-relay");
        byte[] bubble = [.. capture[0].Udp!.Payload], data = capture[3].Udp!.Payload;
        var harness = new RelayHarness(Router with { SendDirectBubbles = false });
        Assert.That(harness.Send(data).Kind, Is.EqualTo(VerdictKind.Held));
        var sent = harness.Sent.Single();
        Assert.That(sent.Target, Is.EqualTo(capture[0].Udp!.Destination));
        bubble[7] = sent.Payload[7];
        sent.Payload.AsSpan(16, 8).CopyTo(bubble.AsSpan(16));
        Assert.That(sent.Payload, Is.EqualTo(bubble));
        byte[] answer = [.. capture[2].Udp!.Payload];
        sent.InnerSource.Write(answer.AsSpan(24));
        Assert.That(harness.Receive(capture[2].Udp!.Source, answer), Is.EqualTo(Verdict.Consumed));
        Assert.That((harness.Sent[1].Target, harness.Sent[1].Payload), Is.EqualTo((capture[3].Udp!.Destination, data)));
    }

    [Test, Conformance("C-128")]
    public void Relay_FloodForOneClient_HoldsFourPackets()
    {
        var harness = new RelayHarness();
        for (int i = 0; i < 4; i++)
            Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Held));
        for (int i = 0; i < 1000; i++)
            harness.AssertDropped(harness.Send(), DropReason.QueueFull);
        Assert.That(harness.Sent, Has.Count.EqualTo(2), "one pair of bubbles");
    }

    [Test, Conformance("C-128", "C-142")]
    public void Relay_FloodForManyClients_HoldsAtMostAMebibyteAndHalfTheTable()
    {
        var harness = new RelayHarness(Router with { MaxPeers = 4096, ServedPrefixes = [new(Native, 32)] });
        int held = 0;
        for (uint i = 0; i < 20_000; i++)
        {
            // Another server and another /64 each time: RelayLimitTests has the limits of one.
            IPv6Address client = new TeredoAddress(new(0x0900_0001 + i), 0, new(new(0x0800_0001 + i), 4000)), source = new(Native.High + i, 1);
            held += harness.Send(Build.Udp(source, client, payloadOctets: 1200)).Kind == VerdictKind.Held ? 1 : 0;
            harness.AdvanceTo(i * 0.004);
            var drops = harness.Relay.Drops;
            long waiting = held - drops[DropReason.PeerTableFull] - drops[DropReason.QueueExpired] - drops[DropReason.PeerUnreachable];
            Assert.That(waiting * 1248, Is.LessThanOrEqualTo(1 << 20));
        }
        Assert.That(harness.Relay.PeerCount, Is.EqualTo(2048));
        Assert.That(harness.Relay.Drops[DropReason.QueueFull], Is.GreaterThan(0));
    }

    [Test, Conformance("C-142")]
    public void Relay_FloodForNewClients_KeepsThoseInUse()
    {
        var harness = WithTrustedClient(Router with { MaxPeers = 16 });
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Send));
        for (uint i = 0; i < 1000; i++)
            harness.Send(Build.Udp(Native, ClientAt(new(new IPv4Address(0x08000001 + i), 4000))));
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Send));
        Assert.That(harness.Relay.PeerCount, Is.LessThanOrEqualTo(16));
    }

    // A week of clients that come and go behind one carrier's address.
    [Test, Conformance("C-142")]
    public void Relay_ManyClientsOfOneIPv4Address_RemembersSixteenNewOnesAndRefusesNone()
    {
        var harness = new RelayHarness();
        for (ushort port = 4000; port < 4200; port++)
        {
            Assert.That(harness.Send(Build.Udp(Native, ClientAt(new(Mapped.Address, port)))).Kind, Is.EqualTo(VerdictKind.Held));
            harness.AdvanceTo((port - 3999) * 2);
            Assert.That(harness.Relay.PeerCount, Is.LessThanOrEqualTo(16));
        }
    }

    // 64 answered, and the relay talked to each: an hour later the 65th is as welcome as the first.
    [Test, Conformance("C-142")]
    public void Relay_SixtyFourClientsOfOneIPv4Address_AnHourAgo_KeepNoOtherOut()
    {
        var harness = new RelayHarness();
        for (ushort port = 4000; port < 4064; port++)
        {
            var client = ClientAt(new(Mapped.Address, port));
            harness.Send(Build.Udp(Native, client));
            harness.Receive(new(Mapped.Address, port), Build.Bubble(client, harness.Sent[^1].InnerSource));
            Assert.That(harness.Send(Build.Udp(Native, client)).Kind, Is.EqualTo(VerdictKind.Send));
            harness.AdvanceTo((port - 3999) * 0.3);
        }
        Assert.That(harness.Relay.PeerCount, Is.EqualTo(64));
        harness.AssertDropped(harness.Send(Build.Udp(Native, ClientAt(new(Mapped.Address, 4064)))), DropReason.PeerAddressFull);
        harness.AdvanceTo(60);
        Assert.That(harness.Send(Build.Udp(Native, ClientAt(new(Mapped.Address, 4064)))).Kind, Is.EqualTo(VerdictKind.Held));
        harness.AdvanceTo(3600);
        Assert.That(harness.Relay.PeerCount, Is.Zero, "entries end 600 s after the last packet");
    }

    [Test, Conformance("C-129")]
    public void Relay_ClientAnswers_SendsWhatWaitedInOrder()
    {
        var harness = new RelayHarness();
        byte[][] packets = [.. Enumerable.Range(1, 4).Select(i => Build.Udp(Native, ClientIp, payloadOctets: i * 10))];
        foreach (byte[] packet in packets)
            harness.Send(packet);
        var token = harness.Sent[0].InnerSource;
        harness.Sent.Clear();
        harness.AdvanceTo(0.1);
        Assert.That(harness.Receive(Mapped, Build.Bubble(ClientIp, token)), Is.EqualTo(Verdict.Consumed));
        Assert.That(harness.Sent.Select(s => s.Payload), Is.EqualTo(packets));
        Assert.That(harness.Sent.Select(s => s.Target), Is.All.EqualTo(Mapped));
        harness.AdvanceTo(20);
        Assert.That(harness.Sent, Has.Count.EqualTo(4), "no bubble is due any more");
    }

    [Test, Conformance("C-129")]
    public void Relay_ClientNeverAnswers_DeletesWhatWaitedAndLaterTheEntry()
    {
        var harness = new RelayHarness();
        harness.Send();
        harness.AdvanceTo(10);
        Assert.That(harness.Relay.Drops[DropReason.QueueExpired] + harness.Relay.Drops[DropReason.PeerUnreachable], Is.EqualTo(1));
        harness.Sent.Clear();
        harness.Receive(Mapped, Build.Bubble(ClientIp, Native));
        Assert.That(harness.Sent, Is.Empty, "nothing waits any more");
        var other = new RelayHarness();
        other.Send();
        other.AdvanceTo(301);
        Assert.That((other.Relay.PeerCount, other.Relay.NextDeadline), Is.EqualTo((0, (Instant?)null)));
        Assert.That(other.Send().Kind, Is.EqualTo(VerdictKind.Held), "the budget is whole again");
    }

    [Test]
    public void Relay_ClientUnreachable_AnswersEachPacketUntilTheBudgetIsWholeAgain()
    {
        var harness = new RelayHarness();
        harness.Send();
        harness.AdvanceTo(20);
        (int sent, int errors) = (harness.Sent.Count, harness.Errors.Count);
        harness.AssertDropped(harness.Send(), DropReason.PeerUnreachable);
        harness.AdvanceTo(299);
        harness.AssertDropped(harness.Send(), DropReason.PeerUnreachable);
        Assert.That(harness.Errors, Has.Count.EqualTo(errors + 2));
        Assert.That(harness.Sent, Has.Count.EqualTo(sent));
        harness.AdvanceTo(300);
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Held));
    }

    [Test]
    public void Relay_ClientUnreachable_ErrorQuotesThePacket()
    {
        var harness = new RelayHarness();
        byte[] packet = Build.Udp(Native, ClientIp, payloadOctets: 1232);
        harness.Send(packet);
        harness.AdvanceTo(10);
        byte[] octets = harness.Errors.Single();
        Assert.That(IPv6Packet.TryParse(octets, out var error) && Icmpv6Message.TryParse(error, out _), "the checksum fits");
        Assert.That((error.Source, error.Destination, error.Length), Is.EqualTo((ClientIp, Native, 1280)));
        Assert.That((error.Payload[0], error.Payload[1]), Is.EqualTo(((byte)Icmpv6Type.DestinationUnreachable, (byte)3)));
        Assert.That(error.Payload[8..].ToArray(), Is.EqualTo(packet[..1232]));
    }

    [Test]
    public void Relay_ErrorForUnreachableClient_GetsNoErrorItself()
    {
        var harness = new RelayHarness();
        byte[] error = new byte[100];
        int length = Icmpv6Error.WritePacket(error, Icmpv6Type.TimeExceeded, 0, 0, Native, ClientIp, Build.Udp(ClientIp, Native, 4));
        harness.Send(error[..length]);
        harness.AdvanceTo(20);
        harness.AssertDropped(harness.Send(error[..length]), DropReason.PeerUnreachable);
        Assert.That(harness.Errors, Is.Empty);
    }

    [Test]
    public void Relay_ManyPacketsForUnreachableClients_AtMostTenErrorsASecond()
    {
        var harness = new RelayHarness();
        harness.Send();
        harness.AdvanceTo(20);
        harness.Errors.Clear();
        for (int i = 0; i < 100; i++)
        {
            harness.AdvanceTo(20 + i * 0.01);
            harness.Send();
        }
        Assert.That(harness.Errors, Has.Count.InRange(9, 10), "a burst of five and five a second");
    }

    [Test, Conformance("C-131")]
    public void Relay_ClientWithConeBit_IsBubbledLikeAnyOther()
    {
        var harness = new RelayHarness();
        Assert.That(harness.Send(Build.Udp(Native, ClientAt(Mapped, TeredoFlags.Cone))).Kind, Is.EqualTo(VerdictKind.Held));
        Assert.That(harness.Sent.Select(s => (s.Target, s.IsBubble)), Is.EqualTo(new[] { (Mapped, true), (ServerPort, true) }));
    }

    [Test, Conformance("C-136")]
    public void Relay_SourceOutsideTheServedPrefixes_Drops()
    {
        var harness = new RelayHarness();
        foreach (string source in new[] { "2001:db8:7::1", "fe80::1", "ff02::1", "::1", "::", "fd00::1", "::ffff:8.8.8.8" })
            harness.AssertDropped(harness.Send(Build.Udp(IPv6Address.Parse(source), ClientIp)), DropReason.BadInnerSource);
        Assert.That((harness.Sent.Count, harness.Relay.PeerCount), Is.EqualTo((0, 0)));
    }

    [Test, Conformance("C-150")]
    public void Relay_AddressThatEmbedsOurs_DropsOnTheWayToClients()
    {
        var harness = new RelayHarness(Router with { ServedPrefixes = [new(default, 0)] });
        foreach (ushort port in new ushort[] { 3544, 3545, 40000 })
            harness.AssertDropped(harness.Send(Build.Udp(Native, ClientAt(new(Own, port)))), DropReason.OwnAddress);
        harness.AssertDropped(harness.Send(Build.Udp(Native, new TeredoAddress(Own, 0, Mapped))), DropReason.OwnAddress);
        harness.AssertDropped(harness.Send(Build.Udp(IPv6Address.Parse("2002:cb00:7114::1"), ClientIp)), DropReason.BadInnerSource);
        harness.AssertDropped(harness.Send(Build.Udp(ClientAt(new(Own, 4000)), ClientIp)), DropReason.BadInnerSource);
        Assert.That(harness.Sent, Is.Empty);
    }

    [Test]
    public void Relay_ServersOrNoPort_Drops()
    {
        var harness = new RelayHarness();
        harness.AssertDropped(harness.Send(Build.Udp(Native, ClientAt(new(Mapped.Address, 3544)))), DropReason.ServerPort);
        harness.AssertDropped(harness.Send(Build.Udp(Native, ClientAt(new(Mapped.Address, 0)))), DropReason.DestinationNotGlobal);
        harness.AssertDropped(harness.Send(Build.Udp(Native, ClientAt(Mapped, (TeredoFlags)0x0100))), DropReason.BadInnerDestination);
        harness.AssertDropped(harness.Send(Build.Udp(Native, IPv6Address.Parse("2001:db8::1"))), DropReason.BadInnerDestination);
        harness.AssertDropped(harness.Send(Build.Bubble(Native, ClientIp)), DropReason.BadInnerSource);
        harness.AssertDropped(harness.Send([.. Build.Udp(Native, ClientIp), 0]), DropReason.MalformedPacket);
    }

    [Test]
    public void Relay_RunOfPackets_GivesOneVerdictForEach()
    {
        var harness = WithTrustedClient();
        byte[] a = Build.Udp(Native, ClientIp, 52), b = Build.Udp(Native, IPv6Address.Parse("2001:db8::1"), 52), last = Build.Udp(Native, ClientIp, 12);
        var verdicts = new Verdict[4];
        Assert.That(harness.Relay.HandlePackets(harness.Now, [.. a, .. b, .. a, .. last], 100, verdicts), Is.EqualTo(4));
        Assert.That(verdicts, Is.EqualTo(new[]
        {
            Verdict.Send(LocalPort.Service, Mapped, 100),
            Verdict.Dropped(DropReason.BadInnerDestination),
            Verdict.Send(LocalPort.Service, Mapped, 100, 200),
            Verdict.Send(LocalPort.Service, Mapped, 60, 300),
        }));
        Assert.That(() => harness.Relay.HandlePackets(harness.Now, a, 40, new Verdict[2]), Throws.ArgumentException);
        Assert.That(() => harness.Relay.HandlePackets(harness.Now, a, 0, new Verdict[2]), Throws.InstanceOf<ArgumentException>());
    }
}
