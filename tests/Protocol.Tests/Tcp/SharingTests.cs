using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Long transfers: what the path's queue and other flows feel of them, and what is left of time and memory.</summary>
public sealed class SharingTests
{
    // A large queue at 10 Mbit/s and 40 ms: HyStart++ leaves slow start before it is full, and a loss empties it.
    [Test]
    public void ADeepQueue_LosesLittle()
    {
        const int length = 10_000_000;
        var pair = new TcpPair { Rate = 1_250_000, Delay = TimeSpan.FromMilliseconds(20), QueueOctets = 100_000 }.Connect();
        pair.A.Send(TransferTests.Octets(length, 1), finish: true);
        pair.Run(() => pair.B.Octets.Length == length, TimeSpan.FromMinutes(1));
        TestContext.Out.WriteLine($"{pair.Dropped} of {pair.A.PacketsSent} packets dropped");
        Assert.That(pair.Dropped, Is.LessThan(pair.A.PacketsSent / 50));
    }

    // 10 Mbit/s and 40 ms hold 50,000 octets. The window falls to 0.7 (RFC 9438 §4.6), spread over the round trip that follows the signal (RFC 6937): a queue
    // of up to 3/7 of what the path holds runs empty, of a longer one what is above that share of the window.
    [TestCase(20_000), TestCase(50_000), TestCase(200_000)]
    public void AFullQueue_IsLeft_WithinARoundTripOfTheLossSignal(int queue)
    {
        var pair = new TcpPair { Rate = 1_250_000, Delay = TimeSpan.FromMilliseconds(20), QueueOctets = queue }.Connect();
        double path = pair.Rate * 2 * pair.Delay.TotalSeconds, left = Math.Max(0, 0.7 * (path + queue) - path);
        pair.A.Send(TransferTests.Octets(60_000_000, 1));
        pair.Run(TimeSpan.FromSeconds(10)); // slow start is over
        int dropped = pair.Dropped;
        pair.Run(() => pair.Dropped > dropped, TimeSpan.FromSeconds(25));
        long highest = 0;
        bool isTold = false;
        pair.Filter = (from, packet) =>
        {
            if (from == pair.A && IPv6Packet.TryParse(packet, out var ip) && TcpSegment.TryParse(ip, out var segment))
            {
                long end = (long)segment.Sequence + segment.Payload.Length;
                isTold |= end <= highest; // the first repetition: the signal has come
                highest = Math.Max(highest, end);
            }
            return true;
        };
        pair.Run(() => isTold, TimeSpan.FromSeconds(1));
        var roundTrip = pair.A.Connection.RoundTrip;
        double least = double.MaxValue;
        pair.Run(() => (least = Math.Min(least, pair.QueuedOctets)) <= left + 2 * 1280, roundTrip);
        TestContext.Out.WriteLine($"{least:0} octets are left of {queue}, {left:0} at best; a round trip of {roundTrip.TotalMilliseconds:0} ms");
    }

    // RFC 9438 §5.2 and RFC 5681: flows of one kind share a link
    [TestCase(false), TestCase(true)]
    public void TwoFlows_ShareALink(bool isNewReno)
    {
        var options = new TcpOptions { Congestion = isNewReno ? TcpCongestion.NewReno : TcpCongestion.Cubic };
        var first = new TcpPair(1, options) { Rate = 1_250_000, Delay = TimeSpan.FromMilliseconds(20), QueueOctets = 50_000 };
        var second = new TcpPair(2, options) { Delay = first.Delay, Line = first };
        first.Connect();
        second.StartAt(first.Now);
        second.Connect();
        first.StartAt(second.Now);
        first.A.Send(TransferTests.Octets(60_000_000, 1));
        second.A.Send(TransferTests.Octets(60_000_000, 2));
        TcpPair.RunTogether(TimeSpan.FromSeconds(10), first, second);
        (int a, int b) = (first.B.Octets.Length, second.B.Octets.Length); // the first seconds do not count
        TcpPair.RunTogether(TimeSpan.FromSeconds(40), first, second);
        (double one, double other) = (first.B.Octets.Length - a, second.B.Octets.Length - b);
        TestContext.Out.WriteLine($"{one:0} and {other:0} octets");
        Assert.That(one / other, Is.InRange(0.5, 2));
        Assert.That((one + other) / (40 * 1_250_000), Is.GreaterThan(0.8));
    }

    // The path changes its ends, so nothing comes back any more: the connection ends in bounded time.
    [Test]
    public void APeerThatVanishes_EndsTheTransfer_WithinTheUserTimeout()
    {
        var options = new TcpOptions { UserTimeout = TimeSpan.FromSeconds(30) };
        var pair = new TcpPair(1, options, options).Connect();
        pair.A.Send(TransferTests.Octets(10_000_000, 1), finish: true);
        pair.Run(() => pair.B.Octets.Length > 1_000_000, TimeSpan.FromSeconds(10));
        pair.Filter = (_, _) => false;
        var start = pair.Now;
        pair.Run(() => pair.A.Connection.State == TcpState.Closed, TimeSpan.FromSeconds(31));
        Assert.That(pair.A.Connection.Error, Is.EqualTo(TcpError.TimedOut));
        Assert.That(pair.Now - start, Is.GreaterThan(TimeSpan.FromSeconds(29)));
    }

    // One direction only loses, or waits
    [TestCase(true), TestCase(false)]
    public void OneWayLoss_IsRepaired(bool isData)
    {
        const int length = 1_000_000;
        var pair = new TcpPair().Connect();
        var random = new Random(1);
        pair.Filter = (from, _) => from == pair.A != isData || random.NextDouble() > 0.1;
        pair.A.Send(TransferTests.Octets(length, 1), finish: true);
        pair.Run(() => pair.B.Octets.Length == length, TimeSpan.FromMinutes(2));
        Assert.That(pair.B.Octets.SequenceEqual(TransferTests.Octets(length, 1)));
    }

    [Test]
    public void APause_DoesNotStallTheRest()
    {
        const int length = 3_000_000;
        var pair = new TcpPair { Rate = 5_000_000, QueueOctets = 100_000 }.Connect();
        pair.A.Send(TransferTests.Octets(length, 1), finish: true);
        pair.Run(() => pair.B.Octets.Length > 500_000, TimeSpan.FromSeconds(10));
        pair.Filter = (_, _) => false;
        pair.Run(TimeSpan.FromSeconds(5));
        pair.Filter = null;
        var start = pair.Now;
        pair.Run(() => pair.B.Octets.Length == length, TimeSpan.FromSeconds(20));
        // The next timeout comes at most as long after the pause as the pause was long.
        Assert.That(pair.Now - start, Is.LessThan(TimeSpan.FromSeconds(5 + 3)));
    }
}
