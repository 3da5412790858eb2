using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §5.5: sequential port-symmetric NATs, the Echo Test.</summary>
public sealed class SequentialPortTests
{
    const TeredoExtensions Extensions = TeredoExtensions.SymmetricNatSupport | TeredoExtensions.PortPreservingSymmetricNat
        | TeredoExtensions.SequentialPortSymmetricNat;

    static readonly Peer Peer = Peer.Number();
    static readonly IPv4Endpoint Lower = Lab.Endpoint("9.0.0.1:1200");
    static readonly IPv4Endpoint Upper = Lab.Endpoint("9.0.0.1:1202");

    [Test, Conformance("C-213", "C-214", "C-215", "C-216")]
    public void UntrustedPeer_EchoTestTakesTheIndirectBubblesPlace()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        var port = client.RequestsOf(ClientRequestKind.OpenPort).Single().Port;
        Assert.That((port.IsRandom, $"{port}"), Is.EqualTo((true, "random-0")));
        Assert.That(client.Indirect(), Is.Empty);
        var test = client.Sent.Where(s => s.Via == port).ToList();
        Assert.That(test, Has.Count.EqualTo(3));
        Assert.That((test[0].IsRouterSolicitation, test[0].Target), Is.EqualTo((true, ServerPrimary)));
        Assert.That((test[1].IsDirectBubble, test[1].Target), Is.EqualTo((true, Peer.Mapped)));
        Assert.That((test[2].IsRouterSolicitation, test[2].Target), Is.EqualTo((true, ServerSecondary)));
        Assert.That(test[0].AuthenticationNonce, Is.Not.Null);
        Assert.That(test[2].AuthenticationNonce, Is.Not.Null.And.Not.EqualTo(test[0].AuthenticationNonce));
        Assert.That(test[1].InnerDestination, Is.EqualTo((IPv6Address)Peer.Address));
    }

    [Test]
    public void BubbleOfTheTest_NamesNoPort_ThoughThePeerHasNamedItsOwn()
    {
        var client = Sequential();
        client.ReceiveIndirect(Peer, Build.Nonce(77), Build.RandomPort(50123));
        client.SendTo(Peer.Address);
        client.Advance(4);
        var bubbles = client.Direct().Where(sent => sent.Via.IsRandom).ToList();
        Assert.That(bubbles, Is.Not.Empty);
        Assert.That(bubbles.Select(sent => sent.TrailerOctets.Length), Is.All.LessThanOrEqualTo(2 + 4), "the nonce alone: the port is not known yet");
    }

    [Test, Conformance("C-217", "C-218", "C-219")]
    public void NoAnswer_ASecondTestAfterOneSecondAndThePlainBubbleTwoLater()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        client.AdvanceTo(3.5);
        var solicitations = client.Solicitations.Where(s => s.Via.IsRandom).ToList();
        Assert.That(solicitations.Times(), Is.EqualTo(TestTimes).Within(0.001));
        Assert.That(solicitations.Select(s => s.AuthenticationNonce), Is.Unique);
        var indirect = client.Indirect().Single();
        Assert.That(indirect.Seconds, Is.EqualTo(3).Within(0.001));
        Assert.That(indirect.RandomPort, Is.Null);
        Assert.That(indirect.TrailerNonce, Is.Not.Null);
        Assert.That(indirect.TrailerOctets, Has.Length.EqualTo(2 + 4), "the nonce alone");
    }

    [Test, Conformance("C-217", "C-218")]
    public void NoAnswer_TheNextRoundTestsTwiceAgain()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        client.AdvanceTo(6);
        double[] times = [.. client.Solicitations.Where(s => s.Via.IsRandom).Times()];
        Assert.That(times, Has.Length.EqualTo(8));
        Assert.That(times[6] - times[4], Is.EqualTo(1).Within(0.001));
    }

    [Test, Conformance("C-222")]
    public void AnswerFromTheServersOtherAddress_IsDropped()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        Assert.That(client.AnswerSolicitation(toPrimary, Lower, Advertisement.Right with { OuterSource = ServerSecondary }),
            Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)));
        Assert.That(client.AnswerSolicitation(toSecondary, Upper, Advertisement.Right with { OuterSource = ServerPrimary }),
            Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)));
    }

    [Test]
    public void NoPortBetweenTheTwo_TestedOnceMoreFromAnotherPortWithTheDefaultTtl()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        var first = toPrimary.Via;
        client.Clear();
        client.AnswerSolicitation(toPrimary, Lab.Endpoint("9.0.0.1:1200"));
        client.AnswerSolicitation(toSecondary, Lab.Endpoint("9.0.0.1:1201"));
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort).Single().Port, Is.EqualTo(first));
        var bubble = client.Direct().Single();
        Assert.That((bubble.Via == first, bubble.Ttl), Is.EqualTo((false, (byte)0)));
        Assert.That(client.Indirect(), Is.Empty);
    }

    static readonly double[] TestTimes = [0, 0, 1, 1];

    [Test, Conformance("C-220", "C-222", "C-223")]
    public void BothAnswers_TheMeanIsAdvertised()
    {
        var client = Sequential(); // TV-21, TV-22: 1200 and 1202 give 1201
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        client.AnswerSolicitation(toPrimary, Lower);
        Assert.That(client.Indirect(), Is.Empty, "one half tells nothing");
        client.AnswerSolicitation(toSecondary, Upper);
        var indirect = client.Indirect().Single();
        Assert.That(indirect.RandomPort, Is.EqualTo(1201));
        Assert.That(indirect.Target, Is.EqualTo(Peer.Server));
        Assert.That(indirect.Via, Is.EqualTo(LocalPort.Service));
        Assert.That(indirect.TrailerNonce, Is.Not.Null);
    }

    [Test, Conformance("C-223")]
    public void BothAnswersInTheOtherOrder_TheMeanIsRoundedDown()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        client.AnswerSolicitation(toSecondary, Lab.Endpoint("9.0.0.1:65535"));
        client.AnswerSolicitation(toPrimary, Lab.Endpoint("9.0.0.1:65532"));
        Assert.That(client.Indirect().Single().RandomPort, Is.EqualTo(65533), "the sum needs more than 16 bits");
    }

    [Test, Conformance("C-220")]
    public void LaterRounds_KeepAdvertisingThePort()
    {
        var client = Tested();
        client.Advance(8);
        Assert.That(client.Indirect(), Has.Count.GreaterThanOrEqualTo(3));
        Assert.That(client.Indirect().Select(s => s.RandomPort), Is.All.EqualTo(1201));
    }

    [Test, Conformance("C-222")]
    public void SecondAnswerToOneNonce_ChangesNothing()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        client.AnswerSolicitation(toPrimary, Lower);
        Assert.That(client.AnswerSolicitation(toPrimary, Lab.Endpoint("9.0.0.1:1100")).Kind, Is.EqualTo(VerdictKind.Dropped));
        client.AnswerSolicitation(toSecondary, Upper);
        Assert.That(client.Indirect().Single().RandomPort, Is.EqualTo(1201));
    }

    [Test, Conformance("C-222")]
    public void AnswerWithAnotherNonce_IsDropped()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        var forged = Advertisement.Right with { Nonce = toPrimary.AuthenticationNonce ^ 1 };
        Assert.That(client.AnswerSolicitation(toPrimary, Lower, forged).Kind, Is.EqualTo(VerdictKind.Dropped));
        client.AnswerSolicitation(toSecondary, Upper);
        Assert.That(client.Indirect(), Is.Empty);
    }

    [Test, Conformance("C-225")]
    public void EchoTestsAnswers_NeverTouchTheClientsOwnMapping()
    {
        var client = Sequential();
        var before = client.Address;
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        client.AnswerSolicitation(toPrimary, Lower);
        client.AnswerSolicitation(toSecondary, Upper);
        client.Advance(100);
        Assert.That(client.Address, Is.EqualTo(before));
        Assert.That(client.EventsOf<ClientEvent.AddressChanged>(), Is.Empty);
    }

    [Test, Conformance("C-221")]
    public void BubbleOnTheServicePort_CancelsTheTest()
    {
        var client = Sequential();
        byte[] packet = client.PacketTo(Peer.Address);
        client.Send(packet);
        client.Advance(0.5);
        client.Clear();
        Assert.That(client.ReceiveDirect(Peer), Is.EqualTo(Verdict.Consumed));
        client.ReceiveIndirect(Peer, Build.Nonce(77)); // by which it can verify us
        Assert.That(client.Sent[^1].Payload, Is.EqualTo(packet));
        client.Advance(10);
        Assert.That(client.Solicitations.Where(s => s.Via.IsRandom), Is.Empty);
        Assert.That(client.Indirect().Select(s => s.RandomPort), Is.All.Null);
        Assert.That(client.RequestsOf(ClientRequestKind.ClosePort).ToList(), Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-221")]
    public void BubbleOnTheTestedPort_IsTrustedThere()
    {
        var client = Tested();
        var random = client.Sockets.Keys.Single(p => p.IsRandom);
        var elsewhere = Lab.Endpoint("8.0.0.1:50999");
        Assert.That(client.ReceiveDirectOn(random, elsewhere, Peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Send(random, elsewhere, 60)));
    }

    [Test, Conformance("C-224")]
    public void NextContactAfterTheRefreshTimer_TestsAnew()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        client.AdvanceTo(310);
        client.Clear();
        client.SendTo(Peer.Address);
        client.AdvanceTo(313.5);
        Assert.That(client.Solicitations.Count(s => s.Via.IsRandom), Is.EqualTo(4), "two tests again, so the retry count was zero");
        Assert.That(client.Indirect().Single().Seconds, Is.EqualTo(313).Within(0.001));
    }

    [TestCase(1202, 1200, TestName = "NotSequential_UpperBelowLower_PlainBubbleAtOnceAndNoFurtherTests")]
    [TestCase(1200, 1265, TestName = "NotSequential_SpreadAboveSixtyFour_PlainBubbleAtOnceAndNoFurtherTests")]
    [Conformance("C-213", "C-223")]
    public void NotSequential_IsNotTestedAgain(int lower, int upper)
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        client.AnswerSolicitation(toPrimary, Lower with { Port = (ushort)lower });
        client.AnswerSolicitation(toSecondary, Lower with { Port = (ushort)upper });
        Assert.That(client.Indirect().Single().RandomPort, Is.Null);
        client.Clear();
        client.SendTo(Peer.Number(1).Address);
        Assert.That(client.Solicitations, Is.Empty);
        Assert.That(client.Indirect().Single().RandomPort, Is.Null);
    }

    [Test, Conformance("C-213")]
    public void NotSequential_AtQualificationAlready_NoTestAtAll()
    {
        var client = Symmetric(Extensions);
        client.SendTo(Peer.Address);
        Assert.That(client.Requests, Is.Empty);
        Assert.That(client.Indirect(), Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-213")]
    public void PortCannotBeOpened_ThePlainBubbleGoes()
    {
        var client = Sequential(c => c.OpenPortAnswer = r => r.Port.IsRandom ? RequestAnswer.NotOpened(r.Port) : c.Opened(r));
        client.SendTo(Peer.Address);
        client.AdvanceTo(3.5);
        Assert.That(client.Indirect(), Has.Count.GreaterThanOrEqualTo(1));
        Assert.That(client.Indirect().Select(s => s.RandomPort), Is.All.Null);
    }

    [TestCase(TeredoExtensions.SequentialPortSymmetricNat)]
    [TestCase(TeredoExtensions.SequentialPortSymmetricNat | TeredoExtensions.PortPreservingSymmetricNat)]
    [TestCase(TeredoExtensions.SequentialPortSymmetricNat | TeredoExtensions.SymmetricNatSupport)]
    [Conformance("C-212")]
    public void WithoutTheExtensionsItNeeds_IsAnArgumentException(TeredoExtensions extensions) =>
        Assert.That(() => With(extensions), Throws.ArgumentException.With.Message.Contains(nameof(TeredoExtensions.SequentialPortSymmetricNat)));

    static (SentDatagram ToPrimary, SentDatagram ToSecondary) Test(ClientHarness client)
    {
        var test = client.Solicitations.Where(s => s.Via.IsRandom).ToList();
        return (test.Single(s => s.Target == ServerPrimary), test.Single(s => s.Target == ServerSecondary));
    }

    /// <summary>Behind a NAT that steps by one.</summary>
    static ClientHarness Sequential(Action<ClientHarness>? prepare = null)
    {
        var client = Qualified(o => o with { Extensions = Extensions }, Lab.Endpoint("9.0.0.1:1190"), Lab.Endpoint("9.0.0.1:1191"), prepare);
        Assert.That(client.Client.Nat.PortPreserving, Is.False);
        Assert.That(client.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.AddressOrPortDependent));
        return client;
    }

    /// <summary>The Echo Test is over and its port advertised.</summary>
    static ClientHarness Tested()
    {
        var client = Sequential();
        client.SendTo(Peer.Address);
        var (toPrimary, toSecondary) = Test(client);
        client.AnswerSolicitation(toPrimary, Lower);
        client.AnswerSolicitation(toSecondary, Upper);
        return client;
    }
}
