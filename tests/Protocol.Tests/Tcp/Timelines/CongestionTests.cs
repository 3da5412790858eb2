using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 5681, 6928, 9438 and 9406 as segments show them: how much is under way.</summary>
sealed class CongestionTests
{
    static readonly TcpOptions Unpaced = new() { Pacing = false };

    static int Octets(Timeline timeline) => timeline.Take().Sum(segment => segment.Length);

    [TestCase(1000, 10_000), TestCase(1220, 12_200), TestCase(500, 5000)]
    [Conformance("5681-3.1-initial")]
    public void InitialWindow_IsTenSegments(int mss, int octets)
    {
        var timeline = Timeline.Established($"win 65535 mss {mss}", Unpaced, roundTrip: 0.1);
        timeline.Write(100_000);
        Assert.That(Octets(timeline), Is.EqualTo(octets));
    }

    [Test, Conformance("5681-3.1-slow-start", "9293-MUST-19")]
    public void SlowStart_DoublesWithinARoundTrip_AtMost()
    {
        var timeline = Timeline.Established("win 65535 mss 1000", Unpaced, roundTrip: 0.1);
        timeline.Write(200_000);
        Assert.That(Octets(timeline), Is.EqualTo(10_000));
        timeline.AdvanceTo(0.2);
        for (int segment = 2; segment <= 10; segment += 2)
            timeline.Send($"A 1 ack {1 + 1000 * segment}");
        Assert.That(Octets(timeline), Is.EqualTo(20_000));
        timeline.AdvanceTo(0.3);
        for (int segment = 12; segment <= 30; segment += 2)
            timeline.Send($"A 1 ack {1 + 1000 * segment}");
        Assert.That(Octets(timeline), Is.EqualTo(40_000));
    }

    [Test, Conformance("9002-7.7-pace")]
    public void AcknowledgmentsThatComeTogether_SetOffNoBurst([Values] bool paced)
    {
        var timeline = Timeline.Established("win 65535 mss 1000", new() { Pacing = paced }, roundTrip: 0.1);
        timeline.Write(60_000);
        Assert.That(timeline.Take(), Has.Length.EqualTo(10));
        timeline.AdvanceTo(0.2);
        for (int acknowledged = 2001; acknowledged <= 10_001; acknowledged += 2000)
            timeline.Send($"A 1 ack {acknowledged}");
        timeline.AdvanceTo(0.29);
        double[] times = timeline.Times();
        Assert.That(times, Has.Length.EqualTo(20), "the window, within a round trip");
        Assert.That(times.Count(second => second < 0.201), paced ? Is.LessThanOrEqualTo(10) : Is.EqualTo(20));
    }

    [Test, Conformance("5681-3.1-loss", "9293-MUST-19", "9438-4.8-timeout")]
    public void Timeout_LeavesOneSegment_AndSlowStartUpToSevenTenths()
    {
        var timeline = Timeline.Established("win 65535 mss 1000", Unpaced, roundTrip: 0.1);
        timeline.Write(200_000);
        Assert.That(Octets(timeline), Is.EqualTo(10_000));
        timeline.ExpectAt(0.4, "A 1+1000 ack 1");
        int acked = 1, most = 0;
        for (int round = 0; round < 5; round++)
        {
            timeline.Advance(0.1);
            timeline.Send($"A 1 ack {1 + 1000 * acked}");
            int sent = Octets(timeline);
            if (round == 0)
                Assert.That(sent, Is.EqualTo(2000));
            acked += sent / 1000;
            most = Math.Max(most, sent);
        }
        Assert.That(most, Is.InRange(6000, 9000), "7 segments, and then slowly");
    }

    [Test, Conformance("5681-4.1-idle")]
    public void AfterAnIdleTimeout_TheWindowIsTheInitialOne_AtMost()
    {
        var timeline = Timeline.Established("win 65535 mss 1000", Unpaced, roundTrip: 0.1);
        timeline.Write(30_000);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 10001");
        timeline.AdvanceTo(0.3);
        timeline.Send("A 1 ack 30001");
        timeline.Take();
        timeline.Advance(10);
        timeline.Write(100_000);
        Assert.That(Octets(timeline), Is.EqualTo(10_000));
    }

    [Test, Conformance("9438-4.6-decrease", "9293-MAY-18")]
    public void Loss_LeavesSevenTenths_OnceInARoundTrip([Values] bool reno)
    {
        var timeline = Timeline.Established("win 65535 mss 1000 sackok", new() { Pacing = false, Congestion = reno ? TcpCongestion.NewReno : TcpCongestion.Cubic }, roundTrip: 0.1);
        timeline.Write(400_000);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 10001"); // 20 segments
        timeline.AdvanceTo(0.3);
        timeline.Take();
        timeline.Send("A 1 ack 10001 sack 11001-25001"); // 10001 is lost, and 26001, which shows later
        timeline.AdvanceTo(0.31);
        timeline.Send("A 1 ack 10001 sack 26001-30001,11001-25001");
        timeline.AdvanceTo(0.4);
        timeline.Take();
        timeline.Send("A 1 ack 30001");
        long end = timeline.Take().Max(segment => segment.Sequence + segment.Length);
        long underWay = end - 30_001;
        Assert.That(underWay, Is.EqualTo(reno ? 10_000 : 14_000).Within(1000));
    }

    [Test, Conformance("9438-4.1-cubic")]
    public void Cubic_FollowsItsFormula()
    {
        const int mss = 1000;
        var control = CongestionControl.Create(TcpCongestion.Cubic, mss);
        var rtt = new RttEstimator(TimeSpan.FromMilliseconds(200));
        rtt.Add(default, TimeSpan.FromMilliseconds(100));
        control.Window = 1000 * mss;
        control.HandleCongestion(default, 1000 * mss);
        control.EndRecovery(default);
        Assert.That(control.Window, Is.EqualTo(700 * mss).Within(mss));
        double k = Math.Cbrt(1000 * 0.3 / 0.4); // §4.2: the window is back at W_max after K seconds
        for (double second = 0; second < 2 * k; second += 0.1)
        {
            for (long acked = 0; acked < control.Window; acked += 2 * mss)
                control.HandleAcknowledged(Instant.FromSeconds(second + 0.1 * acked / control.Window), 2 * mss, rtt);
            double formula = 0.4 * Math.Pow(second + 0.1 - k, 3) + 1000;
            Assert.That(control.Window / (double)mss, Is.EqualTo(formula).Within(0.03 * formula + 2), $"{second:0.0} s");
        }
    }

    [Test, Conformance("9438-4.3-reno")]
    public void Cubic_GrowsAtLeastAsRenoWould_OnShortPaths()
    {
        const int mss = 1000;
        var control = CongestionControl.Create(TcpCongestion.Cubic, mss);
        var rtt = new RttEstimator(TimeSpan.FromMilliseconds(200));
        rtt.Add(default, TimeSpan.FromMilliseconds(5));
        control.Window = 20 * mss;
        control.HandleCongestion(default, 20 * mss);
        control.EndRecovery(default);
        double start = control.Window;
        for (int round = 0; round < 40; round++)
            for (long acked = 0; acked < control.Window; acked += 2 * mss)
                control.HandleAcknowledged(Instant.FromSeconds(0.005 * round), 2 * mss, rtt);
        Assert.That((control.Window - start) / mss, Is.GreaterThanOrEqualTo(40 * 0.529 * 0.9), "alpha = 3 (1 - 0.7) / (1 + 0.7) segments in a round trip");
    }

    [Test, Conformance("9438-4.7-fast-convergence")]
    public void SecondLossBelowTheLastMaximum_LowersItFurther()
    {
        const int mss = 1000;
        double[] after = new double[2];
        for (int lower = 0; lower < 2; lower++)
        {
            var control = CongestionControl.Create(TcpCongestion.Cubic, mss);
            var rtt = new RttEstimator(TimeSpan.FromMilliseconds(200));
            rtt.Add(default, TimeSpan.FromMilliseconds(500));
            control.Window = lower == 1 ? 200 * mss : 80 * mss;
            control.HandleCongestion(default, control.Window);
            control.EndRecovery(default);
            control.Window = 100 * mss; // below 200, above 80
            control.HandleCongestion(default, 100 * mss);
            control.EndRecovery(default);
            for (double second = 0; second < 4.2; second += 0.5) // K of W_max 100: 4.2 s; of 85: 3.3 s; Reno would have 75 segments by then
                for (long acked = 0; acked < control.Window; acked += 2 * mss)
                    control.HandleAcknowledged(Instant.FromSeconds(second), 2 * mss, rtt);
            after[lower] = control.Window / (double)mss;
        }
        Assert.That(after[0], Is.EqualTo(100).Within(4), "W_max");
        Assert.That(after[1], Is.EqualTo(85).Within(4), "W_max (1 + 0.7) / 2");
    }

    [Test, Conformance("9406-4.2-exit", "9406-4.2-resume")]
    public void SlowStart_EndsWhenRoundTripsStayLonger_AndGoesOnWhenTheyWereLongForAMoment([Values] bool stays)
    {
        var timeline = Timeline.Established("win 65535 mss 1000 ws 7", Unpaced, roundTrip: 0.05);
        double[] trips = [0.05, 0.05, 0.07, .. Enumerable.Repeat(stays ? 0.07 : 0.05, 5)];
        List<int> windows = [];
        long acked = 1, sent = 1;
        foreach (double trip in trips)
        {
            timeline.Write(8_000_000);
            sent = Math.Max(sent, timeline.Take().Max(segment => segment.Sequence + segment.Length));
            windows.Add((int)(sent - acked) / 1000);
            timeline.Advance(trip);
            for (long end = sent; acked < end;)
            {
                acked = Math.Min(end, acked + 2000);
                timeline.Send($"A 1 ack {acked}");
            }
        }
        double last = windows[^1] / (double)windows[^2];
        Assert.That(last, stays ? Is.LessThan(1.4) : Is.GreaterThan(1.8), string.Join(' ', windows));
        Assert.That(windows[2], Is.EqualTo(40), string.Join(' ', windows));
    }
}
