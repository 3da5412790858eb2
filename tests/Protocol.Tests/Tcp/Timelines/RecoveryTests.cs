using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 5681 §3.2, RFC 2018 §5 and §8, and RFC 8985: what is sent again, and when. The round trip is 0.1 s.</summary>
sealed class RecoveryTests
{
    static readonly TcpOptions Unpaced = new() { Pacing = false };

    // 0.1 s after the start, with so many segments of 1000 octets under way.
    static Timeline Flight(int segments, string more = " sackok", TcpOptions? options = null)
    {
        var timeline = Timeline.Established("win 65535 mss 1000" + more, options ?? Unpaced, roundTrip: 0.1);
        timeline.Write(1000 * segments);
        Assert.That(timeline.Take(), Has.Length.EqualTo(segments));
        return timeline;
    }

    [Test, Conformance("5681-3.2-retransmit")]
    public void ThreeDuplicateAcks_RepeatTheFirstSegment()
    {
        var timeline = Flight(5, more: "");
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1");
        timeline.Send("A 1 ack 1");
        timeline.ExpectNothing();
        timeline.Send("A 1 ack 1");
        timeline.Expect("A 1+1000 ack 1");
        timeline.AdvanceTo(0.25);
        timeline.Send("A 1 ack 5001");
        timeline.Advance(5);
        timeline.ExpectNothing();
    }

    [Test, Conformance("5681-3.2-retransmit", "6582-3.2-partial")]
    public void PartialAck_RepeatsTheNextHole()
    {
        var timeline = Flight(5, more: "");
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1");
        timeline.Send("A 1 ack 1");
        timeline.Send("A 1 ack 1");
        timeline.Expect("A 1+1000 ack 1");
        timeline.AdvanceTo(0.3);
        timeline.Send("A 1 ack 2001"); // RFC 6582: 2001 is lost, too
        timeline.Expect("A 2001+1000 ack 1");
    }

    [Test, Conformance("8985-6.2-recent", "2018-5-skip")]
    public void SackOfThreeSegments_RepeatsWhatIsMissing_AndNothingElse()
    {
        var timeline = Flight(6);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1 sack 1001-2001,3001-5001");
        timeline.Take();
        timeline.AdvanceTo(0.24);
        timeline.Send("A 1 ack 1 sack 1001-2001,3001-6001");
        timeline.Advance(0.02);
        timeline.AdvanceTo(0.29);
        timeline.Send("A 1 ack 2001 sack 3001-6001");
        timeline.Advance(0.05);
        var repeated = timeline.Take();
        Assert.That(repeated.Select(segment => segment.Sequence).Where(sequence => sequence is not (1 or 2001)), Is.Empty);
    }

    [Test, Conformance("8985-6.2-recent")]
    public void SackOfThreeSegments_TheFirstIsRepeatedAtOnce()
    {
        var timeline = Flight(5);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1 sack 1001-4001");
        timeline.Expect("A 1+1000 ack 1");
    }

    [Test, Conformance("8985-6.2-time", "8985-6.2-reordering")]
    public void SackOfOneSegment_WaitsForAQuarterOfTheRoundTrip()
    {
        var timeline = Flight(5);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1 sack 1001-2001");
        timeline.ExpectAt(0.225, "A 1+1000 ack 1");
    }

    [Test, Conformance("8985-6.2-reordering")]
    public void SegmentThatIsLateByLess_IsNotRepeated()
    {
        var timeline = Flight(3);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1 sack 1001-2001");
        timeline.AdvanceTo(0.22);
        timeline.Send("A 1 ack 3001");
        timeline.Advance(10);
        timeline.ExpectNothing();
    }

    [Test, Conformance("8985-6.3-retransmission")]
    public void LostRetransmission_IsFoundByWhatWasSentAfterIt()
    {
        var timeline = Flight(5);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1 sack 1001-5001");
        timeline.Expect("A 1+1000 ack 1");
        timeline.AdvanceTo(0.21);
        timeline.Write(1000);
        timeline.Expect("A 5001+1000 ack 1");
        timeline.AdvanceTo(0.32);
        timeline.Send("A 1 ack 1 sack 1001-6001"); // sent 10 ms after the retransmission
        timeline.AdvanceTo(0.36);
        timeline.Expect("A 1+1000 ack 1");
    }

    [Test, Conformance("8985-7.2-probe", "8985-7.3-once")]
    public void TailLoss_IsProbedAfterTwoRoundTrips_Once()
    {
        var timeline = Flight(5);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 3001"); // SRTT 0.1, RTTVAR 0.0375: RTO 0.25, PTO 0.2
        timeline.ExpectAt(0.4, "A 4001+1000 ack 1");
        timeline.ExpectAt(0.65, "A 3001+1000 ack 1"); // the time-out counts from the probe
    }

    [Test, Conformance("8985-7.2-probe")]
    public void TailProbe_IsNewDataWhenThereIsSome()
    {
        var timeline = Timeline.Established("win 5000 mss 1000 sackok", Unpaced, roundTrip: 0.1);
        timeline.Write(5500);
        timeline.Take();
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 3001 win 2500"); // room for the 500 that Nagle holds
        timeline.ExpectAt(0.4, "A 5001+500 ack 1");
    }

    [Test, Conformance("8985-7.2-delayed")]
    public void TailProbe_OfOneSegment_WaitsForADelayedAck()
    {
        var timeline = Flight(1);
        timeline.ExpectAt(0.34, "A 1+1000 ack 1"); // 0.1 + 2 x 0.1 + 0.04
    }

    [Test, Conformance("8985-7.4-loss")]
    public void ProbeThatRepairedALoss_LowersTheWindow([Values] bool lost)
    {
        var timeline = Flight(10);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 9001"); // the window is 19 segments now
        timeline.ExpectAt(0.44, "A 9001+1000 ack 1");
        timeline.AdvanceTo(0.5);
        timeline.Send(lost ? "A 1 ack 10001" : "A 1 ack 10001 sack 9001-10001"); // or it came twice
        timeline.Write(60_000);
        int sent = timeline.Take().Sum(segment => segment.Length);
        Assert.That(sent, lost ? Is.InRange(12_000, 14_000) : Is.GreaterThanOrEqualTo(19_000));
    }

    [Test, Conformance("2018-8-renege")]
    public void Renege_WhatWasSackedAndThenForgotten_IsSentAgain()
    {
        var timeline = Flight(4);
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1 sack 1001-4001");
        timeline.Expect("A 1+1000 ack 1");
        timeline.AdvanceTo(0.3);
        timeline.Send("A 1 ack 1001"); // the peer has thrown the rest away
        timeline.Advance(20);
        Assert.That(timeline.Take(), Has.Some.Matches<Segment>(segment => segment is { Sequence: 1001, Length: > 0 }));
        timeline.Send("A 1 ack 4001");
        Assert.That(timeline.Connection.UnacknowledgedOctets, Is.Zero);
    }

    [Test, Conformance("2018-8-renege")]
    public void SackedData_IsKeptUntilItIsAcknowledged()
    {
        var timeline = Flight(4);
        timeline.Send("A 1 ack 1 sack 1001-4001");
        Assert.That(timeline.Connection.UnacknowledgedOctets, Is.EqualTo(4000));
    }
}
