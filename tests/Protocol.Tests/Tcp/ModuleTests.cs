using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>The parts by themselves, against the formulas of their RFCs.</summary>
public sealed class ModuleTests
{
    static readonly Instant Start = Instant.FromSeconds(100);

    // RFC 6298 §2
    [Test]
    public void Timeout_FollowsTheFormula()
    {
        var rtt = new RttEstimator(TimeSpan.FromMilliseconds(1));
        Assert.That(rtt.Timeout, Is.EqualTo(TimeSpan.FromSeconds(1)), "§2.1");
        rtt.Add(Start, TimeSpan.FromMilliseconds(100));
        Assert.That((rtt.Smoothed.TotalMilliseconds, rtt.Variation.TotalMilliseconds, rtt.Timeout.TotalMilliseconds), Is.EqualTo((100, 50, 300)), "§2.2");
        rtt.Add(Start, TimeSpan.FromMilliseconds(180));
        Assert.That((rtt.Smoothed.TotalMilliseconds, rtt.Variation.TotalMilliseconds, rtt.Timeout.TotalMilliseconds), Is.EqualTo((110, 57.5, 340)), "§2.3");
        rtt.BackOff();
        rtt.BackOff();
        Assert.That(rtt.Timeout.TotalMilliseconds, Is.EqualTo(1360), "§5.5");
        for (int i = 0; i < 20; i++)
            rtt.BackOff();
        Assert.That(rtt.Timeout, Is.EqualTo(TimeSpan.FromSeconds(60)), "§2.5");
        rtt.EndBackoff();
        Assert.That(rtt.Timeout.TotalMilliseconds, Is.EqualTo(340));
    }

    [Test]
    public void Timeout_HasALeastValue_AndALateStart()
    {
        var rtt = new RttEstimator(TimeSpan.FromMilliseconds(200));
        rtt.StartLate();
        Assert.That(rtt.Timeout, Is.EqualTo(TimeSpan.FromSeconds(3)), "RFC 6298 §5.7");
        for (int i = 0; i < 50; i++)
            rtt.Add(Start, TimeSpan.FromMilliseconds(2));
        Assert.That(rtt.Timeout, Is.EqualTo(TimeSpan.FromMilliseconds(200)));
    }

    [Test]
    public void ShortestRoundTrip_IsForgottenAfterAWhile()
    {
        var rtt = new RttEstimator(TimeSpan.Zero);
        rtt.Add(Start, TimeSpan.FromMilliseconds(5));
        for (int second = 1; second < 25; second++)
            rtt.Add(Start + TimeSpan.FromSeconds(second), TimeSpan.FromMilliseconds(50));
        Assert.That(rtt.Minimum, Is.EqualTo(TimeSpan.FromMilliseconds(50)));
    }

    // RFC 9438 §4.2: the window between two losses against W_cubic(t)
    [Test]
    public void Cubic_FollowsTheFormula()
    {
        const int segment = 1000;
        var cubic = new CubicControl(segment) { Window = 1000 * segment };
        cubic.HandleCongestion(Start, cubic.Window);
        cubic.EndRecovery(Start);
        Assert.That(cubic.Window, Is.EqualTo(700 * segment), "§4.6");
        double k = Math.Cbrt(300 / CubicControl.C);
        var rtt = new RttEstimator(TimeSpan.Zero);
        rtt.Add(Start, TimeSpan.FromMilliseconds(100));
        for (int tick = 0; tick <= 1500; tick++)
        {
            // Each round trip of 100 ms acknowledges the window, in ten parts.
            double seconds = tick / 100.0;
            cubic.HandleAcknowledged(Start + TimeSpan.FromSeconds(seconds), cubic.Window / 10, rtt);
            double expected = CubicControl.At(seconds, k, 1000);
            if (tick > 50 && tick % 50 == 0)
                Assert.That(cubic.Window / (double)segment, Is.EqualTo(expected).Within(4).Percent, $"at {seconds} s");
        }
        Assert.That(cubic.Window, Is.GreaterThan(1070 * segment), "it has passed the plateau");
    }

    // RFC 9438 §4.3: where Reno would have more, its window counts
    [Test]
    public void Cubic_IsNoSlowerThanReno_OnShortPaths()
    {
        const int segment = 1000;
        var rtt = new RttEstimator(TimeSpan.Zero);
        rtt.Add(Start, TimeSpan.FromMilliseconds(10));
        var cubic = new CubicControl(segment) { Window = 40 * segment };
        cubic.HandleCongestion(Start, cubic.Window);
        cubic.EndRecovery(Start);
        for (int trip = 0; trip < 60; trip++)
            cubic.HandleAcknowledged(Start + TimeSpan.FromMilliseconds(10 * trip), cubic.Window, rtt);
        double alpha = 3 * (1 - CubicControl.Beta) / (1 + CubicControl.Beta);
        Assert.That(cubic.Window / (double)segment, Is.GreaterThanOrEqualTo(28 + 12 + (60 - 12 / alpha) * 1 - 4));
    }

    // RFC 9438 §4.7
    [Test]
    public void Cubic_GivesWay_WhenItsMaximumFalls()
    {
        const int segment = 1000;
        var cubic = new CubicControl(segment) { Window = 100 * segment };
        cubic.HandleCongestion(Start, cubic.Window);
        cubic.EndRecovery(Start);
        cubic.HandleCongestion(Start, cubic.Window); // at 70: the maximum becomes 70 (1 + beta) / 2 = 59.5
        cubic.EndRecovery(Start);
        var rtt = new RttEstimator(TimeSpan.Zero);
        rtt.Add(Start, TimeSpan.FromMilliseconds(500));
        double k = Math.Cbrt((59.5 - 49) / CubicControl.C);
        cubic.HandleAcknowledged(Start, 1, rtt);
        for (double seconds = 0; seconds < k; seconds += 0.5)
            cubic.HandleAcknowledged(Start + TimeSpan.FromSeconds(seconds), cubic.Window, rtt);
        Assert.That(cubic.Window / (double)segment, Is.EqualTo(59.5).Within(2));
    }

    // RFC 5681 §3.1
    [Test]
    public void NewReno_AddsASegmentEachRoundTrip_AndHalves()
    {
        const int segment = 1000;
        var rtt = new RttEstimator(TimeSpan.Zero);
        var reno = new NewRenoControl(segment);
        Assert.That(reno.Window, Is.EqualTo(10 * segment), "RFC 6928");
        reno.HandleAcknowledged(Start, 10 * segment, rtt);
        Assert.That(reno.Window, Is.EqualTo(20 * segment));
        reno.HandleCongestion(Start, 20 * segment);
        reno.EndRecovery(Start);
        Assert.That(reno.Window, Is.EqualTo(10 * segment));
        for (int i = 0; i < 10; i++)
            reno.HandleAcknowledged(Start, segment, rtt);
        Assert.That(reno.Window, Is.EqualTo(11 * segment));
        reno.HandleTimeout(Start, 11 * segment);
        Assert.That((reno.Window, reno.SlowStartThreshold), Is.EqualTo(((long)segment, 5500L)));
        reno.HandleCongestion(Start, segment);
        Assert.That(reno.SlowStartThreshold, Is.EqualTo(2 * segment), "never less than two segments");
    }

    // RFC 9406 §4.2
    [Test]
    public void HyStart_LeavesSlowStart_WhenRoundTripsGrow_AndOnlyThen()
    {
        foreach (bool grows in new[] { false, true })
        {
            var control = new NewRenoControl(1000);
            var start = new HyStart();
            var rtt = new RttEstimator(TimeSpan.Zero);
            long next = 0, acknowledged = 0;
            var rounds = 0;
            for (; rounds < 14 && control.IsInSlowStart; rounds++)
            {
                next = acknowledged + control.Window;
                while (acknowledged < next)
                {
                    acknowledged += 1000;
                    rtt.Add(Start, TimeSpan.FromMilliseconds(100 + (grows ? 30 * Math.Max(0, rounds - 3) : 0)));
                    start.Take(Start, acknowledged, acknowledged + control.Window, rtt, control);
                    if (control.IsInSlowStart)
                        control.HandleAcknowledged(Start, Math.Max(1, start.Share(1000, true)), rtt);
                }
            }
            Assert.That(control.IsInSlowStart, Is.EqualTo(!grows), $"after {rounds} rounds");
        }
    }

    // RFC 6937 §3: half of what was under way leaves during the round trip of a recovery, spread over it
    [Test, Conformance("6937-3-reduction")]
    public void RateReduction_SpreadsWhatIsLeft()
    {
        const int segment = 1000;
        var reduction = new RateReduction(20 * segment);
        long pipe = 19 * segment, sent = 0;
        for (int i = 0; i < 19; i++)
        {
            pipe -= segment;
            long window = reduction.Take(segment, pipe, 10 * segment, segment, isSafe: false);
            while (pipe + segment <= window)
            {
                pipe += segment;
                sent++;
                reduction.NoteSent(segment);
            }
        }
        Assert.That(sent, Is.InRange(9, 11));
        Assert.That(pipe, Is.InRange(9 * segment, 11 * segment));
    }

    // RFC 8899 §5
    [Test, Conformance("8899-5.1.1-raise")]
    public void PathSize_IsSearchedFor_AndFallsBack()
    {
        var path = new PathSizeSearch(1280, 1452);
        var now = Start;
        int probe, probes = 0;
        while ((probe = path.ProbeOctets(now)) > 0)
        {
            path.NoteSent(probe);
            Assert.That(path.ProbeOctets(now), Is.Zero, "one at a time");
            if (probe <= 1400)
                path.Confirm(now);
            else
                path.Refuse(now);
            Assert.That(++probes, Is.LessThan(30));
        }
        Assert.That(path.PacketOctets, Is.InRange(1400 - 16, 1400));
        Assert.That(path.ProbeOctets(now + TimeSpan.FromSeconds(599)), Is.Zero);
        Assert.That(path.ProbeOctets(now + TimeSpan.FromSeconds(601)), Is.GreaterThan(1400), "PMTU_RAISE_TIMER");
        Assert.That(path.StepDown());
        Assert.That(path.PacketOctets, Is.EqualTo(1272));
        while (path.StepDown())
        {
        }
        Assert.That(path.PacketOctets, Is.EqualTo(548));
    }

    [Test]
    public void Ring_KeepsWhatIsBetweenItsEnds()
    {
        var random = new Random(1);
        var ring = new BlockRing();
        long start = 1, end = 1;
        for (int i = 0; i < 2000; i++)
        {
            int length = random.Next(0, 50_000);
            ring.Write(end, TcpScript.Letters(end, length));
            end += length;
            byte[] read = new byte[random.NextInt64(0, Math.Min(end - start, 80_000) + 1)];
            ring.CopyTo(start, read);
            Assert.That(read.AsSpan().SequenceEqual(TcpScript.Letters(start, read.Length)));
            start += read.Length;
            if (start == end)
                ring.Clear();
            else
                ring.Release(start);
        }
    }

    [Test, Conformance("9293-3.10.7.4-gaps")]
    public void Ranges_JoinAndAreBounded()
    {
        var ranges = new ReceivedRanges();
        Assert.That(ranges.Add(10, 20), Is.EqualTo(RangeOutcome.Added));
        Assert.That(ranges.Add(12, 18), Is.EqualTo(RangeOutcome.Known));
        Assert.That(ranges.Add(30, 40), Is.EqualTo(RangeOutcome.Added));
        Assert.That(ranges.Add(20, 30), Is.EqualTo(RangeOutcome.Added));
        Assert.That(ranges.Count, Is.EqualTo(1));
        Assert.That(ranges.TakeUpTo(5), Is.EqualTo(5));
        Assert.That(ranges.TakeUpTo(10), Is.EqualTo(40));
        for (int i = 0; i < 1000; i++)
            ranges.Add(100 + 10 * i, 105 + 10 * i);
        Assert.That(ranges.Count, Is.EqualTo(ReceivedRanges.Capacity));
        Assert.That(ranges.Add(105, 110), Is.EqualTo(RangeOutcome.Added), "what joins others has room");
    }
}
