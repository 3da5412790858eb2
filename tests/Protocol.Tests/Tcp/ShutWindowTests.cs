using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Readers that stop for a while, and windows that are used up.</summary>
public sealed class ShutWindowTests
{
    [TestCase(1), TestCase(60)]
    public void ReaderThatGoesOn_IsHeardByAPeerWhoseOwnWindowIsShut(int seconds)
    {
        var pair = new TcpPair().Connect();
        byte[] octets = new byte[300_000];
        new Random(1).NextBytes(octets);
        (pair.A.IsReading, pair.B.IsReading) = (false, false);
        pair.A.Send(octets, finish: true);
        pair.B.Send(octets, finish: true);
        pair.Run(TimeSpan.FromSeconds(seconds)); // both windows are shut, and both sides probe
        ReadOn(pair, pair.A, octets);
        ReadOn(pair, pair.B, octets);
    }

    // Each side has used up the window of the other, so all its segments begin where that one ends; and both miss the first octets.
    [Test]
    public void FullWindows_WithAGapInFront_AreRepairedBeforeATimeout_InBothDirections()
    {
        const int window = 10_000;
        var small = new TcpOptions { InitialReceiveBufferOctets = window, MaxReceiveBufferOctets = window, Pacing = false, Nagle = false };
        var pair = new TcpPair(1, small, small).Connect();
        pair.Run(TimeSpan.FromSeconds(1));
        HashSet<TcpPair.Side> lost = [];
        pair.Filter = (from, packet) => packet.Length < 1000 || !lost.Add(from);
        byte[] octets = TransferTests.Octets(window, 1);
        var start = pair.Now;
        pair.A.Send(octets);
        pair.B.Send(octets);
        pair.Run(() => pair.A.Count == window && pair.B.Count == window, TimeSpan.FromMinutes(1));
        Assert.That(pair.Now - start, Is.LessThan(small.MinRetransmissionTimeout));
        Assert.That(pair.A.PacketsSent + pair.B.PacketsSent, Is.LessThan(50), "no acknowledgment is challenged");
    }

    static void ReadOn(TcpPair pair, TcpPair.Side side, byte[] octets)
    {
        var start = pair.Now;
        side.IsReading = true;
        side.Drain();
        pair.Run(() => side.Octets.Length == octets.Length, TimeSpan.FromMinutes(5));
        Assert.That(pair.Now - start, Is.LessThan(TimeSpan.FromSeconds(2)), "no probe had to be waited for");
        Assert.That(side.Octets.SequenceEqual(octets));
    }
}
