using BenchmarkDotNet.Attributes;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Benchmarks;

/// <summary>Finding each of a million peers by its address (RFC 4380 §5.2), in an order that no cache foresees.</summary>
[MemoryDiagnoser]
public class PeerTableBenchmarks
{
    const int Peers = 1_000_000, Lookups = Peers;

    readonly IPv6Address[] _wanted = new IPv6Address[Lookups];
    PeerTable _table = null!;

    [GlobalSetup]
    public void Fill()
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        _table = new(Peers, Peers / 2, CryptographicRandom.Instance);
        for (uint i = 0; i < Peers; i++)
            if (_table.Add(default, Address(i), i % 4 == 0 ? Newcomer.Wanted : Newcomer.Verified, out _) != DropReason.None)
                throw new InvalidOperationException($"The table took only {i} peers.");
        Console.WriteLine($"// {(GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Peers:0.0} octets per peer");
        var random = new Random(1);
        for (int i = 0; i < Lookups; i++)
            _wanted[i] = Address((uint)random.Next(Peers));
    }

    /// <summary>One lookup.</summary>
    [Benchmark(OperationsPerInvoke = Lookups)]
    public int Find()
    {
        int found = 0;
        foreach (var address in _wanted)
            found += _table.Find(address) >= 0 ? 1 : 0;
        return found;
    }

    static IPv6Address Address(uint i) => new TeredoAddress(new(0x5DB8_D822), (TeredoFlags)(i * 7) & TeredoFlags.Random, new(new(0x0100_0000 + i), 40_000));
}
