using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.5 and RFC 6081 §5.1.1: keeping the mapping, and noticing that it changed.</summary>
public sealed class MaintenanceTests
{
    [Test]
    public void MappingChanged_WhatWasLearntOfTheNatIsReportedAnew()
    {
        var harness = ClientHarness.Qualified();
        var stranger = Peer(Endpoint("203.0.113.12:50000"));
        harness.Receive(stranger.MappedEndpoint, Build.Udp(stranger, harness.Address));
        Assert.That(harness.Client.Nat.Filtering, Is.EqualTo(FilteringBehaviour.EndpointIndependent));
        harness.AnswerSolicitation(harness.AdvanceToSolicitation(), OtherMapped);
        harness.AnswerLastSolicitation(Mapped);
        var nat = harness.EventsOf<ClientEvent.Qualified>().Single().Nat;
        Assert.That((nat.Mapping, nat.Filtering), Is.EqualTo((MappingBehaviour.AddressOrPortDependent, FilteringBehaviour.NotChecked)));
    }

    [Test, Conformance("C-050", "C-051", "C-053")]
    public void ServerQuiet_OneSolicitationWithin30Seconds()
    {
        var harness = ClientHarness.Qualified();
        harness.AdvanceTo(22.4);
        Assert.That(harness.Sent, Is.Empty);
        harness.AdvanceTo(30);
        var sent = harness.Sent.First();
        Assert.That(sent.IsRouterSolicitation, Is.True);
        Assert.That(sent.Target, Is.EqualTo(Primary));
        Assert.That(sent.Seconds, Is.InRange(22.5, 30));
    }

    [TestCase(5), TestCase(60), TestCase(600)]
    [Conformance("C-053")]
    public void RefreshInterval_IsConfigurable(int seconds)
    {
        var harness = ClientHarness.Qualified(Options with { RefreshInterval = TimeSpan.FromSeconds(seconds) });
        Assert.That(harness.AdvanceToSolicitation().Seconds, Is.InRange(0.75 * seconds, seconds));
    }

    [Test, Conformance("C-053")]
    public void RefreshInterval_Default_Is30Seconds() => Assert.That(Options.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(30)));

    [Test, Conformance("C-052")]
    public void Intervals_AreSpreadOver75To100Percent()
    {
        var harness = ClientHarness.Qualified();
        harness.AnswerSolicitations(_ => Mapped);
        harness.AdvanceTo(1200);
        double[] times = [0, .. harness.Solicitations.Select(s => s.Seconds)];
        double[] intervals = [.. times.Skip(1).Zip(times, (later, earlier) => later - earlier)];
        Assert.That(intervals, Has.Length.InRange(40, 53));
        Assert.That(intervals, Is.All.InRange(22.499, 30.001));
        Assert.That(intervals.Min(), Is.LessThan(24));
        Assert.That(intervals.Max(), Is.GreaterThan(28.5));
        Assert.That(intervals.Distinct().Count(), Is.GreaterThan(35));
        Assert.That(harness.Events, Is.Empty, "an unchanged mapping is no news");
    }

    [Test, Conformance("C-051")]
    public void ServerTalksButNothingIsSentToIt_SolicitsAnyway()
    {
        // RFC 4787 REQ-6: a NAT may refresh its mapping on outbound traffic only.
        var harness = ClientHarness.Qualified();
        for (int second = 1; second <= 30; second++)
        {
            harness.AdvanceTo(second);
            // The bubbles are answered to the peer and to its own server, not to ours.
            var peer = Peer(Endpoint($"203.0.113.12:{50000 + second}"), OtherServer.Primary);
            harness.Receive(Primary, Build.WithOrigin(peer.MappedEndpoint, Build.Bubble(peer, harness.Address)));
        }
        Assert.That(harness.Bubbles.Where(b => b.Target == Primary), Is.Empty);
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(1));
    }

    [Test, Conformance("C-050")]
    public void ServerTrafficBothWays_NeedsNoSolicitation()
    {
        var harness = ClientHarness.Qualified();
        for (int i = 1; i <= 20; i++)
        {
            harness.AdvanceTo(i * 10);
            // A connectivity test goes to the server; a relay's bubble comes back through it.
            var native = new IPv6Address(0x2001_0DB8_0000_0000, (ulong)i);
            harness.Send(Build.Udp(harness.Address, native));
            harness.Receive(Primary, Build.WithOrigin(Endpoint($"203.0.113.20:{5000 + i}"), Build.Bubble(native, harness.Address)));
        }
        Assert.That(harness.Sent.Where(s => s.Target == Primary && s.IsEchoRequest), Is.Not.Empty);
        Assert.That(harness.Solicitations, Is.Empty);
    }

    [Test, Conformance("C-051")]
    public void PeerTrafficAlone_DoesNotCount()
    {
        var harness = ClientHarness.Qualified();
        var peer = Peer(Endpoint("203.0.113.12:50000"));
        for (int second = 1; second <= 30; second++)
        {
            harness.AdvanceTo(second);
            harness.Receive(peer.MappedEndpoint, Build.Bubble(peer, harness.Address));
        }
        Assert.That(harness.Solicitations.Any(), Is.True);
    }

    [Test, Conformance("C-050", "C-051")]
    public void ServerSilent_ProbesThreeTimes_ThenTheAddressIsLost()
    {
        var harness = ClientHarness.Qualified();
        var address = harness.Client.Address!.Value;
        double first = harness.AdvanceToSolicitation().Seconds;
        harness.AdvanceTo(first + 11.999);
        Assert.That(harness.Solicitations.Select(s => s.Seconds - first), Is.EqualTo(new[] { 0.0, 4, 8 }).Within(0.001));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.AdvanceTo(first + 12.001);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        Assert.That(harness.Client.Address, Is.Null);
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Single().Address, Is.EqualTo(address));
        var failed = harness.EventsOf<ClientEvent.Failed>().Single();
        Assert.That(failed.Reason, Is.EqualTo(OfflineReason.ServerUnreachable));
        Assert.That((failed.RetryAt - harness.Now).TotalSeconds, Is.InRange(1.49, 2.5));
    }

    [Test, Conformance("C-055")]
    public void SecondProbeAnswered_KeepsTheAddress()
    {
        var harness = ClientHarness.Qualified();
        var address = harness.Address;
        double first = harness.AdvanceToSolicitation().Seconds;
        harness.AdvanceTo(first + 5);
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(2));
        harness.AnswerLastSolicitation(Mapped);
        harness.AdvanceTo(first + 20);
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(2));
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.Events, Is.Empty);
    }

    [Test, Conformance("C-141")]
    public void ServerDies_NextOneGivesANewAddress()
    {
        var harness = ClientHarness.Qualified(Options with { Servers = [Lab.Server, OtherServer] });
        var old = harness.Client.Address!.Value;
        harness.AnswerSolicitations(sent => sent.Target.Address == Lab.Server.Primary || sent.Target.Address == Lab.Server.Secondary ? null : Mapped);
        harness.AdvanceTo(45);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Client.Server, Is.EqualTo(OtherServer));
        Assert.That(harness.Client.Address!.Value.Server, Is.EqualTo(OtherServer.Primary));
        Assert.That(harness.Events.Any(e => e is ClientEvent.AddressLost lost && lost.Address == old
            || e is ClientEvent.AddressChanged changed && changed.Old == old), Is.True, "the old address is reported void");
        Assert.That(harness.EventsOf<ClientEvent.Failed>(), Is.Empty);
    }

    [TestCaseSource(typeof(RouterAdvertisementRulesTests), nameof(RouterAdvertisementRulesTests.BrokenAdvertisements))]
    [Conformance("C-054")]
    public void BrokenAdvertisement_ChangesNothing(object broken)
    {
        var harness = ClientHarness.Qualified();
        var address = harness.Address;
        double first = harness.AdvanceToSolicitation().Seconds;
        int sent = harness.Sent.Count;
        Assert.That(harness.AnswerLastSolicitation(OtherMapped, (Advertisement)broken).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.Sent, Has.Count.EqualTo(sent));
        harness.AdvanceTo(first + 12.001);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline), "it did not count as the server's answer");
    }

    [Test]
    public void UnsolicitedAdvertisement_ChangesNothing()
    {
        var harness = new ClientHarness();
        harness.Qualify();
        var address = harness.Address;
        foreach (var old in harness.Solicitations.ToArray())
            Assert.That(harness.AnswerSolicitation(old, OtherMapped).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.AnswerLastSolicitation(OtherMapped, new() { Nonce = 0 }).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.AnswerLastSolicitation(OtherMapped, new() { WithAuthentication = false }).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Address, Is.EqualTo(address));
    }

    [Test, Conformance("C-055")]
    public void MappingChanged_VoidsTheOldAddressAtOnce()
    {
        var harness = ClientHarness.Qualified();
        var old = harness.Client.Address!.Value;
        var peer = Peer(Endpoint("203.0.113.12:50000"));
        harness.Receive(peer.MappedEndpoint, Build.Bubble(peer, old));
        Assert.That(harness.Client.PeerCount, Is.EqualTo(1));
        harness.AnswerSolicitation(harness.AdvanceToSolicitation(), OtherMapped);
        var changed = harness.EventsOf<ClientEvent.AddressChanged>().Single();
        Assert.That(changed.Old, Is.EqualTo(old));
        Assert.That(changed.New, Is.EqualTo(harness.Client.Address));
        Assert.That(changed.New.MappedEndpoint, Is.EqualTo(OtherMapped));
        Assert.That(changed.New.Flags, Is.Not.EqualTo(old.Flags), "new random flags with a new mapping (these seeds differ)");
        Assert.That(harness.Client.PeerCount, Is.Zero);
        Assert.That(harness.Receive(peer.MappedEndpoint, Build.Udp(peer, old)).Kind, Is.EqualTo(VerdictKind.Dropped));
    }

    [TestCase(false, MappingBehaviour.EndpointIndependent), TestCase(true, MappingBehaviour.AddressOrPortDependent)]
    [Conformance("C-055", "C-184")]
    public void MappingChanged_ChecksTheMappingBehaviourAgain(bool differs, MappingBehaviour expected)
    {
        var harness = ClientHarness.Qualified();
        harness.AdvanceTo(30);
        harness.AnswerLastSolicitation(OtherMapped);
        var check = harness.Solicitations.Last();
        Assert.That(check.Target, Is.EqualTo(Secondary));
        harness.AnswerSolicitation(check, differs ? Endpoint("203.0.113.11:50001") : OtherMapped);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(expected));
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(OtherMapped));
    }

    [Test, Conformance("C-055", "C-057")]
    public void NatThatForgetsAfter20Seconds_RenumbersOnce_ThenIsRefreshedMoreOften()
    {
        var (harness, _) = BehindNat(TimeSpan.FromSeconds(20));
        harness.AdvanceTo(600);
        Assert.That(harness.EventsOf<ClientEvent.AddressChanged>().Count(), Is.EqualTo(1));
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(15)));
        Assert.That(harness.Solicitations.Count(s => s.Target == Primary), Is.InRange(38, 53));
    }

    [Test, Conformance("C-055", "C-057")]
    public void NatThatForgetsAtOnce_RenumbersAtEveryRefresh_WithoutASolicitationStorm()
    {
        var (harness, _) = BehindNat(TimeSpan.FromSeconds(1));
        harness.AdvanceTo(600);
        Assert.That(harness.EventsOf<ClientEvent.AddressChanged>().Count(), Is.InRange(100, 170));
        Assert.That(harness.Client.RefreshInterval, Is.EqualTo(TimeSpan.FromSeconds(5)));
        foreach (var target in harness.Solicitations.GroupBy(s => s.Target))
            Assert.That(target.Count(), Is.LessThanOrEqualTo(172), $"to {target.Key}");
    }

    [Test, Conformance("C-050", "C-057")]
    public void HourBehindANatThatForgetsAfter60Seconds_KeepsTheAddress()
    {
        var (harness, address) = BehindNat(TimeSpan.FromSeconds(60));
        harness.AdvanceTo(3600);
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.Events, Is.Empty);
        Assert.That(harness.Solicitations.Count(), Is.InRange(120, 160));
    }

    /// <summary>A NAT with one mapping per client port that dies when nothing was sent for a while, and servers behind it.</summary>
    static (ClientHarness, IPv6Address) BehindNat(TimeSpan lifetime)
    {
        var harness = new ClientHarness(Options with { DormancyTimeout = TimeSpan.Zero });
        var mapped = Mapped;
        var lastSent = new Instant();
        harness.AnswerSolicitations(sent =>
        {
            if (sent.At - lastSent > lifetime)
                mapped = mapped with { Port = (ushort)(mapped.Port + 7) };
            lastSent = sent.At;
            return mapped;
        });
        harness.Start();
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.Clear();
        return (harness, harness.Address);
    }

    [Test, Conformance("C-056")]
    public void Resumed_SolicitsAtOnce_AndTrustsNoPeer()
    {
        var harness = ClientHarness.Qualified();
        var peer = Peer(Endpoint("203.0.113.12:50000"));
        harness.Receive(peer.MappedEndpoint, Build.Bubble(peer, harness.Address));
        Assert.That(harness.Send(Build.Udp(harness.Address, peer)).Kind, Is.EqualTo(VerdictKind.Send));
        harness.AdvanceTo(5);
        harness.Clear();

        harness.ChangeNetwork(n => n with { Resumed = true });
        Assert.That(harness.Solicitations.Single().At, Is.EqualTo(harness.Now));
        harness.AnswerLastSolicitation(Mapped);
        Assert.That(harness.Send(Build.Udp(harness.Address, peer)).Kind, Is.EqualTo(VerdictKind.Held), "the peer has to answer again first");
    }

    [Test]
    public void Resumed_ServerSilent_IsAskedThreeTimes_ThenTheAddressIsLost()
    {
        var harness = ClientHarness.Qualified();
        harness.AdvanceTo(5);
        harness.Clear();
        harness.ChangeNetwork(n => n with { Resumed = true });
        harness.AdvanceTo(16.999);
        Assert.That(harness.Solicitations.Select(s => s.Seconds), Is.EqualTo(new[] { 5.0, 9, 13 }).Within(0.001));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.AdvanceTo(17.001);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
    }

    [Test]
    public void Resumed_TenTimesASecond_SolicitsAtMostEvery2Seconds()
    {
        var harness = ClientHarness.Qualified();
        for (int i = 1; i <= 100; i++)
        {
            harness.AdvanceTo(5 + i * 0.1);
            harness.ChangeNetwork(n => n with { Resumed = true });
        }
        double[] times = [.. harness.Solicitations.Select(s => s.Seconds)];
        Assert.That(times.Skip(1).Zip(times, (later, earlier) => later - earlier), Is.All.GreaterThan(1.9999));
        Assert.That(times, Is.Not.Empty);
    }

    [Test]
    public void LocalAddressChanged_LosesTheAddressAndQualifiesAgain()
    {
        var harness = ClientHarness.Qualified();
        var old = harness.Client.Address!.Value;
        harness.AdvanceTo(5);
        harness.ChangeNetwork(n => n with { LocalAddress = IPv4("10.7.0.2") });
        Assert.That(harness.EventsOf<ClientEvent.AddressLost>().Single().Address, Is.EqualTo(old));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));
        Assert.That(harness.Client.PeerCount, Is.Zero);
        harness.Advance(2);
        Assert.That(harness.Solicitations.Last().Target, Is.EqualTo(Primary));
        harness.Qualify(OtherMapped);
        Assert.That(harness.ServiceLocal.Address, Is.EqualTo(IPv4("10.7.0.2")));
    }

    [Test]
    public void SameNetworkToldAgain_ChangesNothing()
    {
        var harness = ClientHarness.Qualified();
        harness.ChangeNetwork(n => n with { });
        Assert.That(harness.Log, Is.Empty);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
    }

    [TestCase(false), TestCase(true)]
    [Conformance("C-192")]
    public void PeerOnARandomPort_IsRefreshedEvery30Seconds(bool afterRenumbering)
    {
        // RFC 6081 §5.4.3: symmetric and port-preserving, so the peer is reached from a random port of our own.
        var mapped = Mapped;
        var harness = ClientHarness.Qualified(Options with { ServicePort = Mapped.Port }, atSecondary: OtherMapped);
        harness.AnswerSolicitations(sent => sent.Target == Primary ? mapped : OtherMapped);
        if (afterRenumbering)
        {
            mapped = mapped with { Address = IPv4("203.0.113.99") };
            harness.AdvanceTo(40); // a refresh, before which the mapping was checked
            Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(mapped));
        }
        var peer = Peer(Endpoint("203.0.113.12:50000"));
        harness.Send(Build.Udp(harness.Address, peer));
        var indirect = harness.Bubbles.Last(b => b.IsIndirectBubble);
        var via = harness.Sockets.Keys.Single(p => p.IsRandom);
        Assert.That(harness.Sockets[via].Port, Is.EqualTo(indirect.RandomPort));
        harness.Receive(Primary, Build.WithOrigin(peer.MappedEndpoint, Build.Bubble(peer, harness.Address, Build.Nonce(0xCAFEBABE)))); // it can verify us
        harness.Receive(via, peer.MappedEndpoint, Build.Bubble(peer, harness.Address, Build.Nonce(indirect.TrailerNonce!.Value)));
        Assert.That(harness.Sent.Any(s => s.NextHeaderNumber == 17 && s.Via == via), Is.True, "trusted: the packet left");
        harness.Receive(via, peer.MappedEndpoint, Build.Udp(peer, harness.Address)); // it hears us too: the exchange is over
        harness.Clear();

        harness.Advance(300);
        double[] times = [.. harness.Bubbles.Where(b => b.Target == peer.MappedEndpoint).Select(b => b.Seconds)];
        Assert.That(times, Has.Length.InRange(8, 10), () => string.Join("\n", harness.Bubbles));
        Assert.That(times.Skip(1).Zip(times, (later, earlier) => later - earlier), Is.All.EqualTo(30).Within(0.001));
    }
}
