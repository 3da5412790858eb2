using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Whatever comes in, in whatever order: the client keeps its contract with the driver.</summary>
/// <remarks>
/// The harness itself fails on a deadline that does not move forward, an early time-out that changes something, a datagram from
/// a closed socket, and an endless exchange of requests and answers. Seeds make each run repeatable.
/// </remarks>
public sealed class ClientContractTests
{
    static readonly TeredoClientOptions[] Variants =
    [
        Options,
        Options with { Servers = [Lab.Server, OtherServer], RequireSecondary = true, MaxPeers = 16, MaxRandomPorts = 2 },
        Options with { LocalDiscovery = true, DetermineInterval = true, DormancyTimeout = TimeSpan.FromMinutes(1) },
        Options with { Extensions = TeredoExtensions.None, ServicePort = 4000, NativeIPv6 = NativeIPv6Behaviour.Beside },
        Options with { Secret = new() { ClientIdentifier = new byte[] { 1 }, Secret = new byte[] { 2 } }, PersistedMappedPort = 5000 },
    ];

    [Test, Conformance("C-058")]
    public void RandomInputs_NeverBreakTheContract([Range(0, 4)] int variant, [Range(1, 8)] int seed)
    {
        var random = new Random(seed * 100 + variant);
        var harness = new ClientHarness(Variants[variant], seed);
        bool symmetric = harness.Options.Extensions != TeredoExtensions.None && random.Next(2) == 0;
        int epoch = 0;
        harness.AnswerSolicitations(sent =>
        {
            epoch += random.Next(20) == 0 ? 1 : 0; // the NAT renumbers
            return random.Next(10) == 0 ? null     // the solicitation or its answer is lost
                : new(Mapped.Address, (ushort)(39000 + 64 * epoch + (sent.Via.Id << 4) + (symmetric ? 2 * (sent.Target.Address.Value & 1) : 0)));
        });
        harness.MapPortAnswer = request => random.Next(3) switch
        {
            0 => null,
            1 => RequestAnswer.NotMapped,
            _ => RequestAnswer.Mapped(new(random.Next(2) == 0 ? Mapped.Address : default, request.Number)),
        };
        harness.OpenPortAnswer = request => random.Next(8) == 0 ? RequestAnswer.NotOpened(request.Port) : harness.Opened(request);
        harness.Start();
        int leases = 0;
        for (int step = 0; step < 1500; step++)
        {
            Step(harness, random, ref leases);
            Assert.That(harness.Client.PeerCount, Is.InRange(0, harness.Options.MaxPeers));
            Assert.That(harness.Client.Address is not null || harness.Client.State != ClientState.Qualified, Is.True, "qualified means an address");
            Assert.That(harness.Sockets.Keys.Count(p => p.IsRandom), Is.LessThanOrEqualTo(harness.Options.MaxRandomPorts));
        }
        Assert.That(harness.EventsOf<ClientEvent.Qualified>().Count(), Is.GreaterThan(3), "the run went through the states");
        Assert.That(harness.Sent.Count(s => s.IsBubble), Is.GreaterThan(20));
        harness.Stop();
        Assert.That(harness.Sockets, Is.Empty);
        Assert.That(harness.Client.NextDeadline, Is.Null);
    }

    static void Step(ClientHarness harness, Random random, ref int leases)
    {
        switch (random.Next(16))
        {
            case 0:
                harness.ChangeNetwork(n => RandomNetwork(n, random));
                break;
            case 1 when leases > 0:
                leases--;
                harness.ReleaseLease();
                break;
            case 2:
                leases++;
                harness.AcquireLease();
                break;
            case 3 or 4 or 5 or 6:
                harness.Advance(Math.Pow(10, random.NextDouble() * 5 - 2)); // 10 ms to 1000 s
                break;
            case 7 or 8 or 9:
                harness.Send(RandomHostPacket(harness, random));
                break;
            case 10:
                harness.Answer(RandomAnswer(random));
                break;
            default:
                harness.Receive(RandomPort(harness, random), RandomSource(random), RandomDatagram(harness, random));
                break;
        }
    }

    static NetworkState RandomNetwork(NetworkState network, Random random) => random.Next(6) switch
    {
        0 => network with { HasIPv4 = !network.HasIPv4 },
        1 => network with { HasNativeIPv6 = !network.HasNativeIPv6 },
        2 => network with { IsManaged = !network.IsManaged },
        3 => network with { LocalAddress = new(Local.Value + (uint)random.Next(3)) },
        4 => network with { Resumed = true },
        _ => network with { HasIPv4 = true, HasNativeIPv6 = false, IsManaged = false },
    };

    static RequestAnswer RandomAnswer(Random random) => random.Next(4) switch
    {
        0 => RequestAnswer.Mapped(new(Mapped.Address, (ushort)random.Next(65536))),
        1 => RequestAnswer.NotMapped,
        2 => RequestAnswer.ExternalAddress(Mapped.Address),
        _ => RequestAnswer.NoExternalAddress,
    };

    static TeredoAddress RandomPeer(Random random) =>
        Peer(new(new(Mapped.Address.Value + (uint)random.Next(4)), (ushort)(39000 + random.Next(20))), random.Next(3) == 0 ? OtherServer.Primary : null);

    static IPv6Address RandomInner(ClientHarness harness, Random random) => random.Next(8) switch
    {
        0 => new(0x2001_0DB8_0000_0000, (ulong)random.Next(8)),
        1 => new(0xFE80_0000_0000_0000, (ulong)random.Next(8)),
        2 => harness.Client.Address ?? Peer(Mapped),
        3 => IPv6Address.AllNodes,
        _ => RandomPeer(random),
    };

    static IPv4Endpoint RandomSource(Random random) => random.Next(5) switch
    {
        0 or 1 => Primary,
        2 => Secondary,
        3 => new(new(Local.Value + (uint)random.Next(6)), (ushort)(5000 + random.Next(3))),
        _ => RandomPeer(random).MappedEndpoint,
    };

    static LocalPort RandomPort(ClientHarness harness, Random random) =>
        harness.Sockets.Count > 0 ? harness.Sockets.Keys.ElementAt(random.Next(harness.Sockets.Count)) : LocalPort.Service;

    static byte[] RandomHostPacket(ClientHarness harness, Random random)
    {
        var self = harness.Client.Address ?? Peer(Mapped);
        byte[] packet = random.Next(4) == 0 ? Build.EchoRequest(self, RandomInner(harness, random)) : Build.Udp(self, RandomInner(harness, random), random.Next(1200));
        return random.Next(10) == 0 ? packet[..random.Next(packet.Length)] : packet;
    }

    static byte[] RandomDatagram(ClientHarness harness, Random random)
    {
        var self = harness.Client.Address ?? Peer(Mapped);
        var from = RandomInner(harness, random);
        byte[] packet = random.Next(5) switch
        {
            0 => Build.Udp(from, self, random.Next(600)),
            1 => Build.EchoReply(from, self, (ushort)random.Next(65536), (ushort)random.Next(8), 1, 2, 3, 4, 5, 6, 7, 8),
            2 when harness.Solicitations.LastOrDefault() is { } solicitation =>
                Advertisement.Right.ToPayload(solicitation, RandomPeer(random).MappedEndpoint, Lab.Server.Primary, harness.Options.Secret),
            3 => Build.BubbleWithHopLimit(1, from, IPv6Address.AllNodes),
            _ => Build.Bubble(from, self, RandomTrailers(harness, random)),
        };
        if (random.Next(3) == 0)
            packet = Build.WithOrigin(RandomPeer(random).MappedEndpoint, packet);
        for (int flips = random.Next(3) == 0 ? random.Next(4) : 0; flips > 0; flips--)
            packet[random.Next(packet.Length)] ^= (byte)(1 << random.Next(8));
        return random.Next(12) == 0 ? packet[..random.Next(packet.Length)] : packet;
    }

    static byte[][] RandomTrailers(ClientHarness harness, Random random)
    {
        uint nonce = harness.Bubbles.LastOrDefault(b => b.TrailerNonce is not null)?.TrailerNonce ?? 1;
        byte[][] all =
        [
            Build.Nonce(random.Next(2) == 0 ? nonce : (uint)random.Next()),
            Build.RandomPort((ushort)random.Next(65536)),
            Build.NeighborDiscovery((NeighborDiscoveryType)random.Next(2)),
            Build.AlternateAddresses(RandomSource(random), RandomPeer(random).MappedEndpoint),
            [(byte)random.Next(256), (byte)random.Next(8), 1, 2, 3],
        ];
        return [.. all.Where(_ => random.Next(2) == 0)];
    }
}
