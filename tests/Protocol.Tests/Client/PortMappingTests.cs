using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §5.3.3, §5.3.5, §5.6.3: the mapping that a gateway makes on request.</summary>
public sealed class PortMappingTests
{
    static readonly IPv4Address Gateway = Mapped.Address;
    static readonly TeredoAddress Friend = Peer(Endpoint("203.0.113.12:50000"));

    static ClientHarness WithGateway(TeredoClientOptions? options = null, IPv4Address? external = null) =>
        new(options) { MapPortAnswer = request => RequestAnswer.Mapped(new(external ?? Gateway, request.Number)) };

    static int IndexOf(ClientHarness harness, ClientRequestKind kind) => harness.Log.FindIndex(o => o is ClientRequest request && request.Kind == kind);

    static int IndexOfSolicitation(ClientHarness harness) => harness.Log.FindIndex(o => o is SentDatagram { IsRouterSolicitation: true });

    static IPv4Endpoint[] AdvertisedAlternates(ClientHarness harness)
    {
        harness.Clear();
        harness.Send(Build.Udp(harness.Address, Friend));
        harness.Advance(5); // a random port or an echo test may come first
        return harness.Bubbles.First(b => b.IsIndirectBubble).AlternateAddresses;
    }

    [Test, Conformance("C-178", "C-227")]
    public void Start_AsksForTheMappingBeforeTheFirstSolicitation()
    {
        var harness = WithGateway();
        harness.Start();
        var map = harness.RequestsOf(ClientRequestKind.MapPort).Single();
        // Remote host "" and UDP are the driver's; external = internal = local port, the local address, TEREDO, lease 0 (§5.3.3).
        Assert.That(map.Local, Is.EqualTo(harness.ServiceLocal));
        Assert.That(map.Number, Is.EqualTo(harness.ServiceLocal.Port));
        Assert.That(map.Lifetime, Is.EqualTo(TimeSpan.Zero));
        Assert.That(ClientRequest.MappingDescription, Is.EqualTo("TEREDO"));
        Assert.That(IndexOf(harness, ClientRequestKind.MapPort), Is.LessThan(IndexOfSolicitation(harness)));
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort), Is.Empty);
    }

    [Test, Conformance("C-176", "C-177")]
    public void PersistedPort_IsRemovedBeforeTheNewMapping()
    {
        var harness = WithGateway(Options with { PersistedMappedPort = 50123 });
        harness.Start();
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort).Single().Number, Is.EqualTo(50123));
        Assert.That(IndexOf(harness, ClientRequestKind.UnmapPort), Is.LessThan(IndexOf(harness, ClientRequestKind.MapPort)));
        Assert.That(IndexOf(harness, ClientRequestKind.MapPort), Is.LessThan(IndexOfSolicitation(harness)));
    }

    [Test]
    public void PersistedPort_IsRemovedOnce()
    {
        var harness = WithGateway(Options with { PersistedMappedPort = 50123 });
        harness.Qualify();
        harness.ChangeNetwork(n => n with { LocalAddress = IPv4("10.1.0.9") });
        Assert.That(harness.RequestsOf(ClientRequestKind.MapPort).ToList(), Has.Count.EqualTo(2));
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort).Count(r => r.Number == 50123), Is.EqualTo(1), "it may be somebody else's by now");
    }

    [Test]
    public void MapPortOff_AsksForNothing()
    {
        var harness = WithGateway(Options with { MapPort = false });
        harness.Qualify();
        harness.Stop();
        Assert.That(harness.Requests.Select(r => r.Kind), Is.EqualTo(new[] { ClientRequestKind.OpenPort, ClientRequestKind.ClosePort }));
    }

    [Test, Conformance("C-179")]
    public void MappingRefused_QualifiesWithoutIt()
    {
        var harness = new ClientHarness();
        harness.Qualify();
        Assert.That(harness.Client.Nat.PortMapped, Is.False);
        Assert.That(harness.EventsOf<ClientEvent.PortMapped>(), Is.Empty);
        Assert.That(AdvertisedAlternates(harness), Is.EqualTo(new[] { harness.ServiceLocal }));
        harness.Stop();
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort), Is.Empty);
    }

    [Test, Conformance("C-179")]
    public void GatewayNeverAnswers_QualifiesAllTheSame()
    {
        var harness = new ClientHarness { MapPortAnswer = _ => null };
        harness.Start();
        Assert.That(harness.Solicitations.Single().Seconds, Is.Zero);
        harness.Qualify();
        Assert.That(harness.Client.Nat.PortMapped, Is.False);
    }

    [Test, Conformance("C-176", "C-180", "C-183")]
    public void MappedWithAddress_TellsTheEndpointToPersist()
    {
        var harness = WithGateway();
        harness.Qualify();
        Assert.That(harness.Client.Nat.PortMapped, Is.True);
        Assert.That(harness.EventsOf<ClientEvent.PortMapped>().Single().External, Is.EqualTo(new IPv4Endpoint(Gateway, harness.ServiceLocal.Port)));
        Assert.That(harness.RequestsOf(ClientRequestKind.GetExternalAddress), Is.Empty);
    }

    [Test, Conformance("C-180", "C-181", "C-183")]
    public void MappedWithoutAddress_AsksForTheExternalAddress()
    {
        var harness = WithGateway(external: default(IPv4Address));
        harness.ExternalAddressAnswer = _ => null;
        harness.Start();
        Assert.That(harness.RequestsOf(ClientRequestKind.GetExternalAddress).Count(), Is.EqualTo(1));
        Assert.That(harness.EventsOf<ClientEvent.PortMapped>(), Is.Empty);

        harness.Answer(RequestAnswer.ExternalAddress(Gateway));
        Assert.That(harness.EventsOf<ClientEvent.PortMapped>().Single().External, Is.EqualTo(new IPv4Endpoint(Gateway, harness.ServiceLocal.Port)));
        Assert.That(harness.Client.Nat.PortMapped, Is.True);
    }

    [Test]
    public void MappingLostLater_IsForgotten_AndIsThereAgainWhenTheGatewayGivesItAgain()
    {
        var harness = WithGateway(Options with { ServicePort = 39328 }, external: IPv4("192.168.1.7"));
        harness.Qualify(Mapped);
        harness.Answer(RequestAnswer.NotMapped);
        Assert.That(harness.Client.Nat.PortMapped, Is.False);
        Assert.That(AdvertisedAlternates(harness), Is.EqualTo(new[] { harness.ServiceLocal }));

        harness.Answer(RequestAnswer.Mapped(Endpoint("192.168.1.8:40000")));
        Assert.That(harness.Client.Nat.PortMapped, Is.True);
        harness.Stop();
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort).Select(r => r.Number), Is.EqualTo(new[] { 40000 }));
    }

    [Test]
    public void AnswerAfterTheEnd_IsIgnored()
    {
        var harness = WithGateway();
        harness.Qualify();
        harness.Stop();
        harness.Answer(RequestAnswer.Mapped(Endpoint("192.168.1.8:40000")));
        Assert.That(harness.Client.Nat.PortMapped, Is.False);
    }

    [Test, Conformance("C-182")]
    public void ExternalAddressUnknown_TheMappingIsRemovedAndTheClientGoesOn()
    {
        var harness = WithGateway(external: default(IPv4Address)); // by default the harness answers NoExternalAddress
        harness.Qualify();
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort).Single().Number, Is.EqualTo(harness.ServiceLocal.Port));
        Assert.That(harness.Client.Nat.PortMapped, Is.False);
        Assert.That(AdvertisedAlternates(harness), Is.EqualTo(new[] { harness.ServiceLocal }));
        harness.Stop();
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort), Is.Empty, "it is removed already");
    }

    [Test, Conformance("C-185", "C-228")]
    public void MappedEndpointEqualsTheMapping_SingleNat_TheMappingIsNoAlternateAddress()
    {
        var harness = WithGateway(Options with { ServicePort = 39328 });
        harness.Qualify(new(Gateway, 39328));
        Assert.That(AdvertisedAlternates(harness), Is.EqualTo(new[] { harness.ServiceLocal }));
    }

    [Test, Conformance("C-183", "C-227", "C-228")]
    public void MappedEndpointDiffersFromTheMapping_DoubleNat_TheMappingIsTheSecondAlternateAddress()
    {
        var harness = WithGateway(Options with { ServicePort = 39328 }, external: IPv4("192.168.1.7"));
        harness.Qualify(Mapped);
        Assert.That(AdvertisedAlternates(harness), Is.EqualTo(new[] { harness.ServiceLocal, Endpoint("192.168.1.7:39328") }));
    }

    [Test, Conformance("C-189")]
    public void Stop_RemovesTheMapping_ThenClosesThePort()
    {
        var harness = WithGateway();
        harness.Qualify();
        ushort port = harness.ServiceLocal.Port;
        harness.Clear();
        harness.Stop();
        Assert.That(harness.Requests.Select(r => (r.Kind, r.Kind == ClientRequestKind.UnmapPort ? r.Number : 0)), Is.EqualTo(new[]
        {
            (ClientRequestKind.UnmapPort, port), (ClientRequestKind.ClosePort, 0),
        }));
    }

    [Test, Conformance("C-189")]
    public void Stop_BeforeTheGatewayAnswered_RemovesWhatItMayHaveMapped()
    {
        var harness = new ClientHarness { MapPortAnswer = _ => null };
        harness.Start();
        ushort port = harness.ServiceLocal.Port;
        harness.Stop();
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort).Select(r => r.Number), Is.EqualTo(new[] { port }));
    }

    [Test, Conformance("C-189")]
    public void Stop_AfterQualificationFailed_RemovesTheMapping()
    {
        var harness = WithGateway();
        harness.Start();
        ushort port = harness.ServiceLocal.Port;
        harness.AdvanceTo(13);
        harness.Stop();
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort).Select(r => r.Number), Is.EqualTo(new[] { port }));
    }

    [Test]
    public void LateMapping_OnASymmetricNat_MovesToAFreshPortOnce()
    {
        var harness = new ClientHarness { MapPortAnswer = _ => null };
        harness.Qualify(Mapped, atSecondary: OtherMapped);
        ushort firstPort = harness.ServiceLocal.Port;
        harness.Clear();

        // The gateway answers only now. The mapping that the NAT made before is another one, so it is of no use to this port.
        harness.AdvanceTo(1);
        harness.Answer(RequestAnswer.Mapped(new(Gateway, firstPort)));
        ushort secondPort = harness.ServiceLocal.Port;
        Assert.That(secondPort, Is.Not.EqualTo(firstPort));
        Assert.That(harness.Client.Address, Is.Null, "nobody gets in at the old one any more");
        Assert.That(harness.RequestsOf(ClientRequestKind.UnmapPort).Select(r => r.Number), Is.EqualTo(new[] { firstPort }));
        Assert.That(harness.RequestsOf(ClientRequestKind.MapPort).Single().Number, Is.EqualTo(secondPort));
        Assert.That(harness.Solicitations, Is.Empty, "the new port waits for its mapping");

        harness.AdvanceTo(2);
        harness.Answer(RequestAnswer.Mapped(new(Gateway, secondPort)));
        Assert.That(harness.Solicitations.Single().Target, Is.EqualTo(Primary));
        harness.Qualify(new(Gateway, secondPort), atSecondary: OtherMapped);
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(new IPv4Endpoint(Gateway, secondPort)));

        harness.Clear();
        harness.AdvanceTo(20);
        Assert.That(harness.Requests, Is.Empty);
    }

    [Test]
    public void LateMapping_WhileASymmetricNatIsLookedAt_MovesToAFreshPort()
    {
        var harness = new ClientHarness { MapPortAnswer = _ => null };
        harness.Start();
        harness.AdvanceTo(3); // the gateway is waited for no longer
        ushort firstPort = harness.ServiceLocal.Port;
        harness.AnswerLastSolicitation(Mapped);
        harness.Answer(RequestAnswer.Mapped(new(Gateway, firstPort)));
        harness.AnswerLastSolicitation(OtherMapped);
        Assert.That(harness.ServiceLocal.Port, Is.Not.EqualTo(firstPort));
        Assert.That(harness.EventsOf<ClientEvent.Qualified>(), Is.Empty);
    }

    [Test]
    public void LateMapping_OnASymmetricNat_SecondAnswerMissing_GoesOnAfter3Seconds()
    {
        var harness = new ClientHarness { MapPortAnswer = _ => null };
        harness.Qualify(Mapped, atSecondary: OtherMapped);
        harness.Clear();
        harness.AdvanceTo(1);
        harness.Answer(RequestAnswer.Mapped(new(Gateway, harness.ServiceLocal.Port)));
        harness.AdvanceTo(3.9);
        Assert.That(harness.Solicitations, Is.Empty);
        harness.AdvanceTo(4);
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(1));
        harness.Qualify(Mapped, atSecondary: OtherMapped);
        harness.Clear();
        harness.Answer(RequestAnswer.Mapped(new(Gateway, harness.ServiceLocal.Port)));
        Assert.That(harness.RequestsOf(ClientRequestKind.OpenPort), Is.Empty, "once");
    }

    [Test]
    public void StartAfterALateMapping_WaitsForNoGateway([Values] bool stopped)
    {
        var harness = new ClientHarness { MapPortAnswer = _ => null };
        harness.Qualify(Mapped, atSecondary: OtherMapped);
        harness.Answer(RequestAnswer.Mapped(new(Gateway, harness.ServiceLocal.Port)));
        harness.AdvanceTo(10); // it was waited for once
        harness.Clear();
        if (stopped)
        {
            harness.Stop();
            harness.Start();
        }
        else
        {
            harness.ChangeNetwork(n => n with { LocalAddress = IPv4("10.7.0.2") });
        }
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(1));
    }

    [Test]
    public void LateMapping_OnAnEndpointIndependentNat_KeepsTheAddress()
    {
        var harness = new ClientHarness { MapPortAnswer = _ => null };
        harness.Qualify();
        var address = harness.Address;
        harness.Answer(RequestAnswer.Mapped(new(Gateway, harness.ServiceLocal.Port)));
        Assert.That(harness.Client.Nat.PortMapped, Is.True);
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.RequestsOf(ClientRequestKind.OpenPort).Count(), Is.EqualTo(1));
    }

    [Test]
    public void AnswerAfterStop_ChangesNothing()
    {
        var harness = new ClientHarness { MapPortAnswer = _ => null };
        harness.Qualify();
        ushort port = harness.ServiceLocal.Port;
        harness.Stop();
        harness.Clear();
        harness.Answer(RequestAnswer.Mapped(new(Gateway, port)));
        harness.Answer(RequestAnswer.ExternalAddress(Gateway));
        Assert.That(harness.EventsOf<ClientEvent.PortMapped>(), Is.Empty);
        Assert.That(harness.Sent, Is.Empty);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Off));
    }

    [Test]
    public void AnswersToNothing_ChangeNothing()
    {
        var harness = ClientHarness.Qualified(Options with { MapPort = false });
        harness.Answer(RequestAnswer.Mapped(new(Gateway, 5000)));
        harness.Answer(RequestAnswer.NotMapped);
        harness.Answer(RequestAnswer.ExternalAddress(Gateway));
        harness.Answer(RequestAnswer.NoExternalAddress);
        Assert.That(harness.Log, Is.Empty);
        Assert.That(harness.Client.Nat.PortMapped, Is.False);
    }
}
