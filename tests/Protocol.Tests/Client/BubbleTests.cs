using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.6: how often bubbles may be sent; docs/protocol §3.9 for the answers to them.</summary>
public sealed class BubbleTests
{
    static readonly Peer Peer = Peer.Number();

    [Test, Conformance("C-089", "C-091")]
    public void Bubbles_BurstOfPackets_CausesOnePair()
    {
        var client = Qualified();
        for (int i = 0; i < 19; i++)
        {
            client.SendTo(Peer.Address);
            client.Advance(0.1);
        }
        Assert.That(client.Direct(), Has.Count.EqualTo(1));
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-090", "C-091")]
    public void Bubbles_SixtySecondsOfPackets_CauseFourPairs()
    {
        var client = Qualified();
        for (int i = 0; i < 120; i++)
        {
            client.SendTo(Peer.Address);
            client.Advance(0.5);
        }
        Assert.That(client.Direct(), Has.Count.EqualTo(4));
        Assert.That(client.Indirect(), Has.Count.EqualTo(4));
    }

    [Test, Conformance("C-089", "C-090")]
    public void Bubbles_PacketsAndBubblesOfThePeerForAnHour_NeverExceedTheBudget()
    {
        var client = Qualified();
        for (int i = 0; i < 3600; i++)
        {
            client.SendTo(Peer.Address);
            if (i % 7 == 0)
                client.ReceiveIndirect(Peer, Build.Nonce((uint)i + 1));
            client.Advance(1);
        }
        double[] pairs = [.. client.Indirect().Times()];
        Assert.That(pairs, Has.Length.InRange(4 * 12 - 4, 4 * 12 + 4));
        for (int i = 1; i < pairs.Length; i++)
            Assert.That(pairs[i] - pairs[i - 1], Is.GreaterThanOrEqualTo(2));
        for (int i = 4; i < pairs.Length; i++)
            Assert.That(pairs[i] - pairs[i - 4], Is.GreaterThanOrEqualTo(290), "four in 300 s, counted from the window's first");
        foreach (var window in client.Direct().GroupBy(s => (int)(s.Seconds / 300)))
            Assert.That(window.Count(), Is.LessThanOrEqualTo(2 * (4 + 8)), "our own and the answers, of two windows that touch");
    }

    [Test, Conformance("C-089", "C-091")]
    public void Bubbles_IndirectBubbleJustAfterOurPair_IsAnsweredDirectlyOnly()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        client.Advance(1);
        client.Clear();
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        Assert.That(client.Direct(), Has.Count.EqualTo(1), "the answer has its own allowance");
        Assert.That(client.Indirect(), Is.Empty, "our own indirect one waits for 2 s to pass");
    }

    [Test, Conformance("C-091")]
    public void Bubbles_AnswerWithOurOwnIndirectOne_CountsAsTheRoundsPair()
    {
        var client = Qualified();
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
        client.Clear();
        client.Advance(1);
        client.SendTo(Peer.Address);
        Assert.That(client.SentToPeers(), Is.Empty, "last bubble less than 2 s ago");
        client.Advance(1.3);
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-090")]
    public void Bubbles_DirectReception_MakesTheBudgetWhole()
    {
        var client = With(TeredoExtensions.None);
        client.SendTo(Peer.Address);
        client.AdvanceTo(7);
        Assert.That(client.Indirect(), Has.Count.EqualTo(4));
        client.ReceiveDirect(Peer);
        client.AdvanceTo(40);
        client.Clear();
        client.SendTo(Peer.Address);
        client.AdvanceTo(48);
        Assert.That(client.Indirect(), Has.Count.EqualTo(4));
    }

    [Test, Conformance("C-089")]
    public void Bubbles_PeerAnswers_NoFurtherOnesAreSent()
    {
        var client = Qualified();
        client.SendTo(Peer.Address);
        client.ReceiveDirect(Peer);
        client.Clear();
        client.Advance(20);
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test]
    public void Bubbles_DirectBubble_IsNotAnswered()
    {
        var client = Qualified();
        for (int i = 0; i < 5; i++)
        {
            client.ReceiveDirect(Peer);
            client.Advance(3);
        }
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test]
    public void Bubbles_AnswersToOneTarget_AreAtMostEightInThreeHundredSeconds()
    {
        var client = Qualified();
        client.Trust(Peer);
        for (int i = 0; i < 100; i++)
        {
            client.ReceiveIndirect(Peer, Build.Nonce((uint)i + 1));
            client.ReceiveData(Peer);
            client.Advance(2.5);
        }
        Assert.That(client.Direct(), Has.Count.EqualTo(8));
        client.AdvanceTo(301);
        client.Clear();
        client.ReceiveIndirect(Peer, Build.Nonce(5));
        Assert.That(client.Direct(), Has.Count.EqualTo(1));
    }

    [Test]
    public void Bubbles_AnswersToStrangers_AreThirtyAtOnceAndThirtyASecond()
    {
        var client = Qualified();
        for (int i = 0; i < 500; i++)
            client.ReceiveIndirect(Peer.Number(i), Build.Nonce(5));
        Assert.That(client.Direct(), Has.Count.EqualTo(30), "of a hundred in any second; the rest is for peers in use");
        for (int i = 0; i < 1000; i++)
        {
            client.ReceiveIndirect(Peer.Number(i), Build.Nonce(5));
            client.Advance(0.01);
        }
        Assert.That(client.Direct(), Has.Count.InRange(300, 330));
    }

    [Test]
    public void Bubbles_TrustedPeersIndirectBubble_IsAnsweredDirectlyOnly()
    {
        var client = Qualified();
        client.Trust(Peer);
        client.ReceiveIndirect(Peer, Build.Nonce(77));
        var answer = client.SentToPeers().Single();
        Assert.That(answer.Target, Is.EqualTo(Peer.Mapped));
        Assert.That(answer.TrailerNonce, Is.EqualTo(77));
    }

    [Test]
    public void ExchangeThatHasEnded_LeavesNothingToDo_ButTheRefresh()
    {
        var client = PeerHarness.Qualified();
        client.SendTo(Peer.Number().Address);
        client.ReceiveDirect(Peer.Number());
        Assert.That(client.Client.NextDeadline!.Value - client.Now, Is.GreaterThan(TimeSpan.FromSeconds(20)));
    }

    [Test]
    public void TimesToLive_OfDirectBubbles_Grow_UntilTheDefault()
    {
        Assert.That(Enumerable.Range(0, 5).Select(count => new BubblePairs { Count = count }.LowTtl), Is.EqualTo(new[] { 2, 2, 4, 8, 0 }));
        Assert.That(new BubblePairs { NeedDefaultTtl = true }.LowTtl, Is.Zero);
    }
}
