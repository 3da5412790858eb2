using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Reflection;

/// <summary>What a client does with answers of its server that are wrong, hostile, or of somebody else (docs/protocol §9.3).</summary>
public sealed class ReachabilityAskTests
{
    static readonly IPv4Endpoint Stranger = Lab.Endpoint("8.8.8.8:3545");
    static readonly IPv6Address ServerAddress = TeredoLinkLocal.Server(Lab.IPv4("1.2.3.4"));

    static IPv4Endpoint Server => PeerHarness.ServerPrimary;

    static ReflectionMessage Last(ClientHarness client)
    {
        return IPv6Packet.TryParse(client.Sent[^1].Payload, out var packet) && ReflectionMessage.TryParse(packet, out var request) ? request
            : throw new AssertionException("the client sent something other than a request");
    }

    static byte[] Message(ReflectionMessage message, IPv6Address source, IPv6Address destination)
    {
        byte[] octets = new byte[ReflectionMessage.Size];
        message.Write(octets, source, destination);
        return octets;
    }

    static byte[] Answer(ClientHarness client, ReflectionKind kind, IPv4Endpoint? stranger = null, ulong change = 0) => Message(
        Last(client) with { Kind = kind, Stranger = stranger ?? Stranger, Cookie = 77, Token = Last(client).Token ^ change }, ServerAddress, client.Address);

    static ClientHarness Asking()
    {
        var client = PeerHarness.Qualified();
        client.CheckReachability();
        return client;
    }

    static ReachabilityOutcome? Outcome(ClientHarness client) => client.EventsOf<ClientEvent.ReachabilityChecked>().SingleOrDefault()?.Outcome;

    [Test]
    public void Requests_GoToTheServerAlone_ThreeTimes_AndGiveUp()
    {
        var client = Asking();
        client.Advance(2.99);
        Assert.That(Outcome(client), Is.Null);
        client.Advance(0.02);
        Assert.That(Outcome(client), Is.EqualTo(ReachabilityOutcome.NoAnswer));
        Assert.That(client.Sent.Select(sent => (sent.Target, sent.Via, sent.Payload.Length)), Is.EqualTo(Enumerable.Repeat((Server, LocalPort.Service, 320), 3)));
        Assert.That(client.Client.TryCheckReachability(client.Now), Is.True, "it may ask again");
    }

    [TestCase("1.2.3.4:3545")] // the server
    [TestCase("1.2.3.5:3545")] // its secondary address
    [TestCase("9.0.0.1:4096")] // ourselves, outside the NAT
    [TestCase("10.0.0.9:3545")]
    [TestCase("224.0.0.1:3545")]
    [TestCase("8.8.8.8:0")]
    [TestCase("0.0.0.0:0")]
    public void Cookie_ThatNamesNoStranger_EndsTheCheck(string stranger)
    {
        var client = Asking();
        client.Clear();
        var answer = Message(new() { Kind = ReflectionKind.Cookie, Token = 0, Stranger = Lab.Endpoint(stranger) }, ServerAddress, client.Address);
        Assert.That(client.Receive(Server, answer).Reason, Is.EqualTo(DropReason.BadNonce), "an answer to nothing that was asked");
        client.Advance(1);
        Assert.That(client.Receive(Server, Answer(client, ReflectionKind.Cookie, Lab.Endpoint(stranger))).Kind, Is.EqualTo(VerdictKind.Consumed));
        Assert.That(Outcome(client), Is.EqualTo(ReachabilityOutcome.NoStranger));
        client.Clear();
        client.Advance(5);
        Assert.That(client.Sent, Is.Empty);
    }

    [Test]
    public void Answers_OfOthers_OrOutOfTurn_ChangeNothing()
    {
        var client = Asking();
        byte[] cookie = Answer(client, ReflectionKind.Cookie), damaged = Answer(client, ReflectionKind.Cookie);
        damaged[60] ^= 1;
        Assert.Multiple(() =>
        {
            Assert.That(client.Receive(PeerHarness.ServerSecondary, cookie).Reason, Is.EqualTo(DropReason.Untrusted));
            Assert.That(client.Receive(Lab.Endpoint("7.7.7.7:3544"), cookie).Reason, Is.EqualTo(DropReason.Untrusted));
            Assert.That(client.Receive(Server, damaged).Reason, Is.EqualTo(DropReason.MalformedIcmpv6));
            Assert.That(client.Receive(Server, Answer(client, ReflectionKind.Cookie, change: 1)).Reason, Is.EqualTo(DropReason.BadNonce));
            Assert.That(client.Receive(Server, Answer(client, ReflectionKind.Granted)).Reason, Is.EqualTo(DropReason.BadNonce), "nothing was ordered");
            Assert.That(client.Receive(Server, Answer(client, ReflectionKind.Proof)).Reason, Is.EqualTo(DropReason.BadNonce), "the server is no stranger");
        });
    }

    [Test]
    public void Proof_HasToComeFromTheEndpointThatItsAddressEmbeds()
    {
        var client = Asking();
        client.Receive(Server, Answer(client, ReflectionKind.Cookie));
        var proof = Last(client) with { Kind = ReflectionKind.Proof };
        var self = new TeredoAddress(Server.Address, TeredoFlags.None, Stranger);
        Assert.Multiple(() =>
        {
            Assert.That(client.Receive(Lab.Endpoint("7.7.7.7:7"), Message(proof, self, client.Address)).Reason, Is.EqualTo(DropReason.MappingMismatch));
            Assert.That(client.Receive(Stranger, Message(proof with { Token = 1 }, self, client.Address)).Reason, Is.EqualTo(DropReason.Untrusted));
            Assert.That(client.Receive(Stranger, Message(proof, Lab.IPv6("fe80::1"), client.Address)).Reason, Is.EqualTo(DropReason.BadInnerSource));
            Assert.That(Outcome(client), Is.Null);
            Assert.That(client.Receive(Stranger, Message(proof, self, client.Address)).Kind, Is.EqualTo(VerdictKind.Consumed));
            Assert.That(Outcome(client), Is.EqualTo(ReachabilityOutcome.Reached));
            Assert.That(client.Delivered, Is.Empty, "the host is not told");
        });
    }

    [Test]
    public void Server_ThatGrantsEverythingAndSendsNothing_IsAskedTenTimesAtMost()
    {
        var client = Asking();
        client.Receive(Server, Answer(client, ReflectionKind.Cookie));
        for (int i = 0; i < 60 && Outcome(client) is null; i++)
        {
            client.Receive(Server, Answer(client, ReflectionKind.Granted));
            client.Receive(Server, Answer(client, ReflectionKind.Granted));
            client.Advance(0.2);
        }
        Assert.That(Outcome(client), Is.EqualTo(ReachabilityOutcome.NotReached));
        Assert.That(client.Seconds, Is.EqualTo(2 * 1 + 3 * 2).Within(0.21), "1 s for each order of an unasked packet, 2 s for each of a bubble's answer");
        Assert.That(client.Sent, Has.Count.EqualTo(1 + 2 + 3));
        Assert.That(client.Sent.Select(sent => sent.Target), Is.All.EqualTo(Server));
    }

    [Test]
    public void AddressThatChangesMeanwhile_InterruptsTheCheck()
    {
        var client = ClientHarness.Qualified();
        var refresh = client.AdvanceToSolicitation();
        client.CheckReachability();
        client.Advance(0.5);
        client.AnswerSolicitation(refresh, Lab.OtherMapped);
        Assert.That(client.Client.State, Is.EqualTo(ClientState.Qualified), "with another address");
        client.Clear();
        client.Advance(0.5);
        Assert.That(Outcome(client), Is.EqualTo(ReachabilityOutcome.Interrupted));
        Assert.That(client.Sent, Is.Empty, "nobody is asked about an address that is gone");
        client.CheckReachability();
    }
}
