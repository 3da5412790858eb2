using System.Runtime.Versioning;
using TeredoSdk.Engine.Linux;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Protocol;
using TeredoSdk.Tests.Linux.Offload;

namespace TeredoSdk.Tests.Linux;

/// <summary>Packets of a device are sent together, as many as have room, and who sent one that was refused is told.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase), SupportedOSPlatform("linux")]
public sealed class PacketSenderTests
{
    static readonly byte[] One = OffloadPackets.Udp([1]), Other = OffloadPackets.Udp([2, 2]);

    readonly List<int> _sent = [];
    readonly List<(int Octets, DropReason Reason)> _refused = [];
    readonly PacketSender _sender;
    int _refusedGroup = -1;

    public PacketSenderTests() => _sender = new(Send, (packet, reason) => _refused.Add((packet.Length, reason)));

    [Test]
    public void MoreThanABatchHolds_GoesInTwo()
    {
        for (int i = 0; i <= DatagramBatch.Capacity; i++)
            Add(One);
        Assert.That(_sent, Is.EqualTo(new[] { DatagramBatch.Capacity }));
        _sender.Flush();
        _sender.Flush();
        Assert.That(_sent, Is.EqualTo(new[] { DatagramBatch.Capacity, 1 }), "nothing is not sent");
        Assert.That(_refused, Is.Empty);
    }

    [Test]
    public void PacketThatMakesNoSense_IsRefused_AfterThoseBeforeItWent()
    {
        Add(One);
        Add(Other, new() { GsoType = 99 });
        Assert.That(_sent, Is.EqualTo(new[] { 1 }));
        Assert.That(_refused, Is.EqualTo(new[] { (Other.Length, DropReason.MalformedTransport) }));
        _sender.Flush();
        Assert.That(_sent, Has.Count.EqualTo(1));
    }

    [Test]
    public void PacketThatTheDriverDrops_IsTold_AndNoOther()
    {
        Add(One);
        Add(Other);
        _refusedGroup = 1;
        _sender.Flush();
        Assert.That((_sent, _refused), Is.EqualTo((new List<int> { 2 }, new List<(int, DropReason)> { (Other.Length, DropReason.NotQualified) })));
        _refusedGroup = -1;
        Add(One);
        _sender.Flush();
        Assert.That((_sent.Count, _refused.Count), Is.EqualTo((2, 1)), "it is told once");
    }

    unsafe void Add(byte[] octets, VirtioHeader header = default)
    {
        byte[] memory = GC.AllocateUninitializedArray<byte>(octets.Length, pinned: true);
        octets.CopyTo(memory, 0);
        _kept.Add(memory);
        var packet = new DevicePacket(0, memory.Length, header);
        fixed (byte* start = memory)
            _sender.Add(new(start, new(in packet)), packet);
    }

    readonly List<byte[]> _kept = []; // until it is sent

    void Send(DatagramBatch batch)
    {
        _sent.Add(batch.Count);
        if (_refusedGroup >= 0)
            batch.Groups[_refusedGroup].Refused = DropReason.NotQualified;
    }
}
