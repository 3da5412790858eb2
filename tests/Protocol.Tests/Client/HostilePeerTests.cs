using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>What hostile servers, relays and strangers may try, and what plain bad luck does (docs/protocol §5.3, §5.4).</summary>
public sealed class HostilePeerTests
{
    static readonly IPv4Endpoint OtherRelay = Lab.Endpoint("6.0.0.6:666");

    [Test]
    public void Burst_AdvertisementThatRenumbersUs_BetweenPacketsOfOnePeer_IsNoException()
    {
        var address = Renumber(null).Client.Address; // a server that guesses the flags: one try in 4096
        Assert.That(Renumber(address).Client.Address, Is.EqualTo(address));
    }

    static ClientHarness Renumber(TeredoAddress? guess)
    {
        var client = Qualified();
        for (int i = 0; i < 20; i++) // more than a fresh table has room for
            client.ReceiveData(Peer.Number(i));
        client.TrustNative(Native, ServerPrimary); // a server that is a relay as well
        client.OnSent = null;
        var solicitation = client.AdvanceToSolicitation();
        byte[] advertisement = Advertisement.Right.ToPayload(solicitation, Lab.Endpoint("9.0.0.1:5000"), OwnServer.Primary, null);
        byte[] before = Build.Udp(Native, client.Address, advertisement.Length - 48);
        byte[] after = Build.Udp(Native, guess ?? client.Client.Address!.Value, advertisement.Length - 48);
        var verdicts = new Verdict[3];
        client.Client.HandleDatagrams(client.Now, LocalPort.Service, ServerPrimary, [.. before, .. advertisement, .. after], before.Length, verdicts);
        Assert.That(verdicts.Take(2).Select(v => v.Kind), Is.EqualTo(new[] { VerdictKind.Deliver, VerdictKind.Consumed }));
        Assert.That(verdicts[2].Kind, Is.EqualTo(guess is null ? VerdictKind.Dropped : VerdictKind.Held), "the peer is unknown again");
        return client;
    }

    [Test]
    public void AuthenticationHeaderOfAPeer_IsNotTaken()
    {
        var client = Qualified();
        byte[] header = new byte[Authentication.MinimumSize];
        Authentication.Write(header, 7);
        var peer = Peer.Number();
        Assert.That(client.Receive(peer.Mapped, [.. header, .. Build.Udp(peer.Address, client.Address)]),
            Is.EqualTo(Verdict.Dropped(DropReason.UnexpectedHeader)));
    }

    [Test]
    public void ConnectivityTest_WhatIsNotItsReply_IsNotTaken()
    {
        var client = Qualified();
        client.SendTo(Native);
        var (identifier, sequence, data) = client.EchoRequests().Single().Echo;
        Assert.That(client.Receive(RelayEndpoint, Build.EchoRequest(Native, client.Address, identifier, sequence, data)), Is.EqualTo(Verdict.Held));
        Assert.That(client.Receive(RelayEndpoint, Build.EchoReply(Native, client.Address, (ushort)(identifier + 1), sequence, data)),
            Is.EqualTo(Verdict.Held));
        Assert.That(client.SendTo(Native), Is.EqualTo(Verdict.Held), "not trusted");
        client.Receive(RelayEndpoint, Build.EchoReply(Native, client.Address, identifier, sequence, data));
        Assert.That(client.SendTo(Native).Target, Is.EqualTo(RelayEndpoint));
    }

    [Test]
    public void NonceBeforeTheLast_IsGoodForThirtySecondsToo_AndNotLonger()
    {
        Assert.That(AnswerWithTheThirdNonce(after: 33.5), Is.EqualTo(Verdict.Consumed));
        Assert.That(AnswerWithTheThirdNonce(after: 35.5), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
    }

    // Four bubbles leave at 0, 2, 4 and 6 s and a bit each; the third's nonce comes back.
    static Verdict AnswerWithTheThirdNonce(double after)
    {
        var client = Qualified();
        var peer = Peer.Number();
        double start = client.Now.SinceStart.TotalSeconds;
        client.SendTo(peer.Address);
        client.Advance(10);
        var third = client.Indirect()[2];
        Assert.That(third.Seconds - start, Is.InRange(4, 4.5));
        client.AdvanceTo(start + after);
        return client.ReceiveDirectFrom(Lab.Endpoint("8.0.0.1:50000"), peer, Build.Nonce(third.TrailerNonce!.Value));
    }

    [Test]
    public void PeerThatBubbledAMinuteAgo_IsStartedWithALowTtlAgain()
    {
        var client = Qualified();
        var peer = Peer.Number();
        client.ReceiveIndirect(peer, Build.Nonce(1));
        client.Advance(60);
        client.Clear();
        client.SendTo(peer.Address);
        Assert.That(client.Direct().Select(s => (int)s.Ttl), Is.EqualTo(new[] { 2 }), "its side may be shut again");
    }

    [Test]
    public void PeerThatListsItsOwnMapping_GetsOneBubbleThere()
    {
        var client = Qualified();
        var peer = Peer.Number();
        client.ReceiveIndirect(peer, Build.Nonce(1), Build.AlternateAddresses(peer.Mapped));
        Assert.That(client.Direct().Select(s => s.Target), Is.EqualTo(new[] { peer.Mapped }));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void SymmetricClient_HeardByAPeerThatGoesOnAsking_IsNotHeardItself(bool goesOn)
    {
        var client = Symmetric();
        var peer = Peer.Number();
        client.SendTo(peer.Address);
        client.ReceiveIndirect(peer, Build.Nonce(1));
        client.ReceiveDirect(peer, Build.Nonce(client.LastNonce())); // it reaches us, but does it hear us?
        for (uint i = 2; i < 12; i++)
        {
            client.Advance(1);
            if (goesOn)
                client.ReceiveIndirect(peer, Build.Nonce(i)); // it does not: it asks again
        }
        Assert.That(client.EventsOf<ClientEvent.PeerUnreachable>().Select(e => e.Reason),
            goesOn ? Is.EqualTo(new[] { UnreachableReason.DirectPathBlocked }) : Is.Empty);
    }

    [Test]
    public void TrustedNativePeer_HeardThroughTheServer_IsNotTestedAgain()
    {
        var client = Qualified();
        client.TrustNative(Native, RelayEndpoint);
        client.Clear();
        client.Receive(ServerPrimary, Build.WithOrigin(RelayEndpoint, Build.EchoRequest(Native, client.Address)));
        Assert.That(client.Sent, Is.Empty);
    }

    [Test]
    public void PacketsOfStrangers_ThatWaitedOnAnotherNetwork_LeaveRoomOnTheNext()
    {
        var client = Qualified();
        int held = HoldFromStrangers(client);
        Assert.That(held, Is.GreaterThanOrEqualTo(200));
        client.ChangeNetwork(n => n with { LocalAddress = Lab.IPv4("10.0.0.9") });
        client.Advance(3);
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(HoldFromStrangers(client), Is.EqualTo(held));
    }

    // Each of a crowd of native nodes sends one large packet; returns how many of them wait for a connectivity test.
    static int HoldFromStrangers(ClientHarness client) => Enumerable.Range(1, 1000).Count(i =>
        client.Receive(RelayEndpoint, Build.Udp(new(Native.High, (ulong)i), client.Address, 1200)) == Verdict.Held);

    [Test]
    public void PeerThatCannotBeReached_ItsRandomPortIsClosed()
    {
        var client = Qualified(mapped: Lab.Endpoint("9.0.0.1:1234"), atSecondary: Lab.Endpoint("9.0.0.1:51170"));
        client.SendTo(Peer.Number().Address);
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        client.Advance(12);
        Assert.That(client.EventsOf<ClientEvent.PeerUnreachable>(), Has.Exactly(1).Items);
        Assert.That(client.Sockets.Keys, Has.None.EqualTo(random));
    }

    [Test]
    public void UnreachablePeer_ThatIsHeardAfterAll_IsContactedAgainWhenItGoesQuiet()
    {
        var client = With(TeredoExtensions.None);
        var peer = Peer.Number();
        client.SendTo(peer.Address);
        client.Advance(12);
        Assert.That(client.SendTo(peer.Address), Is.EqualTo(Verdict.Dropped(DropReason.PeerUnreachable)));
        client.ReceiveDirect(peer);
        client.Advance(31);
        Assert.That(client.SendTo(peer.Address), Is.EqualTo(Verdict.Held));
    }

    [Test]
    public void BubblesWithoutANonce_AreNoGuesses()
    {
        var client = Qualified();
        var peer = Peer.Number();
        var elsewhere = Lab.Endpoint("8.0.0.1:50999");
        client.SendTo(peer.Address);
        for (int i = 0; i < 20; i++)
            Assert.That(client.ReceiveDirectFrom(elsewhere, peer), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
        Assert.That(client.ReceiveDirectFrom(elsewhere, peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
    }

    [Test]
    public void AlternateAddresses_OfAnEarlierBubble_AreForgottenWithTheNext()
    {
        var client = Qualified();
        var peer = Peer.Number();
        var alternate = Lab.Endpoint("8.0.0.1:5000");
        client.ReceiveIndirect(peer, Build.Nonce(1), Build.AlternateAddresses(alternate));
        Assert.That(client.Direct().Select(s => s.Target), Has.Member(alternate));
        client.Clear();
        client.ReceiveIndirect(peer, Build.Nonce(2));
        Assert.That(client.Direct().Select(s => s.Target), Has.No.Member(alternate).And.Not.Empty);
    }

    [Test]
    public void Solicitations_InOneSecond_GetOneAdvertisement()
    {
        var client = Qualified();
        var peer = Peer.Number();
        client.Trust(peer);
        for (int i = 0; i < 9; i++)
        {
            client.ReceiveDirect(peer, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation));
            client.Advance(0.1);
        }
        Assert.That(client.Direct(), Has.Count.EqualTo(1));
        client.Advance(0.2);
        client.ReceiveDirect(peer, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation));
        Assert.That(client.Direct(), Has.Count.EqualTo(2));
    }

    [Test]
    public void NativePeerThroughAnotherRelay_DataOfTheTrustedOne_DoesNotPayForMoreTests()
    {
        var client = Qualified();
        client.TrustNative(Native, RelayEndpoint);
        client.Advance(3);
        for (int i = 0; i < 100; i++) // the node answers no ping any more
        {
            client.Receive(OtherRelay, Build.Udp(Native, client.Address));
            client.Receive(RelayEndpoint, Build.Udp(Native, client.Address));
            client.Advance(1);
        }
        Assert.That(client.EchoRequests(), Has.Count.EqualTo(4), "four for one destination, then 300 s of pause");
        Assert.That(client.SendTo(Native).Target, Is.EqualTo(RelayEndpoint));
    }

    [Test]
    public void NativePeerThatIsTestedAgain_ItsDataFromTheKnownRelay_SendsWhatWaited()
    {
        var client = Qualified();
        client.TrustNative(Native, RelayEndpoint);
        client.Advance(31);
        byte[] packet = client.PacketTo(Native);
        Assert.That(client.Send(packet), Is.EqualTo(Verdict.Held));
        client.Receive(RelayEndpoint, Build.Udp(Native, client.Address));
        var sent = client.Sent.Last();
        Assert.That((sent.Target, sent.Payload), Is.EqualTo((RelayEndpoint, packet)));
    }

    [Test]
    public void StrangersThatWantToBeTested_DoNotUseUpTheHostsTests()
    {
        var client = Qualified();
        for (int i = 0; i < 500; i++)
        {
            client.Receive(OtherRelay, Build.Udp(new(Native.High + 1, (ulong)i + 1), client.Address));
            if (i % 25 == 24)
                client.SendTo(new(Native.High, (ulong)i + 1));
            client.Advance(0.002);
        }
        Assert.That(client.EchoRequests().Count(s => s.InnerDestination.High == Native.High), Is.EqualTo(20));
    }

    [Test]
    public void ConnectivityTests_AtMostFiftyInAnySecond()
    {
        var client = Qualified();
        for (int i = 0; i < 1000; i++)
        {
            client.Receive(OtherRelay, Build.Udp(new(Native.High + 1, (ulong)i + 1), client.Address));
            client.SendTo(new(Native.High, (ulong)i + 1));
            client.Advance(0.002);
        }
        double[] times = [.. client.EchoRequests().Times()];
        for (int i = 50; i < times.Length; i++)
            Assert.That(times[i] - times[i - 50], Is.GreaterThan(1));
        Assert.That(times, Has.Length.GreaterThan(50));
    }

    [Test]
    public void Strangers_LeaveRandomPortsForTheHostsPeers()
    {
        var client = Qualified(o => o with
        {
            MaxRandomPorts = 4,
            Extensions = TeredoExtensions.SymmetricNatSupport | TeredoExtensions.PortPreservingSymmetricNat,
        }, Lab.Endpoint("9.0.0.1:1234"), Lab.Endpoint("9.0.0.1:51170"));
        for (int i = 0; i < 10; i++)
            client.ReceiveIndirect(Peer.Number(i), Build.Nonce(7));
        Assert.That(client.Sockets.Keys.Count(p => p.IsRandom), Is.EqualTo(2), "half of them");
        client.Clear();
        client.SendTo(Peer.Number(100).Address);
        Assert.That(client.Indirect().Single().RandomPort, Is.Not.Null);
    }

    [Test]
    public void UpnpSymmetricNat_PeerOnOurSideOfTheNat_GetsDataWhereItIs()
    {
        var inside = Lab.Endpoint("10.0.0.77:4000");
        var portMapped = Lab.Endpoint("9.0.0.1:1234");
        var client = Qualified(o => o with { MapPort = true }, portMapped, Lab.Endpoint("9.0.0.1:51170"),
            prepare: c => c.MapPortAnswer = _ => RequestAnswer.Mapped(portMapped));
        var neighbour = Peer.At("9.0.0.1:4001");
        client.SendTo(neighbour.Address);
        client.ReceiveDirectFrom(inside, neighbour, Build.Nonce(client.LastNonce()));
        client.ReceiveData(neighbour, inside);
        Assert.That(client.SendTo(neighbour.Address).Target, Is.EqualTo(inside));
    }

    [Test]
    public void PacketsThatWaitedTooLong_MakeRoomForLaterOnes()
    {
        var client = Qualified();
        var peer = Peer.Number();
        for (int i = 0; i < 4; i++)
            client.SendTo(peer.Address);
        client.Advance(8.1);
        byte[] late = client.PacketTo(peer.Address);
        Assert.That(client.Send(late), Is.EqualTo(Verdict.Held));
        client.Clear();
        client.ReceiveDirect(peer);
        Assert.That(client.Sent.Single().Payload, Is.EqualTo(late));
        Assert.That(client.Client.Drops[DropReason.QueueExpired], Is.EqualTo(4));
    }

    [Test]
    public void PacketsThatWokeAClient_MakeRoomForLaterOnes()
    {
        var client = Qualified(o => o with { DormancyTimeout = TimeSpan.FromMinutes(1) });
        client.OnSent = null;
        client.Trust(Peer.Number());
        byte[] packet = client.PacketTo(Peer.Number().Address);
        client.AnswerSolicitations(_ => client.Client.State == ClientState.Qualified ? Mapped : null);
        client.Advance(61);
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Dormant));
        for (int i = 0; i < 4; i++)
            Assert.That(client.Send(packet), Is.EqualTo(Verdict.Held));
        client.Advance(8.1);
        Assert.That(client.Send(packet), Is.EqualTo(Verdict.Held), "two solicitations were lost; the third is under way");
        Assert.That(client.Client.Drops[DropReason.QueueExpired], Is.EqualTo(4));
    }

    [Test]
    public void Budget_BubblesOfAContactThatIsForgotten_CountOn()
    {
        // A contact that was made for something else ends while its budget's window has only begun.
        var client = Qualified(o => o with { LocalDiscovery = true, Extensions = TeredoExtensions.ServerLoadReduction });
        var peer = Peer.At("9.0.0.1:4001");
        var local = Lab.Endpoint("10.0.0.77:4000");
        byte[] discovery = Build.BubbleWithHopLimit(1, peer.Address, IPv6Address.AllNodes);
        client.ReceiveDirect(peer, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation));
        client.AdvanceTo(299.5);
        client.Clear();
        for (int i = 0; i < 40; i++)
        {
            client.Receive(LocalPort.Discovery, local, discovery);
            client.Advance(0.5);
        }
        double[] times = [.. client.Direct().Where(s => s.Target == local).Times()];
        Assert.That(times, Has.Length.EqualTo(4));
        Assert.That(times[1] - times[0], Is.GreaterThanOrEqualTo(2));
    }

    [Test]
    public void Network_ThatComesAndGoes_CausesNoStreamOfSolicitations()
    {
        var client = Qualified();
        for (int i = 0; i < 100; i++)
        {
            client.ChangeNetwork(n => n with { HasNativeIPv6 = i % 2 == 0 });
            client.Advance(0.1);
        }
        var times = client.Solicitations.Where(s => s.Target == ServerPrimary).Times().ToList();
        for (int i = 1; i < times.Count; i++)
            Assert.That(times[i] - times[i - 1], Is.GreaterThanOrEqualTo(2), "one per 2 s (docs/protocol §5.4)");
        client.ChangeNetwork(n => n with { HasNativeIPv6 = false });
        client.Advance(5);
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Qualified));
    }

    [Test]
    public void SecondaryLostAfterRenumbering_TheOtherServersAreTried()
    {
        var other = new TeredoServerAddress(Lab.IPv4("4.3.2.1"));
        var client = new ClientHarness(Options with { Servers = [other, OwnServer], RequireSecondary = true });
        client.Start();
        client.AdvanceTo(13);
        client.Qualify(Mapped);
        Assert.That(client.Client.Server, Is.EqualTo(OwnServer));
        client.Clear();
        client.AnswerSolicitation(client.AdvanceToSolicitation(), Lab.Endpoint("9.0.0.1:5000"));
        client.Clear();
        client.Advance(13);
        Assert.That(client.Solicitations.Last().Target.Address, Is.EqualTo(other.Primary));
    }

    [Test]
    public void Refresh_ServerReportsANonGlobalMapping_IsWhatTheFailureSays()
    {
        var client = Qualified();
        client.OnSent = null;
        client.AdvanceToSolicitation();
        for (int i = 0; i < 3; i++)
        {
            client.AnswerLastSolicitation(Lab.Endpoint("192.168.7.7:4096"));
            client.Advance(4.01);
        }
        Assert.That(client.EventsOf<ClientEvent.Failed>().Single().Reason, Is.EqualTo(OfflineReason.MappedAddressNotGlobal));
    }
}
