using TeredoSdk.Engine.Linux.Offload;
using static TeredoSdk.Tests.Linux.Offload.OffloadPackets;

namespace TeredoSdk.Tests.Linux.Offload;

/// <summary>Memory for the packets that are joined.</summary>
unsafe abstract class CoalescerFixture
{
    private protected PacketArena Arena { get; private set; } = null!;

    [SetUp]
    public void SetUp() => Arena = new();

    [TearDown]
    public void TearDown() => Arena.Dispose();

    /// <summary>Segments of one flow whose payloads are <see cref="Payload"/> in pieces.</summary>
    private protected static byte[][] Train(int count, int size, byte[]? options = null, byte lastFlags = Ack, int? last = null,
        uint first = 1, ushort port = 1000) =>
        [.. Payload((count - 1) * size + (last ?? size)).Chunk(size)
            .Select((own, i) => Tcp(unchecked(first + (uint)(i * size)), own, i == count - 1 ? lastFlags : Ack, options, port))];

    private protected PacketList Join(params byte[][] packets) => Join(new Coalescer(tcp: true, udp: true), packets);

    private protected PacketList Join(Coalescer coalescer, params byte[][] packets)
    {
        Arena.Clear();
        foreach (byte[] packet in packets)
            coalescer.Add(Arena.Put(packet), packet.Length);
        byte[] before = Arena.Octets.ToArray();
        var list = new PacketList(Arena);
        coalescer.Flush(list);
        Assert.That(Arena.Octets.SequenceEqual(before), "the receive buffer is only read");
        return list;
    }

    private protected static (VirtioHeader Header, byte[] Packet) Only(PacketList list)
    {
        Assert.That(list.Written, Has.Count.EqualTo(1));
        return list.Written[0];
    }
}
