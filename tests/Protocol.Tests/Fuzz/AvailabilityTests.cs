using TeredoSdk.Fuzz;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Fuzz;

/// <summary>
/// Availability under flood: while each attack runs, a friend gets in, and a dial goes out, within 5 s of virtual time (docs/protocol §5.4).
/// </summary>
[Slow]
public class AvailabilityTests
{
    const double Lead = 35, Within = 5; // an attack is longer under way than its entries are fresh

    static readonly Peer Friend = Peer.At("7.1.2.3:4321", "1.2.3.4"), Dialled = Peer.At("7.4.5.6:6543", "1.2.3.4");
    static readonly IPv6Address FriendlyNative = new(0x2A00_1450_0000_0001, 5);

    /// <summary>What strangers send. The rate is that of the whole attack.</summary>
    public enum Attack
    {
        /// <summary>One ordinary host sends bubbles through the server from all its ports.</summary>
        BubblesOfOneHost,
        /// <summary>64 hosts do.</summary>
        BubblesOf64Hosts,
        /// <summary>64 hosts send data from 64 ports each, where the NAT admits strangers.</summary>
        DataOf64Hosts,
        /// <summary>Data with forged sources: every port of the friend's own IPv4 address.</summary>
        ForgedDataOfTheFriendsAddress,
        /// <summary>Data with forged sources: any address.</summary>
        ForgedDataOfAnyAddress,
        /// <summary>Bubbles through the server whose origin is the sender, from one relay's address.</summary>
        RelayBubblesOfOneHost,
        /// <summary>Native hosts of one /64 send through one relay.</summary>
        NativesOfOneSubnet,
        /// <summary>Pings of native hosts of one /64 come through the server.</summary>
        NativesThroughTheServer,
        /// <summary>Trusted strangers solicit.</summary>
        Solicitations,
        /// <summary>Mutated datagrams of the corpus.</summary>
        Corpus,
    }

    [Test]
    public void Client_UnderAttack_AFriendGetsInAndADialGoesOut([Values] Attack attack, [Values(150, 1000)] int perSecond)
    {
        var client = Qualified(o => o with { Servers = [OwnServer] });
        Flood flood = new(client, attack, perSecond);
        flood.Run(Lead);
        client.Clear();

        bool isIn = false, isHeard = false, isOut = false;
        Assert.That(client.SendTo(Dialled.Address), Is.EqualTo(Verdict.Held), "our dial waits for its peer, and is not refused");
        for (double second = 0; second < Within; second += 1)
        {
            if (second % 2 == 0 && !isHeard)
                client.ReceiveIndirect(Friend, Build.Nonce(7)); // a friend repeats its bubble every 2 s
            isHeard |= client.Direct().Any(s => s.Target == Friend.Mapped); // our NAT is open for it now
            if (isHeard && !isIn)
                isIn = client.ReceiveData(Friend).Kind == VerdictKind.Deliver && client.SendTo(Friend.Address).Kind == VerdictKind.Send;
            if (!isOut && client.Indirect().Any(s => s.InnerDestination == Dialled.Address))
            {
                client.ReceiveDirect(Dialled);
                isOut = client.Sent.Any(s => s.IsHostPacket && s.Target == Dialled.Mapped) || client.SendTo(Dialled.Address).Kind == VerdictKind.Send;
            }
            flood.Run(1);
        }
        Assert.That((isHeard, isIn, isOut), Is.EqualTo((true, true, true)));
        Assert.That(client.SendTo(Friend.Address).Kind, Is.EqualTo(VerdictKind.Send), "still");
        Assert.That(client.SendTo(Dialled.Address).Kind, Is.EqualTo(VerdictKind.Send), "still");
    }

    [Test]
    public void Client_UnderAttack_ANativeFriendGetsIn([Values(Attack.NativesOfOneSubnet, Attack.NativesThroughTheServer, Attack.BubblesOf64Hosts)] Attack attack)
    {
        var client = Qualified();
        Flood flood = new(client, attack, 500);
        flood.Run(Lead);
        client.Clear();
        bool isIn = false;
        for (double second = 0; second < Within && !isIn; second++)
        {
            isIn = client.Receive(OtherRelay, Build.Udp(FriendlyNative, client.Address)).Kind == VerdictKind.Deliver;
            flood.Run(0.5);
            if (client.EchoRequests().LastOrDefault(s => s.InnerDestination == FriendlyNative) is { } test)
                client.Receive(OtherRelay, Build.EchoReplyTo(test));
            flood.Run(0.5);
        }
        Assert.That(isIn);
    }

    // The flood, the friend's bubbles and our own go through a server that has its limits.
    [Test]
    public void Server_UnderAttack_AFriendGetsInAndADialGoesOut(
        [Values(Attack.BubblesOfOneHost, Attack.BubblesOf64Hosts, Attack.RelayBubblesOfOneHost)] Attack attack, [Values(150, 1000)] int perSecond)
    {
        var client = Qualified();
        ServerBetween server = new(client);
        Flood flood = new(client, attack, perSecond) { Server = server };
        flood.Run(Lead);
        client.Clear();

        Assert.That(client.SendTo(Dialled.Address), Is.EqualTo(Verdict.Held));
        bool isHeard = false, isOut = false;
        for (double second = 0; second < Within; second++)
        {
            if (second % 2 == 0 && !isHeard)
                server.Handle(Friend.Mapped, Build.Bubble(Friend.Address, client.Address, Build.Nonce(7)));
            isHeard |= client.Direct().Any(s => s.Target == Friend.Mapped);
            if (!isOut && server.Forwarded.Contains(Dialled.Mapped))
                isOut = client.ReceiveDirect(Dialled) == Verdict.Consumed;
            flood.Run(1);
        }
        Assert.That((isHeard, isOut), Is.EqualTo((true, true)));
    }

    [Test]
    public void Server_UnderSolicitations_AnotherClientQualifies([Values(20, 1000)] int perSecond)
    {
        TeredoServer server = new(new() { Primary = OwnServer.Primary, Secondary = OwnServer.Secondary }, new Client.SeededRandom(1));
        int n = 0, answers = 0;
        for (double at = 0; at < Lead + Within; at += 1.0 / perSecond)
        {
            Handle(at, new(new(0x0600_0001), (ushort)(4000 + n++ % 50_000))); // forged: another client's address, say
            if (at >= Lead && answers < 2)
                answers += Handle(at, Friend.Mapped) ? 1 : 0;
        }
        Assert.That(answers, Is.EqualTo(2), "from both addresses of the server");

        bool Handle(double at, IPv4Endpoint source) => server.HandleDatagram(Instant.FromSeconds(at), LocalPort.ServerPrimary, source,
            Craft.Solicitation((ulong)n, cone: false)) == Verdict.Consumed && server.TryTakeTransmit(new byte[1500], out _);
    }

    // A flood of packets for made-up clients of the friend's own server, of the friend's IPv4 address, and from many sources.
    [TestCase(1, false)]
    [TestCase(64, false)]
    [TestCase(1, true)]
    public void Relay_UnderAttack_AnotherSourceReachesItsClient(int sources, bool atTheFriend)
    {
        TeredoRelay relay = new(new() { ServedPrefixes = [new(Native, 32)] }, new Client.SeededRandom(1));
        byte[] buffer = new byte[1500];
        IPv6Address source = new(Native.High + 5000, 1);
        bool isSent = false;
        for (int n = 0; n < 40_000 && !isSent; n++)
        {
            var now = Instant.FromSeconds(n * 0.001);
            while (relay.NextDeadline <= now)
                relay.HandleTimeout(now);
            IPv4Endpoint mapped = new(atTheFriend ? Friend.Mapped.Address : new(0x0B00_0000 + (uint)n), (ushort)(5000 + n % 50_000));
            relay.HandlePacket(now, Build.Udp(new(Native.High + (uint)(n % sources), 1), new TeredoAddress(OwnServer.Primary, 0, mapped), 0));
            if (n >= 35_000 && (n - 35_000) % 1000 == 0)
                relay.HandlePacket(now, Build.Udp(source, Friend.Address)); // repeated each second
            while (relay.TryTakeTransmit(buffer, out var transmit))
                if (IPv6Packet.TryParse(buffer.AsSpan(0, transmit.Length), out var packet) && packet.Destination == Friend.Address)
                {
                    isSent |= !packet.IsBubble;
                    relay.HandleDatagram(now, LocalPort.Service, Friend.Mapped, Build.Bubble(Friend.Address, packet.Source));
                }
            while (relay.TryTakeDelivery(buffer, out _))
            {
            }
        }
        Assert.That(isSent);
    }

    static readonly IPv4Endpoint OtherRelay = Lab.Endpoint("7.0.0.9:3545");

    // A server between the client and the rest.
    sealed class ServerBetween
    {
        readonly TeredoServer _server = new(new() { Primary = OwnServer.Primary, Secondary = OwnServer.Secondary }, new Client.SeededRandom(2));
        readonly ClientHarness _client;
        readonly byte[] _buffer = new byte[1500];

        public ServerBetween(ClientHarness client)
        {
            _client = client;
            client.OnSent += sent =>
            {
                if (sent.IsIndirectBubble)
                    Handle(Mapped, sent.Payload);
            };
        }

        /// <summary>Where it sent what was not for the client.</summary>
        public HashSet<IPv4Endpoint> Forwarded { get; } = [];

        public void Handle(IPv4Endpoint source, byte[] payload)
        {
            _server.HandleDatagram(_client.Now, LocalPort.ServerPrimary, source, payload);
            while (_server.TryTakeTransmit(_buffer, out var transmit))
                if (transmit.Target == Mapped)
                    _client.Receive(ServerPrimary, _buffer[..transmit.Length]);
                else
                    Forwarded.Add(transmit.Target);
        }
    }

    // Runs an attack beside the virtual clock.
    sealed class Flood(ClientHarness client, Attack attack, int perSecond)
    {
        readonly Random _random = new(7);
        readonly Mutator _mutator = new(new Random(8), [Friend.Address, client.Address], [Friend.Mapped, ServerPrimary]);
        int _sent;

        /// <summary>What goes through the server goes through this one; null for one without limits.</summary>
        public ServerBetween? Server { get; init; }

        public void Run(double seconds)
        {
            var end = client.Now + TimeSpan.FromSeconds(seconds);
            var pause = TimeSpan.FromSeconds(1.0 / perSecond);
            while (client.Now < end)
            {
                var (source, payload) = Next(_sent++);
                if (Server is null || source != ServerPrimary)
                    client.Receive(source, payload);
                else if (Encapsulation.TryParse(payload, out var datagram, out _))
                    Server.Handle(datagram.Origin.MappedEndpoint, [.. datagram.PacketAndTrailers]);
                client.AdvanceTo(client.Now + pause);
            }
        }

        (IPv4Endpoint Source, byte[] Payload) Next(int n)
        {
            var address = client.Address;
            IPv4Endpoint host = new(new(0x0600_0001 + (uint)(n % 64)), (ushort)(4000 + n / 64 % 64));
            return attack switch
            {
                Attack.BubblesOfOneHost => Through(new(new(0x0600_0001), (ushort)(4000 + n % 50_000))),
                Attack.BubblesOf64Hosts => Through(host with { Port = (ushort)(4000 + n % 50_000) }),
                Attack.DataOf64Hosts => Data(host),
                Attack.ForgedDataOfTheFriendsAddress => Data(new(Friend.Mapped.Address, (ushort)(5000 + n % 50_000))),
                Attack.ForgedDataOfAnyAddress => Data(new(new(0x0B00_0000 + (uint)_random.Next(1 << 24)), 4000)),
                Attack.RelayBubblesOfOneHost => (ServerPrimary,
                    Build.WithOrigin(new(new(0x0600_0001), (ushort)(4000 + n % 50_000)), Build.Bubble(new(0xFE80_0000_0000_0000, (ulong)n), address))),
                Attack.NativesOfOneSubnet => (RelayEndpoint, Build.Udp(new(Native.High, (ulong)n + 9), address)),
                Attack.NativesThroughTheServer => (ServerPrimary, Build.WithOrigin(RelayEndpoint, Build.EchoRequest(new(Native.High, (ulong)n + 9), address))),
                Attack.Solicitations => (host, Build.Bubble(At(host), address, Build.NeighborDiscovery(NeighborDiscoveryType.Solicitation))),
                _ => (Lab.Endpoint("6.0.0.1:4000"), _mutator.Mutate(TeredoSdk.Fuzz.Corpus.Payloads[n % TeredoSdk.Fuzz.Corpus.Payloads.Count])),
            };

            (IPv4Endpoint, byte[]) Through(IPv4Endpoint from) => (ServerPrimary, Build.WithOrigin(from, Build.Bubble(At(from), address, Build.Nonce((uint)n))));
            (IPv4Endpoint, byte[]) Data(IPv4Endpoint from) => (from, Build.Udp(At(from), address, 0));
        }

        static IPv6Address At(IPv4Endpoint mapped) => new TeredoAddress(OwnServer.Primary, TeredoFlags.None, mapped);
    }
}
