using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §5.2: symmetric NAT support, nonces in bubbles.</summary>
public sealed class SymmetricNatSupportTests
{
    static readonly Peer Peer = Peer.Number();
    static readonly IPv4Endpoint Elsewhere = Lab.Endpoint("8.0.0.1:50999");

    [Test, Conformance("C-158", "C-166", "C-173")]
    public void IndirectBubbles_EachCarriesAFreshNonce()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        for (int i = 0; i < 250; i++)
            client.SendTo(Peer.Number(i).Address);
        client.Advance(10);
        var nonces = client.Indirect().Select(s => s.TrailerNonce).ToList();
        Assert.That(nonces, Has.Count.EqualTo(1000));
        Assert.That(nonces, Is.Unique);
        Assert.That(nonces, Has.None.EqualTo(null).And.None.EqualTo(0u));
        Assert.That(client.Indirect().Select(s => Convert.ToHexString(s.TrailerOctets)[..4]), Is.All.EqualTo("0104"));
    }

    [Test, Conformance("C-173")]
    public void Nonces_AreNotDerivedFromTheClockOrThePeer()
    {
        uint[] nonces = [.. Enumerable.Range(1, 20).Select(FirstNonce)];
        Assert.That(nonces, Is.Unique, "same instant, same peer, another generator");

        static uint FirstNonce(int seed)
        {
            var client = ClientHarness.Qualified(Lab.Options, seed: seed);
            client.SendTo(Lab.Peer(Lab.Endpoint("203.0.113.12:59982")));
            return client.LastNonce();
        }
    }

    [Test, Conformance("C-173")]
    public void Nonces_GeneratorYieldsZero_IsNeverUsed()
    {
        var random = new ZeroesFirst(3);
        Assert.That(random.NextNonce(), Is.Not.Zero, "0 stands for no nonce");
    }

    [Test, Conformance("C-167")]
    public void DirectBubble_AfterAnIndirectOneWithNonce_EchoesIt()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.ReceiveIndirect(Peer, Build.Nonce(0xCAFEBABE));
        var answer = client.Direct().Single();
        Assert.That(answer.TrailerOctets, Is.EqualTo(Build.Nonce(0xCAFEBABE)));
        Assert.That(answer.Target, Is.EqualTo(Peer.Mapped));
        Assert.That(answer.Ttl, Is.Zero);
        client.Clear();
        client.SendTo(Peer.Address);
        client.Advance(Round);
        Assert.That(client.Direct().Single().TrailerNonce, Is.EqualTo(0xCAFEBABE), "our own direct bubbles carry it too");
        Assert.That(client.Indirect().Single().TrailerNonce, Is.Not.EqualTo(0xCAFEBABE));
    }

    [Test, Conformance("C-168")]
    public void DirectBubble_BeforeAnyNonceWasReceived_HasNone()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Peer.Address);
        client.Advance(10);
        Assert.That(client.Direct(), Has.Count.EqualTo(4));
        Assert.That(client.Direct().Select(s => s.HasTrailers), Is.All.False);
    }

    [Test, Conformance("C-169")]
    public void IndirectBubble_NewNonce_ReplacesTheOldOne()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.ReceiveIndirect(Peer, Build.Nonce(1));
        client.ReceiveIndirect(Peer, Build.Nonce(2));
        client.SendTo(Peer.Address);
        client.Advance(Round);
        Assert.That(client.Direct().Select(s => s.TrailerNonce), Is.EqualTo(Echoed));
    }

    static readonly uint?[] Echoed = [1, 2, 2];

    [Test, Conformance("C-169")]
    public void IndirectBubble_WithoutNonce_ClearsTheStoredOne()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.ReceiveIndirect(Peer, Build.Nonce(1));
        client.Clear();
        client.ReceiveIndirect(Peer);
        client.SendTo(Peer.Address);
        client.Advance(Round);
        Assert.That(client.Direct(), Has.Count.EqualTo(2));
        Assert.That(client.Direct().Select(s => s.TrailerNonce), Is.All.Null);
    }

    [Test, Conformance("C-170")]
    public void DirectBubble_FromTheEmbeddedMapping_NeedsNoNonce()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Peer.Address);
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-170")]
    public void DirectBubble_FromTheEmbeddedMappingWithAnyNonce_IsAccepted()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        Assert.That(client.ReceiveDirect(Peer, Build.Nonce(4711)), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-171")]
    public void DirectBubble_FromAnotherEndpointWithOurNonce_RecordsTheMapping()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        uint nonce = client.LastNonce();
        client.Clear();
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce)), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.Sent.Select(s => s.Target), Is.All.EqualTo(Elsewhere));
        Assert.That(client.Sent.Count(s => s.Payload.AsSpan().SequenceEqual(packet)), Is.EqualTo(1), "what waited goes to the learnt mapping");
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Elsewhere));
        Assert.That(client.ReceiveData(Peer, Elsewhere).Kind, Is.EqualTo(VerdictKind.Deliver));
    }

    [Test, Conformance("C-171")]
    public void DirectBubble_AcceptedByItsNonce_IsAnsweredOnceToTheLearntMapping()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Peer.Address);
        uint nonce = client.LastNonce();
        client.Clear();
        client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce));
        client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce));
        client.ReceiveDirectFrom(Elsewhere, Peer);
        Assert.That(client.Direct().Single().Target, Is.EqualTo(Elsewhere));
        Assert.That(client.Indirect(), Is.Empty);
    }

    [Test, Conformance("C-172")]
    public void DirectBubble_FromAnotherEndpointWithoutOurNonce_IsDropped()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Peer.Address);
        uint nonce = client.LastNonce();
        client.Clear();
        foreach (byte[][] trailers in new byte[][][] { [], [Build.Nonce(nonce ^ 1)], [Build.Nonce(0)] })
            Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, trailers), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
        Assert.That(client.Log, Is.Empty);
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-172")]
    public void DirectBubble_ZeroNonceWhenNoneWasSent_DoesNotMatch()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.Trust(Peer); // an entry to which no indirect bubble was ever sent
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(0)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-171", "C-172")]
    public void Nonces_OnlyTheLastTwoSentAreValid()
    {
        foreach (int which in new[] { 0, 1, 2 })
        {
            var client = With(TeredoExtensions.SymmetricNatSupport);
            client.SendTo(Peer.Address);
            client.AdvanceTo(5);
            var nonces = client.Indirect().Select(s => s.TrailerNonce!.Value).ToList();
            Assert.That(nonces, Has.Count.EqualTo(3));
            var verdict = client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonces[which]));
            Assert.That(verdict, Is.EqualTo(which == 0 ? Verdict.Dropped(DropReason.NonceMismatch) : Verdict.Consumed), $"number {which}");
        }
    }

    [Test, Conformance("C-172")]
    public void Nonces_ThirtySecondsAfterSending_AreVoid()
    {
        foreach (double after in new[] { 29.9, 30.1 })
        {
            var client = With(TeredoExtensions.SymmetricNatSupport);
            client.SendTo(Peer.Address);
            client.AdvanceTo(10);
            uint nonce = client.LastNonce();
            client.AdvanceTo(client.Indirect().Last().Seconds + after);
            Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce)).Kind,
                Is.EqualTo(after < 30 ? VerdictKind.Consumed : VerdictKind.Dropped), $"{after} s");
        }
    }

    [Test, Conformance("C-172")]
    public void Nonces_OnceMatched_AreVoid()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Peer.Address);
        uint nonce = client.LastNonce();
        client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce));
        Assert.That(client.ReceiveDirectFrom(Lab.Endpoint("6.6.6.6:6666"), Peer, Build.Nonce(nonce)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Elsewhere));
    }

    [Test, Conformance("C-172")]
    public void Nonces_OfAnotherPeer_DoNotMatch()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Peer.Address);
        uint nonce = client.LastNonce();
        client.SendTo(Peer.Number(1).Address);
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer.Number(1), Build.Nonce(nonce)), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
    }

    [Test, Conformance("C-172")]
    public void Nonces_TenWrongOnesInTwoSeconds_BubblesAreIgnoredForThirty()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Peer.Address);
        uint nonce = client.LastNonce();
        for (uint i = 1; i <= 10; i++)
            Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce + i)), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce)), Is.EqualTo(Verdict.Dropped(DropReason.NonceGuessing)));
        client.AdvanceTo(29.5);
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(nonce)), Is.EqualTo(Verdict.Dropped(DropReason.NonceGuessing)));
        client.AdvanceTo(31);
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Consumed));
    }

    [Test, Conformance("C-172")]
    public void Nonces_TenWrongOnesSpreadOut_AreNoGuessing()
    {
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.SendTo(Peer.Address);
        for (uint i = 1; i <= 10; i++)
        {
            client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(i));
            client.Advance(0.3);
        }
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
    }

    [Test, Conformance("C-166")]
    public void IndirectBubble_OfAnUntrustedPeer_IsAnsweredDirectlyAndIndirectly()
    {
        // §3.1, §6.1 step 6: our nonce makes a symmetric peer show its real port.
        var client = With(TeredoExtensions.SymmetricNatSupport);
        client.ReceiveIndirect(Peer, Build.Nonce(0xCAFEBABE));
        var indirect = client.Indirect().Single();
        Assert.That(indirect.Target, Is.EqualTo(Peer.Server));
        Assert.That(indirect.TrailerNonce, Is.Not.Null.And.Not.EqualTo(0xCAFEBABEu));
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Elsewhere));
    }

    [Test, Conformance("C-174")]
    public void Support_IsOnByDefaultAndCanBeSwitchedOff()
    {
        var on = Qualified();
        on.SendTo(Peer.Address);
        Assert.That(on.Indirect().Single().TrailerNonce, Is.Not.Null);

        var off = With(TeredoExtensions.None);
        off.SendTo(Peer.Address);
        off.ReceiveIndirect(Peer, Build.Nonce(5));
        Assert.That(off.Sent.Select(s => s.HasTrailers), Is.All.False);
    }

    [Test, Conformance("C-174")]
    public void Support_SymmetricNat_TheClientStillTalks()
    {
        var client = Symmetric();
        Assert.That(client.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.AddressOrPortDependent));
        client.SendTo(Peer.Address);
        Assert.That(client.Direct().Single().Target, Is.EqualTo(Peer.Mapped));
        client.ReceiveDirect(Peer);
        client.ReceiveIndirect(Peer, Build.Nonce(77)); // by which it can verify us
        Assert.That(client.SendTo(Peer.Address).Kind, Is.EqualTo(VerdictKind.Send));
    }

    /// <summary>Yields zeroes so many times, then ones.</summary>
    sealed class ZeroesFirst(int times) : IRandomSource
    {
        int _left = times;

        public void Fill(Span<byte> octets) => octets.Fill((byte)(_left-- > 0 ? 0 : 1));
    }
}
