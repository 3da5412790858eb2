using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.7: how long the NAT keeps a mapping, found by experiment on a secondary port.</summary>
public sealed class IntervalDeterminationTests
{
    static readonly IPv4Endpoint SecondPortMapped = Endpoint("203.0.113.11:39500");

    static TeredoClientOptions Determining => Options with { DetermineInterval = true, DormancyTimeout = TimeSpan.Zero };

    /// <summary>A NAT that hairpins, and forgets the secondary port's mapping when nothing left through it for so many seconds.</summary>
    static ClientHarness BehindNat(double lifetime, TeredoClientOptions? options = null)
    {
        var harness = new ClientHarness(options ?? Determining);
        var mapped = SecondPortMapped;
        double lastSent = double.NegativeInfinity;
        harness.OnSent += sent =>
        {
            if (sent.Via == LocalPort.Interval)
            {
                if (sent.Seconds - lastSent > lifetime && lastSent >= 0)
                    mapped = mapped with { Port = (ushort)(mapped.Port + 1) };
                lastSent = sent.Seconds;
            }
            else if (sent.Target == mapped && sent.Seconds - lastSent <= lifetime)
                harness.Receive(LocalPort.Interval, Mapped, sent.Payload);
        };
        harness.AnswerSolicitations(sent => sent.Via == LocalPort.Interval ? mapped : Mapped);
        harness.Start();
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        return harness;
    }

    static SentDatagram[] Probes(ClientHarness harness) => [.. harness.Bubbles.Where(b => b.Target.Address == SecondPortMapped.Address)];

    [Test]
    public void Off_NoSecondaryPort()
    {
        var harness = BehindNat(1000, Determining with { DetermineInterval = false });
        harness.AdvanceTo(500);
        Assert.That(harness.RequestsOf(ClientRequestKind.OpenPort).Select(r => r.Port), Is.EqualTo(new[] { LocalPort.Service }));
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>(), Is.Empty);
    }

    [Test, Conformance("C-093")]
    public void SecondaryPort_IsQualifiedRightAfterTheServicePort()
    {
        var harness = new ClientHarness(Determining);
        harness.Start();
        Assert.That(harness.Sockets.Keys, Has.No.Member(LocalPort.Interval));
        harness.Qualify();
        Assert.That(harness.Sockets.Keys, Has.Member(LocalPort.Interval));
        var solicitation = harness.Solicitations.Last();
        Assert.That(solicitation.Via, Is.EqualTo(LocalPort.Interval));
        Assert.That(solicitation.Target, Is.EqualTo(Primary));
        Assert.That(solicitation.Seconds, Is.Zero);
    }

    [Test]
    public void SecondaryPort_IsClosedWhenTheClientStops()
    {
        var harness = BehindNat(1000);
        Assert.That(harness.Sockets.Keys, Has.Member(LocalPort.Interval));
        harness.Stop();
        Assert.That(harness.Sockets, Is.Empty);
    }

    [Test, Conformance("C-093", "C-095")]
    public void FirstProbe_IsABubbleFromTheServicePortAfter60Seconds()
    {
        var harness = BehindNat(1000);
        harness.AdvanceTo(59.9);
        Assert.That(Probes(harness), Is.Empty);
        harness.AdvanceTo(60.1);
        var probe = Probes(harness).Single();
        Assert.That(probe.Seconds, Is.EqualTo(60).Within(0.001));
        Assert.That(probe.Via, Is.EqualTo(LocalPort.Service));
        Assert.That(probe.Target, Is.EqualTo(SecondPortMapped));
        Assert.That(probe.InnerSource, Is.EqualTo(harness.Address));
        Assert.That(probe.InnerDestination, Is.EqualTo((IPv6Address)new TeredoAddress(Lab.Server.Primary, TeredoFlags.None, SecondPortMapped)));
    }

    [Test, Conformance("C-095")]
    public void SecondProbe_IsSentAfterTheMeanOf60And120Seconds()
    {
        var harness = BehindNat(1000);
        harness.AdvanceTo(149.9);
        Assert.That(Probes(harness), Has.Length.EqualTo(1));
        harness.AdvanceTo(150.1);
        Assert.That(Probes(harness), Has.Length.EqualTo(2));
    }

    [Test, Conformance("C-094", "C-095")]
    public void NatThatForgetsAfter100Seconds_IntervalIs90()
    {
        var harness = BehindNat(100);
        var address = harness.Address;
        harness.AdvanceTo(1500);
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>().Last().Interval, Is.EqualTo(TimeSpan.FromSeconds(90)));
        Assert.That(harness.Sockets.Keys, Is.EqualTo(new[] { LocalPort.Service }), "the secondary port is closed at the end");
        Assert.That(harness.Address, Is.EqualTo(address));

        // From here on the service port is refreshed at 75 to 100 % of it.
        harness.Clear();
        harness.AdvanceTo(4000);
        double[] times = [.. harness.Solicitations.Select(s => s.Seconds)];
        Assert.That(times.Skip(1).Zip(times, (later, earlier) => later - earlier), Is.All.InRange(67.499, 90.001));
        Assert.That(harness.Sent.Where(s => s.Via == LocalPort.Interval), Is.Empty);
    }

    [Test, Conformance("C-095")]
    public void NatThatForgetsAfter70Seconds_IntervalIs60()
    {
        var harness = BehindNat(70);
        harness.AdvanceTo(1500);
        // 60 is heard; 90 is not, so the maximum is 90, and 75 is not either: 60 is at least 75 % of 75.
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>().Last().Interval, Is.EqualTo(TimeSpan.FromSeconds(60)));
        Assert.That(harness.Sockets.Keys, Has.No.Member(LocalPort.Interval));
    }

    [Test, Conformance("C-095")]
    public void NatThatNeverForgets_IntervalIsBoundedBy120Seconds()
    {
        var harness = BehindNat(1e9);
        harness.AdvanceTo(4000);
        var interval = harness.EventsOf<ClientEvent.IntervalDetermined>().Last().Interval;
        Assert.That(interval.TotalSeconds, Is.InRange(90, 120));
        Assert.That(harness.Sockets.Keys, Has.No.Member(LocalPort.Interval));
    }

    [Test, Conformance("C-094", "C-095")]
    public void NatThatDoesNotHairpin_KeepsTheConfiguredInterval()
    {
        var harness = BehindNat(-1);
        harness.AdvanceTo(67);
        Assert.That(Probes(harness).Select(p => p.Seconds), Is.EqualTo(new[] { 60.0, 62, 64, 66 }).Within(0.001), "one and at most three repeats, 2 s apart");
        harness.AdvanceTo(1500);
        Assert.That(harness.Sockets.Keys, Is.EqualTo(new[] { LocalPort.Service }));
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>().Where(e => e.Interval > TimeSpan.FromSeconds(30)), Is.Empty);
        harness.Clear();
        harness.AdvanceTo(2000);
        double[] times = [.. harness.Solicitations.Select(s => s.Seconds)];
        Assert.That(times.Skip(1).Zip(times, (later, earlier) => later - earlier), Is.All.InRange(22.499, 30.001));
    }

    // 60, 32.5, 18.75, 11.875, 8.44 and 6.72 s; the next would differ from 5 s by less than a second.
    [Test]
    public void NatThatDoesNotHairpin_AtTheShortestInterval_IsTriedSixTimes()
    {
        var harness = BehindNat(-1, Determining with { RefreshInterval = TimeSpan.FromSeconds(5) });
        harness.AdvanceTo(1500);
        Assert.That(Probes(harness), Has.Length.EqualTo(6 * 4));
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(5)));
    }

    [Test, Conformance("C-094")]
    public void SecondaryPort_CarriesSolicitationsOnly()
    {
        var harness = BehindNat(100);
        var peer = Peer(Endpoint("203.0.113.12:50000"));
        for (int i = 1; i <= 30; i++)
        {
            harness.AdvanceTo(i * 10);
            harness.Send(Build.Udp(harness.Address, peer));
            if (!harness.Sockets.ContainsKey(LocalPort.Interval))
                break;
            Assert.That(harness.Receive(LocalPort.Interval, peer.MappedEndpoint, Build.Udp(peer, harness.Address)).Kind, Is.EqualTo(VerdictKind.Dropped));
            Assert.That(harness.Receive(LocalPort.Interval, peer.MappedEndpoint, Build.Bubble(peer, harness.Address)).Kind, Is.EqualTo(VerdictKind.Dropped));
            harness.Receive(LocalPort.Interval, Primary, Build.WithOrigin(peer.MappedEndpoint, Build.Bubble(peer, harness.Address)));
        }
        Assert.That(harness.Sent.Where(s => s.Via == LocalPort.Interval && !s.IsRouterSolicitation), Is.Empty);
        Assert.That(harness.Delivered.Select(d => IPv6Address.Read(d.AsSpan(8))), Has.No.Member((IPv6Address)peer));
        Assert.That(harness.Client.Drops[DropReason.UnexpectedOnPort], Is.GreaterThan(0));
    }

    [Test, Conformance("C-093", "C-225")]
    public void AdvertisementForTheSecondaryPort_NeverChangesTheAddress()
    {
        var harness = new ClientHarness(Determining);
        harness.Qualify();
        var address = harness.Address;
        var solicitation = harness.Solicitations.Last();
        Assert.That(solicitation.Via, Is.EqualTo(LocalPort.Interval));
        // The right nonce at the wrong socket counts for neither.
        byte[] payload = Advertisement.Right.ToPayload(solicitation, SecondPortMapped, Lab.Server.Primary, null);
        Assert.That(harness.Receive(LocalPort.Service, Primary, payload).Kind, Is.EqualTo(VerdictKind.Dropped));
        harness.AnswerSolicitation(solicitation, SecondPortMapped);
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.EventsOf<ClientEvent.AddressChanged>(), Is.Empty);
    }

    [Test, Conformance("C-093")]
    public void SecondaryPortGetsNoAnswer_IsClosed_AndTheIntervalStays()
    {
        var harness = new ClientHarness(Determining);
        harness.Qualify();
        harness.AnswerSolicitations(sent => sent.Via == LocalPort.Service ? Mapped : null);
        harness.AdvanceTo(11.9);
        Assert.That(harness.Sockets.Keys, Has.Member(LocalPort.Interval));
        harness.AdvanceTo(12.1);
        Assert.That(harness.Sockets.Keys, Is.EqualTo(new[] { LocalPort.Service }));
        harness.AdvanceTo(600);
        Assert.That(harness.Sent.Where(s => s.Via == LocalPort.Interval).Select(s => s.Seconds), Is.EqualTo(new[] { 0.0, 4, 8 }).Within(0.001));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>().Where(e => e.Interval != TimeSpan.FromSeconds(30)), Is.Empty);
    }

    [Test, Conformance("C-093")]
    public void SecondaryPortRefused_TheClientRunsOn()
    {
        var harness = new ClientHarness(Determining);
        harness.OpenPortAnswer = request => request.Port == LocalPort.Interval ? RequestAnswer.NotOpened(request.Port) : harness.Opened(request);
        harness.Qualify();
        harness.AnswerSolicitations(_ => Mapped);
        harness.AdvanceTo(600);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(Probes(harness), Is.Empty);
    }

    [Test]
    public void AnotherNetwork_StartsFromTheConfiguredIntervalAgain()
    {
        var harness = BehindNat(1e9);
        harness.AdvanceTo(4000);
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>(), Is.Not.Empty);
        harness.ChangeNetwork(n => n with { LocalAddress = IPv4("10.7.0.2") });
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        double start = harness.Seconds;
        harness.Clear();
        harness.AdvanceTo(start + 30);
        Assert.That(harness.Solicitations.Where(s => s.Via == LocalPort.Service), Is.Not.Empty);
    }

    [TestCase("255.255.255.255:5000"), TestCase("224.0.0.1:5000"), TestCase("0.0.0.0:5000"), TestCase("203.0.113.11:0")]
    public void SecondaryPortsMappingNotUnicast_IsRefused(string mapped)
    {
        var harness = new ClientHarness(Determining);
        harness.Qualify();
        Assert.That(harness.AnswerLastSolicitation(Endpoint(mapped)).Kind, Is.EqualTo(VerdictKind.Dropped));
        harness.AnswerSolicitations(sent => sent.Via == LocalPort.Service ? Mapped : null);
        harness.AdvanceTo(100);
        Assert.That(harness.Bubbles, Is.Empty);
    }

    [Test]
    public void SecondaryPort_AdvertisementFromTheAddressThatWasNotAsked_IsRefused()
    {
        var harness = new ClientHarness(Determining);
        harness.Qualify();
        var verdict = harness.AnswerLastSolicitation(SecondPortMapped, Advertisement.Right with { OuterSource = Secondary });
        Assert.That(verdict, Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)));
    }

    [Test]
    public void ForgedBubbles_DoNotLengthenTheInterval()
    {
        var harness = BehindNat(-1);
        var stranger = Peer(Endpoint("203.0.113.12:50000"));
        for (int i = 0; i < 3000; i++)
        {
            harness.Advance(0.1);
            if (!harness.Sockets.ContainsKey(LocalPort.Interval))
                break;
            harness.Receive(LocalPort.Interval, stranger.MappedEndpoint, Build.Bubble(stranger, Peer(SecondPortMapped)));
            harness.Receive(LocalPort.Interval, stranger.MappedEndpoint, Build.Bubble(harness.Address, Peer(SecondPortMapped)));
            harness.Receive(LocalPort.Interval, Mapped, Build.Bubble(stranger, Peer(SecondPortMapped))); // who does not know our flags
        }
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>().Where(e => e.Interval > TimeSpan.FromSeconds(30)), Is.Empty);
    }

    [Test]
    public void MappingChanged_TheConfiguredIntervalHoldsAgain()
    {
        var harness = BehindNat(1000);
        harness.AdvanceTo(1000);
        Assert.That(harness.EventsOf<ClientEvent.IntervalDetermined>().Single().Interval, Is.GreaterThan(TimeSpan.FromSeconds(60)));
        harness.OnSent = null;
        harness.Clear();
        harness.AnswerSolicitation(harness.AdvanceToSolicitation(), OtherMapped);
        harness.AnswerLastSolicitation(OtherMapped);
        double renumbered = harness.Seconds;
        Assert.That(harness.AdvanceToSolicitation().Seconds - renumbered, Is.LessThanOrEqualTo(30), "what was determined belongs to the old mapping");
    }

    [Test]
    public void Stop_ClosesBothPorts()
    {
        var harness = BehindNat(100);
        harness.AdvanceTo(70);
        harness.Stop();
        Assert.That(harness.Sockets, Is.Empty);
        Assert.That(harness.Client.NextDeadline, Is.Null);
    }
}
