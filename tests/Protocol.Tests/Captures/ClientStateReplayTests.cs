using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Tests.Data;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Captures;

/// <summary>Captures about a client's own state, and the one with crafted datagrams: qualification, refresh, silence, trailers, spoofs.</summary>
public class ClientStateReplayTests
{
    // After the primary address has answered, ours asks the secondary one as well (RFC 4380 §5.2.1), which miredo no longer does.
    [TestCase("01-qualification"), TestCase("01b-qualification-inside")]
    public void Qualification_SolicitationIsTheRealOneAndItsAnswerIsTaken(string capture)
    {
        var frames = TestData.Capture(capture);
        var harness = new ClientHarness();
        harness.Start();
        var solicitation = harness.Solicitations.Single();
        Assert.That(solicitation.Target, Is.EqualTo(frames[0].Udp!.Destination));
        Assert.That(Convert.ToHexString(WithNonce(frames[0].Udp!.Payload, solicitation)), Is.EqualTo(Convert.ToHexString(solicitation.Payload)));
        harness.Receive(frames[1].Udp!.Source, WithNonce(frames[1].Udp!.Payload, solicitation));
        Assert.That(harness.Solicitations.Last().Target, Is.EqualTo(Lab.Secondary));
        harness.AnswerLastSolicitation(IPv4Endpoint.Parse("203.0.113.11:39328"));
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(IPv4Endpoint.Parse("203.0.113.11:39328")));
    }

    // miredo refreshes at 30.0 s exactly; ours between 75 and 100 % of it (RFC 4380 §5.2).
    [TestCase("12-maintenance-30s"), TestCase("12b-short-nat-timer-renumbers-every-refresh")]
    public void Refresh_FollowsTheMappingThatTheServerSaw(string capture)
    {
        var frames = TestData.Capture(capture);
        var harness = ClientHarness.Qualified(mapped: frames[0].Udp!.Source);
        var last = frames[0].Udp!.Source;
        harness.AnswerSolicitations(sent => sent.Target == Lab.Secondary ? harness.Client.Address!.Value.MappedEndpoint : null);
        foreach (var (frame, answer) in frames.Zip(frames.Skip(1)).Where(pair => pair.First.Udp!.Destination == Lab.Primary).Skip(1))
        {
            int before = harness.EventsOf<ClientEvent.AddressChanged>().Count();
            var solicitation = harness.AdvanceToSolicitation(); // miredo's interval stays when the mapping changes; ours becomes shorter
            Assert.That(solicitation.Target, Is.EqualTo(Lab.Primary));
            Assert.That(Convert.ToHexString(WithNonce(frame.Udp!.Payload, solicitation)), Is.EqualTo(Convert.ToHexString(solicitation.Payload)));
            harness.Receive(answer.Udp!.Source, WithNonce(answer.Udp!.Payload, solicitation));
            Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(frame.Udp!.Source), $"{capture} frame {answer.Number}");
            Assert.That(harness.EventsOf<ClientEvent.AddressChanged>().Count() - before, Is.EqualTo(frame.Udp!.Source == last ? 0 : 1));
            last = frame.Udp!.Source;
        }
    }

    // miredo starts anew after 100 s; when ours does is its own choice and its own tests' subject.
    [Test]
    public void Qualification_SilentServer_SolicitsAtTheTimesOfTheRealOne()
    {
        var real = TestData.Capture("13-server-unreachable-qualification-retries").Where(f => f.Udp?.Source == IPv4Endpoint.Parse("203.0.113.12:45304")).Take(3);
        var harness = new ClientHarness();
        harness.Start();
        harness.Advance(12);
        var ours = harness.Solicitations.Where(s => s.Target == Lab.Primary).Select(s => Math.Round(s.Seconds, 1));
        Assert.That(ours.Take(3), Is.EqualTo(real.Select(f => Math.Round(f.Time.TotalSeconds, 1))));
        Assert.That(harness.Client.State, Is.Not.EqualTo(ClientState.Qualified));
    }

    // Behind one NAT without hairpinning: miredo's pair never meets. Ours sends the same two bubbles, and lists its own address in the
    // one through the server, so that the other client can send to it directly (RFC 6081 §5.6).
    [TestCase("07-same-nat-no-hairpin-inside", 3), TestCase("07b-same-nat-no-hairpin-wan", 5)]
    public void SameNat_BubblesGoWhereTheRealOnesWent(string capture, int firstBubble)
    {
        var frames = TestData.Capture(capture);
        var peer = IPv6Address.Read(frames[firstBubble - 1].Udp!.Payload.AsSpan(24));
        var harness = ClientHarness.Qualified(mapped: IPv4Endpoint.Parse("203.0.113.11:36574"));
        harness.Send(WireFormats.Octets.Of(o => EchoMessage.WritePacket(o, Icmpv6Type.EchoRequest, harness.Address, peer, 1, 1, [])));
        var real = frames.Select(f => f.Udp!).Where(udp => udp.Source.Port == 36574 && udp.Payload[0] == 0x60).Select(udp => udp.Destination);
        Assert.That(real, Is.Not.Empty.And.SubsetOf(harness.Bubbles.Select(b => b.Target)));
        Assert.That(harness.Bubbles.Single(b => b.IsIndirectBubble).AlternateAddresses, Does.Contain(harness.ServiceLocal));
    }

    // miredo ignores all trailers: it sends no advertisement for frame 4 and takes the echo request behind trailer 0x41 in frame 9.
    [TestCase(2, VerdictKind.Consumed, DropReason.None, TestName = "Crafted_IndirectBubbleWithNonceAndAlternateAddress_IsAnswered")]
    [TestCase(4, VerdictKind.Consumed, DropReason.None, TestName = "Crafted_Solicitation_IsAnswered")]
    [TestCase(5, VerdictKind.Deliver, DropReason.None, TestName = "Crafted_EchoRequest_IsDelivered")]
    [TestCase(7, VerdictKind.Deliver, DropReason.None, TestName = "Crafted_EchoRequestWithTrailer_IsDeliveredWithoutIt")]
    [TestCase(9, VerdictKind.Dropped, DropReason.UnknownTrailer, TestName = "Crafted_Trailer41_DiscardsThePacket")]
    [TestCase(11, VerdictKind.Dropped, DropReason.MappingMismatch, TestName = "Crafted_OtherPort_IsDropped")]
    [TestCase(12, VerdictKind.Dropped, DropReason.NonceMismatch, TestName = "Crafted_OtherPortWithANonceNotOurs_IsDropped")]
    [TestCase(15, VerdictKind.Held, DropReason.None, TestName = "Crafted_UnknownNativeHost_WaitsForItsTest")]
    [TestCase(17, VerdictKind.Dropped, DropReason.BadInnerDestination, TestName = "Crafted_Multicast_IsDropped")]
    [TestCase(18, VerdictKind.Dropped, DropReason.BadInnerDestination, TestName = "Crafted_OtherDestination_IsDropped")]
    public void Crafted(int number, VerdictKind kind, DropReason reason)
    {
        var (harness, verdicts) = ReplayCrafted();
        Assert.That((verdicts[number].Kind, verdicts[number].Reason), Is.EqualTo((kind, reason)));
        if (kind == VerdictKind.Deliver)
            Assert.That(verdicts[number].Length, Is.EqualTo(56), "the packet without what follows it");
    }

    // Frame 3, 16, and for frame 19 nothing: an origin indication that does not come from the server moves nobody.
    [Test]
    public void Crafted_WhatIsSent_GoesToWhomTheRealOneSentIt()
    {
        var (harness, _) = ReplayCrafted();
        var crafter = IPv4Endpoint.Parse("203.0.113.30:41000");
        Assert.That(harness.Bubbles.First().Target, Is.EqualTo(crafter));
        Assert.That(harness.Bubbles.First().TrailerNonce, Is.EqualTo(0xcafebabe), "RFC 6081 §5.2.4.2: the nonce comes back");
        Assert.That(harness.Bubbles.Count(b => b.NeighborDiscovery == NeighborDiscoveryType.Advertisement), Is.EqualTo(1));
        Assert.That(harness.Sent.Where(s => s.IsEchoRequest).Select(s => (s.Target, s.InnerDestination.ToString())),
            Is.Not.Empty.And.All.EqualTo((Lab.Primary, "2001:db8:77::7")), "frame 16; ours repeats it after 2 s (RFC 4380 §5.2.4), miredo only with the next packet");
        Assert.That(harness.Sent.Select(s => s.Target), Has.None.EqualTo(IPv4Endpoint.Parse("203.0.113.30:41001")));
    }

    static (ClientHarness Harness, Dictionary<int, Verdict> Verdicts) ReplayCrafted()
    {
        var harness = ClientHarness.Qualified(mapped: IPv4Endpoint.Parse("203.0.113.11:39328"));
        var readdressing = new Readdressing();
        readdressing.Add(IPv6Address.Parse("2001:0:cb00:7101:2443:665f:34ff:8ef4"), harness.Address);
        Dictionary<int, Verdict> verdicts = [];
        foreach (var frame in TestData.Capture("06-rfc6081-peer-vs-miredo-client").Where(f => f.Udp!.Destination == Lab.Mapped && f.Number != 14))
        {
            harness.AdvanceTo(Instant.FromSeconds(frame.Time.TotalSeconds));
            verdicts[frame.Number] = harness.Receive(frame.Udp!.Source, readdressing.Apply(frame.Udp.Payload));
        }
        return (harness, verdicts);
    }

    // The captured datagram with the nonce of our solicitation, without which it would be nobody's.
    static byte[] WithNonce(byte[] captured, SentDatagram solicitation)
    {
        byte[] payload = [.. captured];
        solicitation.Payload.AsSpan(4, 8).CopyTo(payload.AsSpan(4));
        return payload;
    }
}
