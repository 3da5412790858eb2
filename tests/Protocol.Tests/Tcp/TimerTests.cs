using TeredoSdk.Protocol.Tcp;
using static TeredoSdk.Protocol.Tcp.TcpFlags;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Windows, acknowledgments and timers, by the sections that ask for them.</summary>
public sealed class TimerTests
{
    // RFC 9293 §3.8.6.3, RFC 5681 §4.2
    [Test]
    public void ASingleSegment_IsAcknowledgedAfterAWhile()
    {
        var script = new TcpScript().Establish();
        script.Send(Ack, 1, 1, 10);
        script.Wait(0.039);
        script.ExpectNothing();
        script.Wait(0.002);
        script.Expect(Ack, 1, 11);
    }

    [Test]
    public void TheSecondFullSegment_IsAcknowledgedAtOnce()
    {
        var script = new TcpScript().Establish();
        script.Send(Ack, 1, 1, 1220);
        script.ExpectNothing();
        script.Send(Ack, 1221, 1, 1220);
        script.Expect(Ack, 1, 2441);
    }

    [Test]
    public void ABurst_IsAcknowledgedOnce()
    {
        var script = new TcpScript().Establish();
        script.SendTogether([.. Enumerable.Range(0, 8).Select(i => (Ack, 1 + i * 1220L, 1L, 1220))]);
        script.Expect(Ack, 1, 1 + 8 * 1220);
        script.ExpectNothing();
    }

    [Test]
    public void ACoalescedSegment_IsTakenWhole()
    {
        var script = new TcpScript(new() { Timestamps = false, InitialReceiveBufferOctets = 200_000 }).Establish();
        script.Send(Ack, 1, 1, 60_000);
        script.Expect(Ack, 1, 60_001);
        Assert.That(script.Read(100_000), Is.EqualTo(TcpScript.Letters(1, 60_000)));
    }

    [Test]
    public void AGap_IsAcknowledgedAtOnce_AndSoIsWhatFillsIt()
    {
        var script = new TcpScript().Establish();
        script.Send(Ack, 101, 1, 100);
        Assert.That(script.Expect(Ack, 1, 1).Sacks, Is.EqualTo(" 101-201"));
        script.Send(Ack, 301, 1, 100);
        Assert.That(script.Expect(Ack, 1, 1).Sacks, Is.EqualTo(" 301-401 101-201"), "RFC 2018 §4: the newest first");
        script.Send(Ack, 1, 1, 100);
        Assert.That(script.Expect(Ack, 1, 201).Sacks, Is.EqualTo(" 301-401"));
        script.Send(Ack, 201, 1, 100);
        Assert.That(script.Expect(Ack, 1, 401).Sacks, Is.Empty);
        Assert.That(script.Read(1000), Is.EqualTo(TcpScript.Letters(1, 400)));
    }

    // RFC 2883 §4.1, §4.2
    [Test]
    public void ADuplicate_IsToldFirst()
    {
        var script = new TcpScript().Establish();
        script.Send(Ack, 1, 1, 100);
        script.Send(Ack, 1, 1, 100);
        Assert.That(script.Expect(Ack, 1, 101).Sacks, Is.EqualTo(" 1-101"));
        script.Send(Ack, 201, 1, 100);
        script.Expect(Ack, 1, 101);
        script.Send(Ack, 201, 1, 100);
        Assert.That(script.Expect(Ack, 1, 101).Sacks, Is.EqualTo(" 201-301 201-301"));
    }

    // RFC 9293 §3.7.4
    [Test]
    public void Nagle_HoldsASmallSegment_WhileOneIsUnderWay()
    {
        var script = new TcpScript().Establish();
        script.Write(10);
        script.Expect(Ack, 1, 1, 10);
        script.Write(10);
        script.Write(10);
        script.ExpectNothing();
        script.Send(Ack, 1, 11);
        script.Expect(Ack, 11, 1, 20);
        script.Write(1300);
        script.Expect(Ack, 31, 1, 1220);
        script.ExpectNothing();
    }

    [Test]
    public void WithoutNagle_NothingWaits()
    {
        var script = new TcpScript(new() { Timestamps = false, Nagle = false }).Establish();
        script.Write(10);
        script.Write(10);
        script.Expect(Ack, 1, 1, 10);
        script.Expect(Ack, 11, 1, 10);
    }

    // RFC 9293 §3.8.6.2.1
    [Test]
    public void ASmallWindow_IsNotFilledWithSmallSegments()
    {
        var script = new TcpScript().Establish();
        script.Write(1220);
        script.Forget();
        script.Window = 300;
        script.Send(Ack, 1, 1221);
        script.Write(5000);
        script.ExpectNothing(); // 300 octets are less than a segment and than half the largest window
        script.Wait(0.3);
        script.Expect(Ack, 1221, 1, 300); // the override timeout
    }

    // RFC 9293 §3.8.6.1
    [Test]
    public void AShutWindow_IsProbed_AndNeverGivenUp_WhileThePeerAnswers()
    {
        var script = new TcpScript(new() { Timestamps = false, UserTimeout = TimeSpan.FromSeconds(130) }).Establish();
        script.Window = 0;
        script.Send(Ack, 1, 1);
        script.Write(5000);
        script.ExpectNothing();
        var waits = new List<double>();
        var last = script.Now;
        for (int probes = 0; probes < 12;)
        {
            script.Wait(0.05);
            Assert.That(script.Now - last, Is.LessThan(TimeSpan.FromSeconds(62)));
            if (!script.TryNext(out var probe))
                continue;
            Assert.That((probe.Sequence, probe.Length), Is.EqualTo((1u, 1)));
            waits.Add((script.Now - last).TotalSeconds);
            last = script.Now;
            probes++;
            script.Send(Ack, 1, 1);
        }
        Assert.That(script.State, Is.EqualTo(TcpState.Established));
        Assert.That(waits[^1], Is.InRange(59, 61), "the wait doubles up to a minute");
        script.Window = 10_000;
        script.Send(Ack, 1, 1);
        script.Expect(Ack, 1, 1, 1);
        script.Expect(Ack, 2, 1, 1220);
    }

    [Test]
    public void AShutWindow_OfASilentPeer_EndsTheConnection()
    {
        var script = new TcpScript(new() { Timestamps = false, UserTimeout = TimeSpan.FromSeconds(100) }).Establish();
        script.Window = 0;
        script.Send(Ack, 1, 1);
        script.Write(5000);
        script.Wait(110);
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.TimedOut)));
    }

    [Test]
    public void TwoShutWindows_OpenAgain()
    {
        var small = new TcpOptions { InitialReceiveBufferOctets = 5000, MaxReceiveBufferOctets = 5000 };
        var pair = new TcpPair(1, small, small).Connect();
        (pair.A.IsReading, pair.B.IsReading) = (false, false);
        byte[] octets = TransferTests.Octets(50_000, 1);
        pair.A.Send(octets);
        pair.B.Send(octets);
        pair.Run(TimeSpan.FromSeconds(20));
        Assert.That((pair.A.Connection.ReadableOctets, pair.B.Connection.ReadableOctets), Is.EqualTo((5000, 5000)));
        pair.A.IsReading = true;
        pair.A.Drain();
        pair.Run(() => pair.A.Octets.Length == octets.Length, TimeSpan.FromSeconds(30));
        pair.B.IsReading = true;
        pair.B.Drain();
        pair.Run(() => pair.B.Octets.Length == octets.Length, TimeSpan.FromSeconds(30));
    }

    // RFC 9293 §3.8.6.2.2
    [Test]
    public void OurWindow_Shuts_AndOpensByLargeSteps()
    {
        var script = new TcpScript(new() { Timestamps = false, WindowScale = false, InitialReceiveBufferOctets = 6000, MaxReceiveBufferOctets = 6000 }).Establish();
        for (int i = 0; i < 6; i++)
            script.Send(Ack, 1 + i * 1000, 1, 1000);
        TcpScript.Segment? last = null;
        for (int i = 0; i < 3; i++)
            last = script.Next();
        script.Wait(1);
        Assert.That((last!.Acknowledgment, last.Window), Is.EqualTo((6001u, 0)));
        script.Forget();
        script.Read(1000);
        script.ExpectNothing();
        script.Read(1000);
        Assert.That(script.Expect(Ack, 1, 6001).Window, Is.EqualTo(2000));
        Assert.That(script.Send(Ack, 6001, 1, 3000), Is.True);
        Assert.That(script.Connection.ReadableOctets, Is.EqualTo(6000), "what is outside of the window is cut off");
    }

    // RFC 9293 §3.8.4
    [Test]
    public void KeepAlive_AsksASilentPeer_AndEndsTheConnection()
    {
        var options = new TcpOptions
        {
            Timestamps = false,
            KeepAliveTime = TimeSpan.FromSeconds(60),
            KeepAliveInterval = TimeSpan.FromSeconds(10),
            KeepAliveCount = 3,
        };
        var script = new TcpScript(options).Establish();
        script.Send(Ack, 1, 1);
        script.Wait(59);
        script.ExpectNothing();
        script.Wait(2);
        script.Expect(Ack, 0, 1);
        script.Send(Ack, 1, 1);
        script.Wait(57);
        script.ExpectNothing();
        script.Wait(4);
        for (int i = 0; i < 3; i++)
        {
            script.Expect(Ack, 0, 1);
            script.Wait(10);
        }
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.TimedOut)));
    }

    [Test]
    public void KeepAlive_OfThePeer_IsAnswered()
    {
        var script = new TcpScript().Establish();
        script.Send(Ack, 0, 1);
        script.Expect(Ack, 1, 1);
        script.Send(Ack, 0, 1, 1);
        script.Expect(Ack, 1, 1);
    }

    // RFC 6298 §5
    [Test]
    public void TheRetransmissionTimeout_DoublesAndResendsTheFirstSegment()
    {
        var script = new TcpScript(new() { Timestamps = false, Sack = false, Pacing = false }).Establish(sack: false);
        script.Write(2440);
        script.Expect(Ack, 1, 1, 1220);
        script.Expect(Ack, 1221, 1, 1220);
        foreach (var (wait, length) in new[] { (0.2, 1220), (0.4, 1212), (0.8, 1160) })
        {
            script.Wait(wait - 0.001);
            script.ExpectNothing();
            script.Wait(0.001);
            script.Expect(Ack, 1, 1, length); // RFC 8899 §4.3: what vanishes again and again may be too large
        }
        script.Send(Ack, 1, 1221);
        script.Expect(Ack, 1221, 1, 1160);
    }

    // RFC 5681 §3.2, RFC 6582
    [Test]
    public void WithoutSack_ThreeDuplicates_Resend_AndPartialAcknowledgmentsToo()
    {
        var script = new TcpScript(new() { Timestamps = false, Sack = false, Pacing = false, Congestion = TcpCongestion.NewReno }).Establish(sack: false);
        script.Write(12_200);
        script.Forget();
        script.Send(Ack, 1, 1);
        script.Send(Ack, 1, 1);
        script.ExpectNothing();
        script.Send(Ack, 1, 1);
        script.Expect(Ack, 1, 1, 1220);
        script.Forget();
        script.Send(Ack, 1, 2441);
        script.Expect(Ack, 2441, 1, 1220);
    }

    // RFC 8985 §6.2
    [Test]
    public void Rack_AHoleUnderThreeSegments_IsResent()
    {
        var script = Numbered(out _);
        script.Send(Ack, 1, 1, edit: Sack((1221, 4881)));
        script.Expect(Ack, 1, 1, 1220);
    }

    [Test]
    public void Rack_AHoleUnderOneSegment_WaitsForAQuarterRoundTrip()
    {
        var script = Numbered(out double roundTrip);
        script.Wait(roundTrip);
        script.Send(Ack, 1, 1, edit: Sack((1221, 2441)));
        script.ExpectNothing();
        script.Wait(roundTrip / 4 + 0.001);
        script.Expect(Ack, 1, 1, 1220);
    }

    // RFC 8985 §7: the last segment is lost
    [Test]
    public void TailLossProbe_ResendsTheLastSegment_AfterTwoRoundTrips()
    {
        var script = Numbered(out double roundTrip);
        script.Wait(2 * roundTrip - 0.001);
        script.ExpectNothing();
        script.Wait(0.002);
        script.Expect(Ack, 1 + 9 * 1220, 1, 1220);
        script.Wait(roundTrip);
        script.Send(Ack, 1, 1, edit: Sack((1 + 9 * 1220, 1 + 10 * 1220)));
        script.Wait(roundTrip);
        script.Expect(Ack, 1, 1, 1220);
    }

    // Ten segments under way, and a known round trip.
    static TcpScript Numbered(out double roundTrip)
    {
        roundTrip = 0.05;
        var script = new TcpScript(new() { Timestamps = false, Pacing = false }).OpenActive();
        script.Wait(roundTrip);
        script.Send(Syn | Ack, 0, 1, edit: (ref TcpHeader header) => (header.SackPermitted, header.MaxSegmentOctets) = (true, 1220));
        script.Forget();
        script.Write(12_200);
        Assert.That(script.Forget().State, Is.EqualTo(TcpState.Established));
        return script;
    }

    internal static TcpScript.Edit Sack(params (int Start, int End)[] blocks) => (ref TcpHeader header) =>
    {
        for (int i = 0; i < blocks.Length; i++)
            header.Sack[i] = (TcpScript.Own + (uint)blocks[i].Start, TcpScript.Own + (uint)blocks[i].End);
        header.SackCount = blocks.Length;
    };

    // A repetition had arrived, and its acknowledgment comes only after many more: the time between is that of our timeouts, and no round trip.
    [Test]
    public void AcknowledgmentsThatWereLost_MakeNoLongTimeout()
    {
        var script = new TcpScript(new() { Pacing = false }).OpenActive();
        uint clock = 1;
        TcpScript.Edit Echo(uint echo) => (ref TcpHeader header) =>
            (header.HasTimestamps, header.Timestamp, header.TimestampEcho) = (true, clock++, echo);
        script.Send(Syn | Ack, 0, 1, edit: Echo(script.Next().Timestamp!.Value));
        script.Forget();
        script.Write(100);
        script.Wait(2);
        _ = script.Next();
        uint second = script.Next().Timestamp!.Value;
        script.Wait(80);
        script.Send(Ack, 1, 101, edit: Echo(second));
        script.Forget();
        script.Write(100);
        script.Expect(Ack, 101, 1, 100);
        script.Wait(3);
        script.Expect(Ack, 101, 1, 100);
    }
}
