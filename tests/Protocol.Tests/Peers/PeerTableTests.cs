using System.Runtime.CompilerServices;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Tests.Client;

namespace TeredoSdk.Protocol.Tests.Peers;

/// <summary>RFC 4380 §5.2 and §7.3.3: the peer list.</summary>
public class PeerTableTests
{
    static readonly Instant Start = Instant.FromSeconds(100);

    static PeerTable NewTable(int capacity, int maxUntrusted) => new(capacity, maxUntrusted, new SeededRandom(1));

    static IPv6Address Address(uint n) => new(0x2001_0000_0808_0808, (ulong)n * 0x9E37_79B9_7F4A_7C15);

    static int AddTrusted(PeerTable table, Instant now, uint n, PeerFlags flags = PeerFlags.None)
    {
        int index = table.Add(now, Address(n), default, trusted: true);
        table[index].LastReceived = now;
        table[index].Flags |= flags;
        return index;
    }

    [Test]
    public void PeerTable_NewEntry_WasNeverHeard()
    {
        var table = NewTable(8, 4);
        ref var entry = ref table[table.Add(Start, Address(1), default, trusted: false)];
        Assert.That(entry.Address, Is.EqualTo(Address(1)));
        Assert.That(entry.LastReceived, Is.EqualTo(Start - TimeSpan.FromSeconds(30)));
        Assert.That(entry.LastSent, Is.EqualTo(Start - TimeSpan.FromSeconds(30)));
        Assert.That(entry.Contact, Is.EqualTo(-1));
        Assert.That(entry.IsTrusted || entry.IsFresh(Start), Is.False);
    }

    [Test]
    public void PeerTable_AllBitsOfTheAddressCount()
    {
        var table = NewTable(512, 512);
        var address = Address(7);
        int index = table.Add(Start, address, default, trusted: false);
        for (int bit = 0; bit < 64; bit++)
        {
            Assert.That(table.Find(address with { High = address.High ^ 1UL << bit }), Is.EqualTo(-1));
            Assert.That(table.Find(address with { Low = address.Low ^ 1UL << bit }), Is.EqualTo(-1));
        }
        Assert.That(table.Find(address), Is.EqualTo(index));
    }

    public readonly record struct Step(byte Kind, byte Peer);

#pragma warning disable NUnit1027 // FsCheck supplies the argument
    [FsCheck.NUnit.Property(MaxTest = 300)]
    public void PeerTable_AnySequenceOfCalls_HoldsWhatADictionaryHolds(Step[] steps)
    {
        var table = NewTable(32, 12);
        var model = new Dictionary<IPv6Address, bool>(); // address to trusted
        table.Removing = i => Assert.That(model.Remove(table[i].Address), "removed an entry that was not there");
        var now = Start;
        foreach (var (kind, peer) in steps)
        {
            now += TimeSpan.FromSeconds(1);
            var address = Address(peer % 64u);
            int index = table.Find(address);
            Assert.That(index >= 0, Is.EqualTo(model.ContainsKey(address)));
            switch (kind % 6)
            {
                case 0 or 1 when index < 0:
                    bool mustFit = table.Count < 32 && (kind % 6 == 1 || table.UntrustedCount < 12);
                    index = table.Add(now, address, default, kind % 6 == 1);
                    Assert.That(index >= 0 || !mustFit);
                    if (index >= 0)
                        model.Add(address, kind % 6 == 1);
                    break;
                case 2 when index >= 0:
                    table.Trust(index);
                    model[address] = true;
                    break;
                case 3 when index >= 0:
                    table.Distrust(index);
                    model[address] = false;
                    break;
                case 4 when index >= 0:
                    table.Remove(index);
                    break;
                case 5 when index >= 0:
                    table[index].LastReceived = now;
                    break;
            }
            Assert.That(table.Count, Is.EqualTo(model.Count).And.LessThanOrEqualTo(32));
            Assert.That(table.UntrustedCount, Is.EqualTo(model.Count(p => !p.Value)));
        }
        foreach (var (address, trusted) in model)
            Assert.That(table[table.Find(address)].IsTrusted, Is.EqualTo(trusted));
        table.Clear();
        Assert.That((table.Count, table.UntrustedCount, model.Count), Is.EqualTo((0, 0, 0)));
        Assert.That(table.Find(Address(0)), Is.EqualTo(-1));
    }

    [Test]
    public void PeerTable_Full_OldestUntrustedGoesFirst()
    {
        var table = NewTable(4, 4);
        AddTrusted(table, Start, 1);
        for (uint n = 2; n <= 4; n++)
            table.Add(Start + TimeSpan.FromSeconds(n), Address(n), default, trusted: false);
        AddTrusted(table, Start + TimeSpan.FromSeconds(60), 5);
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
        Assert.That(table.Find(Address(1)), Is.Not.EqualTo(-1), "stale, but trusted");
        Assert.That(table.Find(Address(3)), Is.Not.EqualTo(-1));
    }

    [Test]
    public void PeerTable_Full_StaleTrustedGoesBeforeAnUntrustedOfTheLast30Seconds()
    {
        var table = NewTable(3, 3);
        AddTrusted(table, Start, 1, PeerFlags.Used);
        AddTrusted(table, Start, 2, PeerFlags.Used);
        table.Add(Start + TimeSpan.FromSeconds(50), Address(3), default, trusted: false);
        table.Add(Start + TimeSpan.FromSeconds(60), Address(4), default, trusted: false);
        Assert.That(table.Find(Address(1)), Is.EqualTo(-1));
        Assert.That(table.Find(Address(3)), Is.Not.EqualTo(-1));
    }

    [Test]
    public void PeerTable_UntrustedThatWasHeardSinceItWasQueued_IsPassedOver()
    {
        var table = NewTable(3, 3);
        for (uint n = 1; n <= 3; n++)
            table.Add(Start, Address(n), default, trusted: false);
        table[table.Find(Address(1))].LastReceived = Start + TimeSpan.FromSeconds(5);
        table.Add(Start + TimeSpan.FromSeconds(6), Address(4), default, trusted: false);
        Assert.That(table.Find(Address(1)), Is.Not.EqualTo(-1));
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
    }

    [Test]
    public void PeerTable_FullOfTrusted_StaleGoesBeforeFresh()
    {
        var table = NewTable(3, 1);
        AddTrusted(table, Start + TimeSpan.FromSeconds(20), 1);
        AddTrusted(table, Start, 2, PeerFlags.Used);
        AddTrusted(table, Start + TimeSpan.FromSeconds(20), 3);
        Assert.That(table.Add(Start + TimeSpan.FromSeconds(30), Address(4), default, trusted: false), Is.Not.EqualTo(-1));
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
    }

    [Test]
    public void PeerTable_FullOfFreshTrusted_OnlyTrustedReplacesOneThatTheHostNeverSentTo()
    {
        var table = NewTable(3, 1);
        AddTrusted(table, Start, 1, PeerFlags.Used);
        AddTrusted(table, Start, 2);
        AddTrusted(table, Start, 3, PeerFlags.Used);
        Assert.That(table.Add(Start, Address(4), default, trusted: false), Is.EqualTo(-1));
        Assert.That(table.Add(Start, Address(4), default, trusted: true), Is.Not.EqualTo(-1));
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
        table[table.Find(Address(4))].LastReceived = Start;
        table[table.Find(Address(4))].Flags |= PeerFlags.Used;
        Assert.That(table.Add(Start, Address(5), default, trusted: true), Is.EqualTo(-1));
        Assert.That(table.Count, Is.EqualTo(3));
    }

    [Test]
    public void PeerTable_FullOfUsed_EachAddLooksFurther()
    {
        var table = NewTable(100, 1);
        for (uint n = 0; n < 100; n++)
            AddTrusted(table, Start, n, n == 99 ? PeerFlags.None : PeerFlags.Used);
        int adds = 1;
        while (table.Add(Start, Address(1000), default, trusted: true) < 0)
            Assert.That(++adds, Is.LessThanOrEqualTo(13), "8 entries a time");
        Assert.That(adds, Is.EqualTo(13));
        Assert.That(table.Find(Address(99)), Is.EqualTo(-1));
    }

    [Test]
    public void PeerTable_OneIPv4Address_HasAtMost64Entries()
    {
        var table = NewTable(4096, 2048);
        var owner = new IPv4Address(0x01020304);
        for (uint n = 0; n < 64; n++)
            Assert.That(table.Add(Start, Address(n), owner, trusted: n % 2 == 0), Is.Not.EqualTo(-1));
        Assert.That(table.Add(Start, Address(64), owner, trusted: true), Is.EqualTo(-1));
        Assert.That(table.Add(Start, Address(65), default, trusted: true), Is.Not.EqualTo(-1), "native peers have no such limit");
        table.Remove(table.Find(Address(10)));
        Assert.That(table.Add(Start, Address(64), owner, trusted: true), Is.Not.EqualTo(-1));
    }

    [Test, Conformance("C-083", "C-140")]
    public void PeerTable_AMillionSpoofedPeers_StaysBoundedAndKeepsThoseInUse()
    {
        var table = NewTable(4096, 2048);
        for (uint n = 0; n < 1000; n++)
            AddTrusted(table, Start, 0x8000_0000 + n, PeerFlags.Used);
        for (uint n = 0; n < 1_000_000; n++)
        {
            table.Add(Start, Address(n), new IPv4Address(n * 7919 + 1), trusted: n % 4 == 0);
            if (n % 4 == 0 && table.Find(Address(n)) is >= 0 and int index)
                table[index].LastReceived = Start;
        }
        Assert.That(table.Count, Is.LessThanOrEqualTo(4096));
        Assert.That(table.UntrustedCount, Is.LessThanOrEqualTo(2048));
        for (uint n = 0; n < 1000; n++)
            Assert.That(table.Find(Address(0x8000_0000 + n)), Is.Not.EqualTo(-1));
    }

    [Test, Conformance("C-083")]
    public void PeerTable_AHundredThousandUntrustedPeers_OnlyTheNewestStay()
    {
        var table = NewTable(65536, 32768);
        int removed = 0;
        table.Removing = _ => removed++;
        for (uint n = 0; n < 100_000; n++)
            table.Add(Start, Address(n), default, trusted: false);
        Assert.That(table.Count, Is.EqualTo(32768));
        Assert.That(removed, Is.EqualTo(100_000 - 32768));
        Assert.That(table.Find(Address(100_000 - 32769)), Is.EqualTo(-1));
        Assert.That(table.Find(Address(100_000 - 32768)), Is.Not.EqualTo(-1));
    }

    [Test]
    public void PeerTable_Find_AllocatesNothing()
    {
        var table = NewTable(1024, 512);
        for (uint n = 0; n < 500; n++)
            table.Add(Start, Address(n), default, trusted: false);
        int found = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint n = 0; n < 1000; n++)
            found += table.Find(Address(n)) >= 0 ? 1 : 0;
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(found, Is.EqualTo(500));
    }

    [Slow]
    [Test]
    public void PeerTable_AMillionPeers_TakeLessThanAHundredOctetsEach()
    {
        Assert.That(Unsafe.SizeOf<PeerEntry>(), Is.EqualTo(64));
        const uint peers = 1_000_000;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var table = NewTable((int)peers, (int)peers);
        for (uint n = 0; n < peers; n++)
            table.Add(Start, Address(n), default, trusted: false);
        Assert.That((GC.GetTotalMemory(forceFullCollection: true) - before) / (double)peers, Is.LessThan(100));
        Assert.That(table.Count, Is.EqualTo(peers));
        GC.KeepAlive(table);
    }
}
