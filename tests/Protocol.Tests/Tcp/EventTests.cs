using TeredoSdk.Protocol.Tcp;
using static TeredoSdk.Protocol.Tcp.TcpFlags;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>The event processing of RFC 9293 §3.10, row by row.</summary>
public sealed class EventTests
{
    // §3.10.1, OPEN
    [Test]
    public void Open_SendsASyn_WithTheOptions()
    {
        var script = new TcpScript(new()).OpenActive();
        var syn = script.Expect(Syn, 0);
        Assert.That((syn.MaxSegmentOctets, syn.Scale, syn.SackPermitted, syn.Timestamp), Is.EqualTo((1220, 7, true, (uint?)(100_000 + 5000))));
        Assert.That(script.State, Is.EqualTo(TcpState.SynSent));
    }

    // §3.10.2, SEND before the connection is established
    [Test]
    public void Send_InSynSent_WaitsForTheHandshake()
    {
        var script = new TcpScript().OpenActive();
        script.Expect(Syn, 0);
        script.Write(10);
        script.ExpectNothing();
        script.Send(Syn | Ack, 0, 1);
        script.Expect(Ack, 1, 1, 10);
    }

    // §3.10.4, CLOSE: in each state
    [Test]
    public void Close_InSynSent_DeletesTheConnection()
    {
        var script = new TcpScript().OpenActive();
        script.Expect(Syn, 0);
        script.Do((c, now) => c.Close(now));
        script.ExpectNothing();
        Assert.That(script.State, Is.EqualTo(TcpState.Closed));
    }

    [Test]
    public void Close_InSynReceived_SendsTheFinAfterTheHandshake()
    {
        var script = new TcpScript().OpenPassive();
        script.Expect(Syn | Ack, 0, 1);
        script.Do((c, now) => c.CompleteWriting(now));
        script.ExpectNothing();
        script.Send(Ack, 1, 1);
        script.Expect(Fin | Ack, 1, 1);
        Assert.That(script.State, Is.EqualTo(TcpState.FinWait1));
    }

    [Test]
    public void Close_InEstablished_SendsTheFinBehindTheData()
    {
        var script = new TcpScript().Establish();
        script.Write(3000);
        script.Do((c, now) => c.CompleteWriting(now));
        script.Expect(Ack, 1, 1, 1220);
        script.Expect(Ack, 1221, 1, 1220);
        script.Expect(Fin | Ack, 2441, 1, 560);
        Assert.That(script.State, Is.EqualTo(TcpState.FinWait1));
    }

    [Test]
    public void Close_InCloseWait_LeadsToLastAck()
    {
        var script = new TcpScript().Establish();
        script.Send(Fin | Ack, 1, 1);
        script.Expect(Ack, 1, 2);
        Assert.That((script.State, script.Connection.IsPeerFinished), Is.EqualTo((TcpState.CloseWait, true)));
        script.Write(5);
        script.Expect(Ack, 1, 2, 5);
        script.Do((c, now) => c.CompleteWriting(now));
        script.Expect(Fin | Ack, 6, 2);
        Assert.That(script.State, Is.EqualTo(TcpState.LastAck));
        script.Send(Ack, 2, 7);
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.None)));
    }

    [Test]
    public void Close_WithUnreadData_Resets()
    {
        var script = new TcpScript().Establish();
        script.Send(Ack, 1, 1, 100);
        script.Do((c, now) => c.Close(now));
        script.Expect(Reset | Ack, 1);
        Assert.That(script.State, Is.EqualTo(TcpState.Closed));
    }

    [Test]
    public void DataAfterClose_Resets()
    {
        var script = new TcpScript().Establish();
        script.Do((c, now) => c.Close(now));
        script.Expect(Fin | Ack, 1, 1);
        script.Send(Ack, 1, 2);
        Assert.That(script.State, Is.EqualTo(TcpState.FinWait2));
        script.Send(Ack, 1, 2, 10);
        script.Expect(Reset | Ack, 2);
    }

    // §3.10.5, ABORT: in each state
    [Test]
    public void Abort_SendsAReset_WhereThePeerKnowsTheConnection()
    {
        foreach (var script in new[] { new TcpScript().OpenPassive(), new TcpScript().Establish(), InFinWait2(), InCloseWait() })
        {
            script.Forget();
            script.Do((c, now) => c.Abort(now));
            Assert.That(script.Next().Flags & Reset, Is.EqualTo(Reset));
            Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Aborted)));
        }
        foreach (var script in new[] { new TcpScript().OpenActive(), InLastAck(), InTimeWait() })
        {
            script.Forget();
            script.Do((c, now) => c.Abort(now));
            script.ExpectNothing();
            Assert.That(script.State, Is.EqualTo(TcpState.Closed));
        }
    }

    // §3.10.7.1, CLOSED
    [Test]
    public void Closed_TakesNothing()
    {
        var script = new TcpScript().OpenActive();
        script.Do((c, now) => c.Abort(now));
        script.Forget();
        Assert.That(script.Send(Ack, 1, 1, 10), Is.False);
        script.ExpectNothing();
    }

    // §3.10.7.3, SYN-SENT
    [TestCase(0), TestCase(2), TestCase(-5)]
    public void SynSent_AnAckOfWhatWasNotSent_IsReset(int ack)
    {
        var script = new TcpScript().OpenActive().Forget();
        script.Send(Ack, 7, ack);
        script.Expect(Reset, ack);
        script.Send(Reset | Ack, 7, ack);
        script.ExpectNothing();
        Assert.That(script.State, Is.EqualTo(TcpState.SynSent));
    }

    [Test]
    public void SynSent_AReset_Refuses()
    {
        var script = new TcpScript().OpenActive().Forget();
        script.Send(Reset, 0, 0);
        Assert.That(script.State, Is.EqualTo(TcpState.SynSent), "without ACK it may be anybody's");
        script.Send(Reset | Ack, 0, 1);
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Refused)));
        Assert.That(script.Take(), Is.EqualTo(TcpChanges.Closed | TcpChanges.Finished | TcpChanges.Readable | TcpChanges.Writable));
        script.ExpectNothing();
    }

    [Test]
    public void SynSent_ASynAck_Establishes_AndItsDataCounts()
    {
        var script = new TcpScript().OpenActive().Forget();
        script.Send(Syn | Ack, 0, 1, 0);
        script.Expect(Ack, 1, 1);
        Assert.That((script.State, script.Take() & TcpChanges.Connected), Is.EqualTo((TcpState.Established, TcpChanges.Connected)));
    }

    [Test]
    public void SynSent_ASyn_OpensSimultaneously()
    {
        var script = new TcpScript().OpenActive().Forget();
        script.Send(Syn, 0, 0);
        script.Expect(Syn | Ack, 0, 1);
        Assert.That(script.State, Is.EqualTo(TcpState.SynReceived));
        script.Send(Syn | Ack, 0, 1); // its number is not acceptable, so it is acknowledged (§3.5, figure 7)
        script.Send(Ack, 1, 1);
        Assert.That(script.State, Is.EqualTo(TcpState.Established));
    }

    [Test]
    public void SynSent_NeitherSynNorReset_IsDropped()
    {
        var script = new TcpScript().OpenActive().Forget();
        Assert.That(script.Send(Ack, 0, 1, 5), Is.False);
        script.ExpectNothing();
        Assert.That(script.State, Is.EqualTo(TcpState.SynSent));
    }

    // §3.10.7.4, first: sequence numbers
    [TestCase(1, 0, true), TestCase(0, 0, false), TestCase(65537, 0, true), TestCase(65538, 0, false)]
    [TestCase(0, 1, false), TestCase(0, 2, true), TestCase(65536, 1, true), TestCase(65537, 1, false), TestCase(-70000, 10, false)]
    public void Established_TakesWhatIsInTheWindow_AndAcknowledgesTheRest(int sequence, int length, bool isAcceptable)
    {
        var script = new TcpScript().Establish();
        Assert.That(script.Send(Ack, sequence, 1, length), Is.EqualTo(isAcceptable));
        if (!isAcceptable)
            script.Expect(Ack, 1, 1);
    }

    // Second, with RFC 5961 §3.2
    [Test]
    public void Established_AReset_MustHaveTheExactNumber()
    {
        var script = new TcpScript().Establish();
        script.Send(Reset, 0, 1);
        script.Send(Reset, 70_000, 1);
        script.ExpectNothing();
        script.Send(Reset, 2, 1);
        script.Expect(Ack, 1, 1);
        Assert.That(script.State, Is.EqualTo(TcpState.Established));
        script.Send(Reset, 1, 1);
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Reset)));
    }

    [Test]
    public void AReset_InSynReceived_EndsTheAttempt()
    {
        var passive = new TcpScript().OpenPassive();
        passive.Send(Reset, 1, 0);
        Assert.That((passive.State, passive.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Reset)));
        var active = new TcpScript().OpenActive();
        active.Send(Syn, 0, 0);
        active.Send(Reset, 1, 0);
        Assert.That((active.State, active.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Refused)));
    }

    [Test]
    public void AReset_InTheLastStates_IsNoError()
    {
        foreach (var (script, number) in new[] { (InClosing(), 2), (InLastAck(), 2), (InTimeWait(), 2) })
        {
            script.Send(Reset, number, 0);
            Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.None)));
        }
    }

    // Fourth, with RFC 5961 §4.2
    [TestCase(1), TestCase(0), TestCase(100), TestCase(1_000_000)]
    public void Established_ASyn_IsChallenged(int sequence)
    {
        var script = new TcpScript().Establish();
        script.Send(Syn, sequence, 0);
        script.Expect(Ack, 1, 1);
        Assert.That(script.State, Is.EqualTo(TcpState.Established));
    }

    [Test]
    public void SynReceived_TheSameSyn_IsAnsweredAgain()
    {
        var script = new TcpScript().OpenPassive();
        script.Expect(Syn | Ack, 0, 1);
        script.Send(Syn, 0, 0);
        script.Expect(Syn | Ack, 0, 1);
    }

    [Test]
    public void Challenges_AreLimited()
    {
        var script = new TcpScript().Establish();
        for (int i = 0; i < 1000; i++)
            script.Send(Syn, i, 0);
        int count = 0;
        while (script.TryNext(out _))
            count++;
        Assert.That(count, Is.EqualTo(10));
    }

    // Fifth: the ACK field
    [Test]
    public void Established_WithoutAck_IsDropped()
    {
        var script = new TcpScript().Establish();
        Assert.That(script.Send(None, 1, 0, 10), Is.False);
        Assert.That(script.Connection.ReadableOctets, Is.Zero);
    }

    [TestCase(0), TestCase(2), TestCase(-10)]
    public void SynReceived_AWrongAck_IsReset(int ack)
    {
        var script = new TcpScript().OpenPassive().Forget();
        script.Send(Ack, 1, ack);
        script.Expect(Reset, ack);
        Assert.That(script.State, Is.EqualTo(TcpState.SynReceived));
    }

    [TestCase(2), TestCase(1_000_000), TestCase(-100_000)]
    public void Established_AnAckOfWhatWasNotSent_OrLongAgo_IsChallenged(int ack)
    {
        var script = new TcpScript().Establish();
        Assert.That(script.Send(Ack, 1, ack, 10), Is.False);
        script.Expect(Ack, 1, 1);
        Assert.That(script.Connection.ReadableOctets, Is.Zero, "RFC 5961 §5.2: its data is dropped too");
    }

    [Test]
    public void AnOldSegment_DoesNotBringBackAnOldWindow()
    {
        var script = new TcpScript().Establish();
        script.Send(Ack, 1, 1, 10);
        script.Window = 1;
        script.Send(Ack, 1, 1); // older than the last one
        script.Forget();
        script.Write(1000);
        script.Expect(Ack, 1, 11, 1000);
    }

    // Sixth: urgent data is data
    [Test]
    public void UrgentData_IsReadInPlace()
    {
        var script = new TcpScript().Establish();
        script.Send(Ack | Urgent, 1, 1, 10);
        Assert.That(script.Read(100), Is.EqualTo(TcpScript.Letters(1, 10)));
    }

    // Seventh and eighth: text and FIN
    [Test]
    public void Fin_AheadOfAGap_CountsWhenTheGapIsFilled()
    {
        var script = new TcpScript().Establish();
        script.Send(Fin | Ack, 11, 1, 10);
        Assert.That(script.State, Is.EqualTo(TcpState.Established));
        Assert.That(script.Next().Sacks, Is.EqualTo(" 11-21"));
        script.Send(Ack, 1, 1, 10);
        Assert.That(script.State, Is.EqualTo(TcpState.CloseWait));
        script.Expect(Ack, 1, 22);
        Assert.That(script.Read(100), Is.EqualTo(TcpScript.Letters(1, 20)));
        Assert.That(script.Connection.IsPeerFinished);
    }

    [Test]
    public void FinWait1_AFinAndAnAckTogether_LeadToTimeWait()
    {
        var script = new TcpScript().Establish();
        script.Do((c, now) => c.CompleteWriting(now));
        script.Expect(Fin | Ack, 1, 1);
        script.Send(Fin | Ack, 1, 2);
        script.Expect(Ack, 2, 2);
        Assert.That(script.State, Is.EqualTo(TcpState.TimeWait));
    }

    [Test]
    public void SimultaneousClose_LeadsThroughClosing()
    {
        var script = InClosing();
        script.Send(Ack, 2, 2);
        Assert.That((script.State, script.Take() & TcpChanges.Finished), Is.EqualTo((TcpState.TimeWait, TcpChanges.Finished)));
    }

    [Test]
    public void HalfClosed_DataStillComes()
    {
        var script = InFinWait2();
        script.Send(Ack, 1, 2, 1000);
        Assert.That(script.Read(2000), Has.Length.EqualTo(1000));
        script.Send(Fin | Ack, 1001, 2);
        Assert.That(script.State, Is.EqualTo(TcpState.TimeWait));
    }

    [Test]
    public void TimeWait_EndsAfterTwoLifetimes_FromTheLastFin()
    {
        var script = InTimeWait();
        script.Wait(50);
        script.Send(Fin | Ack, 1, 2);
        script.Expect(Ack, 2, 2);
        script.Wait(59);
        Assert.That(script.State, Is.EqualTo(TcpState.TimeWait));
        script.Wait(2);
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.None)));
        Assert.That(script.Connection.NextDeadline, Is.Null);
    }

    // §3.10.8, time-outs
    [Test]
    public void UserTimeout_EndsTheConnection()
    {
        var script = new TcpScript(new() { UserTimeout = TimeSpan.FromSeconds(20) }).Establish();
        script.Write(10);
        script.Wait(19.9);
        Assert.That(script.State, Is.EqualTo(TcpState.Established));
        script.Wait(0.2);
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.TimedOut)));
    }

    [Test]
    public void RetransmissionTimeout_OfTheSyn_DoublesUntilTheAttemptEnds()
    {
        var script = new TcpScript().OpenActive();
        script.Expect(Syn, 0);
        double[] waits = [1, 2, 4, 8, 16, 32, 60];
        foreach (double wait in waits)
        {
            script.Wait(wait - 0.001);
            script.ExpectNothing();
            script.Wait(0.001);
            script.Expect(Syn, 0);
        }
        script.Wait(180);
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.TimedOut)));
    }

    static TcpScript InFinWait2()
    {
        var script = new TcpScript().Establish();
        script.Do((c, now) => c.CompleteWriting(now));
        script.Send(Ack, 1, 2);
        Assert.That(script.State, Is.EqualTo(TcpState.FinWait2));
        return script.Forget();
    }

    static TcpScript InCloseWait()
    {
        var script = new TcpScript().Establish();
        script.Send(Fin | Ack, 1, 1);
        Assert.That(script.State, Is.EqualTo(TcpState.CloseWait));
        return script.Forget();
    }

    static TcpScript InClosing()
    {
        var script = new TcpScript().Establish();
        script.Do((c, now) => c.CompleteWriting(now));
        script.Send(Fin | Ack, 1, 1);
        Assert.That(script.State, Is.EqualTo(TcpState.Closing));
        return script.Forget();
    }

    static TcpScript InLastAck()
    {
        var script = InCloseWait();
        script.Do((c, now) => c.CompleteWriting(now));
        Assert.That(script.State, Is.EqualTo(TcpState.LastAck));
        return script.Forget();
    }

    static TcpScript InTimeWait()
    {
        var script = InFinWait2();
        script.Send(Fin | Ack, 1, 2);
        Assert.That(script.State, Is.EqualTo(TcpState.TimeWait));
        return script.Forget();
    }
}
