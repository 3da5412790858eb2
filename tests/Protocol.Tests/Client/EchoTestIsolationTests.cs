using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §5.5: the advertisements of an echo test describe another socket and never touch the main mapping.</summary>
public sealed class EchoTestIsolationTests
{
    static ClientHarness Testing(out SentDatagram[] solicitations)
    {
        var harness = ClientHarness.Qualified(mapped: Mapped, atSecondary: Mapped with { Port = (ushort)(Mapped.Port + 2) });
        Assert.That(harness.Client.Nat.Sequential, Is.True);
        harness.Send(Build.Udp(harness.Address, Peer(Endpoint("203.0.113.12:50000"))));
        solicitations = [.. harness.Solicitations];
        Assert.That(solicitations.Select(s => s.Target), Is.EqualTo(new[] { Primary, Secondary }));
        Assert.That(solicitations, Is.All.Matches<SentDatagram>(s => s.Via.IsRandom));
        return harness;
    }

    [Test, Conformance("C-225")]
    public void EchoTestAdvertisements_DoNotChangeTheAddress()
    {
        var harness = Testing(out var solicitations);
        var address = harness.Address;
        harness.AnswerSolicitation(solicitations[0], Endpoint("203.0.113.11:41000"));
        harness.AnswerSolicitation(solicitations[1], Endpoint("203.0.113.11:41004"));
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.EventsOf<ClientEvent.AddressChanged>(), Is.Empty);
        Assert.That(harness.Bubbles.Single(b => b.IsIndirectBubble).RandomPort, Is.EqualTo(41002));
    }

    [Test, Conformance("C-225")]
    public void EchoTestNonceAtTheServicePort_IsDropped()
    {
        var harness = Testing(out var solicitations);
        var address = harness.Address;
        foreach (var solicitation in solicitations)
        {
            byte[] payload = Advertisement.Right.ToPayload(solicitation, Endpoint("203.0.113.11:41000"), Lab.Server.Primary, null);
            Assert.That(harness.Receive(LocalPort.Service, solicitation.Target, payload).Kind, Is.EqualTo(VerdictKind.Dropped));
        }
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.EventsOf<ClientEvent.AddressChanged>(), Is.Empty);
    }

    [Test, Conformance("C-225")]
    public void EchoTestInMaintenance_KeepsTheTwoApart()
    {
        var harness = ClientHarness.Qualified(mapped: Mapped, atSecondary: Mapped with { Port = (ushort)(Mapped.Port + 2) });
        var refresh = harness.AdvanceToSolicitation();
        harness.Send(Build.Udp(harness.Address, Peer(Endpoint("203.0.113.12:50000"))));
        var echo = harness.Solicitations.First(s => s.Via.IsRandom);
        harness.AnswerSolicitation(echo, Endpoint("203.0.113.11:41000"));
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(Mapped));
        harness.AnswerSolicitation(refresh, Mapped);
        harness.Advance(13);
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified), "the refresh was answered by its own nonce only");
    }
}
