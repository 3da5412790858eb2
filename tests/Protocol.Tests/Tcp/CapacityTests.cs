using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>What becomes of a link's capacity.</summary>
public sealed class CapacityTests
{
    // 10 Mbit/s, 40 ms
    static TcpPair Link(int seed, double loss, TcpCongestion congestion) =>
        new(seed, new() { Congestion = congestion }, new()) { Rate = 1_250_000, Delay = TimeSpan.FromMilliseconds(20), QueueOctets = 64_000, Loss = loss };

    [TestCase(0, 0.85, false), TestCase(0.001, 0.7, false), TestCase(0.01, 0.25, false), TestCase(0.05, 0.08, false)]
    [TestCase(0, 0.85, true), TestCase(0.001, 0.5, true), TestCase(0.01, 0.2, true)]
    public void ALink_IsUsed(double loss, double least, bool isNewReno)
    {
        const int length = 5_000_000;
        var pair = Link(1, loss, isNewReno ? TcpCongestion.NewReno : TcpCongestion.Cubic).Connect();
        var start = pair.Now;
        pair.A.Send(TransferTests.Octets(length, 1), finish: true);
        pair.Run(() => pair.B.Octets.Length == length, TimeSpan.FromMinutes(10));
        double share = length / (pair.Now - start).TotalSeconds / pair.Rate;
        TestContext.Out.WriteLine($"{share:0.000} of the link, {pair.A.PacketsSent} packets for {length / 1208}");
        Assert.That(share, Is.GreaterThan(least));
    }

    [Test, Conformance("9293-3.8.6-growth")]
    public void AFastPath_IsFilled_WithinSomeRoundTrips()
    {
        const int length = 20_000_000;
        var pair = new TcpPair { Delay = TimeSpan.FromMilliseconds(10) }.Connect();
        var start = pair.Now;
        pair.A.Send(TransferTests.Octets(length, 1), finish: true);
        pair.Run(() => pair.B.Octets.Length == length, TimeSpan.FromMinutes(10));
        TestContext.Out.WriteLine($"{(pair.Now - start).TotalMilliseconds} ms");
        Assert.That(pair.Now - start, Is.LessThan(TimeSpan.FromMilliseconds(700)));
    }
}
