using TeredoSdk.Protocol.Tcp;
using static TeredoSdk.Protocol.Tcp.TcpFlags;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>What the path can carry, and what it says (RFC 4821, 8899, 8201, 5927, 3168).</summary>
public sealed class PathTests
{
    [TestCase(1300), TestCase(1252), TestCase(1060), TestCase(576)]
    public void APathThatIsTooSmall_AndSaysNothing_CarriesAMegabyte(int outerOctets)
    {
        const int length = 1_000_000;
        var pair = new TcpPair { PathOctets = outerOctets - 28 }.Connect();
        var start = pair.Now;
        pair.A.Send(TransferTests.Octets(length, 1), finish: true);
        pair.Run(() => pair.B.Octets.Length == length, TimeSpan.FromSeconds(20));
        Assert.That(pair.B.Octets.SequenceEqual(TransferTests.Octets(length, 1)));
    }

    [Test]
    public void ALargerPath_IsFound()
    {
        const int length = 2_000_000;
        var options = new TcpOptions { MaxPathOctets = 1452 };
        int largest = 0;
        var pair = new TcpPair(left: options, right: options) { PathOctets = 1400 };
        pair.Filter = (from, packet) =>
        {
            largest = packet.Length <= pair.PathOctets ? Math.Max(largest, packet.Length) : largest;
            return true;
        };
        pair.Connect();
        pair.A.Send(TransferTests.Octets(length, 1), finish: true);
        pair.Run(() => pair.B.Octets.Length == length, TimeSpan.FromSeconds(20));
        Assert.That(pair.B.Octets.SequenceEqual(TransferTests.Octets(length, 1)));
        Assert.That(largest, Is.InRange(1400 - 16, 1400));
    }

    // An outage says nothing of the size: behind it packets are as large as before, soon (RFC 8899 §4.3).
    [TestCase(5_000), TestCase(500_000)]
    [Conformance("8899-4.3-outage")]
    public void AnOutage_LeavesTheSizeOfPackets(int arrivedBefore)
    {
        const int length = 2_000_000;
        var pair = new TcpPair { Rate = 1_000_000, QueueOctets = 50_000 }.Connect();
        pair.A.Send(TransferTests.Octets(length, 1));
        pair.Run(() => pair.B.Count > arrivedBefore, TimeSpan.FromSeconds(5));
        int vanished = 0, smallest = int.MaxValue;
        pair.Filter = (_, packet) =>
        {
            vanished = packet.Length >= 500 ? packet.Length : vanished;
            return false;
        };
        pair.Run(TimeSpan.FromSeconds(7));
        Assert.That(vanished, Is.LessThan(1280), "it has tried smaller ones");
        pair.Filter = null;
        long restored = pair.B.Count + 100_000;
        pair.Run(() => pair.B.Count > restored, TimeSpan.FromSeconds(20));
        pair.Filter = (from, packet) =>
        {
            smallest = from == pair.A ? Math.Min(smallest, packet.Length) : smallest;
            return true;
        };
        pair.Run(() => pair.B.Count > restored + 500_000, TimeSpan.FromSeconds(20));
        Assert.That(smallest, Is.EqualTo(1280));
        Assert.That(pair.A.Connection.LargePacketsArrive, Is.True);
    }

    // The acknowledgment of the first transmission comes late: the large packet has arrived, and nothing was lost.
    [Test, Conformance("3522-3.2-undo")]
    public void ATimeoutThatWasWrong_LeavesTheSizeOfPackets_AndTheWindow()
    {
        var script = new TcpScript(new() { Pacing = false }).OpenActive();
        uint clock = 1;
        TcpScript.Edit Echo(uint echo) => (ref TcpHeader header) =>
            (header.MaxSegmentOctets, header.HasTimestamps, header.Timestamp, header.TimestampEcho) = (1220, true, clock++, echo);
        script.Send(Syn | Ack, 0, 1, edit: Echo(script.Next().Timestamp!.Value));
        script.Forget();
        script.Write(20 * 1208);
        uint first = script.Next().Timestamp!.Value;
        script.Wait(10);
        script.Forget();
        script.Send(Ack, 1, 1209, edit: Echo(first));
        script.Expect(Ack, 1 + 10 * 1208, 1, 1208); // behind the ten of before, of which none is sent again
    }

    // A probe that vanishes with all around it says nothing, and the search goes on.
    [Test]
    public void AProbeThatATimeoutMeets_IsRepeated()
    {
        var options = new TcpOptions { MaxPathOctets = 1452 };
        var pair = new TcpPair(left: options, right: options) { Rate = 1_000_000 }.Connect();
        Instant? outageEnds = null;
        int largest = 0;
        pair.Filter = (_, packet) =>
        {
            outageEnds ??= packet.Length > 1280 ? pair.Now + TimeSpan.FromMilliseconds(300) : null;
            if (pair.Now < outageEnds)
                return false;
            largest = Math.Max(largest, packet.Length);
            return true;
        };
        pair.A.Send(TransferTests.Octets(2_000_000, 1));
        pair.Run(() => pair.B.Count == 2_000_000, TimeSpan.FromSeconds(20));
        Assert.That(largest, Is.EqualTo(1452));
    }

    // RFC 9293 §3.7.4: what fills the packets of before is no full segment any more.
    [Test]
    public void ASizeThatHasGrown_IsThatOfAFullSegment()
    {
        var script = new TcpScript(new() { Timestamps = false, Pacing = false, PathOctets = 548 }).Establish();
        script.Write(40_000);
        int largest = 0, acknowledged = 1;
        while (acknowledged <= 40_000)
        {
            var segment = script.Next();
            largest = Math.Max(largest, segment.Length);
            acknowledged = (int)segment.Sequence + segment.Length;
            script.Send(Ack, 1, acknowledged);
        }
        Assert.That(largest, Is.EqualTo(1220));
        script.Write(600);
        script.Expect(Ack, 40_001, 1, 600);
        script.Write(600);
        script.ExpectNothing();
    }

    // RFC 8201 §4
    [Test]
    public void PacketTooBig_MakesSegmentsSmaller_WhenItQuotesWhatIsUnderWay()
    {
        var script = new TcpScript(new() { Timestamps = false, Pacing = false, PathOctets = 1400, MaxPathOctets = 1400 }).OpenActive();
        script.Send(Syn | Ack, 0, 1, edit: (ref TcpHeader header) => header.MaxSegmentOctets = 1340);
        script.Forget();
        script.Write(2680);
        script.Expect(Ack, 1, 1, 1340);
        script.Expect(Ack, 1341, 1, 1340);
        Assert.That(script.Connection.HandlePacketTooBig(script.Now, 1280, unchecked(TcpScript.Own + 5000)), Is.False, "of nothing that is under way");
        Assert.That(script.Connection.HandlePacketTooBig(script.Now, 600, TcpScript.Own + 1), Is.False, "below IPv6's minimum");
        script.Do((c, now) => Assert.That(c.HandlePacketTooBig(now, 1280, TcpScript.Own + 1)));
        script.Expect(Ack, 1, 1, 1220);
    }

    // RFC 5927 §5
    [Test]
    public void AnError_EndsTheAttempt_OnlyWhenItIsHardAndQuotesTheSyn()
    {
        var script = new TcpScript().OpenActive().Forget();
        script.Do((c, now) => Assert.That(c.HandleUnreachable(now, TcpScript.Own + 1, isHard: true), Is.False));
        script.Do((c, now) => Assert.That(c.HandleUnreachable(now, TcpScript.Own, isHard: false)));
        Assert.That(script.State, Is.EqualTo(TcpState.SynSent));
        script.Do((c, now) => c.HandleUnreachable(now, TcpScript.Own, isHard: true));
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Unreachable)));
    }

    [Test]
    public void AnError_DoesNotEndAConnection_ButSaysWhyItTimedOut()
    {
        var script = new TcpScript(new() { UserTimeout = TimeSpan.FromSeconds(10) }).Establish();
        script.Write(10);
        script.Do((c, now) => c.HandleUnreachable(now, TcpScript.Own + 1, isHard: true));
        Assert.That(script.State, Is.EqualTo(TcpState.Established));
        script.Wait(11);
        Assert.That((script.State, script.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.Unreachable)));
    }

    // RFC 3168 §6.1
    [Test]
    public void Ecn_IsNegotiated_Echoed_AndAnswered()
    {
        var script = new TcpScript(new() { Timestamps = false, Pacing = false, Ecn = true }).OpenActive();
        script.Expect(Syn | EcnEcho | WindowReduced, 0);
        script.Send(Syn | Ack | EcnEcho, 0, 1);
        script.Forget();
        script.Write(2440);
        Assert.That(script.Next().Ecn, Is.EqualTo(Ecn.Capable));
        script.Send(Ack | EcnEcho, 1, 1221);
        script.Forget();
        script.Write(1220);
        Assert.That(script.Next().Flags & WindowReduced, Is.EqualTo(WindowReduced));
        script.Mark = Ecn.Congestion;
        script.Send(Ack, 1, 3661, 1220);
        script.Mark = Ecn.Capable;
        script.Send(Ack, 1221, 3661, 1220);
        Assert.That(script.Next().Flags & EcnEcho, Is.EqualTo(EcnEcho));
        script.Send(Ack | WindowReduced, 2441, 3661, 1220);
        script.Send(Ack, 3661, 3661, 1220);
        Assert.That(script.Next().Flags & EcnEcho, Is.EqualTo(None));
    }
}
