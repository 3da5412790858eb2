using TeredoSdk.Fuzz;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Fuzz;

/// <summary>Each oracle finds what was put before it: a hand-made violation of each rule.</summary>
public class OracleTests
{
    static readonly IPv4Endpoint Primary = IPv4Endpoint.Parse("65.54.227.120:3544"), Local = IPv4Endpoint.Parse("192.168.1.7:50000");
    static readonly IPv4Endpoint PeerMapped = IPv4Endpoint.Parse("81.2.69.40:20000"), Stranger = IPv4Endpoint.Parse("8.8.8.8:999");
    static readonly IPv6Address Own = new TeredoAddress(Primary.Address, TeredoFlags.None, IPv4Endpoint.Parse("131.107.0.1:39328"));
    static readonly TeredoAddress PeerAddress = new(IPv4Address.Parse("83.170.6.1"), TeredoFlags.None, PeerMapped);
    static readonly IPv6Address Peer = PeerAddress, Native = IPv6Address.Parse("2001:db8:6::1");
    static readonly TeredoClientOptions Options = new() { Servers = [new(Primary.Address)], Extensions = TeredoExtensions.SymmetricNatSupport };

    static Instant At(double seconds) => Instant.FromSeconds(seconds);

    static ClientOracle ClientOracle(TeredoClientOptions? options = null)
    {
        ClientOracle oracle = new(options ?? Options);
        oracle.OnOpened(LocalPort.Service, Local);
        oracle.SetAddress(Own);
        oracle.Begin(Cause.Own);
        return oracle;
    }

    static void Send(ClientOracle oracle, double at, IPv4Endpoint target, byte[] payload, LocalPort via = default) =>
        oracle.OnTransmit(At(at), new() { Length = payload.Length, Via = via, Target = target, Ttl = 0 }, payload);

    static void Finds(string rule, TestDelegate violation) =>
        Assert.That(violation, Throws.TypeOf<TeredoSdk.Fuzz.Finding>().With.Message.Contains(rule));

    static byte[] ToPeer(params byte[][] trailers) => Craft.BubbleOf(Own, Peer, trailers);

    [Test]
    public void Client_PairsAtTheAllowedPace_AreNoFinding()
    {
        var oracle = ClientOracle();
        foreach (double at in new[] { 0, 2, 4, 6, 300.0 })
        {
            Send(oracle, at, PeerMapped, ToPeer());
            Send(oracle, at, new(PeerAddress.Server, 3544), ToPeer(Craft.Nonce(7)));
        }
    }

    [Test]
    public void Client_SecondPairWithin2Seconds_IsFound()
    {
        var oracle = ClientOracle();
        Send(oracle, 0, PeerMapped, ToPeer());
        Finds("1.9 s after", () => Send(oracle, 1.9, PeerMapped, ToPeer()));
    }

    [Test]
    public void Client_FifthPairWithin300Seconds_IsFound()
    {
        var oracle = ClientOracle();
        for (int i = 0; i < 4; i++)
            Send(oracle, i * 3, PeerMapped, ToPeer());
        Finds("number 5", () => Send(oracle, 299, PeerMapped, ToPeer()));
    }

    [Test]
    public void Client_NinthAnswerToOneTarget_IsFound() => Finds("number 9", () =>
    {
        var oracle = ClientOracle();
        for (int i = 0; i < 9; i++)
        {
            oracle.OnDatagram(At(i * 10), LocalPort.Service, Primary, Craft.WithOrigin(PeerMapped, Craft.BubbleOf(Peer, Own)), Verdict.Consumed);
            Send(oracle, i * 10, PeerMapped, ToPeer());
        }
    });

    [Test]
    public void Client_TwoAnswersForOneDatagram_AreFoundByTheirNumber() => Finds("number 9", () =>
    {
        var oracle = ClientOracle();
        for (int i = 0; i < 5; i++)
        {
            oracle.OnDatagram(At(i * 10), LocalPort.Service, Primary, Craft.WithOrigin(PeerMapped, Craft.BubbleOf(Peer, Own)), Verdict.Consumed);
            Send(oracle, i * 10, PeerMapped, ToPeer());
            Send(oracle, i * 10, PeerMapped, ToPeer());
        }
    });

    [Test]
    public void Client_BubbleForADroppedDatagram_IsFound()
    {
        var oracle = ClientOracle();
        oracle.OnDatagram(At(0), LocalPort.Service, Stranger, Craft.BubbleOf(Peer, Own), Verdict.Dropped(DropReason.NonceMismatch));
        Finds("dropped", () => Send(oracle, 0, PeerMapped, ToPeer()));
    }

    [TestCase("10.0.0.1:4000")]
    [TestCase("224.0.0.253:4000")]
    [TestCase("131.107.0.1:39328")]
    [TestCase("192.168.1.7:50000")]
    [TestCase("8.8.8.8:3544")]
    [TestCase("8.8.8.8:4000")]
    public void Client_BubbleToWhereNoneMayGo_IsFound(string target) =>
        Finds("", () => Send(ClientOracle(), 0, IPv4Endpoint.Parse(target), ToPeer()));

    [Test]
    public void Client_PeerThatEmbedsAPrivateAddress_IsFound()
    {
        IPv4Endpoint site = IPv4Endpoint.Parse("10.0.0.1:4000");
        IPv6Address peer = new TeredoAddress(Primary.Address, TeredoFlags.None, site);
        Finds("not global", () => Send(ClientOracle(), 0, site, Craft.BubbleOf(Own, peer)));
    }

    [Test]
    public void Client_SolicitationsOneSecondApart_AreFound()
    {
        var oracle = ClientOracle();
        Send(oracle, 0, Primary, Craft.Solicitation(1, cone: false));
        Finds("solicitations", () => Send(oracle, 1, Primary, Craft.Solicitation(2, cone: false)));
    }

    [Test]
    public void Client_SolicitationToAStranger_IsFound() =>
        Finds("no server", () => Send(ClientOracle(), 0, Stranger, Craft.Solicitation(1, cone: false)));

    [Test]
    public void Client_FifthConnectivityTest_IsFound() => Finds("number 5", () =>
    {
        var oracle = ClientOracle();
        for (int i = 0; i < 5; i++)
            Send(oracle, i * 2, Primary, Craft.Echo(Icmpv6Type.EchoRequest, Own, Native, 1, 1, new byte[16]));
    });

    [Test]
    public void Client_DataToAnUnverifiedMapping_IsFound() =>
        Finds("not verified", () => Send(ClientOracle(), 0, PeerMapped, Craft.Udp(Own, Peer, 10)));

    [Test]
    public void Client_DeliveryFromAnUnverifiedMapping_IsFound() =>
        Finds("not verified", () => Take(ClientOracle(), Stranger, Craft.Udp(Peer, Own, 10), Verdict.Deliver(0, 58)));

    [Test]
    public void Client_NonceThatWasNotSent_IsFound()
    {
        var oracle = ClientOracle();
        Send(oracle, 0, new(PeerAddress.Server, 3544), ToPeer(Craft.Nonce(7)));
        Take(oracle, Stranger, Craft.BubbleOf(Peer, Own, Craft.Nonce(7)), Verdict.Consumed);
        Finds("not verified", () => Take(oracle, IPv4Endpoint.Parse("8.8.4.4:4"), Craft.BubbleOf(Peer, Own, Craft.Nonce(8)), Verdict.Consumed));
    }

    [Test]
    public void Client_NativePacketWithoutATest_IsFound() =>
        Finds("not verified", () => Take(ClientOracle(), Stranger, Craft.Udp(Native, Own, 10), Verdict.Deliver(0, 58)));

    [Test]
    public void Client_DeliveredBubble_IsFound() =>
        Finds("bubble", () => Take(ClientOracle(), PeerMapped, Craft.BubbleOf(Peer, Own), Verdict.Deliver(0, 40)));

    [Test]
    public void Client_PacketForAnotherAddress_IsFound() =>
        Finds("was taken", () => Take(ClientOracle(), PeerMapped, Craft.Udp(Peer, Native, 10), Verdict.Deliver(0, 58)));

    [Test]
    public void Client_EleventhErrorInASecond_IsFound() => Finds("number 11", () =>
    {
        byte[] error = new byte[Icmpv6Error.MaximumPacketSize];
        int length = Icmpv6Error.WritePacket(error, Icmpv6Type.DestinationUnreachable, 3, 0, TeredoLinkLocal.Server(Primary.Address), Own, Craft.Udp(Own, Peer, 1));
        var oracle = ClientOracle();
        for (int i = 0; i < 11; i++)
            oracle.OnDelivery(At(i * 0.05), error.AsSpan(0, length));
    });

    [Test]
    public void Client_MoreRandomPortsThanAllowed_IsFound()
    {
        var oracle = ClientOracle(Options with { MaxRandomPorts = 1 });
        oracle.OnRequest(new() { Kind = ClientRequestKind.OpenPort, Port = new(16) });
        Finds("random ports", () => oracle.OnRequest(new() { Kind = ClientRequestKind.OpenPort, Port = new(17) }));
    }

    static void Take(ClientOracle oracle, IPv4Endpoint source, byte[] payload, Verdict verdict) =>
        oracle.OnDatagram(At(1), LocalPort.Service, source, payload, verdict);

    // ---- Server

    static readonly TeredoServerOptions ServerOptions = new() { Primary = Primary.Address, Secondary = IPv4Address.Parse("65.54.227.121") };
    static readonly IPv6Address Client = new TeredoAddress(Primary.Address, TeredoFlags.None, PeerMapped);

    static ServerOracle ServerOracle(byte[] input, double at = 0, ServerOracle? oracle = null, Verdict? verdict = null)
    {
        oracle ??= new(ServerOptions);
        oracle.Begin(At(at), LocalPort.ServerPrimary, PeerMapped, input, verdict ?? Verdict.Consumed);
        return oracle;
    }

    static void Send(ServerOracle oracle, IPv4Endpoint target, byte[] payload) =>
        oracle.OnTransmit(new() { Length = payload.Length, Via = LocalPort.ServerPrimary, Target = target, Ttl = 0 }, payload);

    [Test]
    public void Server_SecondOutputForOneDatagram_IsFound()
    {
        byte[] bubble = Craft.BubbleOf(Client, Own), forward = Craft.WithOrigin(PeerMapped, bubble);
        var oracle = ServerOracle(bubble);
        Send(oracle, IPv4Endpoint.Parse("131.107.0.1:39328"), forward);
        Finds("more than one", () => Send(oracle, IPv4Endpoint.Parse("131.107.0.1:39328"), forward));
    }

    [Test]
    public void Server_OutputForADroppedDatagram_IsFound() => Finds("dropped one", () =>
        Send(ServerOracle(Craft.BubbleOf(Client, Own), verdict: Verdict.Dropped(DropReason.RateLimited)), IPv4Endpoint.Parse("131.107.0.1:39328"), Craft.BubbleOf(Client, Own)));

    [Test]
    public void Server_AdvertisementToAThirdParty_IsFound() => Finds("answered to", () =>
        Send(ServerOracle(Craft.Solicitation(5, cone: false)), Stranger, Craft.Advertisement(5, PeerMapped, Primary.Address, null)));

    [Test]
    public void Server_AdvertisementWithAnotherNonce_IsFound() => Finds("nonce", () =>
        Send(ServerOracle(Craft.Solicitation(5, cone: false)), PeerMapped, Craft.Advertisement(6, PeerMapped, Primary.Address, null)));

    [Test]
    public void Server_AnswersBeyondTheBucket_AreFound() => Finds("more than 2 per second", () =>
    {
        ServerOracle oracle = new(ServerOptions);
        for (int i = 0; i < 5; i++)
            Send(ServerOracle(Craft.Solicitation(5, cone: false), i * 0.001, oracle), PeerMapped, Craft.Advertisement(5, PeerMapped, Primary.Address, null));
    });

    [Test]
    public void Server_ForwardThatGrows_IsFound() => Finds("changed the packet", () =>
        Send(ServerOracle(Craft.BubbleOf(Client, Own)), IPv4Endpoint.Parse("131.107.0.1:39328"), Craft.BubbleOf(Client, Own, Craft.Nonce(1))));

    [TestCase("65.54.227.120:4000")]
    [TestCase("8.8.8.8:3544")]
    [TestCase("10.0.0.1:4000")]
    public void Server_ForwardToWhereNoneMayGo_IsFound(string target)
    {
        IPv6Address destination = new TeredoAddress(Primary.Address, TeredoFlags.None, IPv4Endpoint.Parse(target));
        Finds("to " + target, () => Send(ServerOracle(Craft.BubbleOf(Client, destination)), IPv4Endpoint.Parse(target), Craft.BubbleOf(Client, destination)));
    }

    [Test]
    public void Server_ForwardForASpoofedSource_IsFound()
    {
        IPv6Address spoofed = new TeredoAddress(Primary.Address, TeredoFlags.None, Stranger);
        Finds("forwarded for", () => Send(ServerOracle(Craft.BubbleOf(spoofed, Own)), IPv4Endpoint.Parse("131.107.0.1:39328"), Craft.BubbleOf(spoofed, Own)));
    }

    // ---- Relay

    static readonly TeredoRelayOptions RelayOptions = new() { ServedPrefixes = [new(IPv6Address.Parse("2001:db8:6::"), 64)] };

    static RelayOracle RelayOracle()
    {
        RelayOracle oracle = new(RelayOptions);
        oracle.OnPacket(At(0), Craft.Udp(Native, Peer, 1000), Verdict.Held); // pays for many bubbles
        return oracle;
    }

    static void Send(RelayOracle oracle, double at, IPv4Endpoint target, byte[] payload) =>
        oracle.OnTransmit(At(at), new() { Length = payload.Length, Via = LocalPort.Service, Target = target, Ttl = 0 }, payload);

    static byte[] RelayBubble => Craft.BubbleOf(new(0xFE80_0000_0000_0000, 77), Peer);

    [Test]
    public void Relay_BubblesWithin2Seconds_AreFound()
    {
        var oracle = RelayOracle();
        Send(oracle, 0, PeerMapped, RelayBubble);
        Finds("1 s after", () => Send(oracle, 1, PeerMapped, RelayBubble));
    }

    [Test]
    public void Relay_FifthBubble_IsFound() => Finds("number 5", () =>
    {
        var oracle = RelayOracle();
        for (int i = 0; i < 5; i++)
            Send(oracle, i * 2, PeerMapped, RelayBubble);
    });

    [Test]
    public void Relay_BubbleForADatagram_IsFound()
    {
        var oracle = RelayOracle();
        oracle.OnDatagram(At(0), PeerMapped, Craft.BubbleOf(Peer, Native), Verdict.Consumed);
        Finds("a bubble for a datagram", () => Send(oracle, 0, PeerMapped, RelayBubble));
    }

    [Test]
    public void Relay_DataToAnUnverifiedMapping_IsFound() => Finds("not heard of late", () =>
        RelayOracle().OnPacket(At(1), Craft.Udp(Native, Peer, 10), Verdict.Send(LocalPort.Service, PeerMapped, 58)));

    [Test]
    public void Relay_PacketFromAnUnverifiedMapping_IsFound() => Finds("not verified", () =>
        RelayOracle().OnDatagram(At(1), Stranger, Craft.Udp(Peer, Native, 10), Verdict.Deliver(0, 58)));

    [TestCase("2001:db8:7::1")]
    [TestCase("2001:0:4136:e378:0:1:2:3")]
    public void Relay_ForwardOutsideTheServedPrefixes_IsFound(string destination) => Finds("forwarded to", () =>
        RelayOracle().OnDatagram(At(1), PeerMapped, Craft.Udp(Peer, IPv6Address.Parse(destination), 10), Verdict.Deliver(0, 58)));

    [Test]
    public void Relay_BubblesThatNothingPaidFor_AreFound()
    {
        RelayOracle oracle = new(RelayOptions);
        oracle.OnPacket(At(0), Craft.Udp(Native, Peer, 10), Verdict.Held);
        Send(oracle, 0, PeerMapped, RelayBubble);
        Finds("22 octets of bubbles more", () => Send(oracle, 2, PeerMapped, RelayBubble));
    }

    [TestCase("rounds of bubbles for", 1, 4000, 4000)]
    [TestCase("bubbles to the server", 4000, 1, 4000)]
    [TestCase("rounds of bubbles to", 4000, 4000, 1)]
    [TestCase("rounds of bubbles 0", 4000, 4000, 4000)]
    public void Relay_MoreRoundsThanALimitAllows_AreFound(string what, int sources, int servers, int mapped) => Finds(what, () =>
    {
        RelayOracle oracle = new(new() { ServedPrefixes = [new(Native, 32)] });
        for (uint i = 0; i < 1100; i++)
        {
            IPv4Address server = new(0x0900_0000 + i % (uint)servers), address = new(0x0800_0000 + i % (uint)mapped);
            IPv6Address client = new TeredoAddress(server, TeredoFlags.None, new(address, (ushort)(4000 + i)));
            oracle.OnPacket(At(0), Craft.Udp(new(Native.High + i % (uint)sources, 1), client, 10), Verdict.Held);
            Send(oracle, 0, new(server, 3544), Craft.BubbleOf(new(0xFE80_0000_0000_0000, i), client));
        }
    });
}
