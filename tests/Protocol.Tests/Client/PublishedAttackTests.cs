using FsCheck.Fluent;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Attacks that were published against Teredo clients, and what this one does about each.</summary>
public sealed class PublishedAttackTests
{
    static readonly Peer Peer = Peer.Number();

    // CVE-2006-6264: peer entries for whatever Teredo source a packet claims, also with intranet addresses.

    [Test, Conformance("C-140", "C-144")]
    public void Cve20066264_ClaimedSourcesOfOthers_MakeNoPeerEntries()
    {
        var client = Qualified();
        var attacker = Lab.Endpoint("6.6.6.6:6666");
        for (int i = 0; i < 1000; i++)
        {
            Assert.That(client.ReceiveDirectFrom(attacker, Peer.Number(i)).Kind, Is.EqualTo(VerdictKind.Dropped));
            Assert.That(client.ReceiveData(Peer.Number(i), attacker).Kind, Is.EqualTo(VerdictKind.Dropped));
        }
        Assert.That(client.Client.PeerCount, Is.Zero);
        Assert.That(client.Log, Is.Empty);
    }

    [TestCase("10.0.0.3:5000")]
    [TestCase("192.168.1.1:5000")]
    [TestCase("172.16.0.1:5000")]
    [TestCase("169.254.1.1:5000")]
    [TestCase("127.0.0.1:5000")]
    [TestCase("224.0.0.1:5000")]
    [Conformance("C-144")]
    public void Cve20066264_SourceEmbedsAnIntranetAddress_MakesNoPeerEntryAndIsSentNothing(string endpoint)
    {
        var client = Qualified();
        var peer = Peer.At(endpoint);
        Assert.That(client.ReceiveDirect(peer).Kind, Is.EqualTo(VerdictKind.Dropped), "even from that very endpoint");
        Assert.That(client.ReceiveData(peer), Is.EqualTo(Verdict.Dropped(DropReason.SourceNotGlobal)));
        client.ReceiveDirectFrom(Lab.Endpoint("6.6.6.6:6666"), peer);
        client.ReceiveIndirect(peer, Build.Nonce(5));
        client.Receive(ServerPrimary, Build.WithOrigin(peer.Mapped, Build.Bubble(Native, client.Address)));
        client.SendTo(peer.Address);
        client.Advance(10);
        Assert.That(client.Sent.Select(s => s.Target), Has.None.EqualTo(peer.Mapped));
        Assert.That(client.Client.PeerCount, Is.Zero);
    }

    [Test, Conformance("C-140", "C-083")]
    public void Cve20066264_FloodOfConsistentSources_EvictsNoPeerInUse()
    {
        var client = Qualified(o => o with { MaxPeers = 256 });
        var used = Peer.At("7.7.7.7:7777");
        client.Trust(used);
        Assert.That(client.SendTo(used.Address).Kind, Is.EqualTo(VerdictKind.Send));
        for (int i = 0; i < 100_000; i++)
        {
            var claimed = Peer.Number(i);
            client.Client.HandleDatagram(client.Now, LocalPort.Service, claimed.Mapped, Build.Bubble(claimed.Address, client.Address));
        }
        Assert.That(client.Client.PeerCount, Is.InRange(128, 256));
        Assert.That(client.SendTo(used.Address), Is.EqualTo(Verdict.Send(LocalPort.Service, used.Mapped, 60)));
        Assert.That(client.ReceiveData(used).Kind, Is.EqualTo(VerdictKind.Deliver));
    }

    [Test, Conformance("C-140")]
    public void Cve20066264_FloodThroughTheServer_EvictsNoPeerInUse()
    {
        var client = Qualified(o => o with { MaxPeers = 64 });
        client.Trust(Peer);
        client.SendTo(Peer.Address);
        for (int i = 1; i < 5000; i++)
            client.ReceiveIndirect(Peer.Number(i), Build.Nonce(5));
        Assert.That(client.Client.PeerCount, Is.InRange(16, 64));
        Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
    }

    [Test, Conformance("C-140")]
    public void Cve20066264_FloodDuringAnExchange_DoesNotStopIt()
    {
        var client = Qualified(o => o with { MaxPeers = 64 });
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        for (int i = 1; i < 5000; i++)
            client.ReceiveIndirect(Peer.Number(i), Build.Nonce(5));
        client.Clear();
        client.ReceiveDirect(Peer);
        Assert.That(client.Sent.Select(s => s.Payload), Has.Some.EqualTo(packet));
    }

    // CVE-2006-6265: inbound by following the bubble procedure. The core delivers from verified mappings only; which of it
    // reaches a socket is for the engine above, which lets nothing in that did not opt in.

    [Test, Conformance("C-144", "C-071")]
    public void Cve20066265_DataBeforeTheBubbleProcedure_OnlyFromTheEmbeddedMapping()
    {
        var client = Qualified();
        for (int port = 1024; port < 2024; port++)
            Assert.That(client.ReceiveData(Peer, new IPv4Endpoint(Peer.Mapped.Address, (ushort)port)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.Delivered, Is.Empty);
    }

    [Test, Conformance("C-144")]
    public void Cve20066265_BubbleProcedureFollowed_DeliversFromTheVerifiedMappingOnly()
    {
        var client = Qualified();
        client.ReceiveIndirect(Peer, Build.Nonce(5));
        var real = Lab.Endpoint("8.0.0.1:50999");
        Assert.That(client.ReceiveData(Peer, real).Kind, Is.EqualTo(VerdictKind.Dropped), "an indirect bubble verifies nothing");
        client.ReceiveDirectFrom(real, Peer, Build.Nonce(client.LastNonce()));
        Assert.That(client.ReceiveData(Peer, real).Kind, Is.EqualTo(VerdictKind.Deliver));
        foreach (string other in new[] { "8.0.0.1:51000", "6.6.6.6:50999" })
            Assert.That(client.ReceiveData(Peer, Lab.Endpoint(other)).Kind, Is.EqualTo(VerdictKind.Dropped));
    }

    [Test, Conformance("C-172")]
    public void Cve20066265_NonceGuessing_IsStoppedLongBeforeItPays()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        var attacker = Lab.Endpoint("6.6.6.6:6666");
        uint nonce = client.LastNonce();
        int looked = 0;
        for (uint guess = 1; guess <= 10_000; guess++)
            if (client.ReceiveDirectFrom(attacker, Peer, Build.Nonce(nonce + guess)).Reason == DropReason.NonceMismatch)
                looked++;
        Assert.That(looked, Is.EqualTo(10));
    }

    // CVE-2006-6266: connectivity tests aimed at third parties.

    [Test, Conformance("C-070")]
    public void Cve20066266_ManyNativeSources_CauseAtMostFiftyTestsAtOnce()
    {
        var client = Qualified();
        for (int i = 0; i < 1000; i++)
            client.Receive(Lab.Endpoint("6.6.6.6:6666"), Build.Udp(new(Native.High, (ulong)i + 1), client.Address));
        Assert.That(client.EchoRequests(), Has.Count.InRange(5, 50));
        Assert.That(client.EchoRequests().Select(s => s.Target), Is.All.EqualTo(ServerPrimary), "never straight to anyone");
    }

    [Test, Conformance("C-070")]
    public void Cve20066266_OneNativeSourceAgainAndAgain_CausesFourTestsInThreeHundredSeconds()
    {
        var client = Qualified();
        for (int i = 0; i < 280; i++)
        {
            client.Receive(Lab.Endpoint("6.6.6.6:6666"), Build.Udp(Native, client.Address));
            client.Advance(1);
        }
        Assert.That(client.EchoRequests(), Has.Count.EqualTo(4));
    }

    [Test, Conformance("C-140")]
    public void Cve20066266_AFloodOfDataThatWaitsForTests_LeavesRoomForTheHostsPackets()
    {
        var client = Qualified();
        for (int i = 0; i < 1500; i++)
            client.Receive(Lab.Endpoint("6.6.6.6:6666"), Build.Udp(new(Native.High, (ulong)i + 1), client.Address, 1232));
        Assert.That(client.SendTo(Peer.Address, 1232), Is.EqualTo(Verdict.Held));
    }

    [TestCase("ff02::1")]
    [TestCase("fe80::1")]
    [TestCase("::1")]
    [TestCase("fd00::1")]
    [Conformance("C-070", "C-073")]
    public void Cve20066266_SourceThatIsNoGlobalNode_IsNotTested(string source)
    {
        var client = Qualified();
        Assert.That(client.Receive(Lab.Endpoint("6.6.6.6:6666"), Build.Udp(IPv6Address.Parse(source), client.Address)).Kind, Is.EqualTo(VerdictKind.Dropped));
        client.Advance(5);
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test, Conformance("C-070")]
    public void Cve20066266_AFloodOfTests_LeavesRoomForTheHostsOwn()
    {
        var client = Qualified();
        for (int i = 0; i < 1000; i++)
            client.Receive(Lab.Endpoint("6.6.6.6:6666"), Build.Udp(new(Native.High, (ulong)i + 1), client.Address));
        client.Advance(1.5);
        client.Clear();
        var wanted = IPv6Address.Parse("2001:db8:7::1");
        Assert.That(client.SendTo(wanted), Is.EqualTo(Verdict.Held));
        client.Advance(Round);
        Assert.That(client.EchoRequests().Select(s => s.InnerDestination), Does.Contain(wanted));
    }

    // Reflection and amplification through the client.

    [Test]
    public void Reflection_StreamOfBubblesThatNameOneVictim_IsCutAtTheAllowance()
    {
        var client = Qualified();
        var victim = Lab.Endpoint("7.7.7.7:7777");
        for (int i = 0; i < 2900; i++)
        {
            client.Receive(ServerPrimary, Build.WithOrigin(victim, Build.Bubble(new(Native.High, (ulong)i), client.Address)));
            client.Advance(0.1);
        }
        Assert.That(client.Sent.Count(s => s.Target == victim), Is.EqualTo(8));
    }

    [Test]
    public void Reflection_StreamOfIndirectBubblesOfTeredoPeersThatEmbedOneVictim_IsCutAtTheAllowance()
    {
        var client = Qualified();
        var victim = Lab.Endpoint("7.7.7.7:7777");
        for (int i = 0; i < 1000; i++)
        {
            var claimed = Peer.At("7.7.7.7:7777", flags: (TeredoFlags)(i & 0xFF));
            client.ReceiveIndirect(claimed, Build.Nonce(5));
            client.Advance(0.2);
        }
        Assert.That(client.Sent.Count(s => s.Target == victim), Is.EqualTo(8), "whatever the flag bits, it is one target");
    }

    [Test, Conformance("C-234")]
    public void Reflection_ListedAddresses_CountAgainstTheirOwnAllowance()
    {
        var client = Qualified();
        var victim = Lab.Endpoint("7.7.7.7:7777");
        for (int i = 0; i < 1000; i++)
        {
            client.ReceiveIndirect(Peer.Number(i), Build.Nonce(5), Build.AlternateAddresses(victim, victim, victim, victim));
            client.Advance(0.2);
        }
        Assert.That(client.Sent.Count(s => s.Target == victim), Is.EqualTo(8));
    }

    [Test]
    public void Amplification_OneBubble_CausesNoMoreThanOneAnswerForEachAddressAndOnePair()
    {
        var client = Qualified();
        client.ReceiveIndirect(Peer, Build.Nonce(5), Build.RandomPort(50123),
            Build.AlternateAddresses(Lab.Endpoint("7.7.7.1:5000"), Lab.Endpoint("7.7.7.2:5000"), Lab.Endpoint("7.7.7.3:5000"), Lab.Endpoint("7.7.7.4:5000")));
        Assert.That(client.Direct(), Has.Count.EqualTo(6), "embedded mapping, random port, four listed");
        Assert.That(client.Direct().Select(s => s.Target), Is.Unique);
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
        client.Clear();
        client.Advance(300);
        Assert.That(client.SentToPeers(), Is.Empty, "nothing is repeated for a peer that our host sends nothing to");
    }

    [Test]
    public void Reflection_OriginOfOurselves_IsNotAnswered()
    {
        var client = Qualified();
        foreach (var own in new[] { Mapped, Local })
            client.Receive(ServerPrimary, Build.WithOrigin(own, Build.Bubble(Native, client.Address)));
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test]
    public void Loop_DatagramFromOurOwnMapping_IsDropped()
    {
        var client = Qualified();
        Assert.That(client.ReceiveDirectFrom(Mapped, Peer), Is.EqualTo(Verdict.Dropped(DropReason.OwnAddress)));
        Assert.That(client.Log, Is.Empty);
    }

    /// <summary>Any sequence of what strangers can send: each datagram causes a bounded number, and none larger than itself by much.</summary>
    [Test]
    public void Reflection_MadeUpPeersOfOneServer_AimFewIndirectBubblesAtIt()
    {
        var client = Qualified();
        for (int i = 0; i < 1000; i++)
        {
            client.Advance(0.25);
            client.ReceiveIndirect(Peer.Number(i));
        }
        Assert.That(client.Indirect().Count(s => s.Target == Peer.Number().Server), Is.EqualTo(8));
    }

    [Test, Conformance("C-089")]
    public void Amplification_AnySequenceOfDatagrams_EachCausesABoundedAnswer() =>
        PropertySeed.Check(Prop.ForAll<byte[]>(ReceiveSequence));

    static void ReceiveSequence(byte[] script)
    {
        var client = Qualified();
        for (int i = 0; i + 1 < script.Length; i += 2)
        {
            client.Sent.Clear();
            byte[] datagram = Stranger(client, script[i], Peer.Number(script[i + 1] % 3), out var source);
            client.Receive(source, datagram);
            var sent = client.SentToPeers();
            Assert.That(sent, Has.Count.LessThanOrEqualTo(7));
            Assert.That(sent.Select(s => s.Payload.Length), Is.All.LessThanOrEqualTo(80), "bubbles and tests only");
            client.Advance(script[i] / 64.0);
        }
    }

    static byte[] Stranger(ClientHarness client, byte kind, Peer peer, out IPv4Endpoint source)
    {
        source = (kind & 8) != 0 ? peer.Mapped : Lab.Endpoint("6.6.6.6:6666");
        byte[] bubble = Build.Bubble(peer.Address, client.Address, Build.Nonce(kind), Build.RandomPort(50123));
        switch (kind % 5)
        {
            case 0:
                source = ServerPrimary;
                return Build.WithOrigin(peer.Mapped, [.. bubble, .. Build.AlternateAddresses(Lab.Endpoint("7.7.7.7:7777"), Lab.Endpoint("7.7.7.8:7777"))]);
            case 1:
                source = ServerPrimary;
                return Build.WithOrigin(RelayEndpoint, Build.Bubble(new(Native.High, kind), client.Address));
            case 2:
                return [.. bubble, .. Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation)];
            case 3:
                return Build.Udp(peer.Address, client.Address);
            default:
                return Build.Udp(new(Native.High, kind), client.Address);
        }
    }
}
