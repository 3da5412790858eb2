using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 6081 §5.3.4: a symmetric NAT with a port mapping, towards a peer whose NAT is symmetric too.</summary>
public sealed class UpnpSymmetricNatTests
{
    const TeredoExtensions Extensions = TeredoExtensions.SymmetricNatSupport | TeredoExtensions.UpnpSymmetricNat;

    static readonly Peer Peer = Peer.Number();
    static readonly IPv4Endpoint Elsewhere = Lab.Endpoint("8.0.0.1:50999");
    static readonly IPv4Endpoint PortMapped = Lab.Endpoint("9.0.0.1:1234");
    static readonly IPv4Endpoint OtherPort = Lab.Endpoint("9.0.0.1:51170");

    [Test, Conformance("C-186", "C-188")]
    public void SymmetricPeer_DataGoesToItsEmbeddedMapping()
    {
        var client = Upnp(PortMapped, PortMapped, OtherPort);
        Meet(client);
        Assert.That(client.SendTo(Peer.Address), Is.EqualTo(Verdict.Send(LocalPort.Service, Peer.Mapped, 60)));
        Assert.That(client.ReceiveData(Peer, Elsewhere).Kind, Is.EqualTo(VerdictKind.Deliver), "in by the one mapping, out by the other");
    }

    [Test, Conformance("C-186", "C-187")]
    public void SymmetricPeer_DirectBubblesGoToItsEmbeddedMapping()
    {
        var client = Upnp(PortMapped, PortMapped, OtherPort);
        Meet(client);
        client.ReceiveIndirect(Peer, Build.Nonce(5));
        client.Advance(40);
        client.SendTo(Peer.Address);
        Assert.That(client.Direct(), Has.Count.GreaterThanOrEqualTo(2));
        Assert.That(client.Direct().Select(s => s.Target), Is.All.EqualTo(Peer.Mapped));
    }

    [Test, Conformance("C-186")]
    public void PeerFromItsEmbeddedMapping_IsNotSymmetric()
    {
        var client = Upnp(PortMapped, PortMapped, OtherPort);
        client.Trust(Peer);
        Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Peer.Mapped));
        Assert.That(client.ReceiveData(Peer, Elsewhere).Kind, Is.EqualTo(VerdictKind.Dropped));
    }

    [Test, Conformance("C-187", "C-188")]
    public void OneConditionMissing_TheLearntMappingIsUsed()
    {
        // Not symmetric; no gateway; behind a second NAT, so that the port mapping is not what the server sees.
        ClientHarness[] clients =
        [
            Upnp(PortMapped, PortMapped, PortMapped),
            Qualified(o => o with { Extensions = Extensions, MapPort = true }, PortMapped, OtherPort),
            Upnp(Lab.Endpoint("7.7.0.1:1234"), PortMapped, OtherPort),
        ];
        foreach (var client in clients)
        {
            Meet(client);
            Assert.That(client.SendTo(Peer.Address).Target, Is.EqualTo(Elsewhere));
        }
    }

    [Test]
    public void Answers_ToThePeersEmbeddedMapping_HaveOneAllowanceWhereverItIsHeardFrom()
    {
        var client = Upnp(PortMapped, PortMapped, OtherPort);
        Meet(client); // answered, at the embedded mapping
        for (uint i = 1; i <= 6; i++)
            client.ReceiveIndirect(Peer, Build.Nonce(i));
        Assert.That(client.Direct().Select(s => s.Target), Is.All.EqualTo(Peer.Mapped).And.Exactly(6).Items);
        client.Advance(40); // no longer fresh: answered as if untrusted
        client.Clear();
        for (uint i = 11; i <= 18; i++)
            client.ReceiveIndirect(Peer, Build.Nonce(i));
        Assert.That(client.Direct(), Has.Count.EqualTo(1), "8 in 300 s: one when the two met, six before, one now");
    }

    static ClientHarness Upnp(IPv4Endpoint external, IPv4Endpoint atPrimary, IPv4Endpoint atSecondary) =>
        Qualified(o => o with { Extensions = Extensions, MapPort = true }, atPrimary, atSecondary,
            prepare: client => client.MapPortAnswer = _ => RequestAnswer.Mapped(external));

    /// <summary>The peer's direct bubble comes from elsewhere, with our nonce.</summary>
    static void Meet(ClientHarness client)
    {
        client.SendTo(Peer.Address);
        Assert.That(client.ReceiveDirectFrom(Elsewhere, Peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
        client.Clear();
    }
}
