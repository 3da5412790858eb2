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

    static int Add(PeerTable table, Instant now, IPv6Address address, Newcomer kind = Newcomer.Stranger) =>
        table.Add(now, address, kind, out int index) == DropReason.None ? index : -1;

    // A peer that was just heard and, if it is used, has been sent to and answered.
    static int AddTrusted(PeerTable table, Instant now, uint n, bool used = false)
    {
        int index = Add(table, now, Address(n), Newcomer.Verified);
        table[index].LastReceived = now;
        if (used)
            table.Use(now, index);
        return index;
    }

    [Test]
    public void PeerTable_NewEntry_WasNeverHeard()
    {
        var table = NewTable(8, 4);
        ref var entry = ref table[Add(table, Start, Address(1))];
        Assert.That(entry.Address, Is.EqualTo(Address(1)));
        Assert.That(entry.LastReceived, Is.EqualTo(Start - TimeSpan.FromSeconds(30)));
        Assert.That(entry.LastSent, Is.EqualTo(Start - TimeSpan.FromSeconds(30)));
        Assert.That(entry.Contact, Is.EqualTo(-1));
        Assert.That(entry.IsTrusted || entry.IsFresh(Start), Is.False);
    }

    [Test]
    public void PeerTable_WhatTheHostWants_IsNotCountedAmongStrangers([Values(0, 2, 4)] int trusted)
    {
        var table = NewTable(16, 16);
        for (uint n = 0; n < 4; n++)
        {
            int index = Add(table, Start, Address(n), Newcomer.Wanted);
            if (n < trusted)
                table.Trust(index);
        }
        for (uint n = 4; n < 17; n++)
            Add(table, Start, Address(n));
        Assert.That(table.Count, Is.EqualTo(16), "a quarter is kept for the host; the last stranger took the place of another");
        Assert.That(Enumerable.Range(0, 4).Select(n => table.Find(Address((uint)n))), Is.All.GreaterThanOrEqualTo(0));
    }

    [Test]
    public void PeerTable_AllBitsOfTheAddressCount()
    {
        var table = NewTable(512, 512);
        var address = Address(7);
        int index = Add(table, Start, address);
        for (int bit = 0; bit < 64; bit++)
        {
            Assert.That(table.Find(address with { High = address.High ^ 1UL << bit }), Is.EqualTo(-1));
            Assert.That(table.Find(address with { Low = address.Low ^ 1UL << bit }), Is.EqualTo(-1));
        }
        Assert.That(table.Find(address), Is.EqualTo(index));
    }

    public readonly record struct Step(byte Kind, byte Peer);

    [Property(MaxTest = 300)]
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
                    bool mustFit = table.Count < 24 && (kind % 6 == 1 || table.UntrustedCount < 12);
                    index = Add(table, now, address, kind % 6 == 1 ? Newcomer.Verified : Newcomer.Stranger);
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
        var table = NewTable(5, 5); // four for strangers
        AddTrusted(table, Start, 1);
        for (uint n = 2; n <= 4; n++)
            Add(table, Start + TimeSpan.FromSeconds(n), Address(n));
        AddTrusted(table, Start + TimeSpan.FromSeconds(60), 5);
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
        Assert.That(table.Find(Address(1)), Is.Not.EqualTo(-1), "stale, but trusted");
        Assert.That(table.Find(Address(3)), Is.Not.EqualTo(-1));
    }

    [Test]
    public void PeerTable_Full_StaleTrustedThatWasNeverUsedGoesBeforeAnUntrustedOfTheLast30Seconds()
    {
        var table = NewTable(3, 3);
        AddTrusted(table, Start, 1, used: true);
        AddTrusted(table, Start, 2);
        Add(table, Start + TimeSpan.FromSeconds(50), Address(3));
        Add(table, Start + TimeSpan.FromSeconds(60), Address(4));
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
        Add(table, Start + TimeSpan.FromSeconds(60), Address(5));
        Assert.That(table.Find(Address(3)), Is.EqualTo(-1), "before one in use");
        Assert.That(table.Find(Address(1)), Is.Not.EqualTo(-1));
    }

    [Test]
    public void PeerTable_UntrustedThatWasHeardSinceItWasQueued_IsPassedOver()
    {
        var table = NewTable(3, 3);
        for (uint n = 1; n <= 3; n++)
            Add(table, Start, Address(n));
        table[table.Find(Address(1))].LastReceived = Start + TimeSpan.FromSeconds(5);
        Add(table, Start + TimeSpan.FromSeconds(6), Address(4));
        Assert.That(table.Find(Address(1)), Is.Not.EqualTo(-1));
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
    }

    [Test]
    public void PeerTable_FullOfTrusted_StaleGoesBeforeFresh()
    {
        var table = NewTable(4, 1); // three for strangers
        AddTrusted(table, Start + TimeSpan.FromSeconds(20), 1, used: true);
        AddTrusted(table, Start, 2, used: true);
        AddTrusted(table, Start + TimeSpan.FromSeconds(20), 3);
        Assert.That(Add(table, Start + TimeSpan.FromSeconds(30), Address(4)), Is.Not.EqualTo(-1));
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
    }

    [Test]
    public void PeerTable_FullOfStaleInUse_TheOneThatWasSilentLongestGoes()
    {
        var table = NewTable(3, 1);
        AddTrusted(table, Start + TimeSpan.FromSeconds(2), 1, used: true);
        AddTrusted(table, Start + TimeSpan.FromSeconds(1), 2, used: true);
        AddTrusted(table, Start + TimeSpan.FromSeconds(3), 3, used: true);
        Assert.That(Add(table, Start + TimeSpan.FromSeconds(60), Address(4)), Is.Not.EqualTo(-1));
        Assert.That(table.Find(Address(2)), Is.EqualTo(-1));
    }

    [Test]
    public void PeerTable_FullOfFreshTrusted_OneThatTheHostNeverSentToGivesWayToAVerifiedOneAndToWhatTheHostWants([Range(0, 2)] int newcomer)
    {
        var kind = (Newcomer)newcomer;
        var table = NewTable(4, 2);
        AddTrusted(table, Start, 1, used: true);
        AddTrusted(table, Start, 2);
        AddTrusted(table, Start, 3, used: true);
        Add(table, Start, Address(4), Newcomer.Wanted);
        Assert.That(Add(table, Start, Address(5), kind) >= 0, Is.EqualTo(kind != Newcomer.Stranger));
        Assert.That(table.Find(Address(2)) < 0, Is.EqualTo(kind != Newcomer.Stranger));
    }

    [Test]
    public void PeerTable_FullOfFreshInUse_TakesNobody()
    {
        var table = NewTable(3, 1);
        for (uint n = 1; n <= 3; n++)
            AddTrusted(table, Start, n, used: true);
        foreach (var kind in Enum.GetValues<Newcomer>())
        {
            Assert.That(table.Add(Start, Address(4), kind, out int index), Is.EqualTo(DropReason.PeerTableFull));
            Assert.That((index, table.Count), Is.EqualTo((-1, 3)));
        }
    }

    // Whatever the entries are, those of long ago make room.
    [TestCase(false, false), TestCase(false, true), TestCase(true, false), TestCase(true, true)]
    public void PeerTable_FullOfOldOnesInUse_TakesTheNext(bool wanted, bool trusted)
    {
        var table = NewTable(8, 9);
        for (uint n = 0; n < (wanted ? 8 : 6); n++) // six for strangers
        {
            int index = Add(table, Start, Address(n), wanted ? Newcomer.Wanted : Newcomer.Verified);
            table[index].LastReceived = Start;
            table.Use(Start, index);
            if (trusted)
                table.Trust(index);
            else
                table.Distrust(index);
        }
        Assert.That(Add(table, Start, Address(100)), Is.EqualTo(-1));
        Assert.That(Add(table, Start + TimeSpan.FromSeconds(60), Address(100)), Is.Not.EqualTo(-1));
        Assert.That(table.Find(Address(0)), Is.EqualTo(-1));
    }

    [Test]
    public void PeerTable_FullOfInUse_EachAddLooksFurther()
    {
        var table = NewTable(100, 1);
        for (uint n = 0; n < 75; n++)
            AddTrusted(table, n == 74 ? Start - PeerTable.Validity : Start, n, used: true);
        int adds = 1;
        while (Add(table, Start, Address(1000), Newcomer.Verified) < 0)
            Assert.That(++adds, Is.LessThanOrEqualTo(10), "8 entries a time");
        Assert.That(adds, Is.EqualTo(10));
        Assert.That(table.Find(Address(74)), Is.EqualTo(-1));
    }

    // A quarter is kept for what the host wants, even when strangers talk to the host.
    [Test]
    public void PeerTable_StrangersInUse_LeaveAQuarterToWhatTheHostWants()
    {
        var table = NewTable(64, 32);
        for (uint n = 0; n < 64; n++)
            if (Add(table, Start, Address(n), Newcomer.Verified) is >= 0 and int index)
            {
                table[index].LastReceived = Start;
                table.Use(Start, index);
            }
        Assert.That(table.Count, Is.EqualTo(48));
        for (uint n = 100; n < 116; n++)
            Assert.That(Add(table, Start, Address(n), Newcomer.Wanted), Is.Not.EqualTo(-1));
        Assert.That(table.Count, Is.EqualTo(64));
        Assert.That(Add(table, Start + PeerTable.Validity, Address(200), Newcomer.Verified), Is.Not.EqualTo(-1));
        Assert.That(Enumerable.Range(100, 16).Select(n => table.Find(Address((uint)n))), Is.All.GreaterThanOrEqualTo(0), "a stranger took a stranger's place");
    }

    [Test]
    public void PeerTable_StrangerThatWasAnsweredOnce_IsInUseWhenItIsHeardAgain()
    {
        var table = NewTable(16, 8);
        int index = AddTrusted(table, Start, 1);
        table.NoteSent(Start + TimeSpan.FromSeconds(1), index);
        table.NoteSent(Start + TimeSpan.FromSeconds(2), index); // repeated, to a forged source perhaps
        Assert.That(table[index].Has(PeerFlags.Used), Is.False);
        table[index].LastReceived = Start + TimeSpan.FromSeconds(3);
        table.NoteSent(Start + TimeSpan.FromSeconds(4), index);
        Assert.That(table[index].Has(PeerFlags.Used));
        Assert.That(table[index].Has(PeerFlags.Wanted), Is.False);

        // In a run of datagrams the answer and what is heard next have the same instant.
        int other = AddTrusted(table, Start, 2);
        table.NoteSent(Start + TimeSpan.FromSeconds(5), other);
        table[other].LastReceived = Start + TimeSpan.FromSeconds(5);
        table.NoteSent(Start + TimeSpan.FromSeconds(5), other);
        Assert.That(table[other].Has(PeerFlags.Used));
    }

    [Test, Conformance("C-083", "C-140")]
    public void PeerTable_AMillionSpoofedPeers_StaysBoundedAndKeepsThoseInUse()
    {
        var table = NewTable(4096, 2048);
        for (uint n = 0; n < 1000; n++)
            AddTrusted(table, Start, 0x8000_0000 + n, used: true);
        for (uint n = 0; n < 1_000_000; n++)
        {
            Add(table, Start, Address(n), n % 4 == 0 ? Newcomer.Verified : Newcomer.Stranger);
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
            Add(table, Start, Address(n));
        Assert.That(table.Count, Is.EqualTo(32768));
        Assert.That(removed, Is.EqualTo(100_000 - 32768));
        Assert.That(table.Find(Address(100_000 - 32769)), Is.EqualTo(-1));
        Assert.That(table.Find(Address(100_000 - 32768)), Is.Not.EqualTo(-1));
    }

    [Test]
    public void PeerTable_Sweep_LooksAtSoManyEntries_AndAtTheOthersSooner()
    {
        var table = NewTable(8192, 8192);
        for (uint n = 0; n < 6000; n++)
            Add(table, Start, Address(n));
        var at = Start + TimeSpan.FromMinutes(20);
        table.Sweep(at);
        Assert.That(table.Count, Is.EqualTo(6000 - 4096));
        var next = table.SweepAt!.Value;
        table.Sweep(next - TimeSpan.FromTicks(1));
        Assert.That(table.Count, Is.EqualTo(6000 - 4096));
        table.Sweep(next);
        Assert.That(table.Count, Is.Zero);
        Assert.That(table.SweepAt, Is.Null);
    }

    [TestCase(599.999, 1), TestCase(600, 0)]
    public void PeerTable_Sweep_RemovesWhoWasSilentForTenMinutes(double seconds, int left)
    {
        var table = NewTable(8, 8);
        int index = Add(table, Start, Address(1));
        table[index].LastReceived = Start;
        table.Sweep(Start + TimeSpan.FromSeconds(seconds));
        Assert.That(table.Count, Is.EqualTo(left));
    }

    [Test]
    public void PeerTable_Find_AllocatesNothing()
    {
        var table = NewTable(1024, 512);
        for (uint n = 0; n < 500; n++)
            Add(table, Start, Address(n));
        int found = 0;
        Allocations.AssertNone(() =>
        {
            found = 0;
            for (uint n = 0; n < 1000; n++)
                found += table.Find(Address(n)) >= 0 ? 1 : 0;
        });
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
            Add(table, Start, Address(n), Newcomer.Wanted);
        Assert.That((GC.GetTotalMemory(forceFullCollection: true) - before) / (double)peers, Is.LessThan(100));
        Assert.That(table.Count, Is.EqualTo(peers));
        GC.KeepAlive(table);
    }
}
