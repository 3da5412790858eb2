using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.9: the direct IPv6 connectivity test, which finds and verifies a native node's relay.</summary>
public sealed class ConnectivityTestTests
{
    [Test, Conformance("C-076")]
    public void Test_NativeDestination_EchoRequestGoesThroughOurServer()
    {
        var client = Qualified();
        Assert.That(client.SendTo(Native), Is.EqualTo(Verdict.Held));
        var test = client.Sent.Single();
        Assert.That(test.Target, Is.EqualTo(ServerPrimary));
        Assert.That(test.Via, Is.EqualTo(LocalPort.Service));
        Assert.That(test.InnerSource, Is.EqualTo(client.Address));
        Assert.That(test.InnerDestination, Is.EqualTo(Native));
        Assert.That(test.Echo.Data, Has.Length.GreaterThanOrEqualTo(8), "64 bits at least");
        Assert.That(test.PacketOctets.Length - 40, Is.LessThanOrEqualTo(88), "servers drop larger ones");
    }

    [Test, Conformance("C-076")]
    public void Test_NoRelay_FourRequestsThenUnreachable()
    {
        var client = Qualified();
        client.SendTo(Native);
        client.AdvanceTo(30);
        double[] times = [.. client.EchoRequests().Times()];
        Assert.That(times, Has.Length.EqualTo(4));
        for (int i = 1; i < 4; i++)
            Assert.That(times[i] - times[i - 1], Is.InRange(2, 2.25));
        var lost = client.EventsOf<ClientEvent.PeerUnreachable>().Single();
        Assert.That(lost, Is.EqualTo(new ClientEvent.PeerUnreachable { Peer = Native, Reason = UnreachableReason.NoRelay }));
        Assert.That(client.Unreachables(), Has.Count.EqualTo(1));
        Assert.That(client.SendTo(Native), Is.EqualTo(Verdict.Dropped(DropReason.PeerUnreachable)));
    }

    [Test, Conformance("C-076")]
    public void Test_NoRelay_PausesForThreeHundredSeconds()
    {
        var client = Qualified();
        for (int i = 0; i < 290; i++)
        {
            client.SendTo(Native);
            client.Advance(1);
        }
        Assert.That(client.EchoRequests(), Has.Count.EqualTo(4));
        client.AdvanceTo(310);
        client.Clear();
        Assert.That(client.SendTo(Native), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-063")]
    public void Test_ReplyWithTheNonce_MakesTheRelayTrustedAndSendsWhatWaited()
    {
        var client = Qualified();
        byte[] packet = client.PacketTo(Native);
        client.Send(packet);
        var test = client.EchoRequests().Single();
        client.Clear();
        Assert.That(client.Receive(RelayEndpoint, Build.EchoReplyTo(test)), Is.EqualTo(Verdict.Consumed), "our own test is no business of the host");
        var sent = client.Sent.Single();
        Assert.That(sent.Payload, Is.EqualTo(packet));
        Assert.That(sent.Target, Is.EqualTo(RelayEndpoint));
        Assert.That(client.SendTo(Native), Is.EqualTo(Verdict.Send(LocalPort.Service, RelayEndpoint, packet.Length)));
        byte[] answer = Build.Udp(Native, client.Address);
        Assert.That(client.Receive(RelayEndpoint, answer), Is.EqualTo(Verdict.Deliver(0, answer.Length)));
    }

    [Test, Conformance("C-064")]
    public void Test_ReplyWithAnyBitOfTheNonceFlipped_IsNotAccepted()
    {
        var client = Qualified();
        client.SendTo(Native);
        var test = client.EchoRequests().Single();
        var (identifier, sequence, data) = test.Echo;
        for (int bit = 0; bit < data.Length * 8; bit++)
        {
            byte[] wrong = [.. data];
            wrong[bit / 8] ^= (byte)(1 << bit % 8);
            var verdict = client.Receive(RelayEndpoint, Build.EchoReply(Native, client.Address, identifier, sequence, wrong));
            Assert.That(verdict.Kind, Is.EqualTo(VerdictKind.Dropped).Or.EqualTo(VerdictKind.Held), $"bit {bit}");
        }
        Assert.That(client.SendTo(Native).Kind, Is.Not.EqualTo(VerdictKind.Send));
        Assert.That(client.Delivered, Is.Empty);
    }

    [Test, Conformance("C-064")]
    public void Test_ReplyAfterTheNonceExpired_IsNotAccepted()
    {
        var client = Qualified();
        client.SendTo(Native);
        var test = client.EchoRequests().Single();
        client.Advance(31);
        client.Receive(RelayEndpoint, Build.EchoReplyTo(test));
        Assert.That(client.SendTo(Native).Kind, Is.Not.EqualTo(VerdictKind.Send));
    }

    [Test, Conformance("C-064")]
    public void Test_ReplyUsedTwice_MovesNothing()
    {
        var client = Qualified();
        client.SendTo(Native);
        byte[] reply = Build.EchoReplyTo(client.EchoRequests().Single());
        client.Receive(RelayEndpoint, reply);
        client.Clear();
        var other = Lab.Endpoint("6.0.0.6:1");
        Assert.That(client.Receive(other, reply).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(client.SendTo(Native).Target, Is.EqualTo(RelayEndpoint));
    }

    [Test, Conformance("C-064")]
    public void Test_ReplyFromAnotherNode_IsNotAccepted()
    {
        var client = Qualified();
        client.SendTo(Native);
        var (identifier, sequence, data) = client.EchoRequests().Single().Echo;
        var other = Lab.IPv6("2001:db8:6::51");
        client.Receive(RelayEndpoint, Build.EchoReply(other, client.Address, identifier, sequence, data));
        Assert.That(client.SendTo(Native).Kind, Is.EqualTo(VerdictKind.Held));
        Assert.That(client.SendTo(other).Kind, Is.EqualTo(VerdictKind.Held));
    }

    [Test, Conformance("C-064")]
    public void Test_ReplyWithABadChecksum_IsNotAccepted()
    {
        var client = Qualified();
        client.SendTo(Native);
        byte[] reply = Build.EchoReplyTo(client.EchoRequests().Single());
        reply[42] ^= 1;
        Assert.That(client.Receive(RelayEndpoint, reply).Kind, Is.Not.EqualTo(VerdictKind.Deliver));
        Assert.That(client.SendTo(Native).Kind, Is.EqualTo(VerdictKind.Held));
    }

    [Test, Conformance("C-063")]
    public void Test_EachTest_HasAFreshNonce()
    {
        var client = Qualified();
        for (int i = 0; i < 20; i++)
            client.SendTo(new(Native.High, (ulong)i + 1));
        var others = client.EchoRequests();
        Assert.That(others.Select(s => Convert.ToHexString(s.Echo.Data)), Is.Unique);
        Assert.That(others.Select(s => s.Echo.Identifier).Distinct().Count(), Is.GreaterThan(15));
    }

    [Test, Conformance("C-063")]
    public void Test_LaterTestOfTheSameNode_HasAFreshNonce()
    {
        var client = Qualified();
        client.SendTo(Native);
        var first = client.EchoRequests().Single();
        client.Receive(RelayEndpoint, Build.EchoReplyTo(first));
        client.Advance(31);
        client.SendTo(Native);
        Assert.That(client.EchoRequests().Last().Echo.Data, Is.Not.EqualTo(first.Echo.Data));
        client.Receive(Lab.Endpoint("6.0.0.6:1"), Build.EchoReplyTo(first));
        Assert.That(client.SendTo(Native).Kind, Is.Not.EqualTo(VerdictKind.Send), "the old one is void");
    }

    [Test, Conformance("C-063", "C-076")]
    public void Test_Answered_IsNotRepeated()
    {
        var client = Qualified();
        client.TrustNative(Native, RelayEndpoint);
        client.Advance(29);
        Assert.That(client.EchoRequests(), Is.Empty);
    }

    [Test, Conformance("C-070")]
    public void Test_DataOfUnknownNativeNode_WaitsUntilItIsTested()
    {
        var client = Qualified();
        byte[] packet = Build.Udp(Native, client.Address);
        Assert.That(client.Receive(RelayEndpoint, packet), Is.EqualTo(Verdict.Held));
        var test = client.Sent.Single();
        Assert.That(test.IsEchoRequest, Is.True);
        Assert.That(test.Target, Is.EqualTo(ServerPrimary));
        Assert.That(client.Delivered, Is.Empty);
        client.Receive(RelayEndpoint, Build.EchoReplyTo(test));
        Assert.That(client.Delivered.Single(), Is.EqualTo(packet));
        Assert.That(client.SendTo(Native).Target, Is.EqualTo(RelayEndpoint));
    }

    [Test, Conformance("C-070")]
    public void Test_ReplyThroughAnotherRelay_DoesNotReleaseWhatTheFirstBrought()
    {
        var client = Qualified();
        client.Receive(Lab.Endpoint("6.0.0.6:666"), Build.Udp(Native, client.Address));
        client.Receive(RelayEndpoint, Build.EchoReplyTo(client.EchoRequests().Single()));
        client.Advance(10);
        Assert.That(client.Delivered, Is.Empty, "the packet's claim was not verified");
        Assert.That(client.Client.Drops[DropReason.Untrusted], Is.EqualTo(1));
    }

    [Test, Conformance("C-070")]
    public void Test_NoReply_NothingIsDelivered()
    {
        var client = Qualified();
        client.Receive(RelayEndpoint, Build.Udp(Native, client.Address));
        client.Advance(30);
        Assert.That(client.Delivered, Is.Empty, "no packet, and no error for a packet that was not the host's");
        Assert.That(client.Client.Drops[DropReason.QueueExpired], Is.EqualTo(1));
    }

    [Test, Conformance("C-070")]
    public void Test_TrustedNodeThroughAnotherRelay_IsTestedAgainAndMovesWithTheReply()
    {
        var client = Qualified();
        client.TrustNative(Native, RelayEndpoint);
        var other = Lab.Endpoint("6.0.0.6:666");
        client.Advance(3);
        Assert.That(client.Receive(other, Build.Udp(Native, client.Address)), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)));
        client.Advance(0.5);
        client.Receive(other, Build.Udp(Native, client.Address));
        var test = client.EchoRequests().Single();
        Assert.That(client.SendTo(Native).Target, Is.EqualTo(RelayEndpoint), "the old mapping stays until the reply");
        client.Receive(other, Build.EchoReplyTo(test));
        Assert.That(client.SendTo(Native).Target, Is.EqualTo(other));
        Assert.That(client.Receive(other, Build.Udp(Native, client.Address)).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(client.Receive(RelayEndpoint, Build.Udp(Native, client.Address)), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)));
    }

    [Test, Conformance("C-070")]
    public void Test_TrustedNodeThroughAnotherRelay_IsTestedAtMostEveryTwoSeconds()
    {
        var client = Qualified();
        client.TrustNative(Native, RelayEndpoint);
        client.Advance(3);
        for (int i = 0; i < 40; i++)
        {
            client.Receive(Lab.Endpoint("6.0.0.6:666"), Build.Udp(Native, client.Address));
            client.Receive(RelayEndpoint, Build.Udp(Native, client.Address));
            client.Advance(0.1);
        }
        double[] times = [.. client.EchoRequests().Times()];
        Assert.That(times, Has.Length.EqualTo(2));
        Assert.That(times.Length < 2 || times[1] - times[0] >= 2);
    }

    [Test, Conformance("C-076", "C-081")]
    public void Test_NodeNotHeardForThirtySeconds_IsTestedAgain()
    {
        var client = Qualified();
        client.TrustNative(Native, RelayEndpoint);
        client.Advance(29);
        Assert.That(client.SendTo(Native).Kind, Is.EqualTo(VerdictKind.Send));
        client.Advance(2);
        client.Clear();
        Assert.That(client.SendTo(Native), Is.EqualTo(Verdict.Held));
    }

    [Test, Conformance("C-076")]
    public void Test_EchoReplyToTheHostsOwnPing_ReachesTheHost()
    {
        var client = Qualified();
        client.TrustNative(Native, RelayEndpoint);
        byte[] reply = Build.EchoReply(Native, client.Address, 99, 1, 1, 2, 3, 4, 5, 6, 7, 8);
        Assert.That(client.Receive(RelayEndpoint, reply), Is.EqualTo(Verdict.Deliver(0, reply.Length)));
    }

    [Test]
    public void Test_EchoRequestOfTheHostThatWaited_IsNotMistakenForOurTest()
    {
        var client = Qualified();
        byte[] ping = Build.EchoRequest(client.Address, Native, 99, 1, 1, 2, 3, 4, 5, 6, 7, 8);
        Assert.That(client.Send(ping), Is.EqualTo(Verdict.Held));
        var tests = client.EchoRequests();
        Assert.That(tests.Single().Echo.Data, Is.Not.EqualTo(ping[48..]));
        Assert.That(EchoData(tests.Single()), Has.Length.GreaterThanOrEqualTo(8));
    }

    static byte[] EchoData(SentDatagram sent) => sent.PacketOctets[(IPv6Packet.HeaderSize + EchoMessage.HeaderSize)..];

    // 20 in a second for the host and 5 for strangers; shortly before the second is over there is room for all but the last of each kind.
    [TestCase(0, 20, 3 + 2)]
    [TestCase(0.96, 19, 2 + 1)]
    public void Tests_OfAllPeers_HaveLimits(double seconds, int ofHost, int ofStrangers)
    {
        var client = Qualified();
        for (int round = seconds == 0 ? 1 : 0; round < 2; round++)
        {
            client.AdvanceTo(round * seconds);
            client.Clear();
            for (int i = 0; i < 40; i++)
                client.SendTo(Number(1000 * round + i));
            int own = client.EchoRequests().Count;
            for (int i = 0; i < 40; i++)
                client.Receive(RelayEndpoint, Build.Udp(Number(1000 * round + 500 + i), client.Address));
            if (round == 1)
                Assert.That((own, client.EchoRequests().Count - own), Is.EqualTo((ofHost, ofStrangers)));
            if (seconds == 0)
                Assert.That(client.Client.Drops[DropReason.RateLimited], Is.EqualTo(80 - ofHost - ofStrangers), "each that has to wait for its turn");
        }
    }

    [Test]
    public void PacketsThatWait_HaveAQuarterOfAMebibyteForStrangers_AndTheRestForTheHost()
    {
        var client = PeerHarness.Qualified();
        Assert.That(Held(n => client.Receive(RelayEndpoint, Build.Udp(Number(n), client.Address, 1280 - 48))), Is.EqualTo((1 << 18) / 1280));
        Assert.That(Held(n => client.SendTo(Peer.Number(n).Address, 1280 - 48)), Is.EqualTo((3 << 18) / 1280));

        static int Held(Func<int, Verdict> packetOf) => Enumerable.Range(0, 800).Count(i => packetOf(i / HeldPackets.MaxPackets) == Verdict.Held);
    }

    static IPv6Address Number(int n) => Native with { High = Native.High + (ulong)n };
}
