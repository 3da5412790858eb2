using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.3 cases 4 and 5, §5.2.4 case 3: peers that were discovered on the local link.</summary>
public sealed class LocalPeerTests
{
    static readonly Peer Neighbour = Peer.At("9.0.0.1:5000");
    static readonly IPv4Endpoint NeighbourLocal = Lab.Endpoint("10.0.0.3:5000");
    static readonly IPv4Endpoint Group = Lab.Endpoint("224.0.0.253:3544");

    [Test, Conformance("C-068")]
    public void DiscoveryBubble_IsAnsweredByUnicastAndMakesNoTrust()
    {
        var client = Discovering();
        Assert.That(Announce(client), Is.EqualTo(Verdict.Consumed));
        var answer = client.SentToPeers().Single();
        Assert.That((answer.IsBubble, answer.Target, answer.Via), Is.EqualTo((true, NeighbourLocal, LocalPort.Service)));
        Assert.That(answer.InnerDestination, Is.EqualTo((IPv6Address)Neighbour.Address));
        Assert.That(client.SendTo(Neighbour.Address), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-069")]
    public void BubbleFromTheDiscoveredEndpoint_MakesTrustedAndSendsWhatWaited()
    {
        var client = Discovering();
        Announce(client);
        byte[] packet = client.PacketTo(Neighbour.Address);
        client.Send(packet);
        client.Clear();
        Assert.That(client.ReceiveDirectFrom(NeighbourLocal, Neighbour), Is.EqualTo(Verdict.Consumed));
        var sent = client.Sent.Single(s => !s.IsBubble);
        Assert.That(sent.Payload, Is.EqualTo(packet));
        Assert.That(sent.Target, Is.EqualTo(NeighbourLocal));
        Assert.That(client.ReceiveData(Neighbour, NeighbourLocal).Kind, Is.EqualTo(VerdictKind.Deliver));
    }

    [Test, Conformance("C-069")]
    public void BubbleFromAnotherLocalEndpoint_IsDropped()
    {
        var client = Discovering();
        Announce(client);
        Assert.That(client.ReceiveDirectFrom(Lab.Endpoint("10.0.0.4:5000"), Neighbour).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.SendTo(Neighbour.Address), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-077")]
    public void PacketToADiscoveredPeer_WaitsForAUnicastAndADiscoveryBubble()
    {
        var client = Discovering();
        Announce(client);
        client.Advance(3);
        client.Clear();
        Assert.That(client.SendTo(Neighbour.Address), Is.EqualTo(Verdict.Held));
        Assert.That(client.SentToPeers().Select(s => s.Target), Is.EquivalentTo(new[] { NeighbourLocal, Group }));
        var discovery = client.SentToPeers().Single(s => s.Target == Group);
        Assert.That((discovery.Ttl, discovery.InnerDestination), Is.EqualTo(((byte)1, IPv6Address.AllNodes)));
    }

    [Test, Conformance("C-077")]
    public void DiscoveredPeerDoesNotAnswerLocally_IsTriedAsAnyOther()
    {
        var client = Discovering();
        Announce(client);
        client.Advance(3);
        client.Clear();
        client.SendTo(Neighbour.Address);
        client.Advance(Round);
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-077")]
    public void PeerDiscoveredTenMinutesAgo_IsTriedAsAnyOther()
    {
        var client = Discovering();
        Announce(client);
        client.Advance(601);
        client.Clear();
        client.SendTo(Neighbour.Address);
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
        Assert.That(client.Sent.Select(s => s.Target), Has.None.EqualTo(NeighbourLocal));
    }

    static Verdict Announce(ClientHarness client) =>
        client.Receive(LocalPort.Discovery, NeighbourLocal, Build.BubbleWithHopLimit(1, Neighbour.Address, IPv6Address.AllNodes));

    static ClientHarness Discovering() => Qualified(o => o with { LocalDiscovery = true, Extensions = TeredoExtensions.None });
}
