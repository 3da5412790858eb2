using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 9293 §3.10.7.4: which segments are acceptable, and what their acknowledgments, text and control bits do.</summary>
sealed class SegmentArrivesTests
{
    const int Buffer = 1000;

    static TcpOptions SmallBuffer => new() { InitialReceiveBufferOctets = Buffer, MaxReceiveBufferOctets = Buffer };

    // A connection whose receive window is closed: 1000 octets came and were not read.
    static Timeline Full()
    {
        var timeline = Timeline.Established("win 65535 mss 1000", SmallBuffer);
        timeline.Send($"A 1+{Buffer} ack 1");
        timeline.Advance(1);
        timeline.Expect("A 1 ack 1001 win 0");
        return timeline;
    }

    [TestCase("A -5 ack 1", TestName = "Old_Empty"), TestCase("A -9+10 ack 1", TestName = "Old_Data"), TestCase("A 200000 ack 1", TestName = "Beyond_Empty")]
    [TestCase("A 200000+10 ack 1", TestName = "Beyond_Data"), TestCase("FA 0 ack 1", TestName = "Old_Fin"), TestCase("A 65537+10 ack 1", TestName = "Beyond_ByOne")]
    [Conformance("9293-3.10.7.4-old", "9293-3.10.7.4-table")]
    public void Outside_IsAnsweredByAnAck_NoMore(string segment)
    {
        var timeline = Timeline.Established();
        timeline.Write(100);
        timeline.Take();
        timeline.Send(segment.Replace("ack 1", "ack 101", StringComparison.Ordinal));
        timeline.Expect("A 101 ack 1");
        Assert.That((timeline.State, timeline.Connection.ReadableOctets, timeline.Connection.UnacknowledgedOctets), Is.EqualTo((TcpState.Established, 0, 100L)));
    }

    [Test, Conformance("9293-3.10.7.4-old")]
    public void Outside_AReset_IsNotAnswered([Values(-5, 0, 200_000)] int sequence)
    {
        var timeline = Timeline.Established();
        timeline.Send($"R {sequence}");
        timeline.ExpectNothing();
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
    }

    [TestCase("A 1001+10 ack 1", TestName = "Closed_Data"), TestCase("A 1000 ack 1", TestName = "Closed_EmptyBefore"), TestCase("A 1002 ack 1", TestName = "Closed_EmptyBehind")]
    [Conformance("9293-3.10.7.4-table", "9293-MUST-35", "9293-MAY-8")]
    public void ClosedWindow_TakesNothing_AndAnswers(string segment)
    {
        var timeline = Full();
        for (int minutes = 0; minutes < 30; minutes++)
        {
            timeline.Send(segment);
            timeline.Expect("A 1 ack 1001 win 0");
            timeline.Advance(60);
        }
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        Assert.That(timeline.Read(), Is.EqualTo(Buffer));
    }

    [Test, Conformance("9293-3.10.7.4-table", "9293-MUST-66")]
    public void ClosedWindow_AckAndResetAndUrgentPointer_AreProcessed([Values] bool urgent)
    {
        var timeline = Full();
        timeline.Write(100);
        timeline.Expect("A 1+100 ack 1001");
        timeline.Send("A 1001 ack 101" + (urgent ? " urg 5" : ""));
        timeline.ExpectNothing();
        Assert.That(timeline.Connection.UnacknowledgedOctets, Is.Zero);
        timeline.Send("R 1001");
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Reset)));
    }

    [Test, Conformance("9293-3.10.7.4-straddle")]
    public void AcrossTheLeftEdge_TheNewPartIsTaken()
    {
        var timeline = Timeline.Established();
        timeline.Send("A 1+10 ack 1", "A 6+10 ack 1");
        timeline.Advance(1);
        timeline.Expect("A 1 ack 16");
        Assert.That(timeline.Read(), Is.EqualTo(15));
    }

    [Test, Conformance("9293-3.10.7.4-straddle")]
    public void AcrossTheRightEdge_WhatFitsIsTaken()
    {
        var timeline = Timeline.Established("win 65535 mss 1000", SmallBuffer);
        timeline.Send("A 1+600 ack 1", "FA 601+600 ack 1");
        timeline.Expect("A 1 ack 1001 win 0");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established), "the FIN is outside");
        Assert.That(timeline.Read(), Is.EqualTo(1000));
    }

    [Test, Conformance("9293-3.10.7.4-no-ack")]
    public void WithoutAck_IsDropped()
    {
        var timeline = Timeline.Established();
        timeline.Send("- 1+10", "F 1", "P 1+5");
        timeline.Advance(1);
        timeline.ExpectNothing();
        Assert.That((timeline.State, timeline.Connection.ReadableOctets), Is.EqualTo((TcpState.Established, 0)));
    }

    [Test, Conformance("9293-3.10.7.4-ack-new")]
    public void AckOfData_FreesTheBuffer()
    {
        var timeline = Timeline.Established(options: new() { SendBufferOctets = 4000 });
        Assert.That(timeline.Write(10_000), Is.EqualTo(4000));
        Assert.That((timeline.Connection.WritableOctets, timeline.Changes & TcpChanges.Writable), Is.EqualTo((0, TcpChanges.None)));
        timeline.Send("A 1 ack 3001");
        Assert.That((timeline.Connection.WritableOctets, timeline.Connection.UnacknowledgedOctets), Is.EqualTo((3000, 1000L)));
        Assert.That(timeline.Changes & TcpChanges.Writable, Is.EqualTo(TcpChanges.Writable), "the writer was waiting");
        timeline.Send("A 1 ack 2001");
        Assert.That(timeline.Connection.UnacknowledgedOctets, Is.EqualTo(1000L), "an old one is ignored");
    }

    [Test, Conformance("9293-3.10.7.4-ack-unsent")]
    public void AckOfWhatWasNotSent_IsAnswered_AndTheSegmentIsDropped()
    {
        var timeline = Timeline.Established();
        timeline.Write(100);
        timeline.Take();
        timeline.Send("A 1+10 ack 102");
        timeline.Expect("A 101 ack 1");
        Assert.That((timeline.Connection.ReadableOctets, timeline.Connection.UnacknowledgedOctets), Is.EqualTo((0, 100L)));
    }

    [Test, Conformance("9293-3.10.7.4-window")]
    public void Window_IsThatOfTheNewestSegment()
    {
        var timeline = Timeline.Established("win 9000 mss 1000");
        timeline.Send("A 11+5 ack 1 win 3000"); // ahead of a gap, and newer
        timeline.Send("A 1+5 ack 1 win 9000");  // was overtaken
        timeline.Take();
        timeline.Write(9000);
        Assert.That(timeline.Take().Sum(segment => segment.Length), Is.EqualTo(3000));
        timeline.Send("A 16 ack 1 win 5000");
        Assert.That(timeline.Take().Sum(segment => segment.Length), Is.EqualTo(2000), "newer again");
        timeline.Send("A 16 ack 1001 win 6000");
        Assert.That(timeline.Take().Sum(segment => segment.Length), Is.EqualTo(2000), "the same sequence, a newer acknowledgment");
        timeline.Send("A 16 ack 1 win 9000");
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-3.10.7.4-text", "9293-SHLD-18", "9293-MUST-40")]
    public void Data_IsTakenAndAcknowledged_AfterADelay([Values(TcpState.Established, TcpState.FinWait1, TcpState.FinWait2)] TcpState state)
    {
        var timeline = ClosingTests.In(state);
        int own = state switch { TcpState.Established => 1, _ => 2 };
        timeline.Send($"A 1+100 ack {(state == TcpState.FinWait2 ? 2 : 1)}");
        timeline.ExpectNothing();
        Assert.That(timeline.Read(), Is.EqualTo(100));
        timeline.AdvanceTo(timeline.Second + 0.15);
        Assert.That(timeline.Times().Single(), Is.InRange(0.001, 0.499));
        timeline.Expect($"A {own} ack 101");
    }

    [Test, Conformance("9293-SHLD-19")]
    public void EverySecondFullSegment_IsAcknowledgedAtOnce()
    {
        var timeline = Timeline.Established();
        for (int pair = 0; pair < 5; pair++)
        {
            timeline.Send($"A {1 + 2000 * pair}+1000 ack 1");
            timeline.ExpectNothing();
            timeline.Send($"A {1001 + 2000 * pair}+1000 ack 1");
            timeline.Expect($"A 1 ack {2001 + 2000 * pair}");
        }
    }

    [Test, Conformance("9293-MUST-58", "9293-MUST-59")]
    public void ABurst_HasOneAnswer()
    {
        var timeline = Timeline.Established();
        timeline.Send([.. Enumerable.Range(0, 10).Select(i => $"A {1 + 1000 * i}+1000 ack 1")]);
        timeline.Expect("A 1 ack 10001");
    }

    [Test, Conformance("9293-MUST-58", "9293-3.10.2-sent")]
    public void DataOfOurOwn_CarriesTheAcknowledgment()
    {
        var timeline = Timeline.Established();
        timeline.Send("A 1+100 ack 1");
        timeline.Write(10);
        timeline.Expect("A 1+10 ack 101");
        timeline.Send("A 101 ack 11");
        timeline.Advance(1);
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-SHLD-31", "9293-MAY-13", "5681-4.2-gap")]
    public void BeyondAGap_IsHeld_AndBothAreAcknowledgedAtOnce()
    {
        var timeline = Timeline.Established();
        timeline.Send("A 1001+1000 ack 1");
        timeline.Expect("A 1 ack 1");
        Assert.That(timeline.Connection.ReadableOctets, Is.Zero);
        timeline.Send("A 1+1000 ack 1");
        timeline.Expect("A 1 ack 2001");
        Assert.That(timeline.Read(), Is.EqualTo(2000));
    }

    [Test, Conformance("9293-MUST-30", "9293-MUST-31", "9293-MUST-62")]
    public void UrgentData_IsDataLikeOther([Values(1, 50, 65535)] int pointer)
    {
        var timeline = Timeline.Established();
        timeline.Send($"PAU 1+100 ack 1 urg {pointer}", "A 101+10 ack 1");
        Assert.That(timeline.Read(), Is.EqualTo(110), "in its place, whatever the pointer");
        timeline.Advance(1);
        timeline.Expect("A 1 ack 111");
    }

    [Test, Conformance("9293-MUST-1", "9293-REC-1")]
    public void WindowsAbove32K_AreLargeWindows()
    {
        var timeline = Timeline.Established("win 65535 mss 1000", new() { Pacing = false });
        for (int acked = 0; acked < 40_000; acked += 10_000)
        {
            timeline.Write(100_000);
            timeline.Send($"A 1 ack {acked + 10_001} win 65535");
        }
        Assert.That(timeline.Take().Max(segment => segment.Sequence + segment.Length) - 40_001, Is.GreaterThan(32_768));
    }

    [Test, Conformance("5961-3.2-outside", "5961-3.2-exact", "5961-3.2-inside", "9293-3.10.7.4-rst-exact")]
    public void Reset_CountsExactlyAtTheLeftEdge_AndIsChallengedInside()
    {
        var timeline = Timeline.Established();
        timeline.Send("R 65537");
        timeline.ExpectNothing();
        foreach (int inside in new[] { 2, 1000, 65535 })
        {
            timeline.Send($"R {inside}");
            timeline.Expect("A 1 ack 1");
        }
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        timeline.Send("R 1");
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Reset)));
    }

    [TestCase("S 1"), TestCase("S 500"), TestCase("S 200000"), TestCase("SA 0 ack 1"), TestCase("SA 1 ack 1"), TestCase("S -77+5")]
    [Conformance("5961-4.2-syn", "9293-3.10.7.4-syn")]
    public void Syn_InASynchronizedState_IsChallenged(string segment)
    {
        foreach (var state in new[] { TcpState.Established, TcpState.FinWait1, TcpState.FinWait2, TcpState.CloseWait, TcpState.Closing, TcpState.LastAck })
        {
            var timeline = ClosingTests.In(state);
            bool hasFin = state is not (TcpState.Established or TcpState.CloseWait);
            timeline.Send(segment);
            timeline.Expect($"A {(hasFin ? 2 : 1)} ack {(state is TcpState.CloseWait or TcpState.Closing or TcpState.LastAck ? 2 : 1)}");
            Assert.That(timeline.State, Is.EqualTo(state));
        }
    }

    [Test, Conformance("5961-5.2-ack", "9293-MAY-12")]
    public void Data_WithAnAckOutsideOfItsRange_IsDropped_AndAnswered()
    {
        var timeline = Timeline.Established("win 5000 mss 1000");
        foreach (int ack in new[] { 2, 100_000, -5000, -100_000 })
        {
            timeline.Send($"A 1+10 ack {ack}");
            timeline.Expect("A 1 ack 1");
            Assert.That(timeline.Connection.ReadableOctets, Is.Zero);
        }
        timeline.Send("A 1+10 ack -4999 win 5000"); // SND.UNA - MAX.SND.WND
        Assert.That(timeline.Connection.ReadableOctets, Is.EqualTo(10));
    }

    [Test, Conformance("5961-7-limit")]
    public void ChallengeAcks_AreLimited()
    {
        var timeline = Timeline.Established();
        for (int i = 0; i < 1000; i++)
            timeline.Send("S 500");
        Assert.That(timeline.Take(), Has.Length.InRange(1, 20));
        for (int i = 0; i < 1000; i++)
        {
            timeline.Advance(0.01);
            timeline.Send("R 500");
        }
        Assert.That(timeline.Take(), Has.Length.InRange(10, 120), "in 10 s");
    }
}
