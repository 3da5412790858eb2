using TeredoSdk.Engine.Stacks;

namespace TeredoSdk.Tests.Linux;

/// <summary>What the state of a connection says about large packets. Its fields lie where linux/tcp.h has them.</summary>
public sealed class LargePacketsTests
{
    [TestCase(1208, 0, 16384, true)]
    [TestCase(1200, 9, 16384, true)]
    [TestCase(1200, 9, 16383, null)]  // too little was acknowledged to tell
    [TestCase(1199, 2, 99999, null)]  // small segments, as behind a peer's own small MTU
    [TestCase(1199, 3, 99999, false)] // the kernel made them smaller after it had lost some
    [TestCase(512, 4, 0, false)]
    public void Connection_ShowsWhetherLargePacketsArrive(int segment, int retransmits, long acknowledged, bool? arrive)
    {
        var packets = new LargePackets();
        packets.Judge(Info(segment, retransmits, acknowledged));
        Assert.That(packets.Arrive, Is.EqualTo(arrive));
        packets.Forget();
        Assert.That(packets.Arrive, Is.Null);
    }

    [Test]
    public void Loss_CountsMoreThanAllOtherConnections()
    {
        var packets = new LargePackets();
        foreach (byte[] info in new[] { Info(1208, 0, 99999), Info(512, 9, 0), Info(1208, 0, 99999) })
            packets.Judge(info);
        Assert.That(packets.Arrive, Is.False);
    }

    static byte[] Info(int segment, int retransmits, long acknowledged)
    {
        byte[] info = new byte[128];
        BitConverter.TryWriteBytes(info.AsSpan(16), segment);
        BitConverter.TryWriteBytes(info.AsSpan(100), retransmits);
        BitConverter.TryWriteBytes(info.AsSpan(120), acknowledged);
        return info;
    }
}
