using FsCheck.Fluent;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Whatever hosts, peers, servers and the clock do in whatever order: the contract of the core and the limits of §5.2.6 hold.</summary>
/// <remarks>The harness checks after each step that nothing leaves a closed socket and that every deadline moves forward.</remarks>
public sealed class PeerContractTests
{
    const int Peers = 3;
    const ushort AttackersPort = 666;

    static readonly IPv4Endpoint Attacker = Lab.Endpoint("6.6.6.6:6666");

    [TestCase("9.0.0.1:4096", "9.0.0.1:4096", TestName = "AnyHistory_EndpointIndependentMapping_KeepsTheContract")]
    [TestCase("9.0.0.1:4096", "9.0.0.1:51170", TestName = "AnyHistory_SymmetricNat_KeepsTheContract")]
    [TestCase("9.0.0.1:1234", "9.0.0.1:51170", TestName = "AnyHistory_PortPreservingSymmetricNat_KeepsTheContract")]
    [TestCase("9.0.0.1:1190", "9.0.0.1:1191", TestName = "AnyHistory_SequentialSymmetricNat_KeepsTheContract")]
    [Conformance("C-058", "C-071", "C-089", "C-144", "C-172")]
    public void AnyHistory_KeepsTheContract(string primary, string secondary) =>
        PropertySeed.Check(Prop.ForAll<byte[]>(script => Play(script, Lab.Endpoint(primary), Lab.Endpoint(secondary))), endSize: 200);

    /// <summary>Histories that once broke the contract.</summary>
    [TestCaseSource(nameof(Seen))]
    public void SeenHistory_KeepsTheContract(string primary, string secondary, byte[] script) =>
        Play(script, Lab.Endpoint(primary), Lab.Endpoint(secondary));

    static IEnumerable<TestCaseData> Seen()
    {
        // A peer announces another random port while packets wait for it: our random port closes, and the packets must not leave through it.
        byte[] script = [.. new byte[16], 5, 1, 0, 0, 75, 174, 207, .. new byte[9], 200, 74, 5, 106, 172, 245, 3, 171, 45, 138];
        yield return new TestCaseData("9.0.0.1:1234", "9.0.0.1:51170", script).SetName("PeerAnnouncesAnotherRandomPort_ClosesOurs_KeepsTheContract");
    }

    static void Play(byte[] script, IPv4Endpoint primary, IPv4Endpoint secondary)
    {
        var client = Qualified(mapped: primary, atSecondary: secondary);
        bool sequential = secondary.Port - primary.Port == 1;
        client.OnSent += sent =>
        {
            if (sent.IsRouterSolicitation && sent.Via.IsRandom && sent.AuthenticationNonce % 4 != 0)
                client.AnswerSolicitation(sent, primary with { Port = (ushort)(sent.Target == ServerPrimary ? 1200 : 1202) });
        };
        int opened = 0;
        client.OpenPortAnswer = request => ++opened % 5 == 0 ? RequestAnswer.NotOpened(request.Port) : client.Opened(request);
        var history = new List<SentDatagram>();
        for (int i = 0; i + 1 < script.Length; i += 2)
        {
            Step(client, script[i], script[i + 1], history);
            history.AddRange(client.SentToPeers());
            AssertAttackerGetsNothing(client);
            client.Clear();
        }
        client.Advance(20);
        history.AddRange(client.SentToPeers());
        foreach (var toPeer in history.Where(s => s.IsIndirectBubble).GroupBy(s => s.InnerDestination))
            AssertSpacing([.. toPeer.Times()], sequential ? 2 : 1);
        client.Stop();
        Assert.That(client.Sockets, Is.Empty);
        Assert.That(client.Client.NextDeadline, Is.Null);
    }

    static void AssertAttackerGetsNothing(ClientHarness client)
    {
        Assert.That(client.Sent.Select(s => s.Target), Has.None.EqualTo(Attacker));
        foreach (byte[] packet in client.Delivered)
            Assert.That(packet[40] << 8 | packet[41], Is.Not.EqualTo(AttackersPort));
    }

    /// <summary>One grant each 2 s; an Echo Test may put the indirect half of one round near to that of the next, not to that after it.</summary>
    static void AssertSpacing(double[] times, int lag)
    {
        for (int i = lag; i < times.Length; i++)
            Assert.That(times[i] - times[i - lag], Is.GreaterThanOrEqualTo(2 - 1e-6));
    }

    static void Step(ClientHarness client, byte what, byte how, List<SentDatagram> history)
    {
        var peer = Peer.Number(how % Peers);
        var source = (how & 16) == 0 ? peer.Mapped : peer.Mapped with { Port = (ushort)(50000 + (how >> 5)) };
        var via = (how & 8) == 0 ? LocalPort.Service : client.Sockets.Keys.Last();
        var native = new IPv6Address(Native.High, (ulong)(how % Peers) + 1);
        uint nonce = history.LastOrDefault(s => s.IsIndirectBubble && s.InnerDestination == peer.Address)?.TrailerNonce ?? how;
        switch (what % 14)
        {
            case 0 or 1:
                client.SendTo(peer.Address, 100 + how);
                break;
            case 2:
                client.SendTo(native);
                break;
            case 3:
                client.ReceiveIndirect(peer, Build.Nonce((uint)how + 1), Build.RandomPort((ushort)(50000 + (how >> 5))),
                    Build.AlternateAddresses(Lab.Endpoint("10.0.0.3:5000"), Lab.Endpoint("7.7.7.7:5000")));
                break;
            case 4:
                client.ReceiveIndirect(peer);
                break;
            case 5 or 6:
                client.ReceiveDirectOn(via, source, peer, Build.Nonce(nonce));
                break;
            case 7:
                client.ReceiveDirectOn(via, source, peer, Build.NeighborDiscovery((NeighborDiscoveryType)(how & 1)));
                break;
            case 8:
                client.Receive(via, source, Build.Udp(peer.Address, client.Address));
                break;
            case 9:
                client.Receive(RelayEndpoint, Build.Udp(native, client.Address));
                break;
            case 10:
                if (history.LastOrDefault(s => s.IsEchoRequest && s.InnerDestination == native) is { } test)
                    client.Receive(RelayEndpoint, Build.EchoReplyTo(test));
                break;
            case 11 when how % 8 == 0:
                client.ChangeNetwork(network => network with { Resumed = true });
                break;
            case 12:
                client.Receive(via, Attacker, Build.Udp((how & 4) == 0 ? peer.Address : native, client.Address, sourcePort: AttackersPort));
                break;
            case 13:
                client.ReceiveDirectOn(via, Attacker, peer, Build.Nonce(how));
                client.Receive(via, Attacker, Build.EchoReply(native, client.Address, how, how, new byte[16]));
                break;
            default:
                client.Advance(how < 128 ? how / 64.0 : (how - 128) * 0.5);
                break;
        }
    }
}
