using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §5.6: two clients behind one NAT that does not hairpin.</summary>
public sealed class HairpinningTests
{
    static readonly Peer Peer = Peer.Number();

    /// <summary>A peer behind the same outer NAT as we.</summary>
    static readonly Peer Neighbour = Peer.At("9.0.0.1:5000");
    static readonly IPv4Endpoint NeighbourLocal = Lab.Endpoint("10.0.0.3:5000");

    [Test, Conformance("C-226", "C-229", "C-231")]
    public void IndirectBubble_ListsTheLocalEndpoint()
    {
        var client = With(TeredoExtensions.Hairpinning);
        client.SendTo(Peer.Address);
        var indirect = client.Indirect().Single();
        Assert.That(indirect.AlternateAddresses.Single(), Is.EqualTo(Local));
        Assert.That(indirect.TrailerNonce, Is.Not.Null);
        Assert.That(indirect.TrailerOctets[6..10], Is.EqualTo(AlternateHeader), "behind the nonce: type 3, length 8, reserved 0");
    }

    static readonly byte[] AlternateHeader = [3, 8, 0, 0];

    [Test, Conformance("C-230")]
    public void IndirectBubble_BehindTwoNats_ListsThePortMappingSecond()
    {
        var outer = Lab.Endpoint("192.168.1.7:1234"); // TV-12
        var client = WithPortMapping(outer);
        client.SendTo(Peer.Address);
        Assert.That(client.Indirect().Single().AlternateAddresses, Is.EqualTo(new[] { Local, outer }));
    }

    [Test, Conformance("C-230")]
    public void IndirectBubble_PortMappingIsWhatTheServerSees_IsNotListed()
    {
        var client = Qualified(o => o with { Extensions = TeredoExtensions.Hairpinning, MapPort = true }, mapped: Lab.Endpoint("9.0.0.1:1234"),
            prepare: c => c.MapPortAnswer = _ => RequestAnswer.Mapped(Lab.Endpoint("9.0.0.1:1234")));
        client.SendTo(Peer.Address);
        Assert.That(client.Indirect().Single().AlternateAddresses.Single(), Is.EqualTo(Local));
    }

    [Test, Conformance("C-226")]
    public void Switch_Off_ListsNothingAndTakesNothing()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Neighbour.Address);
        client.ReceiveIndirect(Neighbour, Build.Nonce(5), Build.AlternateAddresses(NeighbourLocal));
        client.Advance(10);
        Assert.That(client.Indirect().Select(s => s.AlternateAddresses.Length), Is.All.Zero);
        Assert.That(client.Sent.Select(s => s.Target), Has.None.EqualTo(NeighbourLocal));
    }

    [Test, Conformance("C-233", "C-234", "C-235")]
    public void ListedAddresses_EachGetsADirectBubbleWithTheNonce()
    {
        var client = Qualified();
        var second = Lab.Endpoint("7.7.7.7:5000");
        client.ReceiveIndirect(Neighbour, Build.Nonce(0xCAFEBABE), Build.AlternateAddresses(NeighbourLocal, second));
        Assert.That(client.Direct().Select(s => s.Target), Is.EquivalentTo(new[] { Neighbour.Mapped, NeighbourLocal, second }));
        Assert.That(client.Direct().Select(s => s.TrailerNonce), Is.All.EqualTo(0xCAFEBABE));
        Assert.That(client.Direct().Select(s => s.InnerDestination), Is.All.EqualTo((IPv6Address)Neighbour.Address));
    }

    [Test, Conformance("C-233", "C-234")]
    public void ListedAddresses_AreStoredForLaterRounds()
    {
        var client = Qualified();
        client.ReceiveIndirect(Neighbour, Build.Nonce(5), Build.AlternateAddresses(NeighbourLocal));
        client.SendTo(Neighbour.Address);
        client.Clear();
        client.Advance(Round);
        Assert.That(client.Direct().Select(s => s.Target), Is.EquivalentTo(new[] { Neighbour.Mapped, NeighbourLocal }));
        Assert.That(client.Direct().Select(s => s.TrailerNonce), Is.All.EqualTo(5));
    }

    [Test, Conformance("C-233")]
    public void ListedAddresses_NewList_ReplacesTheOldOne()
    {
        var client = Qualified();
        client.ReceiveIndirect(Neighbour, Build.Nonce(5), Build.AlternateAddresses(NeighbourLocal));
        client.ReceiveIndirect(Neighbour, Build.Nonce(6), Build.AlternateAddresses(Lab.Endpoint("10.0.0.4:5000")));
        client.SendTo(Neighbour.Address);
        client.Clear();
        client.Advance(Round);
        Assert.That(client.Direct().Select(s => s.Target), Does.Contain(Lab.Endpoint("10.0.0.4:5000")).And.Not.Contain(NeighbourLocal));
    }

    [Test, Conformance("C-234")]
    public void TrustedPeer_OnlyItsMappingGetsABubble()
    {
        var client = Qualified();
        client.SendTo(Neighbour.Address);
        client.ReceiveDirectFrom(NeighbourLocal, Neighbour, Build.Nonce(client.LastNonce()));
        client.Clear();
        client.ReceiveIndirect(Neighbour, Build.Nonce(5), Build.AlternateAddresses(Lab.Endpoint("10.0.0.4:5000")));
        Assert.That(client.Direct().Single().Target, Is.EqualTo(NeighbourLocal));
    }

    [Test, Conformance("C-236")]
    public void DirectBubbleFromAPrivateAddress_NeedsTheNonce()
    {
        var client = Qualified();
        client.SendTo(Neighbour.Address);
        uint nonce = client.LastNonce();
        Assert.That(client.ReceiveDirectFrom(NeighbourLocal, Neighbour).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.ReceiveDirectFrom(NeighbourLocal, Neighbour, Build.Nonce(nonce ^ 1)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.SendTo(Neighbour.Address), Is.EqualTo(Verdict.Held));
        Assert.That(client.ReceiveDirectFrom(NeighbourLocal, Neighbour, Build.Nonce(nonce)), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.SendTo(Neighbour.Address), Is.EqualTo(Verdict.Held), "it sees us at a private address, too, and needs its own nonce");
        client.ReceiveIndirect(Neighbour, Build.Nonce(77));
        Assert.That(client.SendTo(Neighbour.Address).Target, Is.EqualTo(NeighbourLocal));
        Assert.That(client.ReceiveData(Neighbour, NeighbourLocal).Kind, Is.EqualTo(VerdictKind.Deliver), "its data comes the same way");
    }

    [Test, Conformance("C-236")]
    public void DataFromAPrivateAddressOfAnUnknownPeer_IsDropped()
    {
        var client = Qualified();
        var local = Peer.At("10.0.0.3:5000");
        Assert.That(client.ReceiveData(local), Is.EqualTo(Verdict.Dropped(DropReason.SourceNotGlobal)));
        Assert.That(client.ReceiveData(Neighbour, NeighbourLocal).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.Client.PeerCount, Is.Zero);
    }

    [TestCase("192.168.1.1:5000", TestName = "RemotePeer_ListsARouterOfSomeLan_NothingIsSentThere")]
    [TestCase("172.16.0.1:5000", TestName = "RemotePeer_ListsAPrivateAddress_NothingIsSentThere")]
    [TestCase("127.0.0.1:5000", TestName = "RemotePeer_ListsLoopback_NothingIsSentThere")]
    [TestCase("10.0.0.255:5000", TestName = "RemotePeer_ListsOurDirectedBroadcast_NothingIsSentThere")]
    [TestCase("255.255.255.255:5000", TestName = "RemotePeer_ListsBroadcast_NothingIsSentThere")]
    [TestCase("10.0.0.2:1234", TestName = "RemotePeer_ListsOurOwnLocalEndpoint_NothingIsSentThere")]
    [TestCase("9.0.0.1:4096", TestName = "RemotePeer_ListsOurOwnMapping_NothingIsSentThere")]
    [TestCase("7.7.7.7:1023", TestName = "RemotePeer_ListsAPrivilegedPort_NothingIsSentThere")]
    [TestCase("7.7.7.7:3544", TestName = "RemotePeer_ListsAServerPort_NothingIsSentThere")]
    [Conformance("C-238")]
    public void RemotePeer_ListsWhatIsNotItsOwn_NothingIsSentThere(string listed)
    {
        var client = Qualified();
        var endpoint = Lab.Endpoint(listed);
        client.ReceiveIndirect(Peer, Build.Nonce(5), Build.AlternateAddresses(endpoint));
        client.SendTo(Peer.Address);
        client.Advance(10);
        Assert.That(client.Sent.Select(s => s.Target), Has.None.EqualTo(endpoint));
    }

    [Test, Conformance("C-238")]
    public void Address_BehindOurOuterNatOrInOurSubnetOrPublic_IsTried()
    {
        foreach (var (peer, listed) in new[] { (Neighbour, "192.168.1.7:5000"), (Peer, "10.0.0.3:5000"), (Peer, "7.7.7.7:1024") })
        {
            var client = Qualified();
            client.ReceiveIndirect(peer, Build.Nonce(5), Build.AlternateAddresses(Lab.Endpoint(listed)));
            Assert.That(client.Direct().Select(s => s.Target), Does.Contain(Lab.Endpoint(listed)));
        }
    }

    [Test, Conformance("C-234", "C-236")]
    public void TwoClientsBehindANatThatDoesNotHairpin_MeetAtTheirLocalEndpoints()
    {
        var left = Qualified();
        var right = Qualified(mapped: Lab.Endpoint("9.0.0.1:5000"), prepare: c => c.Network = c.Network with { LocalAddress = Lab.IPv4("10.0.0.3") });
        left.SendTo(right.Address);
        for (int i = 0; i < 6; i++)
        {
            Carry(left, right);
            Carry(right, left);
        }
        right.Clear();
        byte[] there = left.PacketTo(right.Address), back = right.PacketTo(left.Address);
        Assert.That(left.Send(there).Target, Is.EqualTo(Lab.Endpoint("10.0.0.3:1234")));
        Assert.That(right.Send(back).Target, Is.EqualTo(Local));
        Carry(left, right);
        Carry(right, left);
        Assert.That(right.Delivered.Single(), Is.EqualTo(there));
        Assert.That(left.Delivered.Single(), Is.EqualTo(back));
    }

    /// <summary>The server forwards, the LAN carries, and what goes to the NAT's outside is lost.</summary>
    static void Carry(ClientHarness from, ClientHarness to)
    {
        var sent = from.SentToPeers();
        from.Sent.Clear();
        foreach (var datagram in sent)
            if (datagram.Target == ServerPrimary)
                to.Receive(ServerPrimary, Build.WithOrigin(from.Client.Address!.Value.MappedEndpoint, datagram.Payload));
            else if (datagram.Target == to.ServiceLocal)
                to.Receive(from.ServiceLocal, datagram.Payload);
    }

    static ClientHarness WithPortMapping(IPv4Endpoint external) =>
        Qualified(o => o with { Extensions = TeredoExtensions.Hairpinning, MapPort = true },
            prepare: c => c.MapPortAnswer = _ => RequestAnswer.Mapped(external));
}
