using TeredoSdk.Engine.Linux.Offload;

namespace TeredoSdk.Tests.Linux.Offload;

/// <summary>A batch, and memory for the packets that are cut.</summary>
unsafe abstract class SegmenterFixture
{
    private protected PacketArena Arena { get; private set; } = null!;

    private protected DatagramBatch Batch { get; private set; } = null!;

    [SetUp]
    public void SetUp() => (Arena, Batch) = (new(), new());

    [TearDown]
    public void TearDown() => Arena.Dispose();

    /// <summary>Cuts a packet.</summary>
    /// <returns>The packets that the batch has then.</returns>
    private protected List<byte[]> Cut(in VirtioHeader header, byte[] packet)
    {
        Assert.That(Segmenter.TryCut(header, Arena.Put(packet), packet.Length, Batch));
        List<byte[]> parts = [];
        for (int i = 0; i < Batch.Count; i++)
        {
            byte[] part = new byte[Batch.LengthOf(i)];
            Batch.CopyTo(i, part);
            parts.Add(part);
        }
        return parts;
    }
}
