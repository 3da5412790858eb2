using System.Runtime.Versioning;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests.Linux;

/// <summary>Packets that wait for their peers' turns.</summary>
[Platform("Linux"), SupportedOSPlatform("linux")]
public sealed class PeerLinesTests
{
    const int Capacity = 100;

    static readonly IPv6Address Busy = new(1, 1), Calm = new(2, 2);

    readonly DevicePacket[] _taken = new DevicePacket[3 * Capacity];

    [Test]
    public void Peers_GetTheSameOctets_HoweverLongTheirPacketsAre()
    {
        using var lines = new PeerLines(Capacity, 65575);
        for (int i = 0; i < 6; i++)
            lines.Add(Packet(65000), Busy);
        for (int i = 0; i < 90; i++)
            lines.Add(Packet(6500), Calm);
        int count = lines.Take(_taken, 8 * 65000);
        Assert.That(_taken[..count].Where(packet => packet.Length == 6500).Sum(packet => packet.Length), Is.EqualTo(4 * 65000).Within(65575 / 2));
    }

    [Test]
    public void PacketsOfAPeer_KeepTheirOrder()
    {
        using var lines = new PeerLines(Capacity, 2000);
        for (int i = 1; i <= Capacity; i++)
            lines.Add(Packet(i), i % 3 == 0 ? Calm : Busy);
        int count = lines.Take(_taken, int.MaxValue);
        Assert.That(count, Is.EqualTo(Capacity));
        foreach (bool isCalm in new[] { true, false })
            Assert.That(_taken[..count].Select(packet => packet.Length).Where(length => length % 3 == 0 == isCalm), Is.Ordered);
        Assert.That((lines.PeerCount, lines.Dropped, lines.Take(_taken, int.MaxValue)), Is.EqualTo((0, 0L, 0)));
    }

    [Test]
    public void WhereThereIsNoRoom_TheLongestLineLosesItsOldest()
    {
        using var lines = new PeerLines(Capacity, 2000);
        for (int i = 1; i <= 2 * Capacity; i++)
            lines.Add(Packet(i), i % 20 == 0 ? Calm : Busy);
        int[] lengths = [.. _taken[..lines.Take(_taken, int.MaxValue)].Select(packet => packet.Length)];
        Assert.Multiple(() =>
        {
            Assert.That(lengths, Has.Length.EqualTo(Capacity));
            Assert.That(lengths.Where(length => length % 20 == 0), Has.Exactly(2 * Capacity / 20).Items);
            Assert.That(lengths.Where(length => length % 20 != 0).Min(), Is.GreaterThan(Capacity));
            Assert.That(lines.Dropped, Is.EqualTo(Capacity));
        });
    }

    [Test]
    public void MorePeersThanPackets_AndNothingIsAllocated()
    {
        using var lines = new PeerLines(Capacity, 2000);
        Fill(); // the memory that it takes once
        long before = GC.GetAllocatedBytesForCurrentThread();
        Fill();
        Assert.That(GC.GetAllocatedBytesForCurrentThread(), Is.EqualTo(before));
        Assert.That((lines.PeerCount, lines.Take(_taken, int.MaxValue)), Is.EqualTo((Capacity, Capacity)));
        Assert.That(_taken[..Capacity].Select(packet => packet.Offset), Is.Unique);

        void Fill()
        {
            for (ulong i = 0; i < 10 * Capacity; i++)
                lines.Add(new(lines.NextOffset, 100, default), new(3, i));
        }
    }

    static DevicePacket Packet(int length) => new(0, length, default);
}
