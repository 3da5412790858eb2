using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Rules whose loss no other test noticed.</summary>
public sealed class NoticedTests
{
    const TeredoExtensions Extensions = TeredoExtensions.SymmetricNatSupport | TeredoExtensions.PortPreservingSymmetricNat;

    static readonly Peer Peer = Peer.Number();
    static readonly IPv4Endpoint Elsewhere = Lab.Endpoint("8.0.0.1:50999"), Third = Lab.Endpoint("8.0.0.1:50001");

    [Test]
    public void Dormant_ForgetsItsPeers()
    {
        var client = Qualified(o => o with { DormancyTimeout = TimeSpan.FromMinutes(5) });
        client.Trust(Peer);
        client.AdvanceTo(301);
        Assert.That((client.Client.State, client.Client.PeerCount), Is.EqualTo((ClientState.Dormant, 0)), "their NATs have forgotten us, and ours them");
    }

    [Test]
    public void Woken_IsNotIdleAtOnce()
    {
        var mapped = Mapped;
        var client = Qualified(o => o with { DormancyTimeout = TimeSpan.FromMinutes(5) }, prepare: c => c.AnswerSolicitations(_ => mapped));
        var self = client.Address;
        client.AdvanceTo(1000);
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Dormant));
        mapped = Mapped with { Port = 5000 }; // so that the packet that wakes it is dropped, and counts for nothing
        client.OnSent = null;
        client.AnswerSolicitations(_ => mapped);
        client.Send(Build.Udp(self, Peer.Address));
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Qualified));
        client.Advance(299);
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Qualified));
        client.Advance(2);
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Dormant));
    }

    [Test]
    public void SilentServersAddress_IsLostBeforeTheNextServerIsAsked([Values] bool inARound)
    {
        var other = new TeredoServerAddress(Lab.IPv4("4.3.2.1"));
        var client = Qualified(o => o with { Servers = [OwnServer, other], DormancyTimeout = TimeSpan.FromMinutes(5) });
        var address = client.Client.Address!.Value;
        if (inARound)
            client.AdvanceTo(301); // dormant, with its address
        client.OnSent = null;
        client.Clear();
        if (inARound)
            client.Send(Build.Udp(address, Peer.Address));
        while (client.Solicitations.All(s => s.Target.Address == OwnServer.Primary))
            client.Advance(0.5);
        Assert.That(client.EventsOf<ClientEvent.AddressLost>().Single().Address, Is.EqualTo(address));
        Assert.That((client.Client.State, client.Client.Address), Is.EqualTo((ClientState.Qualifying, (TeredoAddress?)null)));
    }

    [Test, Conformance("C-204")]
    public void PeerThatMoved_IsNoLongerHeardWhereItWas()
    {
        var client = TrustedElsewhere();
        client.Advance(35);
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)), "it seems to have moved, and is asked");
        Assert.That(client.ReceiveData(Peer, Elsewhere), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)), "who has its old mapping now?");
    }

    // RFC 6081 §5.2.4.4: the bubble answers a question that we have just asked, through the peer's server.
    [Test, Conformance("C-171")]
    public void QuietPeerThatMoved_IsTrustedAtOnce_ByTheNonceThatWeSentIt([Values] bool atRandomPort)
    {
        var client = TrustedElsewhere();
        client.Advance(35);
        client.ReceiveIndirect(Peer, Build.Nonce(78));
        var via = atRandomPort ? client.Sockets.Keys.Single(port => port.IsRandom) : LocalPort.Service;
        Assert.That(client.ReceiveDirectOn(via, Third, Peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.Receive(via, Third, Build.Udp(Peer.Address, client.Address)).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Send(via, Third, 60)));
    }

    [Test]
    public void QuietPeer_AnswersFromWhereItWas_WeAreNotWhereWeWere_PacketsWaitForItsNonce()
    {
        var client = Qualified(o => o with { Extensions = TeredoExtensions.SymmetricNatSupport }, atSecondary: Lab.Endpoint("9.0.0.1:50000"));
        client.SendTo(Peer.Address);
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        client.ReceiveDirect(Peer, Build.Nonce(client.LastNonce()));
        client.ReceiveData(Peer);
        client.Advance(200); // our NAT makes another mapping now
        client.Clear();
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        client.ReceiveDirect(Peer, Build.Nonce(client.LastNonce()));
        Assert.That(client.Sent.Select(s => s.Payload), Has.None.EqualTo(packet), "the peer would drop it");
        client.Clear();
        client.ReceiveIndirect(Peer, Build.Nonce(78));
        Assert.That(client.Direct().Single().TrailerNonce, Is.EqualTo(78));
        Assert.That(client.SentToPeers()[^1].Payload, Is.EqualTo(packet));
    }

    [Test]
    public void NativeStranger_WhoseTestIsNotAnswered_IsNotTold_BecauseTheHostWantedNothing()
    {
        var client = Qualified();
        client.Receive(RelayEndpoint, Build.Udp(Native, client.Address));
        client.Advance(30);
        Assert.That(client.EchoRequests(), Has.Count.EqualTo(4), "the test has ended");
        Assert.That(client.EventsOf<ClientEvent.PeerUnreachable>(), Is.Empty);
    }

    // RFC 6081 §5.4.4.5: a trusted peer may move when nothing went either way for 30 s. Here it is trusted at another mapping than the embedded one.
    static ClientHarness TrustedElsewhere()
    {
        var client = Qualified(o => o with { Extensions = Extensions }, mapped: Lab.Endpoint("9.0.0.1:1234"), atSecondary: Lab.Endpoint("9.0.0.1:50000"));
        client.SendTo(Peer.Address);
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(client.LastNonce()));
        client.Receive(LocalPort.Service, Elsewhere, Build.Udp(Peer.Address, client.Address)); // data: it can verify us
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Elsewhere));
        client.Clear();
        return client;
    }

    [Test, Conformance("C-203")]
    public void PeerThatIsHeard_DoesNotMove_ThoughTheHostIsSilent()
    {
        var client = TrustedElsewhere();
        for (int second = 5; second <= 40; second += 5)
        {
            client.Advance(5);
            client.Receive(LocalPort.Service, Elsewhere, Build.Udp(Peer.Address, client.Address));
        }
        client.Clear();
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)));
        Assert.That(client.Log, Is.Empty);
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Elsewhere));
    }

    [Test, Conformance("C-203")]
    public void PeerThatTheHostSendsTo_DoesNotMove_ThoughItIsSilent()
    {
        var client = TrustedElsewhere();
        client.Advance(28);
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Elsewhere), "heard 28 s ago");
        client.Advance(4);
        client.Clear();
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)), "sent to 4 s ago");
        Assert.That(client.Log, Is.Empty, "it is not asked for its new mapping");
    }

    [Test, Conformance("C-203")]
    public void PeerOnTheServicePort_DoesNotMoveBackToARandomPort()
    {
        var client = Qualified(o => o with { Extensions = Extensions }, mapped: Lab.Endpoint("9.0.0.1:1234"), atSecondary: Lab.Endpoint("9.0.0.1:50000"));
        client.Trust(Peer);
        client.Advance(31);
        client.SendTo(Peer.Address); // quiet for 30 s: bubbles, and a random port for it
        var random = client.Sockets.Keys.Single(port => port.IsRandom);
        client.ReceiveData(Peer);    // it answers at the service port
        client.Clear();
        Assert.That(client.ReceiveDirectOn(random, Peer.Mapped, Peer), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)));
        Assert.That(client.Log, Is.Empty, "its trust stays as it is");
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Send(LocalPort.Service, Peer.Mapped, 60)));
    }

    [Test]
    public void PeerWhoseServerIsOurselves_IsNotContacted()
    {
        var client = Qualified(o => o with { ServicePort = 3544 }, mapped: Lab.Endpoint("9.0.0.1:3544"));
        var ourselves = Peer.At("8.0.0.1:4096", server: "9.0.0.1");
        Assert.That(client.SendTo(ourselves.Address), Is.EqualTo(Verdict.Dropped(DropReason.OwnAddress)));
        Assert.That(client.ReceiveIndirect(ourselves), Is.EqualTo(Verdict.Dropped(DropReason.OwnAddress)));
        client.Advance(10);
        Assert.That(client.SentToPeers(), Is.Empty, "RFC 6324: the indirect bubble would come back to us");
    }

    [TestCase(false, FilteringBehaviour.EndpointIndependent), TestCase(true, FilteringBehaviour.NotChecked)]
    public void StrangerThroughThePortMapping_TellsNothingOfTheNat(bool portMapped, FilteringBehaviour expected)
    {
        var client = Qualified(o => o with { MapPort = true }, prepare: c => c.MapPortAnswer = _ => portMapped ? RequestAnswer.Mapped(Mapped) : RequestAnswer.NotMapped);
        Assert.That(client.ReceiveData(Peer).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(client.Client.Nat.Filtering, Is.EqualTo(expected));
    }

    [Test]
    public void Nonce_ThatWasAnswered_IsNotTakenASecondTime()
    {
        var client = Symmetric();
        var peer = Peer.Number();
        client.SendTo(peer.Address);
        byte[] nonce = Build.Nonce(client.LastNonce());
        Assert.That(client.ReceiveDirectFrom(Elsewhere, peer, nonce), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.ReceiveDirectFrom(Third, peer, nonce), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
    }

    // RFC 6081 §5.6: with our nonce a peer may come from an address of the site. To port 0 nothing can be sent, and 3544 is that of servers.
    [TestCase("10.0.0.5:1", true), TestCase("10.0.0.5:0", false), TestCase("10.0.0.5:3544", false), TestCase("8.0.0.1:0", false), TestCase("10.0.0.255:4096", false)]
    public void Nonce_MakesAPeerKnown_WhereItCanBeAnswered(string source, bool isTaken)
    {
        var client = Symmetric();
        client.SendTo(Peer.Address);
        var verdict = client.ReceiveDirectFrom(Lab.Endpoint(source), Peer, Build.Nonce(client.LastNonce()));
        Assert.That(verdict, Is.EqualTo(isTaken ? Verdict.Consumed : Verdict.Dropped(DropReason.NonceMismatch)));
    }

    [Test]
    public void ConnectivityTest_ThatWasAnswered_MovesThePeerToNoOtherRelay()
    {
        var client = Qualified();
        client.SendTo(Native);
        byte[] reply = Build.EchoReplyTo(client.EchoRequests().Single());
        Assert.That(client.Receive(RelayEndpoint, reply), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.Receive(Lab.Endpoint("6.0.0.6:666"), reply), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)));
        Assert.That(client.SendTo(Native).Target, Is.EqualTo(RelayEndpoint));
    }

    // A port forwarded from 3544: what goes to "the peer's server" would come back to us.
    [Test]
    public void PeerWhoseServerIsOurOwnEndpoint_IsSentNothing()
    {
        var client = Qualified(mapped: Lab.Endpoint("9.0.0.1:3544"));
        var peer = Peer.At("8.0.0.1:4096", server: "9.0.0.1");
        Assert.That(client.SendTo(peer.Address), Is.EqualTo(Verdict.Dropped(DropReason.OwnAddress)));
        Assert.That(client.ReceiveIndirect(peer, Build.Nonce(5)), Is.EqualTo(Verdict.Dropped(DropReason.OwnAddress)));
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test]
    public void DataOfAPeerThatIsReachedFromARandomPort_AtTheServicePort_ClosesTheRandomPort()
    {
        var client = Qualified(mapped: Lab.Endpoint("9.0.0.1:1234"), atSecondary: Lab.Endpoint("9.0.0.1:51170"));
        var peer = Peer.Number();
        client.SendTo(peer.Address);
        client.ReceiveIndirect(peer, Build.Nonce(77));
        var random = client.Sockets.Keys.Single(port => port.IsRandom);
        Assert.That(client.ReceiveDirectOn(random, peer.Mapped, peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
        client.Receive(random, peer.Mapped, Build.Udp(peer.Address, client.Address)); // data: it can verify us
        Assert.That(client.SendTo(peer.Address).Via, Is.EqualTo(random));
        Assert.That(client.ReceiveData(peer).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(client.Sockets.Keys, Has.None.EqualTo(random));
        Assert.That(client.SendTo(peer.Address).Via, Is.EqualTo(LocalPort.Service));
    }

    [Test]
    public void DialToAnAddressWithSixtyFourPeersInUse_IsRefusedByName()
    {
        var client = Qualified();
        for (int i = 0; i < 64; i++)
        {
            var peer = Peer.At($"8.0.0.1:{4000 + i}");
            client.SendTo(peer.Address);
            client.ReceiveDirect(peer);
            client.Advance(0.2);
            Assert.That(client.SendTo(peer.Address).Kind, Is.EqualTo(VerdictKind.Send), $"peer {i}");
        }
        Assert.That(client.SendTo(Peer.At("8.0.0.1:5000").Address), Is.EqualTo(Verdict.Dropped(DropReason.PeerAddressFull)));
        Assert.That(client.SendTo(Peer.At("8.0.0.2:5000").Address), Is.EqualTo(Verdict.Held));
    }

    [TestCase(MappingBehaviour.None, FilteringBehaviour.NotChecked, "none"), TestCase(MappingBehaviour.AddressOrPortDependent, FilteringBehaviour.EndpointIndependent, "symmetric")]
    [TestCase(MappingBehaviour.EndpointIndependent, FilteringBehaviour.EndpointIndependent, "cone"), TestCase(MappingBehaviour.EndpointIndependent, FilteringBehaviour.NotChecked, "restricted")]
    [TestCase(MappingBehaviour.NotChecked, FilteringBehaviour.EndpointIndependent, "cone"), TestCase(MappingBehaviour.NotChecked, FilteringBehaviour.NotChecked, "unknown")]
    public void ClassicName_IsThatOfRfc3489(MappingBehaviour mapping, FilteringBehaviour filtering, string name) =>
        Assert.That(new NatReport { Mapping = mapping, Filtering = filtering }.ClassicName, Is.EqualTo(name));
}
