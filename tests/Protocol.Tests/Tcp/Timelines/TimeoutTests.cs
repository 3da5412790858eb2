using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 6298, RFC 9293 §3.8.1 to §3.8.4 and §3.10.8: what happens when nothing comes.</summary>
sealed class TimeoutTests
{
    [Test, Conformance("6298-2.1-first", "6298-5.5-double", "6298-2.5-most", "9293-MUST-22", "9293-MUST-23", "9293-3.10.8-user", "9293-MUST-20")]
    public void Syn_IsRepeatedAfter1s_EachTimeTwiceAsLate_AndGivenUpAfter3Minutes()
    {
        var timeline = Timeline.Open();
        timeline.Expect("S 0");
        foreach (int second in new[] { 1, 3, 7, 15, 31, 63, 123 })
            timeline.ExpectAt(second, "S 0");
        timeline.AdvanceTo(179);
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynSent), "R2 is 3 minutes at least");
        timeline.AdvanceTo(250);
        timeline.ExpectNothing();
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.TimedOut)));
        Assert.That(timeline.Connection.NextDeadline, Is.Null);
    }

    [Test, Conformance("9293-MUST-22")]
    public void AnswerToASyn_IsRepeated_AndGivenUp()
    {
        var timeline = Timeline.Passive();
        timeline.Expect("SA 0 ack 1");
        foreach (int second in new[] { 1, 3, 7, 15 })
            timeline.ExpectAt(second, "SA 0 ack 1");
        timeline.AdvanceTo(250);
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
    }

    [Test, Conformance("6298-2.2-measured", "6298-5.1-start", "6298-5.4-front", "6298-5.5-double", "9293-3.10.8-retransmission", "9293-MUST-19")]
    public void Data_IsRepeatedAfterTheFirstMeasuredTimeout_EachTimeTwiceAsLate()
    {
        var timeline = Timeline.Established("win 65535 mss 400", roundTrip: 0.1); // SRTT 0.1, RTTVAR 0.05: RTO 0.3
        timeline.Write(800);
        timeline.Expect("A 1+400 ack 1", "A 401+400 ack 1");
        foreach (double second in new[] { 0.4, 1.0, 2.2, 4.6, 9.4 })
            timeline.ExpectAt(second, "A 1+400 ack 1");
    }

    [Test, Conformance("6298-2.3-next")]
    public void SecondMeasurement_CountsAQuarterAndAnEighth()
    {
        var timeline = Timeline.Established(roundTrip: 0.1);
        timeline.Write(1000);
        timeline.AdvanceTo(0.3);
        timeline.Send("A 1 ack 1001"); // 0.2: RTTVAR 0.75 x 0.05 + 0.25 x 0.1 = 0.0625, SRTT 0.1125, RTO 0.3625
        timeline.Take();
        timeline.Write(1000);
        timeline.Take();
        timeline.ExpectAt(0.6625, "A 1001+1000 ack 1");
    }

    [TestCase(0.2), TestCase(1)]
    [Conformance("6298-2.4-least")]
    public void Timeout_HasALeast(double least)
    {
        var timeline = Timeline.Established(options: new() { MinRetransmissionTimeout = TimeSpan.FromSeconds(least) }, roundTrip: 0.01);
        timeline.Write(1000);
        timeline.Take();
        timeline.ExpectAt(0.01 + least, "A 1+1000 ack 1");
    }

    [Test, Conformance("6298-3-karn", "9293-MUST-18")]
    public void AckOfWhatWasSentTwice_IsNotMeasured()
    {
        var timeline = Timeline.Established(roundTrip: 0.1);
        timeline.Write(1000);
        timeline.Take();
        timeline.ExpectAt(0.4, "A 1+1000 ack 1");
        timeline.AdvanceTo(0.45);
        timeline.Send("A 1 ack 1001");
        Assert.That(timeline.Connection.RoundTrip, Is.EqualTo(TimeSpan.FromSeconds(0.1)), "neither 0.05 nor 0.35");
    }

    [Test, Conformance("6298-5.2-stop")]
    public void AllAcknowledged_NoTimerRuns()
    {
        var timeline = Timeline.Established(roundTrip: 0.1);
        timeline.Write(2000);
        timeline.Send("A 1 ack 2001");
        Assert.That(timeline.Connection.NextDeadline, Is.Null);
    }

    [Test, Conformance("6298-5.3-restart")]
    public void AckOfSome_StartsTheTimerAnew()
    {
        var timeline = Timeline.Established(roundTrip: 0.1);
        timeline.Write(2000);
        timeline.Take();
        timeline.AdvanceTo(0.3);
        timeline.Send("A 1 ack 1001"); // a measurement of 0.2: RTO 0.3625
        timeline.ExpectAt(0.6625, "A 1001+1000 ack 1");
    }

    [Test, Conformance("6298-5.7-syn", "5681-3.1-initial")]
    public void AfterALostSyn_DataStartsWith3s_AndOneSegment()
    {
        var timeline = Timeline.Open();
        timeline.AdvanceTo(1.5);
        timeline.Send("SA 0 ack 1 win 65535 mss 1000");
        timeline.Take();
        timeline.Write(5000);
        timeline.Expect("A 1+1000 ack 1");
        timeline.ExpectAt(4.5, "A 1+1000 ack 1");
    }

    [Test, Conformance("9293-3.10.8-user", "9293-MUST-20", "9293-MUST-21", "5482-3.1-user")]
    public void UserTimeout_EndsTheConnection()
    {
        var timeline = Timeline.Established(options: new() { UserTimeout = TimeSpan.FromSeconds(10) }, roundTrip: 0.1);
        timeline.Write(1000);
        timeline.AdvanceTo(9.9);
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        timeline.AdvanceTo(10.2);
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.TimedOut)));
        timeline.Take();
        timeline.Advance(100);
        timeline.ExpectNothing();
        Assert.That(timeline.Connection.NextDeadline, Is.Null);
    }

    [Test, Conformance("9293-SHLD-11")]
    public void Data_IsGivenUpAfter100Seconds_AtTheEarliest()
    {
        var timeline = Timeline.Established(roundTrip: 0.1);
        timeline.Write(1000);
        timeline.AdvanceTo(101);
        Assert.That((timeline.State, timeline.Take().Length), Is.EqualTo((TcpState.Established, 10)).Within(5));
        timeline.AdvanceTo(1000);
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
    }

    [Test, Conformance("9293-MUST-25", "9293-MUST-28")]
    public void KeepAlive_IsOffUnlessItIsAskedFor_AndHasNoTimeOfItsOwn()
    {
        var timeline = Timeline.Established();
        timeline.Advance(100_000);
        timeline.ExpectNothing();
        Assert.That((TcpOptions.Default.KeepAliveTime, timeline.State), Is.EqualTo(((TimeSpan?)null, TcpState.Established)));
    }

    [Test, Conformance("9293-MAY-5", "9293-MUST-24", "9293-MUST-27", "9293-SHLD-12")]
    public void KeepAlive_IsAnEmptySegmentBeforeTheWindow_AfterTheTimeThatWasAskedFor()
    {
        var timeline = Timeline.Established(options: new() { KeepAliveTime = TimeSpan.FromSeconds(100) }, roundTrip: 0.1);
        timeline.ExpectAt(100.1, "A 0 ack 1");
        timeline.Send("A 1 ack 1");
        timeline.ExpectNothing();
        timeline.ExpectAt(200.1, "A 0 ack 1");
    }

    [Test, Conformance("9293-MUST-24", "9293-MUST-27")]
    public void KeepAlive_IsSetAndUnset_WhileTheConnectionIsOpen()
    {
        var timeline = Timeline.Established(roundTrip: 0.1);
        timeline.AdvanceTo(50);
        timeline.Do(connection => connection.SetKeepAlive(TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(10)));
        timeline.ExpectAt(100.1, "A 0 ack 1");
        timeline.ExpectAt(110.1, "A 0 ack 1");
        timeline.Do(connection => connection.SetKeepAlive(null, TimeSpan.FromSeconds(10)));
        timeline.AdvanceTo(1000);
        timeline.ExpectNothing();
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        timeline.Do(connection => connection.SetKeepAlive(TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(10)));
        timeline.Advance(0.1);
        timeline.Expect("A 0 ack 1"); // the silence is long enough
    }

    [Test, Conformance("9293-MUST-26")]
    public void KeepAlive_WaitsForAnIdleInterval()
    {
        var timeline = Timeline.Established(options: new() { KeepAliveTime = TimeSpan.FromSeconds(100) }, roundTrip: 0.1);
        for (int i = 0; i < 10; i++)
        {
            timeline.Advance(60);
            timeline.Send($"A {1 + i}+1 ack 1");
            timeline.Advance(1);
            timeline.Expect($"A 1 ack {2 + i}");
        }
        double last = timeline.Second - 1;
        timeline.ExpectAt(last + 100, "A 0 ack 11");
    }

    [Test, Conformance("9293-MUST-29")]
    public void KeepAlive_AnswersCount_ThoughQuestionsAreFurtherApartThanTheTime()
    {
        var options = new TcpOptions { KeepAliveTime = TimeSpan.FromSeconds(60), KeepAliveInterval = TimeSpan.FromSeconds(75), KeepAliveCount = 2 };
        var timeline = Timeline.Established(options: options, roundTrip: 0.1);
        for (int i = 0; i < 10; i++)
        {
            timeline.AdvanceTo(60.2 + i * 75);
            timeline.Expect("A 0 ack 1");
            timeline.Send("A 1 ack 1");
        }
        timeline.AdvanceTo(60.2 + 12 * 75);
        Assert.That((timeline.State, timeline.Take().Length), Is.EqualTo((TcpState.Closed, 2)));
    }

    [Test, Conformance("9293-MUST-29")]
    public void KeepAlive_LostAnswersEndNothing_UntilAllAreLost()
    {
        var options = new TcpOptions { KeepAliveTime = TimeSpan.FromSeconds(100), KeepAliveInterval = TimeSpan.FromSeconds(10), KeepAliveCount = 3 };
        var timeline = Timeline.Established(options: options, roundTrip: 0.1);
        timeline.AdvanceTo(125);
        Assert.That(timeline.Take(), Has.Length.EqualTo(3));
        timeline.Send("A 1 ack 1");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        timeline.AdvanceTo(240);
        Assert.That(timeline.Take(), Has.Length.EqualTo(2));
        timeline.AdvanceTo(300);
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.TimedOut)));
    }
}
