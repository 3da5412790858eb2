using TeredoSdk.Protocol.Client;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Checks that could be taken out of the client without a red test, each with the fault that this would be.</summary>
public sealed class UnnoticedFaultTests
{
    static readonly IPv4Endpoint Elsewhere = Lab.Endpoint("8.0.0.1:50000"), Third = Lab.Endpoint("8.0.0.1:50001");

    [Test]
    public void Nonce_ThatWasAnswered_IsNotTakenASecondTime()
    {
        var client = Symmetric();
        var peer = Peer.Number();
        client.SendTo(peer.Address);
        byte[] nonce = Build.Nonce(client.LastNonce());
        Assert.That(client.ReceiveDirectFrom(Elsewhere, peer, nonce), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.ReceiveDirectFrom(Third, peer, nonce), Is.EqualTo(Verdict.Dropped(DropReason.NonceMismatch)));
    }

    [Test]
    public void ConnectivityTest_ThatWasAnswered_MovesThePeerToNoOtherRelay()
    {
        var client = Qualified();
        client.SendTo(Native);
        byte[] reply = Build.EchoReplyTo(client.EchoRequests().Single());
        Assert.That(client.Receive(RelayEndpoint, reply), Is.EqualTo(Verdict.Consumed));
        Assert.That(client.Receive(Lab.Endpoint("6.0.0.6:666"), reply), Is.EqualTo(Verdict.Dropped(DropReason.MappingMismatch)));
        Assert.That(client.SendTo(Native).Target, Is.EqualTo(RelayEndpoint));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void StrangerThatGotIn_ShowsAnOpenNat_UnlessTheGatewayMapsThePort(bool isMapped)
    {
        var client = Qualified(o => o with { MapPort = true }, prepare: harness =>
            harness.MapPortAnswer = request => isMapped ? RequestAnswer.Mapped(new(Mapped.Address, request.Number)) : RequestAnswer.NotMapped);
        client.ReceiveData(Peer.Number());
        Assert.That(client.Client.Nat.Filtering == FilteringBehaviour.EndpointIndependent, Is.Not.EqualTo(isMapped));
    }

    // A port forwarded from 3544: what goes to "the peer's server" would come back to us.
    [Test]
    public void PeerWhoseServerIsOurOwnEndpoint_IsSentNothing()
    {
        var client = Qualified(mapped: Lab.Endpoint("9.0.0.1:3544"));
        var peer = Peer.At("8.0.0.1:4096", server: "9.0.0.1");
        Assert.That(client.SendTo(peer.Address), Is.EqualTo(Verdict.Dropped(DropReason.OwnAddress)));
        Assert.That(client.ReceiveIndirect(peer, Build.Nonce(5)), Is.EqualTo(Verdict.Dropped(DropReason.OwnAddress)));
        Assert.That(client.SentToPeers(), Is.Empty);
    }

    [Test]
    public void DataOfAPeerThatIsReachedFromARandomPort_AtTheServicePort_ClosesTheRandomPort()
    {
        var client = Qualified(mapped: Lab.Endpoint("9.0.0.1:1234"), atSecondary: Lab.Endpoint("9.0.0.1:51170"));
        var peer = Peer.Number();
        client.SendTo(peer.Address);
        client.ReceiveIndirect(peer, Build.Nonce(77));
        var random = client.Sockets.Keys.Single(port => port.IsRandom);
        Assert.That(client.ReceiveDirectOn(random, peer.Mapped, peer, Build.Nonce(client.LastNonce())), Is.EqualTo(Verdict.Consumed));
        client.Receive(random, peer.Mapped, Build.Udp(peer.Address, client.Address)); // data: it can verify us
        Assert.That(client.SendTo(peer.Address).Via, Is.EqualTo(random));
        Assert.That(client.ReceiveData(peer).Kind, Is.EqualTo(VerdictKind.Deliver));
        Assert.That(client.Sockets.Keys, Has.None.EqualTo(random));
        Assert.That(client.SendTo(peer.Address).Via, Is.EqualTo(LocalPort.Service));
    }

    [Test]
    public void DiscoveredPeers_AreRememberedUpToTheirLimit()
    {
        var client = Qualified(o => o with { LocalDiscovery = true });
        for (int i = 0; i < 300; i++)
        {
            IPv6Address neighbour = new TeredoAddress(OwnServer.Primary, TeredoFlags.None, new(Mapped.Address, (ushort)(10_000 + i)));
            var verdict = client.Receive(LocalPort.Discovery, new(new(Local.Address.Value + 1), (ushort)(5000 + i)), Build.Bubble(neighbour, IPv6Address.AllNodes));
            Assert.That(verdict, Is.EqualTo(i < 256 ? Verdict.Consumed : Verdict.Dropped(DropReason.PeerTableFull)));
        }
    }
}
