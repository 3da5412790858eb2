using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.1 with RFC 5991 §3.2: from start to an address.</summary>
public sealed class QualificationTests
{
    static IEnumerable<double> SolicitationTimes(ClientHarness harness) => harness.Solicitations.Select(s => s.Seconds);

    [Test, Conformance("C-007", "C-024")]
    public void Start_FirstDatagram_IsTheVectorsSolicitation()
    {
        var harness = new ClientHarness();
        harness.Start();

        var sent = harness.Sent.Single();
        // TV-01: authentication header with 8 octets of nonce, then the solicitation from fe80::ffff:ffff:ffff (cone bit 0) to ff02::2.
        string nonce = $"{sent.AuthenticationNonce:x16}";
        Assert.That(Convert.ToHexStringLower(sent.Payload), Is.EqualTo("00010000" + nonce + "00"
            + "6000000000083afffe800000000000000000ffffffffffffff02000000000000000000000000000285007d3700000000"));
        Assert.That(sent.Target, Is.EqualTo(Primary));
        Assert.That(sent.Via, Is.EqualTo(LocalPort.Service));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));
    }

    [Test, Conformance("C-025", "C-026")]
    public void PrimarySilent_SolicitsAt0And4And8Seconds_IsOfflineAt12()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(3.9);
        Assert.That(SolicitationTimes(harness), Is.EqualTo(new[] { 0.0 }));
        harness.AdvanceTo(4);
        Assert.That(SolicitationTimes(harness), Is.EqualTo(new[] { 0.0, 4 }));
        harness.AdvanceTo(11.9);
        Assert.That(SolicitationTimes(harness), Is.EqualTo(new[] { 0.0, 4, 8 }));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));

        harness.AdvanceTo(12);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        Assert.That(harness.Client.Address, Is.Null);
        var failed = harness.EventsOf<ClientEvent.Failed>().Single();
        Assert.That(failed.Reason, Is.EqualTo(OfflineReason.ServerUnreachable));
        Assert.That((failed.RetryAt - harness.Now).TotalSeconds, Is.InRange(1.5, 2.5));
        Assert.That(SolicitationTimes(harness), Is.EqualTo(new[] { 0.0, 4, 8 }));
        Assert.That(harness.EventsOf<ClientEvent.StateChanged>().Select(e => e.State), Is.EqualTo(new[] { ClientState.Qualifying, ClientState.Offline }));
    }

    [Test]
    public void AnswerThatIsOverdue_AndRetryThatIsDue_AreTold_ButNoRefresh()
    {
        var harness = new ClientHarness();
        harness.Start();
        Assert.That(harness.Client.IsAnswerOverdue(Instant.FromSeconds(3.999)), Is.False);
        Assert.That(harness.Client.IsAnswerOverdue(Instant.FromSeconds(4)));
        harness.AdvanceTo(12);
        var retryAt = harness.EventsOf<ClientEvent.Failed>().Single().RetryAt;
        Assert.That(harness.Client.IsAnswerOverdue(retryAt - TimeSpan.FromMilliseconds(1)), Is.False);
        Assert.That(harness.Client.IsAnswerOverdue(retryAt));
        harness = ClientHarness.Qualified();
        Assert.That(harness.Client.IsAnswerOverdue(harness.Client.NextDeadline!.Value), Is.False);
    }

    [Test]
    public void Offline_TriesAgainSoon_ThenAfterAMinute_ThenWithADoublingDelayUpTo10Minutes()
    {
        (double Least, double Most)[] delays =
            [(1.5, 2.5), (3, 5), (6, 10), (12, 20), (24, 40), (60, 100), (120, 200), (240, 400), (480, 600), (600, 600), (600, 600)];
        var harness = new ClientHarness();
        harness.Start();
        for (int round = 0; round < delays.Length; round++)
        {
            harness.Advance(12);
            var failed = harness.EventsOf<ClientEvent.Failed>().Single();
            double delay = (failed.RetryAt - harness.Now).TotalSeconds;
            Assert.That(delay, Is.InRange(delays[round].Least - 0.001, delays[round].Most + 0.001), $"round {round}");
            harness.Clear();
            harness.AdvanceTo(failed.RetryAt - TimeSpan.FromMilliseconds(1));
            Assert.That(harness.Sent, Is.Empty);
            harness.AdvanceTo(failed.RetryAt);
            Assert.That(harness.Solicitations.Single().Target, Is.EqualTo(Primary));
        }
    }

    [Test]
    public void Offline_NetworkChanged_TriesAtOnceAndResetsTheDelay()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(2000);
        harness.Clear();

        harness.ChangeNetwork(n => n with { LocalAddress = IPv4("10.1.0.3") });
        harness.Advance(0.1);
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(1));
        harness.Advance(11.95);
        var failed = harness.EventsOf<ClientEvent.Failed>().Single();
        Assert.That((failed.RetryAt - harness.Now).TotalSeconds, Is.InRange(1.4, 2.5));
    }

    [Test]
    public void Offline_DelaysDiffer_SoThatClientsOfOneServerDoNotComeTogether()
    {
        var delays = Enumerable.Range(0, 50).Select(seed =>
        {
            var harness = new ClientHarness(seed: seed);
            harness.Start();
            harness.AdvanceTo(12);
            return harness.EventsOf<ClientEvent.Failed>().Single().RetryAt;
        }).ToList();
        Assert.That(delays.Max() - delays.Min(), Is.GreaterThan(TimeSpan.FromSeconds(0.5)));
    }

    [Test]
    public void Fault_ThatSwallowsThreeSolicitations_CostsFewSeconds()
    {
        var harness = ClientHarness.Qualified();
        var address = harness.Address;
        bool silent = true;
        harness.AnswerSolicitations(_ => silent ? null : Mapped);
        harness.AdvanceTo(harness.AdvanceToSolicitation().At + TimeSpan.FromSeconds(12));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        silent = false;
        harness.Advance(2.5);
        Assert.That((harness.Client.State, harness.Address), Is.EqualTo((ClientState.Qualified, address)));
    }

    [Test]
    public void ServerThatIsDown_IsNeverSolicitedTwiceIn2Seconds()
    {
        var harness = new ClientHarness(Options with { Servers = [Lab.Server, OtherServer] });
        harness.Start();
        for (int i = 0; i < 600; i++)
        {
            harness.Advance(0.7);
            harness.ChangeNetwork(n => n with { Resumed = i % 3 == 0, HasIPv4 = i % 7 != 0 });
        }
        double[] times = [.. harness.Solicitations.Select(s => s.Seconds)];
        Assert.That(times, Has.Length.GreaterThan(50));
        Assert.That(times.Skip(1).Zip(times, (later, earlier) => later - earlier), Is.All.GreaterThan(1.9999));
    }

    [Test]
    public void Offline_SameNetworkToldAgain_DoesNotHurryTheRetry()
    {
        var harness = new ClientHarness();
        harness.Start();
        while (harness.EventsOf<ClientEvent.Failed>().Count() < 6) // the next delay is a minute or more
            harness.Advance(1);
        harness.Clear();
        for (int second = 0; second < 57; second++)
        {
            harness.Advance(1);
            harness.ChangeNetwork(n => n with { AttachedSubnets = [.. n.AttachedSubnets] });
            harness.ChangeNetwork(n => n with { Gateway = second % 2 == 0 ? null : Lab.Gateway }); // the system forgot its link address
        }
        Assert.That(harness.Sent, Is.Empty);
    }

    [Test, Conformance("C-023")]
    public void Qualifying_PacketsAndBubbles_CauseNothingButSolicitations()
    {
        var harness = new ClientHarness();
        harness.Start();
        var peer = Peer(Endpoint("203.0.113.12:50000"));
        var self = Peer(Mapped);
        for (int i = 0; i < 40; i++)
        {
            harness.Advance(0.25);
            Assert.That(harness.Send(Build.Udp(self, peer)).Kind, Is.Not.EqualTo(VerdictKind.Send));
            Assert.That(harness.Receive(Primary, Build.WithOrigin(peer.MappedEndpoint, Build.Bubble(peer, self))).Kind, Is.EqualTo(VerdictKind.Dropped));
            Assert.That(harness.Receive(peer.MappedEndpoint, Build.Udp(peer, self)).Kind, Is.EqualTo(VerdictKind.Dropped));
        }
        Assert.That(harness.Sent.Where(s => !s.IsRouterSolicitation), Is.Empty);
        Assert.That(harness.Delivered, Is.Empty);
        Assert.That(harness.Client.Drops[DropReason.NotQualified], Is.GreaterThanOrEqualTo(80));
    }

    [Test, Conformance("C-033")]
    public void PrimaryAnswers_SecondaryIsSolicitedAtOnce_WithAFreshNonce()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.Advance(0.1);
        harness.AnswerLastSolicitation(Mapped);

        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));
        var sent = harness.Sent;
        Assert.That(sent, Has.Count.EqualTo(2));
        Assert.That(sent[1].IsRouterSolicitation, Is.True);
        Assert.That(sent[1].Target, Is.EqualTo(Secondary));
        Assert.That(sent[1].At, Is.EqualTo(harness.Now));
        Assert.That(sent[1].AuthenticationNonce, Is.Not.EqualTo(sent[0].AuthenticationNonce));
        Assert.That(sent[1].PacketOctets, Is.EqualTo(sent[0].PacketOctets), "cone bit 0 in both");
    }

    [Test, Conformance("C-014", "C-033")]
    public void BothAddressesSeeOneMapping_IsQualifiedWithEndpointIndependentMapping()
    {
        var harness = new ClientHarness();
        harness.Qualify();

        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.EndpointIndependent));
        Assert.That(harness.Client.Server, Is.EqualTo(Lab.Server));
        var address = harness.Client.Address!.Value;
        Assert.That(address.Server, Is.EqualTo(Lab.Server.Primary));
        Assert.That(address.MappedEndpoint, Is.EqualTo(Mapped));
        var qualified = harness.EventsOf<ClientEvent.Qualified>().Single();
        Assert.That(qualified, Is.EqualTo(new ClientEvent.Qualified
        {
            Address = address,
            Server = Lab.Server,
            MtuOctets = 1280,
            Nat = harness.Client.Nat,
        }));
        Assert.That(harness.EventsOf<ClientEvent.StateChanged>().Last().State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.EventsOf<ClientEvent.Failed>(), Is.Empty);
    }

    [TestCase(1280u, 1280), TestCase(1400u, 1400), TestCase(65467u, 65467)]
    [TestCase(1279u, 1280), TestCase(0u, 1280), TestCase(65468u, 1280), TestCase(uint.MaxValue, 1280), TestCase(null, 1280)]
    [Conformance("C-014")]
    public void AdvertisedMtu_IsTakenWhenInRange_Else1280(uint? advertised, int expected)
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AnswerLastSolicitation(Mapped, new() { Mtu = advertised });
        harness.AnswerLastSolicitation(Mapped, new() { Mtu = advertised });
        Assert.That(harness.EventsOf<ClientEvent.Qualified>().Single().MtuOctets, Is.EqualTo(expected));
    }

    [Test]
    public void MappedEndpointIsTheLocalOne_MappingIsNone()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.Qualify(harness.ServiceLocal);
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.None));
        Assert.That(harness.Client.Nat.ClassicName, Is.EqualTo("none"));
    }

    [Test]
    public void LaterAnswers_StillQualify()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(8);
        harness.AdvanceTo(11.5);
        harness.AnswerLastSolicitation(Mapped);
        harness.AdvanceTo(23);
        harness.AnswerLastSolicitation(Mapped);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.EndpointIndependent));
    }

    [Test, Conformance("C-191", "C-193")]
    public void MappedPortIsTheLocalPort_NatIsPortPreserving()
    {
        var harness = new ClientHarness(Options with { ServicePort = 39328 });
        Assert.That(harness.Client.Nat.PortPreserving, Is.False, "FALSE at start (RFC 6081 §5.4.3)");
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.NotChecked));
        harness.Qualify(Mapped, atSecondary: OtherMapped);
        Assert.That(harness.Client.Nat.PortPreserving, Is.True);
    }

    [Test, Conformance("C-193")]
    public void MappedPortIsAnother_NatIsNotPortPreserving()
    {
        var harness = new ClientHarness(Options with { ServicePort = 39327 });
        harness.Qualify(Mapped, atSecondary: Mapped with { Port = 39327 });
        Assert.That(harness.Client.Nat.PortPreserving, Is.False, "only the primary's answer counts");
    }

    [TestCase("203.0.113.11:39329", true), TestCase("203.0.113.11:39392", true)]
    [TestCase("203.0.113.11:39393", false), TestCase("203.0.113.11:39327", false), TestCase("203.0.113.12:39329", false)]
    public void SymmetricNat_IsSequentialWhenThePortSteppedUpByAtMost64(string atSecondary, bool sequential)
    {
        var harness = ClientHarness.Qualified(mapped: Mapped, atSecondary: Endpoint(atSecondary));
        Assert.That(harness.Client.Nat.Sequential, Is.EqualTo(sequential));
    }

    [Test]
    public void Start_Twice_IsRefused()
    {
        var harness = new ClientHarness();
        harness.Start();
        Assert.That(harness.Start, Throws.InvalidOperationException);
    }

    [Test, Conformance("C-143")]
    public void Stop_ClosesThePortAndSilencesTheClient()
    {
        var harness = ClientHarness.Qualified();
        harness.Stop();
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Off));
        Assert.That(harness.Client.Address, Is.Null);
        Assert.That(harness.Sockets, Is.Empty);
        Assert.That(harness.Client.NextDeadline, Is.Null);
        harness.Advance(3600);
        harness.Receive(Primary, Build.WithOrigin(OtherMapped, Build.Bubble(Peer(OtherMapped), Peer(Mapped))));
        Assert.That(harness.Sent, Is.Empty);
    }

    [Test, Conformance("C-143")]
    public void NotStarted_DoesNothing()
    {
        var harness = new ClientHarness();
        harness.ChangeNetwork(n => n with { LocalAddress = IPv4("10.1.0.9") });
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Off));
        Assert.That(harness.Client.NextDeadline, Is.Null);
        Assert.That(harness.Log, Is.Empty);
    }

    [Test]
    public void Offline_MachineSlept_TriesAtOnce()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(12);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        harness.Clear();
        harness.ChangeNetwork(n => n with { Resumed = true });
        Assert.That(harness.Solicitations.Single().Target, Is.EqualTo(Primary));
    }

    [Test]
    public void SameMappingAgain_KeepsTheAddressWithItsFlags()
    {
        var harness = ClientHarness.Qualified();
        var before = harness.Address;
        harness.ChangeNetwork(n => n with { HasIPv4 = false });
        Assert.That(harness.Client.Address, Is.Null);
        harness.ChangeNetwork(n => n with { HasIPv4 = true });
        harness.Qualify();
        Assert.That(harness.Address, Is.EqualTo(before));
    }

    [Test, Conformance("C-003", "C-004", "C-147")]
    public void Flags_Of1000Addresses_AreTwelveRandomBits()
    {
        const int addresses = 1000;
        int[] ones = new int[16], low = new int[16];
        for (int seed = 0; seed < addresses; seed++)
        {
            var flags = ClientHarness.Qualified(seed: seed).Client.Address!.Value.Flags;
            Assert.That(flags & ~TeredoFlags.Random, Is.EqualTo(TeredoFlags.None), "C, z, U and G are 0");
            for (int bit = 0; bit < 16; bit++)
                ones[bit] += (int)flags >> bit & 1;
            low[(int)flags & 15]++;
        }
        for (int bit = 0; bit < 16; bit++)
            if (((int)TeredoFlags.Random >> bit & 1) != 0)
                Assert.That(ones[bit], Is.InRange(420, 580), $"bit {bit} is set half of the time (5 standard deviations)");
        double chiSquare = low.Sum(count => (count - addresses / 16.0) * (count - addresses / 16.0) / (addresses / 16.0));
        Assert.That(chiSquare, Is.LessThan(37.7), "15 degrees of freedom, 0.1 %");
    }

    static readonly TeredoServerAddress Elsewhere = new(IPv4Address.Parse("198.51.100.7"), IPv4Address.Parse("198.51.100.8"));

    [Test]
    public void ServersMoved_WhileOffline_AreAskedAtOnce()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(13);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        harness.Clear();
        harness.ChangeServers(Elsewhere);
        Assert.That(harness.Solicitations.Single().Target, Is.EqualTo(new IPv4Endpoint(Elsewhere.Primary, 3544)));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));
    }

    [Test]
    public void ServersAsBefore_WhileOffline_ChangeNothing()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(13);
        harness.Clear();
        harness.ChangeServers([.. harness.Options.Servers]);
        Assert.That(harness.Sent, Is.Empty);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
    }

    [Test]
    public void ServersInAnotherOrder_WhileOffline_DoNotHurryTheRetry()
    {
        var harness = new ClientHarness(Options with { Servers = [Lab.Server, OtherServer] });
        harness.Start();
        harness.AdvanceTo(24);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        harness.Clear();
        harness.ChangeServers(OtherServer, Lab.Server);
        Assert.That(harness.Sent, Is.Empty);
        Assert.That(harness.AdvanceToSolicitation().Target.Address, Is.EqualTo(OtherServer.Primary), "but the new order counts");
    }

    [Test]
    public void ServersMoved_TheOneInUseStaysUntilItIsSilent()
    {
        var harness = new ClientHarness();
        harness.Qualify();
        var before = harness.Client.Address;
        harness.Clear();
        harness.ChangeServers(Elsewhere);
        Assert.That(harness.Sent, Is.Empty);
        Assert.That(harness.Client.Address, Is.EqualTo(before));
        harness.Advance(60); // nobody answers the refresh: three solicitations, then the next server
        Assert.That(harness.Solicitations.Select(sent => sent.Target.Address).Distinct(), Is.EqualTo(new[] { Primary.Address, Elsewhere.Primary }));
    }

    [Test]
    public void ServersThatAreNone_AreRefused()
    {
        var harness = new ClientHarness();
        harness.Start();
        Assert.Throws<ArgumentException>(() => harness.Client.HandleServersChanged(harness.Now, []));
        Assert.Throws<ArgumentException>(() => harness.Client.HandleServersChanged(harness.Now, [new(IPv4Address.Parse("240.0.0.1"))]));
        Assert.That(harness.Client.Server, Is.EqualTo(harness.Options.Servers[0]));
    }
}
