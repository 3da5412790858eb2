using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §4 and §5.1.2: what the client makes of trailers.</summary>
public sealed class TrailerHandlingTests
{
    static readonly Peer Peer = Peer.Number();

    [Test, Conformance("C-154", "C-157")]
    public void TwoNonces_TheLastOneCounts()
    {
        var client = Qualified();
        client.ReceiveIndirect(Peer, Build.Nonce(1), Build.Nonce(2));
        Assert.That(client.Direct().Single().TrailerNonce, Is.EqualTo(2));
    }

    [TestCase("4100", TestName = "UnknownTrailer_TopBits01_DiscardsThePacket")] // TV-25
    [TestCase("7f02aabb", TestName = "UnknownTrailer_TopBits01WithValue_DiscardsThePacket")]
    [TestCase("0104cafebabe4100", TestName = "UnknownTrailer_TopBits01BehindANonce_DiscardsThePacket")]
    [Conformance("C-155")]
    public void UnknownTrailer_TopBits01_IsDiscarded(string trailers)
    {
        var client = Qualified();
        byte[] octets = Convert.FromHexString(trailers);
        Assert.That(client.ReceiveIndirect(Peer, octets), Is.EqualTo(Verdict.Dropped(DropReason.UnknownTrailer)));
        Assert.That(client.ReceiveDirect(Peer, octets), Is.EqualTo(Verdict.Dropped(DropReason.UnknownTrailer)));
        byte[] data = [.. Build.Udp(Peer.Address, client.Address), .. octets];
        Assert.That(client.Receive(Peer.Mapped, data), Is.EqualTo(Verdict.Dropped(DropReason.UnknownTrailer)));
        Assert.That(client.Log, Is.Empty);
        Assert.That(client.Client.PeerCount, Is.Zero);
    }

    [Test, Conformance("C-155")]
    public void UnknownTrailer_TopBits01BehindDataOfATrustedPeer_IsDiscarded()
    {
        var client = Qualified();
        client.Trust(Peer);
        byte[] data = [.. Build.Udp(Peer.Address, client.Address), 0x41, 0];
        Assert.That(client.Receive(Peer.Mapped, data), Is.EqualTo(Verdict.Dropped(DropReason.UnknownTrailer)));
    }

    [TestCase("8102aabb0104cafebabe", TestName = "UnknownTrailer_TopBits10_IsSkipped")] // TV-23
    [TestCase("c1000104cafebabe", TestName = "UnknownTrailer_TopBits11_IsSkipped")]
    [TestCase("0a010b0104cafebabe", TestName = "UnknownTrailer_TopBits00_IsSkipped")]
    [TestCase("0104cafebabe810101", TestName = "UnknownTrailer_BehindTheNonce_IsSkipped")]
    [Conformance("C-156")]
    public void UnknownTrailer_OtherTopBits_IsSkipped(string trailers)
    {
        var client = Qualified();
        Assert.That(client.ReceiveIndirect(Peer, Convert.FromHexString(trailers)), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.Direct().Single().TrailerNonce, Is.EqualTo(0xCAFEBABE));
    }

    [TestCase("0104cafebabe050800", TestName = "MalformedTrailer_BehindTheNonce_NonceCounts")] // TV-24
    [TestCase("0104cafebabe01", TestName = "MalformedTrailer_OneOctetLeft_NonceCounts")]
    [TestCase("0104cafebabe05084100", TestName = "MalformedTrailer_DiscardingOneBehindIt_IsNotLookedAt")]
    [Conformance("C-157")]
    public void MalformedTrailer_StopsTheReading(string trailers)
    {
        var client = Qualified();
        Assert.That(client.ReceiveIndirect(Peer, Convert.FromHexString(trailers)), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.Direct().Single().TrailerNonce, Is.EqualTo(0xCAFEBABE));
    }

    [Test, Conformance("C-157")]
    public void MalformedTrailer_BeforeTheNonce_NonceDoesNotCount()
    {
        var client = Qualified();
        Assert.That(client.ReceiveIndirect(Peer, [0x05, 0xFF, .. Build.Nonce(5)]), Is.EqualTo(Verdict.Consumed), "the bubble itself stays");
        Assert.That(client.Direct().Single().TrailerNonce, Is.Null);
    }

    [Test, Conformance("C-154", "C-158")]
    public void OurTrailers_NonceComesFirst()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        byte[] trailers = client.Indirect().Single().TrailerOctets;
        Assert.That(trailers[..2], Is.EqualTo(NonceHeader));
        Assert.That(trailers[6], Is.EqualTo(TrailerType.AlternateAddress));
    }

    static readonly byte[] NonceHeader = [1, 4];


    [TestCase("0308000007070707d431", true)]
    [TestCase("030e000007070707d43107070708d431", true)]
    [TestCase("0314000007070707d43107070708d43107070709d431", true)]
    [TestCase("031a000007070707d43107070708d43107070709d4310707070ad431", true)]
    [TestCase("0300", false)]
    [TestCase("03020000", false)]
    [TestCase("0309000007070707d43100", false)]
    [TestCase("0320000007070707d43107070708d43107070709d4310707070ad4310707070bd431", false)]
    [TestCase("0308000107070707d431", false)]
    [TestCase("03080000070707070000", false)]
    [TestCase("03080000e0000001d431", false)]
    [TestCase("0308000000000000d431", false)]
    [Conformance("C-159", "C-164", "C-232", "C-237")]
    public void AlternateAddresses_RuleBroken_TheBubbleIsDropped(string hex, bool valid)
    {
        var client = Qualified();
        var verdict = client.ReceiveIndirect(Peer, Build.Nonce(5), Convert.FromHexString(hex));
        Assert.That(verdict, Is.EqualTo(valid ? Verdict.Consumed : Verdict.Dropped(DropReason.MalformedAlternateAddress)));
        Assert.That(client.Log.Count > 0, Is.EqualTo(valid));
    }

    [Test, Conformance("C-159")]
    public void OurAlternateAddresses_AreAtMostTwo()
    {
        var client = Qualified(o => o with { MapPort = true },
            prepare: c => c.MapPortAnswer = _ => RequestAnswer.Mapped(Lab.Endpoint("192.168.1.7:1234")));
        client.SendTo(Peer.Address);
        byte[] trailers = client.Indirect().Single().TrailerOctets;
        Assert.That(trailers[6], Is.EqualTo(3));
        Assert.That(trailers[7], Is.AnyOf(8, 14));
        Assert.That(trailers[8..10], Is.All.Zero);
    }

    [Test, Conformance("C-160")]
    public void OurAlternateAddresses_GoInIndirectBubblesOnly()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        client.ReceiveIndirect(Peer, Build.Nonce(5), Build.AlternateAddresses(Lab.Endpoint("7.7.7.7:50000")));
        client.Advance(5);
        client.ReceiveDirectFrom(Lab.Endpoint("8.0.0.1:50999"), Peer, Build.Nonce(client.LastNonce()));
        client.ReceiveDirect(Peer, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation));
        Assert.That(client.Indirect().Select(s => s.AlternateAddresses.Length), Is.All.GreaterThan(0));
        Assert.That(client.Sent.Except(client.Indirect()).Select(s => s.AlternateAddresses.Length), Is.All.Zero);
    }

    [Test, Conformance("C-160")]
    public void AlternateAddresses_InADirectBubble_HaveNoEffect()
    {
        var client = Qualified();
        var listed = Lab.Endpoint("7.7.7.7:50000");
        client.ReceiveDirect(Peer, Build.AlternateAddresses(listed));
        client.Advance(31);
        client.SendTo(Peer.Address);
        client.Advance(10);
        Assert.That(client.Sent.Where(s => s.Target == listed), Is.Empty);
    }

    [TestCase("0502c3cb", TestName = "RandomPort_Type5_IsTaken")]
    [TestCase("0202c3cb", TestName = "RandomPort_Type2OfTheRegistry_IsTaken")]
    [Conformance("C-162", "C-165")]
    public void RandomPort_BothTypeNumbers_AreTaken(string trailer)
    {
        var client = Qualified();
        client.ReceiveIndirect(Peer, Build.Nonce(5), Convert.FromHexString(trailer));
        client.Advance(Round);
        Assert.That(client.Direct().Select(s => s.Target), Does.Contain(Lab.Endpoint("8.0.0.1:50123")));
    }

    [Test, Conformance("C-156")]
    public void ManyEmptyTrailers_AreReadWithoutEnd()
    {
        var client = Qualified();
        Assert.That(client.ReceiveDirect(Peer, new byte[1200]), Is.EqualTo(Verdict.Consumed), "type 0, length 0, six hundred times");
    }
}
