using System.Diagnostics;
using System.Globalization;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Server;

namespace TeredoSdk.Datapath.Parts;

/// <summary>What it costs to know many peers.</summary>
static class Tables
{
    const int Lookups = 1_000_000;

    public static Part Part { get; } = new("tables", "Many peers in the tables",
        "Client and relay have the same table of peers; each lookup is that of a random one, in an order that no cache foresees. A server keeps nothing of a "
        + "client but what its rate limits remember, in tables of a fixed size; the time is that of both limits of an answer.",
        [.. new[] { 1_000, 100_000, 1_000_000 }.Select(Name)],
        [
            new("findNs", "ns to find a peer", "0"), new("octetsPerPeer", "octets for each", "0"),
            new("limitNs", "ns for a server's limits", "0"), new("limitMb", "MB of a server's limits", "0.0"),
        ],
        (row, _) => Task.FromResult(Measure(int.Parse(row.Split(' ')[0], CultureInfo.InvariantCulture))));

    static string Name(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} peers");

    static double[] Measure(int count)
    {
        int[] order = [.. RandomOrder(count)];
        long before = Allocated();
        var table = new PeerTable(count, count, CryptographicRandom.Instance);
        for (int i = 0; i < count; i++)
            if (table.Add(default, AddressOf(i), Newcomer.Wanted, out _) != DropReason.None)
                throw new InvalidOperationException($"The table took only {i} peers.");
        double octets = (Allocated() - before) / (double)count;
        double findNs = Time(order, i => table.Find(AddressOf(i)) >= 0);
        before = GC.GetAllocatedBytesForCurrentThread();
        var limiter = new ServerLimiter(new(), CryptographicRandom.Instance);
        double limitMb = (GC.GetAllocatedBytesForCurrentThread() - before) / (double)(1 << 20);
        double limitNs = Time(order, i => limiter.TryAnswer(default, new(new(0x0100_0000 + (uint)i), 40_000)) >= 0);
        GC.KeepAlive(table);
        GC.KeepAlive(limiter);
        return [findNs, octets, limitNs, limitMb];
    }

    static double Time(int[] order, Func<int, bool> look)
    {
        for (int i = 0; i < order.Length; i += 10) // compiled, and no page new
            look(order[i]);
        var clock = Stopwatch.StartNew();
        foreach (int i in order)
            if (!look(i))
                throw new InvalidOperationException($"Peer {i} is not there.");
        return clock.Elapsed.TotalNanoseconds / order.Length;
    }

    static IEnumerable<int> RandomOrder(int count)
    {
        var random = new Random(1);
        return Enumerable.Range(0, Lookups).Select(_ => random.Next(count));
    }

    static long Allocated() => GC.GetTotalMemory(forceFullCollection: true);

    static IPv6Address AddressOf(int i) =>
        new TeredoAddress(new(0x5DB8_D822), (TeredoFlags)(i * 7) & TeredoFlags.Random, new(new(0x0100_0000 + (uint)i), 40_000));
}
