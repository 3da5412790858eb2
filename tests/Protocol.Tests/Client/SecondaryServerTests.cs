using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.1 and §7.3.5: the server's secondary address, and other servers.</summary>
public sealed class SecondaryServerTests
{
    [Test, Conformance("C-036", "C-184")]
    public void MappedPortDiffersAtSecondary_WithSymmetricNatSupport_IsQualifiedAndSymmetric()
    {
        var harness = new ClientHarness();
        harness.Qualify(Mapped, atSecondary: OtherMapped);
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.AddressOrPortDependent));
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(Mapped), "the primary's mapping stays in the address");
    }

    [Test, Conformance("C-036", "C-184")]
    public void MappedAddressDiffersAtSecondary_IsSymmetric()
    {
        var harness = new ClientHarness();
        harness.Qualify(Mapped, atSecondary: Mapped with { Address = IPv4("203.0.113.99") });
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.AddressOrPortDependent));
    }

    [Test, Conformance("C-035")]
    public void MappedPortDiffersAtSecondary_WithoutSymmetricNatSupport_IsOffline()
    {
        var harness = new ClientHarness(Options with { Extensions = TeredoExtensions.None });
        harness.Start();
        harness.AnswerLastSolicitation(Mapped);
        harness.AnswerLastSolicitation(OtherMapped);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        Assert.That(harness.Client.Address, Is.Null);
        var failed = harness.EventsOf<ClientEvent.Failed>().Single();
        Assert.That(failed.Reason, Is.EqualTo(OfflineReason.SymmetricNat));
        Assert.That(harness.EventsOf<ClientEvent.Qualified>(), Is.Empty);
    }

    [Test, Conformance("C-025", "C-034")]
    public void SecondarySilent_IsSolicited3Times_ThenQualifiedWithoutMappingCheck()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AdvanceTo(1);
        harness.AnswerLastSolicitation(Mapped);
        harness.AdvanceTo(12.9);
        var toSecondary = harness.Solicitations.Where(s => s.Target == Secondary);
        Assert.That(toSecondary.Select(s => s.Seconds), Is.EqualTo(new[] { 1.0, 5, 9 }));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));

        harness.AdvanceTo(13);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.NotChecked));
        Assert.That(harness.Solicitations.Count(), Is.EqualTo(4));
    }

    [Test, Conformance("C-034")]
    public void SecondarySilent_IsRemembered_NextQualificationDoesNotWaitForIt()
    {
        var harness = new ClientHarness();
        harness.Start();
        harness.AnswerLastSolicitation(Mapped);
        harness.AdvanceTo(13);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        harness.ChangeNetwork(n => n with { HasIPv4 = false });
        harness.Clear();

        harness.AdvanceTo(20);
        harness.ChangeNetwork(n => n with { HasIPv4 = true });
        harness.AnswerLastSolicitation(Mapped);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.Client.Nat.Mapping, Is.EqualTo(MappingBehaviour.NotChecked));

        harness.ChangeNetwork(n => n with { LocalAddress = IPv4("10.1.0.77") });
        harness.AdvanceToSolicitation();
        harness.AnswerLastSolicitation(Mapped);
        Assert.That(harness.Solicitations.Last().Target, Is.EqualTo(Secondary), "another network may reach it");
    }

    [Test, Conformance("C-034")]
    public void SecondarySilent_WhenRequired_IsOffline()
    {
        var harness = new ClientHarness(Options with { RequireSecondary = true });
        harness.Start();
        harness.AnswerLastSolicitation(Mapped);
        harness.AdvanceTo(11.9);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));
        harness.AdvanceTo(12);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        Assert.That(harness.EventsOf<ClientEvent.Failed>().Single().Reason, Is.EqualTo(OfflineReason.SecondaryUnreachable));
        Assert.That(harness.Client.Address, Is.Null);
    }

    [Test, Conformance("C-039")]
    public void SecondaryNotGiven_IsThePrimaryPlusOne()
    {
        var harness = new ClientHarness(Options with { Servers = [new(IPv4("203.0.113.77"))] });
        harness.Start();
        harness.AnswerLastSolicitation(Mapped);
        Assert.That(harness.Solicitations.Select(s => s.Target.ToString()), Is.EqualTo(new[] { "203.0.113.77:3544", "203.0.113.78:3544" }));
    }

    [Test, Conformance("C-141")]
    public void FirstServerSilent_NextOneIsSolicitedAt12Seconds()
    {
        var harness = new ClientHarness(Options with { Servers = [Lab.Server, OtherServer] });
        harness.Start();
        harness.AdvanceTo(12);
        Assert.That(harness.Solicitations.Select(s => (s.Seconds, s.Target.Address)), Is.EqualTo(new[]
        {
            (0.0, Lab.Server.Primary), (4, Lab.Server.Primary), (8, Lab.Server.Primary), (12, OtherServer.Primary),
        }));
        Assert.That(harness.EventsOf<ClientEvent.Failed>(), Is.Empty);

        harness.Qualify();
        Assert.That(harness.Client.Server, Is.EqualTo(OtherServer));
        Assert.That(harness.Client.Address!.Value.Server, Is.EqualTo(OtherServer.Primary));
    }

    [Test, Conformance("C-141")]
    public void AllServersSilent_EachGetsThreeSolicitations_ThenOffline()
    {
        var harness = new ClientHarness(Options with { Servers = [Lab.Server, OtherServer] });
        harness.Start();
        harness.AdvanceTo(23.9);
        Assert.That(harness.Solicitations.Select(s => s.Seconds), Is.EqualTo(new[] { 0.0, 4, 8, 12, 16, 20 }));
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualifying));
        harness.AdvanceTo(24);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Offline));
        Assert.That(harness.EventsOf<ClientEvent.Failed>().Count(), Is.EqualTo(1));
    }

    [Test, Conformance("C-034", "C-141")]
    public void SecondaryRequiredAndSilent_NextServerIsTried()
    {
        var harness = new ClientHarness(Options with { Servers = [Lab.Server, OtherServer], RequireSecondary = true });
        harness.Start();
        harness.AnswerLastSolicitation(Mapped);
        harness.AdvanceTo(12);
        Assert.That(harness.Solicitations.Last().Target.Address, Is.EqualTo(OtherServer.Primary));
        harness.Qualify();
        Assert.That(harness.Client.Server, Is.EqualTo(OtherServer));
    }
}
