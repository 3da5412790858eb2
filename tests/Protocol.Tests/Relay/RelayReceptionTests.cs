using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Tests.Data;
using static TeredoSdk.Protocol.Tests.Relay.RelayHarness;

namespace TeredoSdk.Protocol.Tests.Relay;

/// <summary>RFC 4380 §5.4.2: packets from Teredo clients.</summary>
public class RelayReceptionTests
{
    [Test, Conformance("C-132", "C-144")]
    public void Relay_OuterSourceIsNotTheEmbeddedOne_Drops()
    {
        foreach (var harness in new[] { new RelayHarness(), WithTrustedClient() })
            foreach (var spoofed in new[] { Elsewhere, new IPv4Endpoint(IPv4Address.Parse("203.0.113.99"), Mapped.Port) })
                harness.AssertDropped(harness.Receive(spoofed, Build.Udp(ClientIp, Native)), DropReason.SourceMismatch);
    }

    [TestCase("2001:db8:6::51"), TestCase("fe80::1"), TestCase("ff02::1"), TestCase("::"), TestCase("3ffe:831f:cb00:7101:0:665f:34ff:8ef4")]
    [Conformance("C-132")]
    public void Relay_SourceIsNotTeredo_Drops(string source)
    {
        var harness = WithTrustedClient();
        harness.AssertDropped(harness.Receive(Mapped, Build.Udp(IPv6Address.Parse(source), Native)), DropReason.BadInnerSource);
    }

    [Test, Conformance("C-133")]
    public void Relay_UnknownClient_DropsAndRemembersNothing()
    {
        var harness = new RelayHarness();
        harness.AssertDropped(harness.Receive(Mapped, Build.Udp(ClientIp, Native)), DropReason.Untrusted);
        harness.AssertDropped(harness.Receive(Mapped, Build.Bubble(ClientIp, Native)), DropReason.Untrusted);
        Assert.That((harness.Relay.PeerCount, harness.Sent.Count, harness.Relay.NextDeadline), Is.EqualTo((0, 0, (Instant?)null)));
    }

    [Test, Conformance("C-134")]
    public void Relay_PacketOfAClientWithAnEntry_MakesItTrustedFor30SecondsMore()
    {
        var harness = new RelayHarness();
        harness.Send();
        byte[] packet = Build.Udp(ClientIp, Native);
        Assert.That(harness.Receive(Mapped, packet), Is.EqualTo(Verdict.Deliver(0, packet.Length)), "data will do, too");
        harness.AdvanceTo(20);
        harness.Receive(Mapped, packet);
        harness.AdvanceTo(49);
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Send));
        harness.AdvanceTo(50);
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Held));
    }

    [Test, Conformance("C-134")]
    public void Relay_StaleClientSpeaksFirst_IsUsableAgain()
    {
        var harness = WithTrustedClient();
        harness.AdvanceTo(100);
        Assert.That(harness.Receive(Mapped, Build.Udp(ClientIp, Native)).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Send));
    }

    [Test, Conformance("C-135")]
    public void Relay_DestinationServed_ForwardsElseDrops()
    {
        var harness = WithTrustedClient();
        Assert.That(harness.Receive(Mapped, Build.Udp(ClientIp, IPv6Address.Parse("2001:db8:6::1"))).Kind, Is.EqualTo(VerdictKind.Deliver));
        foreach (string elsewhere in new[] { "2001:db8:7::1", "2a00::1", "fe80::1", "ff02::1", "fd00::1", "::1" })
            harness.AssertDropped(harness.Receive(Mapped, Build.Udp(ClientIp, IPv6Address.Parse(elsewhere))), DropReason.NotServed);
    }

    [Test, Conformance("C-135", "C-152")]
    public void Relay_HostSpecific_CarriesTheHostsOwnTrafficOnly()
    {
        var harness = WithTrustedClient(HostSpecific);
        var neighbor = IPv6Address.Parse("2001:db8:6::51");
        Assert.That(harness.Receive(Mapped, Build.Udp(ClientIp, Native)).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(harness.Send().Kind, Is.EqualTo(VerdictKind.Send));
        harness.AssertDropped(harness.Receive(Mapped, Build.Udp(ClientIp, neighbor)), DropReason.NotServed);
        harness.AssertDropped(harness.Send(Build.Udp(neighbor, ClientIp)), DropReason.BadInnerSource);
    }

    [Test, Conformance("C-152")]
    public void Relay_HostSpecific_ReplyToAConnectivityTestLeavesThroughItAfterTheBubbles()
    {
        var harness = new RelayHarness(HostSpecific);
        // The Echo Request came through the server as native IPv6; all that the relay sees is the host's reply.
        byte[] reply = Build.EchoReply(Native, ClientIp, 7, 1, 1, 2, 3, 4, 5, 6, 7, 8);
        Assert.That(harness.Send(reply).Kind, Is.EqualTo(VerdictKind.Held));
        harness.Receive(Mapped, Build.Bubble(ClientIp, harness.Sent[0].InnerSource));
        Assert.That((harness.Sent[^1].Target, harness.Sent[^1].Payload), Is.EqualTo((Mapped, reply)));
    }

    [Test]
    public void Relay_HopLimitUsedUp_DropsUnlessThePacketHasArrived()
    {
        byte[] packet = Build.Udp(ClientIp, Native);
        packet[7] = 1;
        var router = WithTrustedClient();
        router.AssertDropped(router.Receive(Mapped, packet), DropReason.HopLimitExceeded);
        Assert.That(WithTrustedClient(HostSpecific).Receive(Mapped, packet).Kind, Is.EqualTo(VerdictKind.Deliver));
    }

    [Test]
    public void Relay_RoutingHeaderOfType0_Drops()
    {
        byte[] packet = [.. Build.Udp(ClientIp, Native)[..40], 17, 2, 0, 1, .. new byte[20]];
        (packet[5], packet[6]) = (24, 43);
        var harness = WithTrustedClient();
        harness.AssertDropped(harness.Receive(Mapped, packet), DropReason.SourceRoute);
    }

    [Test, Conformance("C-137")]
    public void Relay_Bubbles_AreNeverForwardedNorAnsweredWhoeverTheyAreFor()
    {
        var harness = WithTrustedClient();
        foreach (double at in new[] { 1.0, 29, 31, 100, 600 }) // a stale peer's as well
            foreach (var destination in new[] { Native, IPv6Address.Parse("fe80::1"), IPv6Address.Parse("2a00::1"), ClientAt(Elsewhere) })
                foreach (byte hopLimit in new byte[] { 0, 1, 255 })
                {
                    harness.AdvanceTo(at);
                    Assert.That(harness.Receive(Mapped, Build.BubbleWithHopLimit(hopLimit, ClientIp, destination)), Is.EqualTo(Verdict.Consumed));
                }
        Assert.That((harness.Errors.Count, harness.Sent.Count), Is.EqualTo((0, 0)));
    }

    [Test, Conformance("C-137")]
    public void Relay_Capture09b_SymmetricClientIsReachedWithoutTheTimeExceededNoise()
    {
        var capture = TestData.Capture("09b-native-to-symmetric-via-relay");
        byte[] request = capture[3].Udp!.Payload;
        byte[] answer = [.. capture[2].Udp!.Payload];
        var symmetric = capture[2].Udp!.Source;
        Assert.That(answer[7], Is.Zero, "the hop limit that provoked the noise");
        var harness = new RelayHarness();
        harness.Send(request);
        Assert.That(harness.Sent[^1].Target, Is.EqualTo(capture[0].Udp!.Destination));
        harness.Sent[0].InnerSource.Write(answer.AsSpan(24));
        for (int repeats = 0; repeats < 2; repeats++) // once with the entry untrusted, once with it trusted
            Assert.That(harness.Receive(symmetric, answer), Is.EqualTo(Verdict.Consumed));
        Assert.That((harness.Sent[^1].Target, harness.Sent[^1].Payload), Is.EqualTo((symmetric, request)));
        Assert.That(harness.Receive(symmetric, capture[6].Udp!.Payload).Kind, Is.EqualTo(VerdictKind.Deliver));
        harness.AdvanceTo(60);
        Assert.That(harness.Receive(symmetric, answer), Is.EqualTo(Verdict.Consumed), "and stale");
        Assert.That(harness.Errors, Is.Empty);
    }

    [Test, Conformance("C-132")]
    public void Relay_BubbleWithToken_IsTakenFromAnotherMapping()
    {
        var harness = new RelayHarness();
        harness.Send();
        var token = harness.Sent[0].InnerSource;
        harness.AssertDropped(harness.Receive(Elsewhere, Build.Udp(ClientIp, token)), DropReason.SourceMismatch);
        harness.AssertDropped(harness.Receive(Elsewhere, Build.Bubble(ClientIp, token with { Low = token.Low ^ 1 })), DropReason.SourceMismatch);
        harness.AssertDropped(harness.Receive(Elsewhere, Build.Bubble(ClientIp, Native)), DropReason.SourceMismatch);
        Assert.That(harness.Receive(Elsewhere, Build.Bubble(ClientIp, token)), Is.EqualTo(Verdict.Consumed));
        Assert.That(harness.Send().Target, Is.EqualTo(Elsewhere));
        Assert.That(harness.Receive(Elsewhere, Build.Udp(ClientIp, Native)).Kind, Is.EqualTo(VerdictKind.Deliver));
        harness.AssertDropped(harness.Receive(Mapped, Build.Udp(ClientIp, Native)), DropReason.SourceMismatch);
    }

    [Test]
    public void Relay_Token_IsGoodOnceForTheLastTwoBubblesAnd30Seconds()
    {
        var third = new IPv4Endpoint(Elsewhere.Address, 999);
        RelayHarness harness = new(), late = new(), once = new();
        harness.Send();
        harness.AdvanceTo(5);
        var tokens = harness.Sent.Where(s => s.Target == ServerPort).Select(s => s.InnerSource).ToArray();
        Assert.That(tokens, Has.Length.EqualTo(3));
        harness.AssertDropped(harness.Receive(Elsewhere, Build.Bubble(ClientIp, tokens[0])), DropReason.SourceMismatch);
        Assert.That(harness.Receive(Elsewhere, Build.Bubble(ClientIp, tokens[1])), Is.EqualTo(Verdict.Consumed));
        harness.AssertDropped(harness.Receive(third, Build.Bubble(ClientIp, tokens[2])), DropReason.SourceMismatch);

        once.Send();
        once.Receive(Elsewhere, Build.Bubble(ClientIp, once.Sent[0].InnerSource));
        once.AssertDropped(once.Receive(third, Build.Bubble(ClientIp, once.Sent[0].InnerSource)), DropReason.SourceMismatch);

        late.Send();
        late.AdvanceTo(37);
        late.AssertDropped(late.Receive(Elsewhere, Build.Bubble(ClientIp, late.Sent[^1].InnerSource)), DropReason.SourceMismatch);
    }

    [Test]
    public void Relay_LateAnswerOfAnUnreachableClient_MakesItReachable()
    {
        var harness = new RelayHarness();
        harness.Send();
        harness.AdvanceTo(15);
        harness.Receive(Elsewhere, Build.Bubble(ClientIp, harness.Sent[^1].InnerSource));
        Assert.That(harness.Send().Target, Is.EqualTo(Elsewhere));
        harness.Sent.Clear();
        harness.AdvanceTo(40);
        Assert.That(harness.Sent, Is.Empty);
    }

    [Test, Conformance("C-150")]
    public void Relay_AddressThatEmbedsOurs_DropsOnTheWayFromClients()
    {
        var harness = WithTrustedClient(Router with { ServedPrefixes = [new(default, 0)] });
        harness.AssertDropped(harness.Receive(new(Own, 3545), Build.Udp(ClientAt(new(Own, 3545)), Native)), DropReason.OwnAddress);
        harness.AssertDropped(harness.Receive(Mapped, Build.Udp(ClientIp, IPv6Address.Parse("2002:cb00:7114::1"))), DropReason.BadInnerDestination);
        harness.AssertDropped(harness.Receive(Mapped, Build.Udp(ClientIp, IPv6Address.Parse("2002:e000:1::1"))), DropReason.BadInnerDestination);
        harness.AssertDropped(harness.Receive(Mapped, Build.Udp(ClientIp, ClientAt(Elsewhere))), DropReason.BadInnerDestination);
        harness.AssertDropped(harness.Receive(ServerPort, Build.Udp(ClientAt(ServerPort), Native)), DropReason.ServerPort);
        harness.AssertDropped(harness.Receive(new(IPv4Address.Parse("224.0.0.1"), 1), Build.Udp(ClientAt(new(IPv4Address.Parse("224.0.0.1"), 1)), Native)),
            DropReason.SourceNotGlobal);
    }

    [Test, Conformance("C-150")]
    public void Relay_PacketThatWasDelivered_NeverGoesBackIntoTheTunnel()
    {
        var harness = WithTrustedClient(Router with { ServedPrefixes = [new(default, 0)] });
        byte[] packet = Build.Udp(ClientIp, Native);
        Assert.That(harness.Receive(Mapped, packet).Kind, Is.EqualTo(VerdictKind.Deliver));
        harness.AssertDropped(harness.Send(packet), DropReason.BadInnerSource);
    }

    [Test]
    public void Relay_Trailers_AreCutOffAndUnknownOnesObeyed()
    {
        var harness = WithTrustedClient();
        byte[] packet = Build.Udp(ClientIp, Native);
        Assert.That(harness.Receive(Mapped, [.. packet, .. Build.Nonce(1)]), Is.EqualTo(Verdict.Deliver(0, packet.Length)));
        harness.AssertDropped(harness.Receive(Mapped, [.. packet, 0x41, 0]), DropReason.UnknownTrailer);
        harness.AssertDropped(harness.Receive(Mapped, packet[..^1]), DropReason.MalformedPacket);
    }

    [Test]
    public void Relay_RunOfDatagrams_ChecksEachInnerAddress()
    {
        var harness = WithTrustedClient();
        byte[] good = Build.Udp(ClientIp, Native, 52), stranger = Build.Udp(ClientAt(Elsewhere), Native, 52), last = Build.Udp(ClientIp, Native, 12);
        var verdicts = new Verdict[5];
        Assert.That(harness.Relay.HandleDatagrams(harness.Now, LocalPort.Service, Mapped, [.. good, .. stranger, .. good, .. last], 100, verdicts), Is.EqualTo(4));
        Assert.That(verdicts[..4], Is.EqualTo(new[]
        {
            Verdict.Deliver(0, 100), Verdict.Dropped(DropReason.SourceMismatch), Verdict.Deliver(200, 100), Verdict.Deliver(300, 60),
        }));
    }

    [Test]
    public void Relay_TrustedClient_ForwardsWithoutAllocating()
    {
        var harness = WithTrustedClient();
        var relay = harness.Relay;
        byte[] outgoing = Build.Udp(Native, ClientIp, 1200), incoming = Build.Udp(ClientIp, Native, 1200);
        var verdicts = new Verdict[1];
        int passed = 0;
        Allocations.AssertNone(() =>
        {
            passed = 0;
            for (int i = 0; i < 1000; i++)
            {
                passed += relay.HandlePacket(harness.Now, outgoing).Kind == VerdictKind.Send ? 1 : 0;
                passed += relay.HandleDatagram(harness.Now, LocalPort.Service, Mapped, incoming).Kind == VerdictKind.Deliver ? 1 : 0;
                relay.HandlePackets(harness.Now, outgoing, outgoing.Length, verdicts);
                relay.HandleDatagrams(harness.Now, LocalPort.Service, Mapped, incoming, incoming.Length, verdicts);
            }
        });
        Assert.That(passed, Is.EqualTo(2000));
    }
}
