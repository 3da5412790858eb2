using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §5.7: an idle peer is asked directly before its server is troubled.</summary>
public sealed class ServerLoadReductionTests
{
    static readonly Peer Peer = Peer.Number();

    [Test, Conformance("C-239", "C-240", "C-241")]
    public void IdlePeer_IsSolicitedDirectlyAndThePacketWaits()
    {
        var client = Idle();
        byte[] packet = client.PacketTo(Peer.Address);
        Assert.That(client.Send(packet), Is.EqualTo(Verdict.Held));
        var solicitation = client.SentToPeers().Single();
        Assert.That(solicitation.Target, Is.EqualTo(Peer.Mapped));
        Assert.That(solicitation.Ttl, Is.Zero);
        Assert.That(solicitation.Payload, Is.EqualTo(Build.Bubble(client.Address, Peer.Address, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation))));
    }

    [Test, Conformance("C-240")]
    public void PeerHeardWithinThirtySeconds_IsNotSolicited()
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        client.Advance(29.9);
        client.Clear();
        Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
        Assert.That(client.Direct(), Is.Empty);
    }

    [TestCase(false, TestName = "IdlePeer_AdvertisementComes_PacketIsSent")]
    [TestCase(true, TestName = "IdlePeer_DataComes_PacketIsSent")]
    [Conformance("C-241", "C-239")]
    public void IdlePeer_AnyPacketFromIt_SendsWhatWaited(bool data)
    {
        var client = Idle();
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        client.Clear();
        client.Advance(1);
        if (data)
            client.ReceiveData(Peer);
        else
            client.ReceiveDirect(Peer, Build.NeighborDiscovery(NeighborDiscoveryType.Advertisement));
        Assert.That(client.SentToPeers().Single().Payload, Is.EqualTo(packet));
        client.Advance(20);
        Assert.That(client.SentToPeers(), Has.Count.EqualTo(1), "no further solicitation");
        Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
    }

    [Test, Conformance("C-242", "C-243")]
    public void SilentPeer_SolicitedThreeTimesThenBubblesThroughItsServer()
    {
        var client = Idle();
        double start = client.Seconds;
        client.SendTo(Peer.Address);
        client.Advance(4.5);
        var solicitations = client.Direct().Where(s => s.NeighborDiscovery == NeighborDiscoveryType.Solicitation).ToList();
        Assert.That(solicitations.Times().Select(t => Math.Round(t - start, 6)), Is.EqualTo(Solicited));
        Assert.That(Math.Round(client.Indirect().Single().Seconds - start, 6), Is.EqualTo(4), "as for a new peer");
    }

    static readonly double[] Solicited = [0, 2, 4];

    [Test, Conformance("C-243")]
    public void SilentPeer_StaysSilent_IsUnreachableInTheEnd()
    {
        var client = Idle();
        client.SendTo(Peer.Address);
        client.Advance(20);
        Assert.That(client.Indirect().Count, Is.EqualTo(2));
        var rounds = client.Direct().Select(s => s.At).Distinct().ToList();
        Assert.That(rounds, Has.Count.InRange(3, 4), "solicitations are bubbles, too: four in 300 s without an answer");
        Assert.That(client.EventsOf<ClientEvent.PeerUnreachable>().ToList(), Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-243")]
    public void PeerThatIgnoredSolicitations_GetsBubblesAtOnceNextTime()
    {
        var client = Qualified(o => o with { Extensions = TeredoExtensions.ServerLoadReduction });
        client.Trust(Peer);
        client.Advance(31);
        client.SendTo(Peer.Address);
        client.Advance(4.5);
        client.ReceiveDirect(Peer); // what its server passed on made it answer
        client.Advance(31);
        client.Clear();
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
    }

    // RFC 4787 REQ-5: its NAT may have forgotten us by then.
    [TestCase(119, false)]
    [TestCase(120, true)]
    public void PeerThatWasQuietForTwoMinutes_GetsBubblesAtOnce(int seconds, bool bubbles)
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        client.Advance(seconds);
        client.Clear();
        client.SendTo(Peer.Address);
        Assert.That(client.Indirect(), Has.Count.EqualTo(bubbles ? 1 : 0));
        Assert.That(client.Direct().Single().NeighborDiscovery, Is.EqualTo(bubbles ? null : NeighborDiscoveryType.Solicitation));
    }

    [Test, Conformance("C-244")]
    public void Solicitation_IsAnsweredWithAnAdvertisement()
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        Assert.That(client.ReceiveDirect(Peer, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation)), Is.EqualTo(Verdict.Consumed));
        var answer = client.SentToPeers().Single();
        Assert.That(answer.Target, Is.EqualTo(Peer.Mapped));
        Assert.That(answer.Payload, Is.EqualTo(Build.Bubble(client.Address, Peer.Address, Build.NeighborDiscovery(NeighborDiscoveryType.Advertisement))));
    }

    [Test, Conformance("C-244")]
    public void Solicitation_ReservedOctetsSet_IsAnsweredAllTheSame()
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        client.ReceiveDirect(Peer, [TrailerType.NeighborDiscovery, 4, 0, 1, 2, 3]);
        Assert.That(client.SentToPeers().Single().NeighborDiscovery, Is.EqualTo(NeighborDiscoveryType.Advertisement));
    }

    [Test, Conformance("C-244")]
    public void Solicitation_FromAnUnverifiedSource_IsNotAnswered()
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        byte[] solicitation = Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation);
        client.ReceiveDirectFrom(Lab.Endpoint("8.0.0.2:4096"), Peer, solicitation);
        client.ReceiveDirectFrom(Lab.Endpoint("8.0.0.2:4096"), Peer.Number(7), solicitation);
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test, Conformance("C-244")]
    public void Solicitations_Storm_IsAnsweredAtALimitedRate()
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        for (int i = 0; i < 1000; i++)
            client.ReceiveDirect(Peer, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation));
        Assert.That(client.SentToPeers(), Has.Count.EqualTo(1));
        client.Advance(1);
        client.ReceiveDirect(Peer, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation));
        Assert.That(client.SentToPeers(), Has.Count.EqualTo(2), "one a second");
    }

    [Test, Conformance("C-244")]
    public void Solicitations_EveryThirtyOneSeconds_AreAllAnswered()
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        for (int i = 0; i < 60; i++)
        {
            client.Advance(31);
            client.ReceiveDirect(Peer, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation));
        }
        Assert.That(client.Direct(), Has.Count.EqualTo(60));
    }

    [Test, Conformance("C-245")]
    public void Advertisement_IsNeverAnswered()
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        client.ReceiveDirect(Peer, Build.NeighborDiscovery(NeighborDiscoveryType.Advertisement));
        client.Advance(10);
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test, Conformance("C-245")]
    public void TwoClients_SoliciteEachOther_NoStorm()
    {
        var left = With(TeredoExtensions.ServerLoadReduction);
        var right = Qualified(o => o with { Extensions = TeredoExtensions.ServerLoadReduction }, mapped: Peer.Mapped);
        var leftAsPeer = new Peer(left.Client.Address!.Value);
        var rightAsPeer = new Peer(right.Client.Address!.Value);
        left.Trust(rightAsPeer);
        right.Trust(leftAsPeer);
        left.Advance(31);
        right.Advance(31);
        left.Clear();
        right.Clear();
        left.SendTo(rightAsPeer.Address);
        right.SendTo(leftAsPeer.Address);
        int exchanged = 0;
        while (Carry(left, right) | Carry(right, left))
            Assert.That(++exchanged, Is.LessThan(10));
        Assert.That(left.SendTo(rightAsPeer.Address).Kind, Is.EqualTo(VerdictKind.Send));
        Assert.That(right.SendTo(leftAsPeer.Address).Kind, Is.EqualTo(VerdictKind.Send));
    }

    /// <summary>Hands what one client sent to the other's mapped endpoint over.</summary>
    static bool Carry(ClientHarness from, ClientHarness to)
    {
        var target = to.Client.Address!.Value.MappedEndpoint;
        var sent = from.Sent.Where(s => s.Target == target).ToList();
        from.Sent.Clear();
        foreach (var datagram in sent)
            to.Receive(from.Client.Address!.Value.MappedEndpoint, datagram.Payload);
        return sent.Count > 0;
    }

    [Test, Conformance("C-239")]
    public void Switch_Off_BubblesGoAtOnce()
    {
        var client = With(TeredoExtensions.None);
        client.Trust(Peer);
        client.Advance(31);
        client.Clear();
        client.SendTo(Peer.Address);
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
        Assert.That(client.Sent.Select(s => s.NeighborDiscovery), Is.All.Null);
    }

    static ClientHarness Idle()
    {
        var client = With(TeredoExtensions.ServerLoadReduction);
        client.Trust(Peer);
        client.Advance(31);
        client.Clear();
        return client;
    }
}
