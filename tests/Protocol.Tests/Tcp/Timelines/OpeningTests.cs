using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 9293 §3.5, §3.10.1, §3.10.7.2 and §3.10.7.3: how connections open.</summary>
sealed class OpeningTests
{
    [Test, Conformance("9293-3.10.1-open", "9293-MUST-14", "9293-SHLD-5", "9293-MAY-3")]
    public void ActiveOpen_SendsASyn()
    {
        var timeline = Timeline.Open();
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynSent));
        timeline.Expect("S 0 mss 1220");
        Assert.That(timeline.Connection.NextSequence, Is.EqualTo(unchecked(Timeline.Start + 1)));
        timeline.Send("SA 0 ack 1 win 500 mss 1000");
        timeline.Expect("A 1 ack 1 mss none");
    }

    [Test, Conformance("9293-3.10.7.3-syn-ack")]
    public void SynSent_SynAck_Establishes()
    {
        var timeline = Timeline.Open();
        timeline.Take();
        Assert.That(timeline.Changes & TcpChanges.Connected, Is.EqualTo(TcpChanges.None));
        timeline.Send("SA 0 ack 1 mss 1000");
        timeline.Expect("A 1 ack 1");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        Assert.That(timeline.Changes & TcpChanges.Connected, Is.EqualTo(TcpChanges.Connected));
    }

    [Test, Conformance("9293-3.10.2-queued")]
    public void DataWrittenInSynSent_FollowsTheHandshake()
    {
        var timeline = Timeline.Open();
        timeline.Take();
        Assert.That(timeline.Write(10), Is.EqualTo(10));
        timeline.ExpectNothing();
        timeline.Send("SA 0 ack 1 mss 1000");
        timeline.Expect("A 1+10 ack 1");
    }

    [Test, Conformance("9293-3.10.2-queued")]
    public void DataWrittenInSynReceived_FollowsTheHandshake()
    {
        var timeline = Timeline.Passive();
        timeline.Take();
        Assert.That(timeline.Write(10), Is.EqualTo(10));
        timeline.ExpectNothing();
        timeline.Send("A 1 ack 1");
        timeline.Expect("A 1+10 ack 1");
    }

    [Test, Conformance("9293-3.10.7.2-syn")]
    public void PassiveOpen_AnswersTheSyn()
    {
        var timeline = Timeline.Passive();
        timeline.Expect("SA 0 ack 1 mss 1220");
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynReceived));
    }

    [Test, Conformance("9293-3.10.7.4-ack-opens")]
    public void SynReceived_AckOfOurSyn_EstablishesWithItsWindow()
    {
        var timeline = Timeline.Passive("S 0 win 5000 mss 1000");
        timeline.Take();
        timeline.Send("A 1 ack 1 win 3000");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        timeline.ExpectNothing();
        timeline.Write(5000);
        Assert.That(timeline.Take().Sum(segment => segment.Length), Is.EqualTo(3000));
    }

    [TestCase("A 1 ack 0", "R 0"), TestCase("A 1 ack 2", "R 2"), TestCase("A 1+10 ack 900", "R 900"), TestCase("FA 1 ack 2", "R 2")]
    [Conformance("9293-3.10.7.4-ack-bad")]
    public void SynReceived_AnotherAck_IsReset(string segment, string answer)
    {
        var timeline = Timeline.Passive();
        timeline.Take();
        timeline.Send(segment);
        timeline.Expect(answer);
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynReceived));
        timeline.Send("A 1 ack 1");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established), "the right one still opens it");
    }

    [TestCase("A 0 ack 0", "R 0"), TestCase("A 0 ack 2", "R 2"), TestCase("SA 0 ack 2", "R 2"), TestCase("SA 0 ack -7", "R -7"), TestCase("FA 0+5 ack 100", "R 100")]
    [Conformance("9293-3.10.7.3-bad-ack")]
    public void SynSent_WrongAck_IsReset(string segment, string answer)
    {
        var timeline = Timeline.Open();
        timeline.Take();
        timeline.Send(segment);
        timeline.Expect(answer);
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynSent));
    }

    [TestCase("RA 0 ack 2"), TestCase("RA 0 ack 0"), TestCase("R 0"), TestCase("R 1")]
    [Conformance("9293-3.10.7.3-bad-ack", "9293-3.10.7.3-rst")]
    public void SynSent_ResetWithoutTheRightAck_IsDropped(string segment)
    {
        var timeline = Timeline.Open();
        timeline.Take();
        timeline.Send(segment);
        timeline.ExpectNothing();
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.SynSent, TcpError.None)));
    }

    [Test, Conformance("9293-3.10.7.3-rst")]
    public void SynSent_ResetWithTheRightAck_IsARefusal()
    {
        var timeline = Timeline.Open();
        timeline.Take();
        timeline.Send("RA 0 ack 1");
        timeline.ExpectNothing();
        Assert.That((timeline.State, timeline.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Refused)));
        Assert.That(timeline.Changes & TcpChanges.Closed, Is.EqualTo(TcpChanges.Closed));
    }

    [TestCase("A 0 ack 1"), TestCase("FA 0 ack 1"), TestCase("- 0+10"), TestCase("F 0"), TestCase("A 0+10 ack 1")]
    [Conformance("9293-3.10.7.3-other")]
    public void SynSent_NeitherSynNorReset_IsDropped(string segment)
    {
        var timeline = Timeline.Open();
        timeline.Take();
        timeline.Send(segment);
        timeline.ExpectNothing();
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynSent));
        timeline.Send("SA 0 ack 1 mss 1000");
        timeline.Expect("A 1 ack 1");
    }

    [Test, Conformance("9293-3.10.7.3-syn", "9293-MUST-10")]
    public void SimultaneousOpen_MeetsInOneConnection()
    {
        var timeline = Timeline.Open();
        timeline.Take();
        timeline.Send("S 0 win 65535 mss 1000");
        timeline.Expect("SA 0 ack 1 mss 1220");
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynReceived));
        timeline.Send("SA 0 ack 1 win 65535 mss 1000"); // §3.5, figure 8: the peer's answer to our SYN
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        timeline.Expect("A 1 ack 1");
        timeline.Write(10);
        timeline.Expect("A 1+10 ack 1");
    }

    [Test, Conformance("9293-3.10.7.3-syn")]
    public void SimultaneousOpen_TheAnswerIsRepeated()
    {
        var timeline = Timeline.Open();
        timeline.Take();
        timeline.Send("S 0 win 65535 mss 1000");
        timeline.Expect("SA 0 ack 1");
        timeline.ExpectAt(1, "SA 0 ack 1");
    }

    [Test, Conformance("9293-MUST-11", "9293-3.10.7.4-rst-opening")]
    public void SynReceived_Reset_RefusesAnActiveOpen_AndEndsAPassiveOne()
    {
        var active = Timeline.Open();
        active.Send("S 0 mss 1000");
        active.Take();
        active.Send("R 1");
        Assert.That((active.State, active.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Refused)));
        active.ExpectNothing();

        var passive = Timeline.Passive();
        passive.Take();
        passive.Send("R 1");
        Assert.That((passive.State, passive.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Reset)));
        passive.ExpectNothing();
        passive.Advance(300);
        passive.ExpectNothing();
    }

    [Test, Conformance("9293-3.10.7.4-syn-passive")]
    public void SynReceived_TheSynAgain_IsAnsweredAgain()
    {
        var timeline = Timeline.Passive();
        timeline.Expect("SA 0 ack 1");
        timeline.Send("S 0 win 65535 mss 1000");
        timeline.Expect("SA 0 ack 1");
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynReceived));
    }

    [TestCase("A 200000+5 ack 1"), TestCase("FA -5 ack 1"), TestCase("A 200000 ack 1"), TestCase("R 100"), TestCase("S 5000 mss 1000"), TestCase("S -500 mss 1000")]
    [TestCase("A 1+10 ack 1 ts 8000/0")]
    [Conformance("9293-3.10.7.4-old", "5961-3.2-inside", "5961-4.2-syn")]
    public void SynReceived_WhatDoesNotBelongToIt_IsAnsweredByAnAck(string segment)
    {
        var timeline = Timeline.Passive(segment.Contains("ts", StringComparison.Ordinal) ? "S 0 win 65535 mss 1000 ts 9000/0" : "S 0 win 65535 mss 1000");
        timeline.Take();
        timeline.Send(segment);
        timeline.Expect("A 1 ack 1");
        Assert.That(timeline.State, Is.EqualTo(TcpState.SynReceived));
    }

    // The address may not be that of who sends: such answers have an end.
    [Test, Conformance("5961-7-limit")]
    public void SynReceived_AnswersAreLimited([Values("A 200000+5 ack 1", "FA -5 ack 1", "A 1+10 ack 1 ts 8000/0", "R 100")] string segment)
    {
        var timeline = Timeline.Passive(segment.Contains("ts", StringComparison.Ordinal) ? "S 0 win 65535 mss 1000 ts 9000/0" : "S 0 win 65535 mss 1000");
        timeline.Take();
        for (int i = 0; i < 100; i++)
            timeline.Send(segment);
        Assert.That(timeline.Take(), Has.Length.EqualTo(10));
    }

    [Test, Conformance("9293-3.10.7.3-text")]
    public void DataWithTheSynAck_IsTaken()
    {
        var timeline = Timeline.Open();
        timeline.Take();
        timeline.Send("SA 0+10 ack 1 win 1000 mss 1000");
        timeline.Expect("A 1 ack 11");
        Assert.That(timeline.Read(), Is.EqualTo(10));
    }

    [Test, Conformance("9293-3.10.7.3-text")]
    public void DataWithTheSyn_IsTakenAtTheLatestWhenItComesAgain()
    {
        var timeline = Timeline.Passive("S 0+10 win 1000 mss 1000");
        timeline.Take();
        timeline.Send("A 1+10 ack 1");
        timeline.Advance(0.5);
        timeline.Expect("A 1 ack 11");
        Assert.That(timeline.Read(), Is.EqualTo(10));
    }

    [Test, Conformance("9293-MUST-15")]
    public void WithoutAnMssOption_SegmentsHave1220Octets()
    {
        var timeline = Timeline.Established("win 65535");
        timeline.Write(2440);
        timeline.Expect("A 1+1220 ack 1", "PA 1221+1220 ack 1");
    }

    [Test, Conformance("9293-MUST-16", "9293-MUST-65")]
    public void Segments_FitThePeersMss_OptionsCountedIn()
    {
        var timeline = Timeline.Established("win 65535 mss 1000");
        timeline.Write(2000);
        timeline.Expect("A 1+1000 ack 1 mss none", "A 1001+1000 ack 1 mss none");
        timeline = Timeline.Established("win 65535 mss 1000 ts 7000/0");
        timeline.Write(1976);
        timeline.Expect("A 1+988 ack 1 mss none", "A 989+988 ack 1 mss none");
    }

    [Test, Conformance("9293-MUST-16", "9293-MUST-67")]
    public void Segments_FitThePath_AndTheMssSaysWhatFits()
    {
        var timeline = Timeline.Open(new() { PathOctets = 1400, MaxPathOctets = 1400 });
        timeline.Expect("S 0 mss 1340");
        timeline.Send("SA 0 ack 1 mss 8000");
        timeline.Take();
        timeline.Write(2680);
        timeline.Expect("A 1+1340 ack 1", "A 1341+1340 ack 1");
    }
}
