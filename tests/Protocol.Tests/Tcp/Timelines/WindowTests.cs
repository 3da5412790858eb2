using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 9293 §3.7.4, §3.8.6 and §3.9.1.2: windows, their probes, silly ones, Nagle, and PUSH.</summary>
sealed class WindowTests
{
    static TcpOptions Buffer(int octets) => new() { InitialReceiveBufferOctets = octets, MaxReceiveBufferOctets = octets };

    [Test, Conformance("9293-SHLD-14", "7323-2.4-shrink")]
    public void RightEdge_NeverMovesBack([Values] bool scaled)
    {
        var timeline = Timeline.Established("win 65535 mss 1000" + (scaled ? " ws 7" : ""), new() { InitialReceiveBufferOctets = 20_000, MaxReceiveBufferOctets = scaled ? 4 << 20 : 20_000 });
        var random = new Random(5);
        long sent = 1, edge = 0;
        for (int step = 0; step < 2000; step++)
        {
            int octets = (int)Math.Min(random.Next(1, 1000), edge == 0 ? 100 : Math.Max(0, edge - sent));
            if (random.Next(3) > 0 && octets > 0)
            {
                timeline.Send($"A {sent}+{octets} ack 1");
                sent += octets;
            }
            else
                timeline.Read(random.Next(1, 3000));
            timeline.Advance(0.01);
            foreach (var segment in timeline.Take())
            {
                long next = segment.Number("ack")!.Value + (segment.Number("win")!.Value << (scaled ? 7 : 0));
                Assert.That(next, Is.GreaterThanOrEqualTo(edge), $"step {step}");
                edge = next;
            }
        }
        Assert.That(sent, Is.GreaterThan(100_000));
    }

    [Test, Conformance("9293-MUST-34", "9293-SHLD-15", "9293-SHLD-16")]
    public void WindowThatShrinks_IsBorne()
    {
        var timeline = Timeline.Established("win 5000 mss 1000", new() { Sack = false }, roundTrip: 0.1);
        timeline.Write(7000);
        Assert.That(timeline.Take().Sum(segment => segment.Length), Is.EqualTo(5000));
        timeline.Send("A 1 ack 1 win 2000");
        timeline.ExpectNothing();
        timeline.Write(1000);
        timeline.ExpectNothing();
        timeline.AdvanceTo(0.41);
        timeline.Expect("A 1+1000 ack 1");
        timeline.Send("A 1 ack 1001 win 1000");
        Assert.That(timeline.Take().All(segment => segment.Sequence == 1001), Is.True, "what lies within the window, again");
        timeline.Send("A 1 ack 5001 win 5000");
        Assert.That(timeline.Take().Min(segment => segment.Sequence), Is.EqualTo(5001));
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
    }

    [Test, Conformance("9293-SHLD-17", "9293-MUST-37")]
    public void ClosedWindow_WhoseProbesAreAnswered_IsWaitedFor([Values(0, 2000)] int beyond)
    {
        var timeline = Timeline.Established($"win {1000 + beyond} mss 1000", new() { UserTimeout = TimeSpan.FromSeconds(100) }, roundTrip: 0.1);
        timeline.Write(5000);
        timeline.Take();
        timeline.Send("A 1 ack 1001 win 0"); // with beyond: shrunk, and 2000 octets lie past the edge
        int probes = 0;
        while (timeline.Second < 1000)
        {
            timeline.Advance(1);
            var sent = timeline.Take();
            probes += sent.Length;
            if (sent.Length > 0)
                timeline.Send("A 1 ack 1001 win 0");
        }
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        Assert.That(probes, Is.InRange(10, 200));
        timeline.Send("A 1 ack 1001 win 5000");
        Assert.That(timeline.Take().Sum(segment => segment.Length), Is.GreaterThanOrEqualTo(2000), "new data at once");
        timeline.Advance(61); // all of that is lost; the time-out has doubled up to a minute
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established), "the user time-out counts from the opening");
        Assert.That(timeline.Take(), Has.Some.Matches<Segment>(segment => segment is { Sequence: 1001, Length: > 0 }));
    }

    [Test, Conformance("9293-MUST-36", "9293-SHLD-29", "9293-SHLD-30")]
    public void ClosedWindow_IsProbedAfterTheTimeout_AndEachTimeTwiceAsLate()
    {
        var timeline = Timeline.Established("win 1000 mss 1000", roundTrip: 0.1);
        timeline.Write(3000);
        timeline.Expect("A 1+1000 ack 1");
        timeline.Advance(0.1);
        timeline.Send("A 1 ack 1001 win 0");
        timeline.AdvanceTo(60);
        double[] times = timeline.Times();
        var probes = timeline.Take();
        Assert.That(probes.Select(probe => (probe.Sequence, probe.Length)), Is.All.EqualTo((1001L, 1)));
        Assert.That(times[0] - 0.2, Is.InRange(0.2, 0.4), "SRTT 0.1 s, RTTVAR 0.0375 s");
        double[] waits = [.. times.Zip(times.Skip(1), (earlier, later) => later - earlier)];
        Assert.That(waits, Has.Length.GreaterThanOrEqualTo(5));
        foreach (var (earlier, later) in waits.Zip(waits.Skip(1)))
            Assert.That(later, Is.EqualTo(2 * earlier).Within(0.01));
    }

    [Test, Conformance("9293-MUST-36")]
    public void WindowThatOpens_DataFollowsAtOnce()
    {
        var timeline = Timeline.Established("win 1000 mss 1000", roundTrip: 0.1);
        timeline.Write(3000);
        timeline.Take();
        timeline.Send("A 1 ack 1001 win 0");
        timeline.Advance(0.05);
        timeline.Send("A 1 ack 1001 win 3000");
        timeline.Expect("A 1001+1000 ack 1", "A 2001+1000 ack 1");
    }

    [Test, Conformance("9293-MUST-38")]
    public void SmallWindowUpdate_IsNotFilledAtOnce()
    {
        var timeline = Timeline.Established("win 1000 mss 1000", roundTrip: 0.1);
        timeline.Write(5000);
        timeline.Expect("A 1+1000 ack 1");
        timeline.Send("A 1 ack 1001 win 100");
        timeline.ExpectNothing();
        timeline.Send("A 1 ack 1001 win 1000");
        timeline.Expect("A 1001+1000 ack 1");
    }

    [Test, Conformance("9293-MUST-38")]
    public void SmallWindow_IsFilledInTheEnd()
    {
        var timeline = Timeline.Established("win 1000 mss 1000", roundTrip: 0.1);
        timeline.Write(5000);
        timeline.Take();
        timeline.Send("A 1 ack 1001 win 100");
        timeline.Advance(0.5); // the override time-out: 0.1 to 1 s
        timeline.Expect("A 1001+100 ack 1");
    }

    [Test, Conformance("9293-SHLD-7", "9293-MUST-17")]
    public void Nagle_HoldsSmallSegments_UnlessItIsSwitchedOff()
    {
        var timeline = Timeline.Established();
        timeline.Write(10);
        timeline.Expect("A 1+10 ack 1");
        timeline.Write(10);
        timeline.Write(10);
        timeline.ExpectNothing();
        timeline.Send("A 1 ack 11");
        timeline.Expect("A 11+20 ack 1");
        timeline.Do(connection => connection.Nagle = false);
        timeline.Write(10);
        timeline.Expect("A 31+10 ack 1");

        timeline = Timeline.Established(options: new() { Nagle = false });
        timeline.Write(10);
        timeline.Write(10);
        timeline.Expect("A 1+10 ack 1", "A 11+10 ack 1");
    }

    [Test, Conformance("9293-MUST-39")]
    public void ReadingALittle_OpensNoLittleWindow()
    {
        var timeline = Timeline.Established("win 65535 mss 1000", Buffer(8000));
        for (int i = 0; i < 8; i++)
            timeline.Send($"A {1 + 1000 * i}+1000 ack 1");
        timeline.Advance(1);
        Assert.That(timeline.Take()[^1].Number("win"), Is.Zero);
        for (int read = 0; read < 1200; read += 100)
        {
            timeline.Read(100);
            Assert.That(timeline.Take().Select(segment => segment.Number("win")!.Value), Is.All.GreaterThanOrEqualTo(1000));
        }
        timeline.Read();
        timeline.Advance(1);
        Assert.That(timeline.Take()[^1].Number("win"), Is.GreaterThanOrEqualTo(6000), "the peer is told");
    }

    // Without a scale the window ends at 65,535 octets, however fast the reader is. Acknowledgments that say nothing new look like losses to the sender.
    [Test, Conformance("9293-MUST-39")]
    public void ReadingALittle_FromAFastPeerWithoutScale_TellsItNothing([Values] bool isOurs)
    {
        var timeline = Timeline.Established(isOurs ? "win 65535 mss 1000" : "win 65535 mss 1000 ws 7", new() { WindowScale = isOurs }, roundTrip: 0.1);
        int sent = 1;
        for (int trip = 0; trip < 3; trip++)
        {
            for (int i = 0; i < 65; i++, sent += 1000)
                timeline.Send($"A {sent}+1000 ack 1");
            timeline.Advance(0.101);
            timeline.Read();
        }
        timeline.Send($"A {sent}+1000 ack 1", $"A {sent + 1000}+1000 ack 1");
        timeline.Take();
        for (int i = 0; i < 10; i++)
        {
            timeline.Read(100);
            timeline.ExpectNothing();
        }
    }

    [Test, Conformance("9293-MUST-61", "9293-MUST-60", "9293-SHLD-27", "9293-SHLD-28", "9293-MAY-16")]
    public void LastSegmentOfWhatIsThere_HasPush_AndThoseBeforeAreFull()
    {
        var timeline = Timeline.Established(options: new() { Nagle = false });
        timeline.Write(2500);
        var sent = timeline.Take();
        Assert.That(sent.Select(segment => (segment.Length, segment.Flags.HasFlag(TcpFlags.Push))), Is.EqualTo(new[] { (1000, false), (1000, false), (500, true) }));
    }

    [Test, Conformance("7323-2.2-both", "7323-2.2-syn")]
    public void WindowScale_CountsWhenBothSidesHaveIt_AndNotInASyn()
    {
        var timeline = Timeline.Open();
        timeline.Expect("S 0 ws 7");
        timeline.Send("SA 0 ack 1 win 300 mss 1000 ws 2");
        timeline.Take();
        timeline.Write(5000);
        timeline.Expect("A 1+300 ack 1");
        timeline.Send("A 1 ack 301 win 300");
        timeline.Expect("A 301+1000 ack 1");
        timeline.Advance(0.1);
        timeline.ExpectNothing();

        timeline = Timeline.Established("win 300 mss 1000");
        timeline.Write(5000);
        timeline.Expect("A 1+300 ack 1");
        timeline.Send("A 1 ack 301 win 300");
        Assert.That(timeline.Take().Sum(segment => segment.Length), Is.LessThanOrEqualTo(300), "the peer has no option");
    }

    [Test, Conformance("7323-2.2-both")]
    public void WindowScale_IsAnsweredOnlyWhenTheSynHasIt()
    {
        Timeline.Passive("S 0 mss 1000").Expect("SA 0 ack 1 ws none");
        Timeline.Passive("S 0 mss 1000 ws 0").Expect("SA 0 ack 1 ws 7");
        Timeline.Passive("S 0 mss 1000 ws 3", new() { WindowScale = false }).Expect("SA 0 ack 1 ws none");
    }
}
