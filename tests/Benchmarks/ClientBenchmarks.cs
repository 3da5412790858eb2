using BenchmarkDotNet.Attributes;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Testing;

namespace TeredoSdk.Benchmarks;

/// <summary>The fast path of a client (RFC 4380 §5.2.3 and §5.2.4 case 1): a packet of 1200 octets from and to a trusted, fresh peer.</summary>
[MemoryDiagnoser]
public class ClientBenchmarks
{
    const int Burst = 32;

    readonly byte[] _in = new byte[1248 * Burst], _out = new byte[1248 * Burst];
    readonly Verdict[] _verdicts = new Verdict[Burst];
    TeredoClient _client = null!;
    IPv4Endpoint _source;
    Instant _now;

    [GlobalSetup]
    public void Meet()
    {
        var internet = new SimulatedInternet(seed: 1);
        internet.Server();
        var (alice, bob) = (internet.Nat(NatKind.Cone).Host("alice"), internet.Nat(NatKind.Cone).Host("bob"));
        alice.StartTeredo();
        bob.StartTeredo();
        internet.RunUntil(() => alice.Teredo.IsQualified && bob.Teredo.IsQualified, TimeSpan.FromSeconds(5));
        var ping = alice.Teredo.Ping(bob.Teredo.Address);
        if (!internet.RunUntil(() => ping.Succeeded, TimeSpan.FromSeconds(5)))
            throw new InvalidOperationException("The two hosts did not meet.");
        (_client, _source, _now) = (alice.Teredo.Core, bob.Teredo.Address.MappedEndpoint, internet.Now);
        for (int i = 0; i < Burst; i++)
        {
            UdpDatagram.WritePacket(_in.AsSpan(i * 1248), bob.Teredo.Address, 1, alice.Teredo.Address, 2, new byte[1200]);
            UdpDatagram.WritePacket(_out.AsSpan(i * 1248), alice.Teredo.Address, 1, bob.Teredo.Address, 2, new byte[1200]);
        }
    }

    /// <summary>A datagram by itself.</summary>
    [Benchmark]
    public VerdictKind Datagram() => Expect(_client.HandleDatagram(_now, LocalPort.Service, _source, _in.AsSpan(0, 1248)).Kind, VerdictKind.Deliver);

    /// <summary>One of a burst of 32.</summary>
    [Benchmark(OperationsPerInvoke = Burst)]
    public int DatagramOfABurst() => _client.HandleDatagrams(_now, LocalPort.Service, _source, _in, 1248, _verdicts);

    /// <summary>A packet of the host by itself.</summary>
    [Benchmark]
    public VerdictKind Packet() => Expect(_client.HandlePacket(_now, _out.AsSpan(0, 1248)).Kind, VerdictKind.Send);

    /// <summary>One of a burst of 32.</summary>
    [Benchmark(OperationsPerInvoke = Burst)]
    public int PacketOfABurst() => _client.HandlePackets(_now, _out, 1248, _verdicts);

    static VerdictKind Expect(VerdictKind kind, VerdictKind expected) =>
        kind == expected ? kind : throw new InvalidOperationException($"The verdict is {kind}, not {expected}.");
}
