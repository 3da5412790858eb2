using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Tests.Client;

namespace TeredoSdk.Protocol.Tests.Peers;

/// <summary>The limits of one IPv4 address, and of one native /64, and who makes room for whom there (docs/protocol §3.7).</summary>
public class PeerOwnerTests
{
    static readonly Instant Start = Instant.FromSeconds(1000), Later = Start + TimeSpan.FromSeconds(31);
    static readonly IPv4Address House = IPv4Address.Parse("8.0.0.1");

    static PeerTable NewTable(int capacity = 4096) => new(capacity, capacity / 2, new SeededRandom(1));

    static IPv6Address At(IPv4Address owner, int port) => new TeredoAddress(IPv4Address.Parse("5.6.7.8"), TeredoFlags.None, new(owner, (ushort)port));

    static IPv6Address InHouse(int n) => At(House, 4000 + n);

    static IPv6Address Native(ulong subnet, int n) => new(0x2001_0DB8_0006_0000 + subnet, (ulong)n + 1);

    static int Add(PeerTable table, Instant now, IPv6Address address, Newcomer kind = Newcomer.Stranger)
    {
        if (table.Add(now, address, kind, out int index) == DropReason.None && kind == Newcomer.Verified)
            table[index].LastReceived = now;
        return index;
    }

    static void Fill(PeerTable table, Instant now, int from, int to, bool used)
    {
        for (int n = from; n < to; n++)
        {
            int index = Add(table, now, InHouse(n), Newcomer.Verified);
            if (used)
                table.Use(now, index);
        }
    }

    [Test]
    public void OneIPv4Address_HasAtMost64Peers_AndRefusesForNoLongerThanTheyAreFresh()
    {
        var table = NewTable();
        Fill(table, Start, 0, 64, used: true);
        foreach (var kind in Enum.GetValues<Newcomer>())
            Assert.That(table.Add(Start, InHouse(64), kind, out _), Is.EqualTo(DropReason.PeerAddressFull));
        Assert.That(Add(table, Start, At(IPv4Address.Parse("8.0.0.2"), 4000), Newcomer.Verified), Is.Not.EqualTo(-1));
        for (int n = 64; n < 264; n++) // a program that is started again and again
            Assert.That(Add(table, Later, InHouse(n), Newcomer.Verified), Is.Not.EqualTo(-1));
        Assert.That(table.Count, Is.EqualTo(65));
    }

    [Test]
    public void OneIPv4Address_UntrustedNewcomersShare16Of64()
    {
        var table = NewTable();
        for (int n = 0; n < 200; n++)
            Assert.That(Add(table, Start + TimeSpan.FromSeconds(n), InHouse(n)), Is.Not.EqualTo(-1));
        Assert.That(table.Count, Is.EqualTo(16));
        Assert.That(table.Find(InHouse(183)), Is.EqualTo(-1));
        Assert.That(Enumerable.Range(184, 16).Select(n => table.Find(InHouse(n))), Is.All.GreaterThanOrEqualTo(0), "the newest");
        Fill(table, Later, 300, 400, used: false);
        Assert.That(table.Count, Is.EqualTo(64), "of those that their packets prove, 48");
    }

    // Strangers; stale, never used; stale, used. Fresh ones stay.
    [Test]
    public void OneIPv4Address_OrderOfEviction()
    {
        var table = NewTable();
        Fill(table, Start, 0, 10, used: true);
        Fill(table, Start + TimeSpan.FromSeconds(1), 10, 20, used: false);
        Fill(table, Later, 20, 54, used: true);
        for (int n = 54; n < 64; n++)
            Add(table, Later, InHouse(n));
        int[] expected = [.. Enumerable.Range(54, 10), .. Enumerable.Range(10, 10), .. Enumerable.Range(0, 10)];
        List<IPv6Address> gone = [];
        table.Removing = index => gone.Add(table[index].Address);
        for (int n = 100; n < 130; n++)
        {
            Add(table, Later, InHouse(n), Newcomer.Verified);
            table.Use(Later, table.Find(InHouse(n)));
        }
        Assert.That(gone.Take(10), Is.EquivalentTo(expected.Take(10).Select(InHouse)));
        Assert.That(gone.Skip(10).Take(10), Is.EquivalentTo(expected.Skip(10).Take(10).Select(InHouse)));
        Assert.That(gone.Skip(20), Is.EquivalentTo(expected.Skip(20).Select(InHouse)));
        Assert.That(Add(table, Later, InHouse(200), Newcomer.Verified), Is.EqualTo(-1));
    }

    [Test]
    public void ForgedPackets_OfOneIPv4Address_DoNotKeepItOut()
    {
        var table = NewTable();
        Fill(table, Start, 0, 200, used: false); // fresh and trusted, for their source says so
        Assert.That(table.Count, Is.EqualTo(48));
        for (int n = 300; n < 400; n++)
            Assert.That(Add(table, Start, InHouse(n), n % 2 == 0 ? Newcomer.Verified : Newcomer.Stranger), Is.Not.EqualTo(-1));
        Assert.That(Add(table, Start, InHouse(400), Newcomer.Wanted), Is.Not.EqualTo(-1));
        Assert.That(table.Count, Is.EqualTo(64));
    }

    [Test]
    public void DialUnderWay_IsNotEvictedByStrangers([Values] bool isVerified)
    {
        var table = NewTable();
        Fill(table, Start, 1, 64, used: true);
        Add(table, Start, InHouse(0), Newcomer.Wanted);
        Assert.That(Add(table, Start + TimeSpan.FromSeconds(8), InHouse(100), isVerified ? Newcomer.Verified : Newcomer.Stranger), Is.EqualTo(-1));
        Assert.That(table.Find(InHouse(0)), Is.Not.EqualTo(-1));
    }

    // Under the former table, with one count for all addresses of a hash bucket, some of these were refused.
    [Test]
    public void ManyIPv4Addresses_EachHasItsOwnCount()
    {
        var table = NewTable(1 << 18);
        for (uint owner = 0; owner < 1500; owner++)
            for (int port = 0; port < 48; port++)
                Assert.That(Add(table, Start, At(new(0x0900_0000 + owner), 4000 + port), Newcomer.Verified), Is.Not.EqualTo(-1));
        Assert.That(table.Count, Is.EqualTo(1500 * 48));
    }

    [Test]
    public void NativePeers_AreCountedPerSubnet()
    {
        var table = NewTable();
        for (int n = 0; n < 100; n++)
            Add(table, Start, Native(0, n));
        Assert.That(table.Count, Is.EqualTo(16));
        for (int n = 0; n < 100; n++)
            if (Add(table, Start, Native(1, n), Newcomer.Wanted) is >= 0 and int index)
                (table[index].LastReceived, _) = (Start, 0);
        Assert.That(table.Count, Is.LessThanOrEqualTo(16 + 64));
        Assert.That(Add(table, Start, Native(2, 0)), Is.Not.EqualTo(-1));
    }

    [Test]
    public void Sweep_EntryWithoutAPacketFor600Seconds_Goes()
    {
        var table = NewTable();
        int quiet = Add(table, Start, InHouse(0), Newcomer.Verified), sent = Add(table, Start, InHouse(1), Newcomer.Verified);
        int busy = Add(table, Start, InHouse(2), Newcomer.Verified);
        table[busy].Contact = 7;
        table.NoteSent(Start + TimeSpan.FromSeconds(90), sent);
        SweepUntil(table, Start + TimeSpan.FromSeconds(599));
        Assert.That(table.Count, Is.EqualTo(3));
        SweepUntil(table, Start + TimeSpan.FromSeconds(660));
        Assert.That((table.Find(InHouse(0)), table.Find(InHouse(1)), table.Find(InHouse(2))), Is.EqualTo((-1, sent, busy)));
        table[busy].Contact = -1;
        SweepUntil(table, Start + TimeSpan.FromSeconds(750));
        Assert.That((table.Count, table.SweepAt), Is.EqualTo((0, (Instant?)null)));
        Assert.That(quiet, Is.GreaterThanOrEqualTo(0));
    }

    [Test]
    public void Sweep_LargeTable_IsLookedAtInPartsWithinAMinute()
    {
        var table = NewTable(65536);
        for (uint n = 0; n < 20_000; n++)
            Add(table, Start, At(new(0x0900_0000 + n), 4000), Newcomer.Verified);
        SweepUntil(table, Start + TimeSpan.FromSeconds(60)); // the first was set when there was one entry
        Assert.That(SweepUntil(table, Start + TimeSpan.FromSeconds(120)), Is.InRange(4, 6));
        SweepUntil(table, Start + TimeSpan.FromSeconds(661));
        Assert.That(table.Count, Is.Zero);
    }

    static int SweepUntil(PeerTable table, Instant end)
    {
        int sweeps = 0;
        for (; table.SweepAt is { } due && due <= end; sweeps++)
            table.Sweep(due);
        return sweeps;
    }
}
