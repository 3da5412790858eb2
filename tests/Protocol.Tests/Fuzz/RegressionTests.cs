using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Tests.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Fuzz;

/// <summary>What the fuzz run found, each in its smallest form.</summary>
public class RegressionTests
{
    [Test]
    public void RandomPortTrailer_ThatNamesOurOwnMapping_IsIgnored()
    {
        var client = Qualified();
        var neighbour = Peer.At("9.0.0.1:5000"); // behind our own NAT
        client.ReceiveIndirect(neighbour, Build.RandomPort(Mapped.Port));
        Assert.That(client.Direct().Select(s => s.Target), Is.EqualTo(new[] { neighbour.Mapped }));
    }

    [Test]
    public void NativePacket_FromOurOwnMapping_IsDropped()
    {
        var client = Qualified();
        var verdict = client.Receive(Mapped, Build.Udp(Native, client.Address));
        Assert.That((verdict.Kind, verdict.Reason), Is.EqualTo((VerdictKind.Dropped, DropReason.OwnAddress)));
        Assert.That(client.EchoRequests(), Is.Empty);
    }

    [Test]
    public void EchoReply_FromOurOwnMapping_MovesNoPeerThere()
    {
        var client = Qualified();
        client.SendTo(Native);
        client.Receive(Mapped, Build.EchoReplyTo(client.EchoRequests().Last()));
        Assert.That(client.Sent.Select(s => s.Target), Has.None.EqualTo(Mapped));
        Assert.That(client.SendTo(Native).Kind, Is.EqualTo(VerdictKind.Held));
    }

    [TestCase("8.0.0.1:3544")]
    [TestCase("10.0.0.255:4096")]
    public void Nonce_FromAServersPortOrADirectedBroadcast_IsNoMapping(string source)
    {
        var client = Qualified();
        var peer = Peer.Number();
        client.SendTo(peer.Address);
        var verdict = client.ReceiveDirectFrom(Lab.Endpoint(source), peer, Build.Nonce(client.LastNonce()));
        Assert.That((verdict.Kind, verdict.Reason), Is.EqualTo((VerdictKind.Dropped, DropReason.NonceMismatch)));
    }

    [Test]
    public void SecondaryAddress_SolicitedByAMappingThatChangesWithEachAnswer_IsNotSolicitedTwiceIn2Seconds()
    {
        var harness = new ClientHarness(PeerHarness.Options with { RefreshInterval = TimeSpan.FromSeconds(5) });
        ushort port = 5000;
        harness.Start();
        harness.AnswerLastSolicitation(new(Mapped.Address, port));
        harness.Advance(8.1); // the secondary address answers the third solicitation only: the primary's refresh is overdue by then
        harness.AnswerLastSolicitation(new(Mapped.Address, port));
        harness.AnswerSolicitations(sent => new(Mapped.Address, sent.Target == ServerPrimary ? ++port : port));
        harness.Advance(60);
        var secondary = harness.Solicitations.Where(s => s.Target == ServerSecondary).Select(s => s.Seconds).ToList();
        Assert.That(secondary, Has.Count.GreaterThan(5));
        Assert.That(secondary.Zip(secondary.Skip(1), (first, next) => next - first), Is.All.GreaterThanOrEqualTo(2));
    }

    [Test]
    public void TimeOut_ThatEndsQualificationLate_LeavesNoDeadlineInThePast()
    {
        var harness = new ClientHarness(PeerHarness.Options with { RefreshInterval = TimeSpan.FromSeconds(5) });
        harness.Start();
        harness.AnswerLastSolicitation(Mapped);
        harness.Advance(20); // the secondary address is silent for 12 s; the harness judges each time-out
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Client.NextDeadline, Is.GreaterThan(harness.Now));
    }
}
