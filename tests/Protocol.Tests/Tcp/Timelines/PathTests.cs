using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 5927 and RFC 9293 §3.9.2.2 about ICMPv6, RFC 4821 and 8899 about the path's size, RFC 3168 about marks.</summary>
sealed class PathTests
{
    static readonly TcpOptions Unpaced = new() { Pacing = false }, Marked = new() { Pacing = false, Ecn = true };

    [Test, Conformance("5927-4.1-sequence", "9293-MUST-54")]
    public void Error_CountsOnlyWhenItsNumberIsUnderWay()
    {
        var timeline = Timeline.Open();
        Assert.That(timeline.Connection.HandleUnreachable(timeline.Now, unchecked(Timeline.Start - 1), isHard: true), Is.False);
        Assert.That(timeline.Connection.HandleUnreachable(timeline.Now, unchecked(Timeline.Start + 1), isHard: true), Is.False);
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynSent));
        Assert.That(timeline.Connection.HandleUnreachable(timeline.Now, Timeline.Start, isHard: true), Is.True);
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Unreachable)));
    }

    [Test, Conformance("9293-SHLD-26")]
    public void HardError_EndsWhatIsBeingOpened([Values] bool passive)
    {
        var timeline = passive ? Timeline.Passive() : Timeline.Open();
        timeline.Do(connection => connection.HandleUnreachable(timeline.Now, Timeline.Start, isHard: true));
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
        timeline.Take();
        timeline.Advance(300);
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-MUST-56", "9293-SHLD-25", "9293-MUST-47")]
    public void SoftError_EndsNothing_AndIsToldAtTheEnd()
    {
        var timeline = Timeline.Open();
        timeline.Take();
        timeline.Do(connection => connection.HandleUnreachable(timeline.Now, Timeline.Start, isHard: false));
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynSent));
        timeline.ExpectAt(1, "S 0");
        timeline.AdvanceTo(300);
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Unreachable)), "not just silence");
    }

    [Test, Conformance("5927-5.2-hard")]
    public void HardError_EndsNoConnectionThatIsOpen()
    {
        foreach (var state in new[] { TcpState.Established, TcpState.CloseWait })
        {
            var timeline = ClosingTests.In(state);
            timeline.Write(1000);
            timeline.Do(connection => connection.HandleUnreachable(timeline.Now, unchecked(Timeline.Start + 1), isHard: true));
            Assert.That(timeline.State, Is.EqualTo(state));
        }
    }

    [Test, Conformance("5927-7.2-large", "9293-SHLD-6")]
    public void PacketTooBig_LowersTheSize_ButNotBelow1280()
    {
        var timeline = Timeline.Established("win 65535 mss 1440", new() { PathOctets = 1500, MaxPathOctets = 1500, Pacing = false });
        timeline.Write(2880);
        timeline.Expect("A 1+1440 ack 1", "A 1441+1440 ack 1");
        Assert.That(timeline.Connection.HandlePacketTooBig(timeline.Now, 1300, unchecked(Timeline.Start + 100_000)), Is.False, "not under way");
        Assert.That(timeline.Connection.HandlePacketTooBig(timeline.Now, 600, unchecked(Timeline.Start + 1)), Is.False, "below IPv6's least");
        timeline.Do(connection => Assert.That(connection.HandlePacketTooBig(timeline.Now, 1300, unchecked(Timeline.Start + 1)), Is.True));
        var sent = timeline.Take();
        Assert.That(sent.Select(segment => segment.Length), Is.All.LessThanOrEqualTo(1240));
        Assert.That(sent[0].Sequence, Is.EqualTo(1), "sent again, without a wait");
        timeline.Send("A 1 ack 2881");
        timeline.Write(1240);
        timeline.Expect("A 2881+1240 ack 1");
    }

    [Test, Conformance("4821-7.7-black-hole")]
    public void LargeSegmentsThatVanish_BecomeSmaller()
    {
        var timeline = Timeline.Established("win 65535", roundTrip: 0.1);
        timeline.Write(1220);
        timeline.AdvanceTo(40);
        int[] lengths = [.. timeline.Take().Where(segment => segment.Sequence == 1).Select(segment => segment.Length)];
        Assert.That(lengths[0], Is.EqualTo(1220));
        Assert.That(lengths, Is.Ordered.Descending);
        Assert.That(lengths[^1], Is.LessThan(1024), "a path of 1052 octets, with IPv4 and UDP around");
    }

    [Test, Conformance("4821-7.3-up")]
    public void LargerSegments_AreProbed_AndALostProbeIsNoCongestion([Values] bool arrives)
    {
        var timeline = Timeline.Established("win 65535 mss 1440 sackok ws 7", new() { PathOctets = 1280, MaxPathOctets = 1500, Pacing = false }, roundTrip: 0.05);
        long acked = 1;
        int largest = 0, smallest = int.MaxValue;
        for (int round = 0; round < 12; round++)
        {
            timeline.Write(2_000_000);
            timeline.Advance(0.05);
            var sent = timeline.Take().Where(segment => segment.Length > 0).ToArray();
            if (sent.Length == 0)
                continue;
            smallest = round < 3 ? smallest : Math.Min(smallest, sent.Sum(segment => segment.Length));
            var lost = arrives ? null : sent.FirstOrDefault(segment => segment.Length > 1220);
            largest = Math.Max(largest, sent.Max(segment => segment.Length));
            long end = Math.Max(acked, sent.Max(segment => segment.Sequence + segment.Length));
            if (lost is not null && lost.Sequence + lost.Length < end)
            {
                timeline.Send($"A 1 ack {Math.Max(acked, lost.Sequence)} sack {lost.Sequence + lost.Length}-{end}");
                acked = Math.Max(acked, lost.Sequence);
                foreach (var repeated in timeline.Take().Where(segment => segment.Sequence == lost.Sequence))
                    Assert.That(repeated.Length, Is.LessThanOrEqualTo(1220), "again in the size that works");
            }
            acked = end;
            timeline.Send($"A 1 ack {acked}");
        }
        Assert.That(largest, Is.GreaterThan(1220));
        if (arrives)
            Assert.That(largest, Is.EqualTo(1440));
        else
            Assert.That(smallest, Is.GreaterThan(20_000), "the window has not become smaller");
    }

    [Test, Conformance("3168-6.1.1-negotiation", "9293-SHLD-8")]
    public void Ecn_IsUsedWhenBothSidesWantIt()
    {
        var timeline = Timeline.Open(Marked);
        timeline.Expect("SEC 0");
        timeline.Send("SAE 0 ack 1 win 65535 mss 1000");
        timeline.Expect("A 1 ack 1 ecn none");
        timeline.Write(1000);
        timeline.Expect("A 1+1000 ack 1 ecn 2");

        timeline = Timeline.Established("win 65535 mss 1000", Marked);
        timeline.Write(1000);
        timeline.Expect("A 1+1000 ack 1 ecn none");
        Timeline.Open().Expect("S 0");
        Timeline.Passive("SEC 0 mss 1000", Marked).Expect("SAE 0 ack 1");
        Timeline.Passive("S 0 mss 1000", Marked).Expect("SA 0 ack 1");
        Timeline.Passive("SEC 0 mss 1000").Expect("SA 0 ack 1");
    }

    static Timeline EcnEstablished()
    {
        var timeline = Timeline.Open(Marked);
        timeline.Advance(0.1);
        timeline.Send("SAE 0 ack 1 win 65535 mss 1000 sackok");
        timeline.Take();
        return timeline;
    }

    [Test, Conformance("3168-6.1.3-echo")]
    public void Mark_IsEchoedUntilThePeerHasReduced()
    {
        var timeline = EcnEstablished();
        timeline.Send("A 1+1000 ack 1 ecn 3", "A 1001+1000 ack 1 ecn 2");
        timeline.Expect("AE 1 ack 2001");
        timeline.Send("A 2001+1000 ack 1 ecn 2", "A 3001+1000 ack 1 ecn 2");
        timeline.Expect("AE 1 ack 4001");
        timeline.Send("AC 4001+1000 ack 1 ecn 2", "A 5001+1000 ack 1 ecn 2");
        timeline.Expect("A 1 ack 6001");
    }

    [Test, Conformance("3168-6.1.2-reaction")]
    public void Echo_LowersTheWindowOnce_AndTheNextDataSaysSo()
    {
        var timeline = EcnEstablished();
        timeline.Write(100_000);
        Assert.That(timeline.Take(), Has.Length.EqualTo(10));
        timeline.AdvanceTo(0.2);
        for (int segment = 1; segment <= 10; segment++)
            timeline.Send($"AE 1 ack {1 + 1000 * segment}");
        var sent = timeline.Take();
        Assert.That(sent.Sum(segment => segment.Length), Is.InRange(6000, 8000), "0.7 of 10 segments, once");
        Assert.That(sent.Count(segment => segment.Flags.HasFlag(TcpFlags.WindowReduced)), Is.EqualTo(1));
        Assert.That(sent[0].Flags.HasFlag(TcpFlags.WindowReduced), Is.True);
    }

    [Test, Conformance("3168-6.1.5-retransmission")]
    public void Repetitions_AndBareAcks_AreNotEcnCapable()
    {
        var timeline = EcnEstablished();
        timeline.Write(4000);
        Assert.That(timeline.Take().Select(segment => segment.Number("ecn")), Is.All.EqualTo(2));
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1 sack 1001-4001");
        timeline.Expect("A 1+1000 ack 1 ecn none");
        timeline.Send("A 1+1000 ack 4001", "A 1001+1000 ack 4001");
        timeline.Expect("A 4001 ack 2001 ecn none");
    }
}
