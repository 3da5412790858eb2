using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 9293 §3.6, §3.10.4, §3.10.5 and what §3.10.7.4 says of FIN: how connections end.</summary>
sealed class ClosingTests
{
    /// <summary>A connection in a state between ESTABLISHED and TIME-WAIT, with nothing recorded.</summary>
    internal static Timeline In(TcpState state)
    {
        if (state is TcpState.SynSent or TcpState.SynReceived)
        {
            var opening = state == TcpState.SynSent ? Timeline.Open() : Timeline.Passive();
            opening.Take();
            return opening;
        }
        var timeline = Timeline.Established();
        if (state is TcpState.CloseWait or TcpState.LastAck)
            timeline.Send("FA 1 ack 1");
        if (state is not (TcpState.Established or TcpState.CloseWait))
            timeline.CompleteWriting();
        if (state == TcpState.Closing)
            timeline.Send("FA 1 ack 1");
        if (state is TcpState.FinWait2 or TcpState.TimeWait)
            timeline.Send("A 1 ack 2");
        if (state == TcpState.TimeWait)
            timeline.Send("FA 1 ack 2");
        Assert.That(timeline.State, Is.EqualTo(state));
        timeline.Take();
        return timeline;
    }

    [Test, Conformance("9293-3.10.4-established", "9293-3.10.7.4-fin-acked", "9293-3.10.7.4-fin-closing", "9293-MUST-13", "9293-3.10.8-time-wait")]
    public void CloseFirst_GoesThroughFinWait_ToTimeWait_For2Msl()
    {
        var timeline = Timeline.Established();
        timeline.Write(10);
        timeline.CompleteWriting();
        Assert.That(timeline.State, Is.EqualTo(TcpState.FinWait1));
        timeline.Expect("A 1+10 ack 1", "FA 11 ack 1");
        timeline.Send("A 1 ack 12");
        Assert.That(timeline.State, Is.EqualTo(TcpState.FinWait2));
        timeline.Send("FA 1 ack 12");
        timeline.Expect("A 12 ack 2");
        Assert.That(timeline.State, Is.EqualTo(TcpState.TimeWait));
        timeline.Advance(2 * TcpOptions.Default.MaxSegmentLifetime.TotalSeconds - 0.1);
        Assert.That(timeline.State, Is.EqualTo(TcpState.TimeWait));
        timeline.Advance(0.2);
        timeline.ExpectNothing();
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.None)));
    }

    [Test, Conformance("9293-3.10.7.4-fin-closing")]
    public void FinWait1_FinThatAcknowledgesOurs_TimeWait()
    {
        var timeline = In(TcpState.FinWait1);
        timeline.Send("FA 1 ack 2");
        timeline.Expect("A 2 ack 2");
        Assert.That(timeline.State, Is.EqualTo(TcpState.TimeWait));
    }

    [Test, Conformance("9293-3.10.7.4-fin-closing", "9293-3.10.7.4-fin-acked")]
    public void SimultaneousClose_GoesThroughClosing()
    {
        var timeline = In(TcpState.FinWait1);
        timeline.Send("FA 1 ack 1");
        timeline.Expect("A 2 ack 2");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closing));
        timeline.Send("A 2 ack 1");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closing), "not of our FIN");
        timeline.Send("A 2 ack 2");
        Assert.That(timeline.State, Is.EqualTo(TcpState.TimeWait));
    }

    [Test, Conformance("9293-3.10.7.4-fin", "9293-3.10.2-sent", "9293-3.10.4-close-wait", "9293-3.10.7.4-fin-acked")]
    public void PeerClosesFirst_CloseWait_LastAck_Closed()
    {
        var timeline = Timeline.Established();
        timeline.Send("FA 1 ack 1");
        timeline.Expect("A 1 ack 2");
        Assert.That(timeline.State, Is.EqualTo(TcpState.CloseWait));
        Assert.That(timeline.Changes & TcpChanges.PeerFinished, Is.EqualTo(TcpChanges.PeerFinished));
        Assert.That(timeline.Write(10), Is.EqualTo(10));
        timeline.Expect("A 1+10 ack 2");
        timeline.CompleteWriting();
        timeline.Expect("FA 11 ack 2");
        Assert.That(timeline.State, Is.EqualTo(TcpState.LastAck));
        timeline.Send("A 2 ack 11");
        Assert.That(timeline.State, Is.EqualTo(TcpState.LastAck), "not of our FIN");
        timeline.Send("A 2 ack 12");
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.None)));
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-3.10.7.4-fin")]
    public void SynReceived_AckWithFin_IsCloseWait()
    {
        var timeline = In(TcpState.SynReceived);
        timeline.Send("FA 1+10 ack 1");
        timeline.Expect("A 1 ack 12");
        Assert.That(timeline.State, Is.EqualTo(TcpState.CloseWait));
        Assert.That(timeline.Read(), Is.EqualTo(10));
    }

    [Test, Conformance("9293-3.10.4-established")]
    public void Close_FinFollowsAllData_ThoughTheWindowIsSmall()
    {
        var timeline = Timeline.Established("win 1000 mss 1000");
        timeline.Write(1500);
        timeline.CompleteWriting();
        timeline.Expect("A 1+1000 ack 1");
        timeline.Send("A 1 ack 1001 win 1000");
        timeline.Expect("FA 1001+500 ack 1");
    }

    [Test, Conformance("9293-3.10.4-twice", "9293-3.10.2-closing")]
    public void CloseTwice_OneFin_AndNothingIsWrittenBehindIt([Values(TcpState.FinWait1, TcpState.FinWait2, TcpState.LastAck, TcpState.Closing, TcpState.TimeWait)] TcpState state)
    {
        var timeline = In(state);
        timeline.CompleteWriting();
        timeline.ExpectNothing();
        Assert.That(timeline.State, Is.EqualTo(state));
        Assert.That(timeline.Write(10), Is.Zero);
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-3.10.4-syn-sent")]
    public void Close_InSynSent_IsTheEnd()
    {
        var timeline = In(TcpState.SynSent);
        timeline.Close();
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
        timeline.ExpectNothing();
        timeline.Advance(200);
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-3.10.4-syn-received")]
    public void Close_InSynReceived_FinFollowsTheHandshake([Values(0, 10)] int octets)
    {
        var timeline = In(TcpState.SynReceived);
        timeline.Write(octets);
        timeline.CompleteWriting();
        timeline.Take();
        timeline.Send("A 1 ack 1");
        timeline.Expect(octets > 0 ? "FA 1+10 ack 1" : "FA 1 ack 1");
        Assert.That(timeline.State, Is.EqualTo(TcpState.FinWait1));
    }

    [Test, Conformance("9293-3.10.5-syn-sent")]
    public void Abort_InSynSent_SendsNothing()
    {
        var timeline = In(TcpState.SynSent);
        timeline.Abort();
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-3.10.5-reset")]
    public void Abort_ResetsAtTheNextNumber(
        [Values(TcpState.SynReceived, TcpState.Established, TcpState.FinWait1, TcpState.FinWait2, TcpState.CloseWait)] TcpState state)
    {
        var timeline = In(state);
        bool hasFin = state is TcpState.FinWait1 or TcpState.FinWait2;
        if (state is TcpState.Established or TcpState.CloseWait)
            Assert.That(timeline.Write(70_000), Is.EqualTo(70_000), "more than the window");
        int sent = timeline.Take().Sum(segment => segment.Length);
        timeline.Abort();
        var reset = timeline.Take().Single();
        Assert.That((reset.Flags & ~TcpFlags.Ack, reset.Sequence, reset.Length), Is.EqualTo((TcpFlags.Reset, (hasFin ? 2L : 1L) + sent, 0)));
        Assert.That((timeline.State, timeline.Connection.UnacknowledgedOctets == 0 || timeline.Connection.NextDeadline is null), Is.EqualTo((TcpState.Closed, true)));
        timeline.Advance(300);
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-3.10.5-closing")]
    public void Abort_WhenBothSidesFinished_SendsNothing([Values(TcpState.Closing, TcpState.LastAck, TcpState.TimeWait)] TcpState state)
    {
        var timeline = In(state);
        timeline.Abort();
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-3.10.7.4-time-wait")]
    public void TimeWait_TheFinAgain_IsAcknowledged_And2MslBeginAnew()
    {
        var timeline = In(TcpState.TimeWait);
        timeline.Advance(50);
        timeline.Send("FA 1 ack 2");
        timeline.Expect("A 2 ack 2");
        timeline.Advance(59);
        Assert.That(timeline.State, Is.EqualTo(TcpState.TimeWait));
        timeline.Advance(2);
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
    }

    [Test, Conformance("9293-3.10.7.4-text-late")]
    public void DataBehindThePeersFin_IsIgnored([Values(TcpState.CloseWait, TcpState.Closing, TcpState.LastAck, TcpState.TimeWait)] TcpState state)
    {
        var timeline = In(state);
        int readable = timeline.Connection.ReadableOctets;
        timeline.Send("A 2+10 ack 1");
        Assert.That((timeline.State, timeline.Connection.ReadableOctets), Is.EqualTo((state, readable)));
        Assert.That(timeline.Connection.PeerNext.Sequence, Is.EqualTo(unchecked(Timeline.PeerStart + 2)));
    }

    [Test, Conformance("9293-3.10.7.4-fin-early")]
    public void FinBeyondAGap_EndsNothingYet()
    {
        var timeline = Timeline.Established();
        timeline.Send("FA 11+10 ack 1");
        timeline.Expect("A 1 ack 1");
        Assert.That((timeline.State, timeline.Connection.IsPeerFinished), Is.EqualTo((TcpState.Established, false)));
        timeline.Send("A 1+10 ack 1");
        timeline.Expect("A 1 ack 22");
        Assert.That(timeline.State, Is.EqualTo(TcpState.CloseWait));
        Assert.That(timeline.Read(), Is.EqualTo(20));
        Assert.That(timeline.Connection.IsPeerFinished, Is.True);
    }

    // The FIN is at 100, and comes before what fills the gap in front of it.
    [TestCase("FA 51+49 ack 1", "A 1+199 ack 1")]
    [TestCase("FA 51+49 ack 1", "A 151+50 ack 1", "A 1+50 ack 1")]
    [TestCase("A 51+149 ack 1", "FA 51+49 ack 1", "A 1+50 ack 1")]
    [TestCase("A 151+50 ack 1", "FA 51+49 ack 1", "A 1+60 ack 1")]
    [Conformance("9293-3.10.7.4-text-late", "9293-3.10.7.4-fin-early")]
    public void DataBehindAnEarlyFin_IsIgnored(params string[] segments)
    {
        var timeline = Timeline.Established("win 65535 mss 1000 sackok");
        foreach (string segment in segments)
            timeline.Send(segment);
        Assert.That((timeline.State, timeline.Connection.IsPeerFinished, timeline.Connection.ReadableOctets), Is.EqualTo((TcpState.CloseWait, true, 99)));
        var last = timeline.Take()[^1];
        Assert.That((last.Number("ack"), last.Has("sack")), Is.EqualTo((101L, false)));
        Assert.That(timeline.Read(), Is.EqualTo(99));
    }

    [Test, Conformance("9293-3.10.3-close-wait", "9293-MUST-12")]
    public void CloseWait_WhatCameBeforeTheFin_CanBeRead_AndThenTheEnd()
    {
        var timeline = Timeline.Established();
        timeline.Send("FA 1+100 ack 1");
        Assert.That(timeline.Read(60), Is.EqualTo(60));
        Assert.That(timeline.Read(60), Is.EqualTo(40));
        Assert.That((timeline.Connection.IsPeerFinished, timeline.Connection.Error), Is.EqualTo((true, TcpError.None)), "no abort");
    }

    [Test, Conformance("9293-MAY-1", "9293-SHLD-3")]
    public void Closed_DataThatComesThen_IsAnsweredByAReset([Values] bool acknowledged)
    {
        var timeline = Timeline.Established();
        timeline.Close();
        timeline.Expect("FA 1 ack 1");
        timeline.Send(acknowledged ? "A 1+10 ack 2" : "A 1+10 ack 1");
        Assert.That(timeline.Take().Single() is { Sequence: 2 } reset && reset.Flags.HasFlag(TcpFlags.Reset), Is.True);
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
    }

    [Test, Conformance("9293-MAY-1", "9293-SHLD-3")]
    public void Closed_WithDataUnread_Resets()
    {
        var timeline = Timeline.Established();
        timeline.Send("A 1+10 ack 1");
        timeline.Close();
        Assert.That(timeline.Take().Single() is { Sequence: 1 } reset && reset.Flags.HasFlag(TcpFlags.Reset), Is.True);
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
    }

    [Test, Conformance("9293-MUST-12", "9293-3.10.7.4-rst-exact")]
    public void Reset_IsTold_FromEstablishedToCloseWait([Values(TcpState.Established, TcpState.FinWait1, TcpState.FinWait2, TcpState.CloseWait)] TcpState state)
    {
        var timeline = In(state);
        timeline.Send(state == TcpState.CloseWait ? "R 2" : "R 1");
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Reset)));
        timeline.ExpectNothing();
        Assert.That(timeline.Connection.NextDeadline, Is.Null);
        Assert.That(timeline.Write(10), Is.Zero);
    }

    [Test, Conformance("9293-3.10.7.4-rst-closing")]
    public void Reset_WhenBothSidesFinished_IsNoError([Values(TcpState.Closing, TcpState.LastAck, TcpState.TimeWait)] TcpState state)
    {
        var timeline = In(state);
        timeline.Send("R 2");
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.None)));
        timeline.ExpectNothing();
    }

    [Test, Conformance("9293-SHLD-2")]
    public void ResetWithData_IsAReset()
    {
        var timeline = Timeline.Established();
        timeline.Send("R 1+5");
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Reset)));
        Assert.That(timeline.Connection.ReadableOctets, Is.Zero);
    }
}
