using System.Globalization;
using System.Runtime.CompilerServices;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Server;

namespace TeredoSdk.Idle;

/// <summary>What the cores hold: a new one, and for each peer that they remember.</summary>
static class Tables
{
    static readonly IPv4Address Primary = new(0x5DB8_D822), Secondary = new(0x5DB8_D823);

    public static void Measure(Action<string> tell)
    {
        var random = CryptographicRandom.Instance;
        Tell("a client's core", Held(() => new TeredoClient(new() { Servers = [new(Primary, Secondary)] }, random)));
        Tell("a relay's core", Held(() => new TeredoRelay(new() { ServedPrefixes = [new(IPv6Address.Parse("2001:db8::"), 32)] }, random)));
        Tell("a server's core, however many clients it has", Held(() => new TeredoServer(new() { Primary = Primary, Secondary = Secondary }, random)));
        foreach (int peers in new[] { 1_000, 100_000, 1_000_000 })
            Tell($"each of {peers:N0} peers of a client or a relay", Held(() => Fill(peers, random)) / peers);

        void Tell(string what, long octets) => tell(string.Create(CultureInfo.InvariantCulture, $"| {what} | {octets:N0} |"));
    }

    static PeerTable Fill(int peers, CryptographicRandom random)
    {
        var table = new PeerTable(peers, peers / 2, random);
        for (uint i = 0; i < peers; i++)
        {
            var address = new TeredoAddress(Primary, (TeredoFlags)(i * 7) & TeredoFlags.Random, new(new(0x0100_0000 + i), 40_000));
            if (table.Add(default, address, i % 4 == 0 ? Newcomer.Wanted : Newcomer.Verified, out _) != DropReason.None)
                throw new InvalidOperationException($"The table took only {i} peers.");
        }
        return table;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static long Held(Func<object> make)
    {
        make(); // what is made once for all
        long before = GC.GetTotalMemory(forceFullCollection: true);
        object made = make();
        long held = GC.GetTotalMemory(forceFullCollection: true) - before;
        GC.KeepAlive(made);
        return held;
    }
}
