using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §5.4: port-preserving symmetric NATs, a random port for each peer.</summary>
public sealed class PortPreservingTests
{
    const TeredoExtensions Extensions = TeredoExtensions.SymmetricNatSupport | TeredoExtensions.PortPreservingSymmetricNat;
    const ushort Advertised = 50123, AdvertisedLater = 50200;

    static readonly Peer Peer = Peer.Number();
    static readonly IPv4Endpoint Elsewhere = Lab.Endpoint("8.0.0.1:50999");

    [Test, Conformance("C-195", "C-196")]
    public void UntrustedPeer_ARandomPortIsOpenedAndAdvertised()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        var opened = client.RequestsOf(ClientRequestKind.OpenPort).Single();
        Assert.That(opened.Port.IsRandom, Is.True);
        Assert.That(opened.Number, Is.Not.Zero.And.Not.EqualTo(Local.Port), "it must be known before it is advertised");
        var indirect = client.Indirect().Single();
        Assert.That(indirect.RandomPort, Is.EqualTo(opened.Number));
        Assert.That(indirect.TrailerNonce, Is.Not.Null, "besides the nonce");
        Assert.That(indirect.Via, Is.EqualTo(LocalPort.Service));
    }

    [Test, Conformance("C-195", "C-196")]
    public void UntrustedPeer_LaterRounds_KeepTheRandomPort()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        client.Advance(8);
        Assert.That(client.RequestsOf(ClientRequestKind.OpenPort).ToList(), Has.Count.EqualTo(1));
        Assert.That(client.Indirect(), Has.Count.EqualTo(4));
        Assert.That(client.Indirect().Select(s => s.RandomPort), Is.All.EqualTo(RandomNumber(client)));
    }

    [Test, Conformance("C-195")]
    public void TwoPeers_HaveDifferentRandomPorts()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        client.SendTo(Peer.Number(1).Address);
        var opened = client.RequestsOf(ClientRequestKind.OpenPort).ToList();
        Assert.That(opened.Select(r => r.Port), Is.Unique);
        Assert.That(opened.Select(r => r.Number), Is.Unique);
        Assert.That(opened, Has.Count.EqualTo(2));
    }

    [Test, Conformance("C-195")]
    public void RandomPort_IsNeverTheServicePort()
    {
        ushort drawn = Draw(Local.Port);
        Assert.That(Draw(drawn), Is.Not.EqualTo(drawn), "the same randomness, but that port is in use");

        static ushort Draw(ushort servicePort)
        {
            var client = Qualified(o => o with { Extensions = Extensions, ServicePort = servicePort },
                new(Mapped.Address, servicePort), Lab.Endpoint("9.0.0.1:51170"));
            client.SendTo(Peer.Address);
            return client.RequestsOf(ClientRequestKind.OpenPort).Single().Number;
        }
    }

    [Test, Conformance("C-195")]
    public void RandomPort_CannotBeOpened_TheIndirectBubbleGoesWithout()
    {
        var client = PortPreserving(prepare: c => c.OpenPortAnswer = r => r.Port.IsRandom ? RequestAnswer.NotOpened(r.Port) : c.Opened(r));
        client.SendTo(Peer.Address);
        client.Advance(1);
        Assert.That(client.Indirect().Single().RandomPort, Is.Null);
        Assert.That(client.Direct().Select(s => s.Target), Does.Contain(Peer.Mapped));
    }

    [Test, Conformance("C-195")]
    public void RandomPorts_AreBounded()
    {
        var client = PortPreserving(o => o with { MaxRandomPorts = 2 });
        for (int i = 0; i < 5; i++)
            client.SendTo(Peer.Number(i).Address);
        Assert.That(client.Sockets.Keys.Count(p => p.IsRandom), Is.EqualTo(2));
        Assert.That(client.Indirect(), Has.Count.EqualTo(5));
        Assert.That(client.Indirect().Count(s => s.RandomPort is null), Is.EqualTo(3));
    }

    [Test, Conformance("C-195")]
    public void RandomPorts_OfStrangers_AreHalfOfAll()
    {
        var client = PortPreserving(o => o with { MaxRandomPorts = 4 });
        for (int i = 0; i < 6; i++)
            client.ReceiveIndirect(Peer.Number(i), Build.Nonce(77));
        Assert.That(client.Sockets.Keys.Count(p => p.IsRandom), Is.EqualTo(2));
        for (int i = 10; i < 16; i++)
            client.SendTo(Peer.Number(i).Address);
        Assert.That(client.Sockets.Keys.Count(p => p.IsRandom), Is.EqualTo(4));
    }

    [Test, Conformance("C-195")]
    public void RandomPorts_OfPeersThatNeverAnswer_AreClosed()
    {
        var client = PortPreserving();
        for (int i = 0; i < 5; i++)
            client.SendTo(Peer.Number(i).Address);
        client.Advance(700);
        Assert.That(client.Sockets.Keys, Has.None.Matches<LocalPort>(p => p.IsRandom));
    }

    [Test, Conformance("C-195")]
    public void NatIsNotSymmetric_NoRandomPort()
    {
        var client = Qualified(o => o with { Extensions = Extensions }, mapped: Lab.Endpoint("9.0.0.1:1234"));
        Assert.That(client.Client.Nat.PortPreserving, Is.True);
        client.SendTo(Peer.Address);
        Assert.That(client.Requests, Is.Empty);
        Assert.That(client.Indirect().Single().RandomPort, Is.Null);
    }

    [Test, Conformance("C-197")]
    public void DirectBubble_GoesToTheEmbeddedMappingFromTheServicePort()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        Assert.That(client.Direct().Single(s => s.Via == LocalPort.Service).Target, Is.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-197")]
    public void PeerAdvertisesNoRandomPort_DirectBubbleFromOurs_OpensItsMappingTowardsThePeer()
    {
        // The peer answers to the advertised port, which our NAT must let in. Before the peer's word nothing may leave from there: such
        // a NAT keeps the port towards the first destination only, and that may have to be the peer's random port.
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        Assert.That(client.Direct().Where(s => s.Via.IsRandom), Is.Empty);
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        var opening = client.Direct().Single(s => s.Via.IsRandom);
        Assert.That((opening.Target, opening.TrailerNonce, opening.RandomPort), Is.EqualTo((Peer.Mapped, 77, (int?)null)));
    }

    [Test, Conformance("C-198", "C-199")]
    public void PeerAdvertisesARandomPort_ItIsSentToFromOurs()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        client.ReceiveIndirect(Peer, Build.Nonce(77), Build.RandomPort(Advertised));
        client.Advance(Round);
        var between = client.Direct().First(s => s.Target == Lab.Endpoint("8.0.0.1:50123"));
        Assert.That(between.Via.IsRandom, Is.True);
        Assert.That(between.RandomPort, Is.EqualTo(RandomNumber(client)));
        Assert.That(between.TrailerNonce, Is.EqualTo(77));
        Assert.That(client.Direct().Where(s => s.Via == LocalPort.Service).Select(s => s.Target), Has.All.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-199")]
    public void PeerAdvertisesARandomPort_APortRestrictedClientSendsThereToo()
    {
        var client = With(Extensions);
        client.ReceiveIndirect(Peer, Build.Nonce(77), Build.RandomPort(Advertised));
        var targets = client.Direct().Select(s => s.Target).ToList();
        Assert.That(targets, Is.EquivalentTo(new[] { Peer.Mapped, Lab.Endpoint("8.0.0.1:50123") }));
        Assert.That(client.Direct().Select(s => s.TrailerNonce), Is.All.EqualTo(77));
        Assert.That(client.Requests, Is.Empty);
    }

    [Test, Conformance("C-199")]
    public void PeerAdvertisesAPrivilegedPortOrZero_NothingGoesThere()
    {
        foreach (ushort port in new ushort[] { 0, 53 })
        {
            var client = With(Extensions);
            client.ReceiveIndirect(Peer, Build.Nonce(77), Build.RandomPort(port));
            client.Advance(5);
            Assert.That(client.Sent.Select(s => s.Target.Port), Has.None.EqualTo(port));
        }
    }

    [Test, Conformance("C-200")]
    public void SamePortAdvertisedAgain_ChangesNothing()
    {
        var client = TrustedOnRandom();
        client.Advance(31);
        client.ReceiveIndirect(Peer, Build.Nonce(78), Build.RandomPort(Advertised));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort), Is.Empty);
    }

    [Test, Conformance("C-200")]
    public void OtherPortAdvertisedWhileDataFlows_ChangesNothing()
    {
        var client = TrustedOnRandom();
        client.Advance(20);
        Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
        client.Advance(15);
        client.ReceiveIndirect(Peer, Build.Nonce(78), Build.RandomPort(AdvertisedLater));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort), Is.Empty);
        Assert.That(client.Sent.Select(s => s.Target), Has.None.EqualTo(Lab.Endpoint("8.0.0.1:50200")));
    }

    [Test, Conformance("C-201")]
    public void OtherPortAdvertisedAfterThirtyIdleSeconds_IsStoredAndOursIsClosed()
    {
        var client = TrustedOnRandom();
        var old = client.Sockets.Keys.Single(p => p.IsRandom);
        client.Advance(31);
        client.Clear();
        client.ReceiveIndirect(Peer, Build.Nonce(78), Build.RandomPort(AdvertisedLater));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort).Single().Port, Is.EqualTo(old));
        client.SendTo(Peer.Address);
        client.Advance(Round);
        var between = client.Direct().First(s => s.Target == Lab.Endpoint("8.0.0.1:50200") && s.Via.IsRandom);
        Assert.That(between.Via, Is.Not.EqualTo(old));
        Assert.That(between.RandomPort, Is.EqualTo(RandomNumber(client)));
    }

    [Test, Conformance("C-201")]
    public void OtherPortAdvertisedByAPeerThatIsHeard_NothingIsSentFromTheClosedPort()
    {
        var client = TrustedOnRandom();
        client.Advance(25);
        client.ReceiveDirectOn(client.Sockets.Keys.Single(p => p.IsRandom), Elsewhere, Peer);
        client.Advance(10);
        client.ReceiveIndirect(Peer, Build.Nonce(78), Build.RandomPort(AdvertisedLater));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-194")]
    public void QueuedPacket_IsNoDataSent()
    {
        var client = TrustedOnRandom();
        client.Advance(31);
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
        client.Clear();
        client.ReceiveIndirect(Peer, Build.Nonce(78), Build.RandomPort(AdvertisedLater));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort).ToList(), Has.Count.EqualTo(1), "idle for more than 30 s");
    }

    [Test, Conformance("C-202")]
    public void DirectBubbleOnTheServicePort_ClosesTheRandomPort()
    {
        var client = PortPreserving();
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        client.Clear();
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort).Single().Port, Is.EqualTo(random));
        Assert.That(client.Sent, Is.Empty, "behind our NAT the peer can verify us by its nonce only, which is on its way");
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        Assert.That(client.Direct().Single().TrailerNonce, Is.EqualTo(77));
        Assert.That(client.Sent[^1].Payload, Is.EqualTo(packet));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Send(LocalPort.Service, Peer.Mapped, packet.Length)));
    }

    [Test, Conformance("C-202")]
    public void DirectBubbleOnTheServicePortWithOurNonce_RecordsTheMapping()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(client.LastNonce()));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort).ToList(), Has.Count.EqualTo(1));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Send(LocalPort.Service, Elsewhere, 60)));
    }

    [Test, Conformance("C-203")]
    public void TrustedOnTheServicePort_SameMapping_IsAccepted()
    {
        var client = PortPreserving();
        client.Trust(Peer);
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.ReceiveData(Peer).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test, Conformance("C-204")]
    public void TrustedOnTheServicePort_OtherMappingAfterThirtyIdleSeconds_LosesTrustAndIsBubbled()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(client.LastNonce()));
        client.Receive(LocalPort.Service, Elsewhere, Build.Udp(Peer.Address, client.Address)); // data: it can verify us
        client.Advance(35);
        client.Clear();
        client.ReceiveDirect(Peer); // as SNS accepts it, but not where the peer was
        Assert.That(client.Indirect().Single().Target, Is.EqualTo(Peer.Server));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
        uint nonce = client.LastNonce();
        client.Advance(1);
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce)), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Elsewhere));
    }

    [Test, Conformance("C-204", "C-172")]
    public void TrustedOnTheServicePort_OtherMappingThatNothingVerifies_ChangesNothing()
    {
        // SNS's rules come first, so that nobody can break a peer's trust by a forged bubble.
        var client = PortPreserving();
        client.Trust(Peer);
        client.Advance(31);
        client.Clear();
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
        Assert.That(client.Log, Is.Empty);
    }

    [Test, Conformance("C-203")]
    public void TrustedOnTheServicePort_OtherMappingWhileBusy_IsDropped()
    {
        var client = PortPreserving();
        client.Trust(Peer);
        client.SendTo(Peer.Address);
        client.Clear();
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.Log, Is.Empty);
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-205")]
    public void TrustedOnTheRandomPort_BubbleOnTheServicePort_MovesThere()
    {
        var client = TrustedOnRandom();
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort).Single().Port, Is.EqualTo(random));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Send(LocalPort.Service, Peer.Mapped, 60)));
        Assert.That(client.ReceiveData(Peer).Kind, Is.EqualTo(VerdictKind.Deliver));
    }

    [Test, Conformance("C-206")]
    public void DirectBubbleOnTheRandomPort_WithOurNonce_IsTrustedThere()
    {
        var client = PortPreserving();
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        uint nonce = client.LastNonce();
        client.Clear();
        Assert.That(client.ReceiveDirectOn(random, Elsewhere, Peer, Build.Nonce(nonce)), Is.EqualTo(Verdict.Consumed));
        var flushed = client.Sent.Single(s => !s.IsBubble);
        Assert.That(flushed.Payload, Is.EqualTo(packet));
        Assert.That((flushed.Via, flushed.Target), Is.EqualTo((random, Elsewhere)));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Send(random, Elsewhere, packet.Length)));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort), Is.Empty);
    }

    [Test, Conformance("C-206")]
    public void RandomPort_OtherHostsAndOtherPeers_AreDropped()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        uint nonce = client.LastNonce();
        client.Clear();
        Assert.That(client.ReceiveDirectOn(random, Lab.Endpoint("6.6.6.6:4096"), Peer, Build.Nonce(nonce)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.ReceiveDirectOn(random, Peer.Number(1).Mapped, Peer.Number(1)).Kind, Is.EqualTo(VerdictKind.Dropped), "the port is for one peer");
        Assert.That(client.Receive(random, ServerPrimary, Build.WithOrigin(Peer.Mapped, Build.Bubble(Peer.Address, client.Address))).Kind,
            Is.EqualTo(VerdictKind.Dropped), "our server knows only the service port");
        Assert.That(client.Log, Is.Empty);
    }

    [Test, Conformance("C-207")]
    public void TrustedOnTheRandomPort_SameMapping_IsAccepted()
    {
        var client = TrustedOnRandom();
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        Assert.That(client.ReceiveDirectOn(random, Elsewhere, Peer), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.Receive(random, Elsewhere, Build.Udp(Peer.Address, client.Address)).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort), Is.Empty);
    }

    [Test, Conformance("C-208")]
    public void TrustedOnTheRandomPort_OtherMapping_ClosesItAndBubbles()
    {
        var client = TrustedOnRandom();
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        client.Advance(10);
        client.ReceiveDirectOn(random, Peer.Mapped, Peer);
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort).Single().Port, Is.EqualTo(random));
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-209", "C-211")]
    public void PeerRefresh_TwentyBubblesThirtySecondsApartThenNone()
    {
        var client = TrustedOnRandom();
        LetThirtySecondsPass(client, 22, sendData: false);
        Assert.That(client.Sockets.Keys, Has.None.Matches<LocalPort>(p => p.IsRandom), "given up at once");
        LetThirtySecondsPass(client, 18, sendData: false);
        var refreshes = client.Direct();
        Assert.That(refreshes, Has.Count.EqualTo(20));
        Assert.That(refreshes.Select(s => (s.Via.IsRandom, s.Target)), Is.All.EqualTo((true, Elsewhere)));
        double[] times = [.. refreshes.Times()];
        for (int i = 1; i < times.Length; i++)
            Assert.That(times[i] - times[i - 1], Is.EqualTo(30).Within(0.001));
        Assert.That(client.Sockets.Keys, Has.None.Matches<LocalPort>(p => p.IsRandom), "the port is worth more than the peer");
    }

    [Test, Conformance("C-210", "C-194")]
    public void PeerRefresh_DataSent_StartsTheCountAnew()
    {
        var client = TrustedOnRandom();
        LetThirtySecondsPass(client, 15, sendData: false);
        client.Clear();
        LetThirtySecondsPass(client, 5, sendData: true);
        Assert.That(client.Direct(), Is.Empty, "data refreshes the mapping itself");
        LetThirtySecondsPass(client, 40, sendData: false);
        Assert.That(client.Direct(), Has.Count.EqualTo(20));
    }

    [Test]
    public void PeerRefresh_PeerThatIsNoLongerTrusted_IsNotRefreshed()
    {
        var client = TrustedOnRandom();
        client.ChangeNetwork(n => n with { Resumed = true });
        client.Advance(100);
        Assert.That(client.Direct(), Is.Empty);
    }

    [Test, Conformance("C-209")]
    public void PeerRefresh_PeerOnTheServicePort_IsNotRefreshed()
    {
        var client = PortPreserving();
        client.Trust(Peer);
        client.Advance(200);
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    /// <summary>So many times 30 s pass; halfway the peer refreshes its side, so that it stays a peer.</summary>
    static void LetThirtySecondsPass(ClientHarness client, int times, bool sendData)
    {
        for (int i = 0; i < times; i++)
        {
            client.Advance(15);
            foreach (var random in client.Sockets.Keys.Where(p => p.IsRandom).ToList())
                client.ReceiveDirectOn(random, Elsewhere, Peer);
            if (sendData)
                Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
            client.Advance(15);
        }
    }

    static ushort RandomNumber(ClientHarness client) => client.Sockets.Single(s => s.Key.IsRandom).Value.Port;

    /// <summary>The primary address sees our own port, the secondary another one.</summary>
    static ClientHarness PortPreserving(Func<TeredoClientOptions, TeredoClientOptions>? change = null, Action<ClientHarness>? prepare = null)
    {
        change ??= o => o;
        var client = Qualified(o => change(o with { Extensions = Extensions }), Lab.Endpoint("9.0.0.1:1234"), Lab.Endpoint("9.0.0.1:51170"), prepare);
        Assert.That(client.Client.Nat, Is.EqualTo(client.Client.Nat with { PortPreserving = true, Mapping = MappingBehaviour.AddressOrPortDependent }));
        return client;
    }

    /// <summary>The peer advertised a random port and got in on ours.</summary>
    static ClientHarness TrustedOnRandom()
    {
        var client = PortPreserving();
        client.SendTo(Peer.Address);
        client.ReceiveIndirect(Peer, Build.Nonce(77), Build.RandomPort(Advertised));
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        Assert.That(client.ReceiveDirectOn(random, Elsewhere, Peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
        client.Receive(random, Elsewhere, Build.Udp(Peer.Address, client.Address)); // data: it can verify us
        client.Clear();
        return client;
    }
}
