using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Tests.Simulation;
using TeredoSdk.Testing;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>A NAT that forgets mappings within the refresh interval: the interval becomes shorter, so that strangers always get in.</summary>
public sealed class RefreshIntervalTests : SimulationTest
{
    SimulatedTeredoClient Listener(double natSeconds, PortAllocation allocation)
    {
        Internet.Server();
        var nat = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort,
            options => options with { UdpLifetime = TimeSpan.FromSeconds(natSeconds), Allocation = allocation });
        var listener = nat.Host("listener").StartTeredo();
        listener.AcquireLease();
        Assert.That(Internet.RunUntil(() => listener.IsQualified, Second), Is.True);
        return listener;
    }

    // Each stranger calls at another instant of the interval, from a NAT of its own, so that nothing but the listener's refreshes keeps its mapping.
    int StrangersThatGetIn(SimulatedTeredoClient listener, int strangers)
    {
        int count = 0;
        for (int i = 0; i < strangers; i++)
        {
            Internet.RunFor(TimeSpan.FromSeconds(31 + i * 2.3));
            var stranger = Internet.Nat(Mapping.EndpointIndependent, Filtering.AddressAndPort).Host($"stranger{i}").StartTeredo();
            Assert.That(Internet.RunUntil(() => stranger.IsQualified, Second), Is.True);
            var call = stranger.Ping(listener.Address);
            count += Internet.RunUntil(() => call.Succeeded, Second) ? 1 : 0; // before a later refresh opens the NAT again
            stranger.Stop();
        }
        return count;
    }

    static int Count<T>(SimulatedTeredoClient client) where T : ClientEvent => client.Events.Count(each => each.Event is T);

    [TestCase(15, PortAllocation.Random), TestCase(15, PortAllocation.Preserving)]
    [TestCase(25, PortAllocation.Random), TestCase(25, PortAllocation.Preserving)]
    [TestCase(8, PortAllocation.Random), TestCase(8, PortAllocation.Preserving)]
    public void NatThatForgetsSoon_ShortensTheInterval_AndStrangersGetIn(double natSeconds, PortAllocation allocation)
    {
        var listener = Listener(natSeconds, allocation);
        Internet.RunFor(TimeSpan.FromMinutes(3));
        int renumbered = Count<ClientEvent.AddressChanged>(listener);
        Assert.Multiple(() =>
        {
            Assert.That(listener.Core.RefreshInterval, Is.InRange(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(natSeconds)));
            Assert.That(Count<ClientEvent.IntervalDetermined>(listener), Is.GreaterThan(0), "it is told");
            Assert.That(renumbered, Is.LessThanOrEqualTo(allocation == PortAllocation.Random ? 3 : 0));
        });
        Assert.That(StrangersThatGetIn(listener, 12), Is.EqualTo(12));
        Assert.That(Count<ClientEvent.AddressChanged>(listener), Is.EqualTo(renumbered), "the address stays from then on");
    }

    [Test]
    public void NatThatForgetsWithin3Seconds_IsRefreshedEvery5Seconds_NotMoreOften([Values] bool preserving)
    {
        var listener = Listener(3, preserving ? PortAllocation.Preserving : PortAllocation.Random);
        List<double> solicitations = [];
        Internet.DatagramSent += datagram =>
        {
            if (datagram.From == listener.Host && datagram.Target.Address == listener.Core.Server.Primary && new SentDatagram(datagram.Time, LocalPort.Service, datagram.Target, 0, datagram.Payload.ToArray(), false).IsRouterSolicitation)
                solicitations.Add(datagram.Time.SinceStart.TotalSeconds);
        };
        Internet.RunFor(TimeSpan.FromMinutes(5));
        Assert.That(listener.Core.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(5)));
        Assert.That(solicitations.Zip(solicitations.Skip(1), (earlier, later) => later - earlier), Is.All.GreaterThanOrEqualTo(1.999), "also those of the check");
    }

    [Test]
    public void OrdinaryNat_IsCheckedOnce_AndTheIntervalStays([Values] bool preserving)
    {
        var solicitations = new List<Instant>();
        var listener = Listener(120, preserving ? PortAllocation.Preserving : PortAllocation.Random);
        Internet.DatagramSent += datagram =>
        {
            if (datagram.From == listener.Host && datagram.Target.Port == 3544)
                solicitations.Add(datagram.Time);
        };
        Internet.RunFor(TimeSpan.FromMinutes(1));
        Assert.That(solicitations, Has.Count.InRange(2, 5), "the refreshes, and the check: a solicitation and a bubble");
        solicitations.Clear();
        Internet.RunFor(TimeSpan.FromMinutes(30));
        Assert.That(solicitations, Has.Count.InRange(60, 82), "refreshes alone");
        Assert.That(listener.Core.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));
        Assert.That(Count<ClientEvent.IntervalDetermined>(listener) + Count<ClientEvent.AddressChanged>(listener), Is.Zero);
    }

    [Test]
    public void NatThatRestartsAfterADay_DoesNotShortenTheInterval()
    {
        var listener = Listener(120, PortAllocation.Random);
        for (int day = 0; day < 3; day++)
        {
            Internet.RunFor(TimeSpan.FromDays(1));
            ((SimulatedNat)listener.Host.Network).Reboot();
            Internet.RunFor(TimeSpan.FromMinutes(1));
        }
        Assert.That(Count<ClientEvent.AddressChanged>(listener), Is.EqualTo(3));
        Assert.That(listener.Core.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [Test]
    public void ServerThatIsSilentDuringTheCheck_ProvesNothing()
    {
        var listener = Listener(120, PortAllocation.Preserving);
        Internet.RunFor(TimeSpan.FromSeconds(29)); // the check's port has its endpoint
        Internet.Servers[0].IsRunning = false;
        Internet.RunFor(TimeSpan.FromSeconds(5));
        Internet.Servers[0].IsRunning = true;
        Internet.RunFor(TimeSpan.FromMinutes(2));
        Assert.That(listener.Core.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));
        Assert.That(listener.IsQualified, Is.True);
    }

    [Test]
    public void AnotherNetwork_StartsWithTheConfiguredInterval()
    {
        var harness = ClientHarness.Qualified();
        harness.AnswerSolicitation(harness.AdvanceToSolicitation(), Lab.OtherMapped);
        harness.AnswerLastSolicitation(Lab.OtherMapped);
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(15)));
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>().Single().Interval, Is.EqualTo(TimeSpan.FromSeconds(15)));
        harness.Clear();
        harness.ChangeNetwork(n => n with { LocalAddress = Lab.IPv4("10.7.0.2") });
        harness.Qualify();
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [Test]
    public void CheckPortThatOpensInTime_IsUsedAtOnce()
    {
        var harness = PeerHarness.Qualified(null, Lab.Endpoint("9.0.0.1:1234"));
        while (!harness.Sockets.ContainsKey(LocalPort.Interval))
            harness.AdvanceTo(harness.Client.NextDeadline!.Value);
        Assert.That(harness.Solicitations.Single().Via, Is.EqualTo(LocalPort.Interval), "before the first refresh");
    }

    [Test]
    public void Check_WaitsTwoSecondsAfterASolicitationOfTheSecondaryAddress()
    {
        var mapped = Lab.Endpoint("9.0.0.1:1234");
        var harness = new ClientHarness(PeerHarness.Options with { RefreshInterval = TimeSpan.FromSeconds(5) })
        {
            Network = new() { LocalAddress = PeerHarness.Local.Address, AttachedSubnets = [new(PeerHarness.Local.Address, 24)] },
        };
        harness.Start();
        harness.AnswerLastSolicitation(mapped);
        harness.AdvanceTo(8.1);
        Assert.That(harness.Solicitations.Select(sent => sent.Seconds), Is.EqualTo(new[] { 0.0, 0, 4, 8 }));
        harness.AnswerLastSolicitation(mapped); // the secondary address answers its third solicitation
        harness.AdvanceTo(9.9);
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(4));
        harness.AdvanceTo(10);
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(5), "the refresh was due long ago");
    }

    [Test]
    public void CheckPort_TakesTheServersOwnAdvertisementAlone()
    {
        var mapped = Lab.Endpoint("9.0.0.1:1234");
        var harness = PeerHarness.Qualified(null, mapped);
        while (!harness.Sockets.ContainsKey(LocalPort.Interval))
            harness.AdvanceTo(harness.Client.NextDeadline!.Value);
        var asked = harness.Solicitations.Single();
        var other = Lab.Endpoint("9.0.0.1:4321");
        Assert.That(harness.AnswerSolicitation(asked, other, Advertisement.Right with { Nonce = asked.AuthenticationNonce ^ 1 }), Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)));
        Assert.That(harness.AnswerSolicitation(asked, other, Advertisement.Right with { OuterSource = PeerHarness.ServerSecondary }), Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)));
        Assert.That(harness.AnswerSolicitation(asked, other), Is.EqualTo(Verdict.Consumed));
        Assert.That(harness.AnswerSolicitation(asked, other), Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)), "once");
    }

    // A client behind a NAT that preserves ports, whose server answers all solicitations, and forwards the bubbles of the check twice or loses them.
    static ClientHarness Checked(bool forwards, Func<IPv4Endpoint>? mapped = null)
    {
        var ofCheck = Lab.Endpoint("9.0.0.1:4321");
        mapped ??= () => Lab.Endpoint("9.0.0.1:1234");
        var harness = PeerHarness.Qualified(null, mapped());
        harness.OnSent = null;
        harness.AnswerSolicitations(sent => sent.Via == LocalPort.Interval ? ofCheck : mapped());
        harness.OnSent += sent =>
        {
            for (int copy = 0; copy < 2 && forwards && sent.Via == LocalPort.Interval && sent.IsBubble; copy++)
                Assert.That(harness.Receive(sent.Target, Build.WithOrigin(ofCheck, sent.PacketOctets)), Is.EqualTo(Verdict.Consumed));
        };
        return harness;
    }

    static double[] CheckBubbles(ClientHarness harness) => [.. harness.Sent.Where(sent => sent.Via == LocalPort.Interval && sent.IsBubble).Times()];

    [Test]
    public void Check_ThatFails_TakesThreeSeconds_AndHalvesTheInterval_DownTo5Seconds()
    {
        var harness = Checked(forwards: false);
        harness.AdvanceTo(33);
        Assert.That(harness.Solicitations.Select(sent => (sent.Via, sent.Seconds)), Is.EqualTo(new[] { (LocalPort.Interval, 27.0), (LocalPort.Service, 33.0) }));
        Assert.That(CheckBubbles(harness), Is.EqualTo(new[] { 30.0, 31, 32 }));
        harness.AdvanceTo(300);
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>().Select(each => each.Interval.TotalSeconds), Is.EqualTo(new[] { 15, 7.5, 5 }));
        Assert.That(CheckBubbles(harness), Has.Length.EqualTo(4 * 3), "nothing shorter than 5 s is tried");
    }

    [Test]
    public void Check_OfABusyClient_IsGivenUpAfterEight_OfEachNetworkAndMapping([Values] bool otherNetwork)
    {
        var mapped = Lab.Endpoint("9.0.0.1:1234");
        var harness = Checked(forwards: true, () => mapped);
        var peer = Peer.Number();
        BeBusy(0, 600);
        Assert.That(CheckBubbles(harness), Has.Length.EqualTo(8));
        mapped = Lab.Endpoint("9.0.0.2:1234"); // as after a restart of the NAT: many refreshes found the old one
        if (otherNetwork)
            harness.ChangeNetwork(n => n with { LocalAddress = Lab.IPv4("10.7.0.2") });
        BeBusy(600, 660);
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(mapped));
        BeBusy(660, 1300);
        Assert.That(CheckBubbles(harness), Has.Length.EqualTo(2 * 8));
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));

        void BeBusy(int from, int until)
        {
            for (int second = from; second < until; second += 10)
            {
                harness.ReceiveDirect(peer);
                harness.ReceiveData(peer);
                harness.AdvanceTo(second + 10);
            }
        }
    }

    [Test]
    public void RefreshThatComesLate_WhenTheIntervalWasChecked_IsASolicitation()
    {
        var harness = Checked(forwards: true);
        harness.AdvanceTo(35);
        harness.Clear();
        harness.Skip(TimeSpan.FromMinutes(1));
        harness.AdvanceTo(harness.Now);
        Assert.That(harness.Sent.Select(sent => (sent.Via, sent.IsRouterSolicitation)), Is.EqualTo(new[] { (LocalPort.Service, true) }));
    }

    [TestCase(9, 15)]
    [TestCase(10, 30)]
    public void YetAnotherMapping_IsCountedFromTheOneBefore(int refreshes, int seconds)
    {
        var harness = ClientHarness.Qualified();
        for (int i = 0; i < 10; i++)
            harness.AnswerSolicitation(harness.AdvanceToSolicitation(), Lab.Mapped);
        harness.AnswerSolicitation(harness.AdvanceToSolicitation(), Lab.OtherMapped);
        harness.AnswerLastSolicitation(Lab.OtherMapped);
        for (int i = 0; i < refreshes; i++)
            harness.AnswerSolicitation(harness.AdvanceToSolicitation(), Lab.OtherMapped);
        harness.AnswerSolicitation(harness.AdvanceToSolicitation(), Lab.Mapped);
        harness.AnswerLastSolicitation(Lab.Mapped);
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(seconds)));
    }

    [TestCase(9, 15)]
    [TestCase(10, 30)]
    public void OtherMapping_AfterTenRefreshesOfTheOldOne_IsNotTheIntervalsDoing(int refreshes, int seconds)
    {
        var harness = ClientHarness.Qualified();
        for (int i = 0; i < refreshes; i++)
            harness.AnswerSolicitation(harness.AdvanceToSolicitation(), Lab.Mapped);
        harness.AnswerSolicitation(harness.AdvanceToSolicitation(), Lab.OtherMapped);
        harness.AnswerLastSolicitation(Lab.OtherMapped);
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(seconds)));
    }

    // What keeps a NAT's mapping but our refreshes: then its life at the end of the interval tells nothing, and the check is repeated.
    [TestCase(null, false, TestName = "Check_OfAnIdleClient_IsDoneOnce")]
    [TestCase("in", true, TestName = "Check_AfterAPeersData_IsRepeated")]
    [TestCase("bubble", true, TestName = "Check_AfterABubbleToAPeer_IsRepeated")]
    public void CheckBesideTraffic(string? traffic, bool isRepeated)
    {
        var harness = Checked(forwards: true);
        var peer = Peer.Number();
        if (traffic == "in")
            harness.Trust(peer);
        harness.AdvanceTo(10);
        if (traffic == "in")
            Assert.That(harness.ReceiveData(peer).Kind, Is.EqualTo(VerdictKind.Deliver));
        if (traffic == "bubble")
            harness.ReceiveIndirect(peer);
        Assert.That(harness.Sent.Any(sent => sent.IsDirectBubble), Is.EqualTo(traffic == "bubble"), "the service port sends only then");
        harness.Clear();
        harness.AdvanceTo(100);
        Assert.That(CheckBubbles(harness), Has.Length.EqualTo(isRepeated ? 2 : 1));
        Assert.That(harness.Direct(), Is.Empty, "the check is no peer");
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }

    [TestCase(false, TestName = "CheckPortThatCannotBeOpened_NothingIsAskedFromIt")]
    [TestCase(true, TestName = "CheckPortThatOpensAfterTheRefresh_NothingIsAskedFromIt")]
    public void CheckPortWithoutUse(bool opens)
    {
        var harness = PeerHarness.Qualified(null, Lab.Endpoint("9.0.0.1:1234"), prepare: client => client.OpenPortAnswer =
            request => request.Port == LocalPort.Interval ? null : client.Opened(request));
        harness.AdvanceToSolicitation();
        var opening = harness.RequestsOf(ClientRequestKind.OpenPort).Single(request => request.Port == LocalPort.Interval);
        harness.AnswerLastSolicitation(Lab.Endpoint("9.0.0.1:1234"));
        Assert.That(harness.Client.Nat.PortPreserving, Is.True);
        harness.Answer(opens ? harness.Opened(opening) : RequestAnswer.NotOpened(LocalPort.Interval));
        Assert.That(harness.Solicitations.Where(sent => sent.Via == LocalPort.Interval), Is.Empty);
    }

    [Test]
    public void MappingLostInItsSleep_DoesNotShortenTheInterval()
    {
        var harness = ClientHarness.Qualified();
        harness.AdvanceTo(5);
        harness.ChangeNetwork(n => n with { Resumed = true });
        harness.AnswerLastSolicitation(Lab.OtherMapped);
        Assert.That(harness.EventsOf<ClientEvent.AddressChanged>().Count(), Is.EqualTo(1));
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));
    }
}
