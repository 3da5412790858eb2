using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.8: peers on the same link find each other by multicast.</summary>
public sealed class LocalDiscoveryTests
{
    static readonly IPv4Endpoint Group = Endpoint("224.0.0.253:3544");

    /// <summary>Another client behind the same NAT, and where it is on our link.</summary>
    static readonly TeredoAddress Neighbour = Peer(Endpoint("203.0.113.11:40001"));
    static readonly IPv4Endpoint NeighbourLocal = Endpoint("10.1.0.7:5000");

    static ClientHarness Discovering()
    {
        var harness = new ClientHarness(Options with { LocalDiscovery = true });
        harness.Qualify();
        harness.AnswerSolicitations(_ => Mapped);
        return harness;
    }

    static byte[] DiscoveryBubble(IPv6Address source, IPv6Address? destination = null) =>
        Build.BubbleWithHopLimit(1, source, destination ?? IPv6Address.AllNodes);

    static IEnumerable<SentDatagram> Announcements(ClientHarness harness) => harness.Bubbles.Where(b => b.Target == Group);

    [Test, Conformance("C-103")]
    public void Off_NothingIsJoinedSentOrHeard()
    {
        var harness = new ClientHarness();
        harness.Qualify();
        Assert.That(Options.LocalDiscovery, Is.False);
        Assert.That(harness.RequestsOf(ClientRequestKind.OpenPort).Select(r => r.Port), Has.No.Member(LocalPort.Discovery));
        Assert.That(Announcements(harness), Is.Empty);
        Assert.That(harness.Receive(LocalPort.Discovery, NeighbourLocal, DiscoveryBubble(Neighbour)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Client.PeerCount, Is.Zero);
    }

    [Test, Conformance("C-103", "C-104")]
    public void On_TheGroupsSocketIsOpened()
    {
        var harness = Discovering();
        var request = harness.RequestsOf(ClientRequestKind.OpenPort).Single(r => r.Port == LocalPort.Discovery);
        Assert.That(request.Number, Is.EqualTo(3544));
    }

    [Test]
    public void DiscoveryBubbleFromPort0_IsDropped()
    {
        var harness = Discovering();
        Assert.That(harness.Receive(LocalPort.Discovery, NeighbourLocal with { Port = 0 }, DiscoveryBubble(Neighbour)),
            Is.EqualTo(Verdict.Dropped(DropReason.BadDiscoveryBubble)));
    }

    [Test]
    public void AnotherNetwork_WhoWasDiscoveredOnTheLastOne_IsForgotten()
    {
        var harness = Discovering();
        harness.Receive(LocalPort.Discovery, NeighbourLocal, DiscoveryBubble(Neighbour));
        harness.Advance(3);
        harness.ChangeNetwork(n => n with { HasIPv4 = false });
        harness.ChangeNetwork(n => n with { HasIPv4 = true });
        harness.Clear();
        harness.Send(Build.Udp(harness.Address, Neighbour));
        Assert.That(harness.Sent.Select(s => s.Target), Has.No.Member(NeighbourLocal).And.Not.Empty);
    }

    [Test, Conformance("C-097")]
    public void Announcement_IsTheVectorsBubble()
    {
        var harness = Discovering();
        var sent = Announcements(harness).Single();
        Assert.That(sent.Via, Is.EqualTo(LocalPort.Service), "from the service port");
        Assert.That(sent.Ttl, Is.EqualTo(1));
        // TV-17 with our address: next header 59, no payload, hop limit 1, to ff02::1.
        Assert.That(Convert.ToHexStringLower(sent.Payload), Is.EqualTo(
            $"6000000000003b01{harness.Address.High:x16}{harness.Address.Low:x16}ff020000000000000000000000000001"));
    }

    [Test, Conformance("C-023", "C-096")]
    public void Announcement_WaitsForTheAddress()
    {
        var harness = new ClientHarness(Options with { LocalDiscovery = true });
        harness.Start();
        harness.AdvanceTo(10);
        Assert.That(harness.Bubbles, Is.Empty);
    }

    [Test, Conformance("C-096")]
    public void Announcements_AreRepeatedEvery200To300Seconds_AtRandom()
    {
        var harness = Discovering();
        harness.AcquireLease();
        harness.AdvanceTo(10_000);
        double[] times = [.. Announcements(harness).Select(s => s.Seconds)];
        double[] periods = [.. times.Skip(1).Zip(times, (later, earlier) => later - earlier)];
        Assert.That(periods, Has.Length.InRange(33, 50));
        Assert.That(periods, Is.All.InRange(199.999, 300.001));
        Assert.That(periods.Max() - periods.Min(), Is.GreaterThan(50));
        Assert.That(periods.Distinct().Count(), Is.GreaterThan(30));
    }

    [Test, Conformance("C-087", "C-102")]
    public void NeighboursAnnouncement_MakesAnUntrustedEntry_AndIsAnsweredByAUnicastBubble()
    {
        var harness = Discovering();
        harness.Clear();
        Assert.That(harness.Receive(LocalPort.Discovery, NeighbourLocal, DiscoveryBubble(Neighbour)).Kind, Is.EqualTo(VerdictKind.Consumed));
        Assert.That(harness.Client.PeerCount, Is.EqualTo(1));
        var answer = harness.Sent.Single(); // at once: the new entry's dates are 30 s ago (§5.2.8)
        Assert.That(answer.IsBubble, Is.True);
        Assert.That(answer.Target, Is.EqualTo(NeighbourLocal));
        Assert.That(answer.Via, Is.EqualTo(LocalPort.Service));
        Assert.That(answer.InnerSource, Is.EqualTo(harness.Address));
        Assert.That(answer.InnerDestination, Is.EqualTo((IPv6Address)Neighbour));

        Assert.That(harness.Send(Build.Udp(harness.Address, Neighbour)).Kind, Is.EqualTo(VerdictKind.Held), "not trusted yet");
    }

    [Test, Conformance("C-102")]
    public void NeighbourAnswersFromItsLocalEndpoint_TrafficStaysOnTheLink()
    {
        var harness = Discovering();
        harness.Receive(LocalPort.Discovery, NeighbourLocal, DiscoveryBubble(Neighbour));
        byte[] packet = Build.Udp(harness.Address, Neighbour);
        Assert.That(harness.Send(packet).Kind, Is.EqualTo(VerdictKind.Held));
        harness.Clear();

        harness.Receive(NeighbourLocal, Build.Bubble(Neighbour, harness.Address));
        Assert.That(harness.Sent.Where(s => s.NextHeaderNumber == 17).Select(s => (s.Target, s.Payload)), Is.EqualTo(new[] { (NeighbourLocal, packet) }));
        Assert.That(harness.Send(packet).Target, Is.EqualTo(NeighbourLocal));
        Assert.That(harness.Receive(NeighbourLocal, Build.Udp(Neighbour, harness.Address)).Kind, Is.EqualTo(VerdictKind.Deliver));
    }

    [Test]
    public void NeighbourBubbles_FromAnotherEndpoint_AreNotTrusted()
    {
        var harness = Discovering();
        harness.Receive(LocalPort.Discovery, NeighbourLocal, DiscoveryBubble(Neighbour));
        harness.Receive(Endpoint("10.1.0.66:5000"), Build.Bubble(Neighbour, harness.Address));
        Assert.That(harness.Send(Build.Udp(harness.Address, Neighbour)).Kind, Is.EqualTo(VerdictKind.Held));
    }

    [Test]
    public void AnnouncementFlood_IsAnsweredAtMostEvery2Seconds()
    {
        var harness = Discovering();
        harness.Clear();
        for (int i = 0; i < 200; i++)
        {
            harness.Advance(0.05);
            harness.Receive(LocalPort.Discovery, NeighbourLocal, DiscoveryBubble(Neighbour));
        }
        double[] times = [.. harness.Sent.Where(s => s.Target == NeighbourLocal).Select(s => s.Seconds)];
        Assert.That(times, Has.Length.EqualTo(4), "four bubbles in 300 s without a direct answer (§5.2.6)");
        Assert.That(times.Skip(1).Zip(times, (later, earlier) => later - earlier), Is.All.GreaterThan(1.9999));
    }

    [TestCase(599.9, true)]
    [TestCase(600, false)]
    public void Neighbour_IsRememberedFor600Seconds(double seconds, bool isRemembered)
    {
        var harness = Discovering();
        harness.AcquireLease();
        harness.Receive(LocalPort.Discovery, NeighbourLocal, DiscoveryBubble(Neighbour));
        harness.AdvanceTo(harness.Now + TimeSpan.FromSeconds(seconds));
        harness.Clear();
        harness.Send(Build.Udp(harness.Address, Neighbour));
        Assert.That(harness.Sent.Any(sent => sent.Target == NeighbourLocal), Is.EqualTo(isRemembered));
    }

    [Test]
    public void Neighbours_Are256_AndANewOneTakesThePlaceOfOneThatWasSilentFor200Seconds()
    {
        var harness = Discovering();
        var start = harness.Now;
        DropReason Hear(int n) => harness.Receive(LocalPort.Discovery, NeighbourLocal, DiscoveryBubble(Peer(Mapped with { Port = (ushort)(2000 + n) }))).Reason;
        Assert.That(Enumerable.Range(0, 256).Select(Hear), Is.All.EqualTo(DropReason.None));
        Assert.That((Hear(256), Hear(255)), Is.EqualTo((DropReason.PeerTableFull, DropReason.None)), "a known one is heard");
        harness.AdvanceTo(start + TimeSpan.FromSeconds(199.9));
        Assert.That(Hear(256), Is.EqualTo(DropReason.PeerTableFull));
        harness.AdvanceTo(start + TimeSpan.FromSeconds(200));
        Assert.That(Hear(256), Is.EqualTo(DropReason.None));
    }

    static IEnumerable<TestCaseData> BadBubbles()
    {
        static TestCaseData Case(string name, LocalPort via, IPv4Endpoint source, byte[] payload) =>
            new TestCaseData(via, source, payload).SetArgDisplayNames(name);

        var link = LocalPort.Discovery;
        yield return Case("native source", link, NeighbourLocal, DiscoveryBubble(IPv6("2001:db8::7")));
        yield return Case("link-local source", link, NeighbourLocal, DiscoveryBubble(IPv6("fe80::7")));
        yield return Case("source that embeds multicast", link, NeighbourLocal, DiscoveryBubble(Peer(Endpoint("224.0.0.9:40001"))));
        yield return Case("source that embeds port 0", link, NeighbourLocal, DiscoveryBubble(Peer(new(Mapped.Address, 0))));
        yield return Case("source of Windows XP's prefix", link, NeighbourLocal,
            DiscoveryBubble(new(0x3FFE_831F_CB00_7101, ((IPv6Address)Neighbour).Low)));
        yield return Case("outer source not on the link", link, Endpoint("10.2.0.7:5000"), DiscoveryBubble(Neighbour));
        yield return Case("outer source on the internet", link, Endpoint("203.0.113.12:5000"), DiscoveryBubble(Neighbour));
        yield return Case("another NAT's client", link, NeighbourLocal, DiscoveryBubble(Peer(Endpoint("203.0.113.12:40001"))));
        yield return Case("to our own address", link, NeighbourLocal, DiscoveryBubble(Neighbour, Peer(Mapped)));
        yield return Case("to all routers", link, NeighbourLocal, DiscoveryBubble(Neighbour, IPv6Address.AllRouters));
        yield return Case("by unicast", LocalPort.Service, NeighbourLocal, DiscoveryBubble(Neighbour));
        yield return Case("no bubble", link, NeighbourLocal, Build.Udp(Neighbour, IPv6Address.AllNodes));
        yield return Case("cut", link, NeighbourLocal, DiscoveryBubble(Neighbour)[..39]);
        yield return Case("behind an origin indication", link, NeighbourLocal, Build.WithOrigin(NeighbourLocal, DiscoveryBubble(Neighbour)));
    }

    [TestCaseSource(nameof(BadBubbles))]
    [Conformance("C-098", "C-099", "C-100", "C-101")]
    public void BadDiscoveryBubble_IsDropped(LocalPort via, IPv4Endpoint source, byte[] payload)
    {
        var harness = Discovering();
        harness.Clear();
        Assert.That(harness.Receive(via, source, payload).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Client.PeerCount, Is.Zero);
        Assert.That(harness.Sent, Is.Empty);
    }

    [Test]
    public void OwnAnnouncement_IsDropped()
    {
        var harness = Discovering();
        harness.Clear();
        Assert.That(harness.Receive(LocalPort.Discovery, harness.ServiceLocal, DiscoveryBubble(harness.Address)).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Client.PeerCount, Is.Zero);
        Assert.That(harness.Sent, Is.Empty);
    }

    [Test]
    public void AnnouncementsFromTheWholeLink_NeverOverflowThePeerTable()
    {
        var harness = new ClientHarness(Options with { LocalDiscovery = true, MaxPeers = 16 });
        harness.Qualify();
        for (int i = 0; i < 1000; i++)
            harness.Receive(LocalPort.Discovery, new(NeighbourLocal.Address, (ushort)(5000 + i)), DiscoveryBubble(Peer(new(Mapped.Address, (ushort)(10_000 + i)))));
        Assert.That(harness.Client.PeerCount, Is.InRange(8, 16));
    }

    [Test, Conformance("C-104")]
    public void Stop_ClosesTheGroupsSocket()
    {
        var harness = Discovering();
        harness.Stop();
        Assert.That(harness.RequestsOf(ClientRequestKind.ClosePort).Select(r => r.Port), Is.EquivalentTo(new[] { LocalPort.Service, LocalPort.Discovery }));
    }

    [Test]
    public void GroupsSocketRefused_TheClientRunsWithoutDiscovery()
    {
        var harness = new ClientHarness(Options with { LocalDiscovery = true });
        harness.OpenPortAnswer = request => request.Port == LocalPort.Discovery ? RequestAnswer.NotOpened(request.Port) : harness.Opened(request);
        harness.Qualify();
        harness.AnswerSolicitations(_ => Mapped);
        harness.AdvanceTo(1000);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.EventsOf<ClientEvent.Failed>(), Is.Empty);
    }
}
