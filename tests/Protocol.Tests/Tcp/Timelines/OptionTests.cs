using System.Buffers.Binary;
using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 9293 §3.1 and §3.2, RFC 7323, RFC 2018 and RFC 2883: the header and its options.</summary>
sealed class OptionTests
{
    const byte End = 0, Nop = 1;

    static readonly byte[] Mss = [2, 4, 0x03, 0xE8];

    // A SYN,ACK with these options, which must fill whole words.
    static byte[] SynAck(Timeline timeline, params byte[] options)
    {
        byte[] plain = timeline.ToPacket("SA 0 ack 1 win 65535"), packet = [.. plain, .. options];
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(4), (ushort)(packet.Length - IPv6Packet.HeaderSize));
        packet[IPv6Packet.HeaderSize + 12] = (byte)((20 + options.Length) / 4 << 4);
        Segment.Seal(packet);
        return packet;
    }

    // How large the segments to a peer are whose SYN,ACK has these options.
    static int SegmentOctetsAfter(params byte[] options)
    {
        var timeline = Timeline.Open();
        timeline.Take();
        Assert.That(timeline.SendPacket(SynAck(timeline, options)), Is.True);
        timeline.Write(5000);
        return timeline.Take().First(segment => segment.Length > 0).Length;
    }

    [Test, Conformance("9293-MUST-4")]
    public void EndNopAndMss_AreKnown()
    {
        Assert.That(SegmentOctetsAfter(Mss), Is.EqualTo(1000));
        Assert.That(SegmentOctetsAfter([Nop, Nop, Nop, Nop, .. Mss]), Is.EqualTo(1000));
        Assert.That(SegmentOctetsAfter([.. Mss, End, 0, 0, 0]), Is.EqualTo(1000));
        Assert.That(SegmentOctetsAfter([End, 0, 0, 0, .. Mss]), Is.EqualTo(1220), "nothing behind the end counts");
    }

    [Test, Conformance("9293-MUST-6", "9293-MUST-68", "9293-MUST-64")]
    public void UnknownOptions_AreSteppedOver_AtAnyAlignment([Range(2, 9)] int length)
    {
        byte[] unknown = [253, (byte)length, .. Enumerable.Repeat((byte)2, length - 2)], options = [.. unknown, .. Mss];
        Assert.That(SegmentOctetsAfter([.. options, .. new byte[(4 - options.Length % 4) % 4]]), Is.EqualTo(1000));
    }

    [TestCase(2, 0), TestCase(2, 1), TestCase(2, 255), TestCase(253, 0), TestCase(253, 1), TestCase(253, 40), TestCase(2, 3), TestCase(3, 2), TestCase(8, 3), TestCase(5, 9), TestCase(5, 3)]
    [Conformance("9293-MUST-7")]
    public void IllegalLengths_DoNoHarm(int kind, int length) => Assert.That(SegmentOctetsAfter([(byte)kind, (byte)length, 3, 4]), Is.EqualTo(1220));

    [Test, Conformance("9293-MUST-7")]
    public void AnyOptions_ThrowNothing()
    {
        var random = new Random(3);
        for (int i = 0; i < 3000; i++)
        {
            var timeline = Timeline.Open();
            byte[] options = new byte[4 * random.Next(0, 11)];
            random.NextBytes(options);
            timeline.SendPacket(SynAck(timeline, options));
            Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        }
    }

    [Test, Conformance("9293-MUST-5")]
    public void Options_AreTakenInAnySegment()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 ts 7000/0");
        timeline.Send("A 1+10 ack 1 ts 7777/0 mss 700");
        timeline.Advance(1);
        Assert.That(timeline.Take().Single()["ts"], Does.EndWith("/7777"));
    }

    [Test, Conformance("9293-MUST-69")]
    public void Headers_AreWholeWords()
    {
        foreach (var segment in new[] { "S 0 mss 1000", "S 0 mss 1000 ws 7", "S 0 mss 1000 sackok", "S 0 mss 1000 ts 1/0", "S 0 mss 1000 ws 1 sackok ts 1/0" })
        {
            byte[] packet = Segment.Parse(segment).ToPacket(new(IPv6Address.Parse("::2"), 1, IPv6Address.Parse("::3"), 2), 0, 0, []);
            Assert.That(packet.Length % 4, Is.Zero);
            Assert.That(packet[IPv6Packet.HeaderSize + 12] >> 4, Is.EqualTo((packet.Length - IPv6Packet.HeaderSize) / 4));
        }
    }

    [Test, Conformance("9293-MUST-2", "9293-MUST-3")]
    public void SegmentWithABitFlipped_IsDropped()
    {
        var timeline = Timeline.Established(); // which checks the sum of all that it sends
        byte[] packet = timeline.ToPacket("A 1+20 ack 1");
        for (int bit = 8 * 8; bit < packet.Length * 8; bit++) // from the addresses on
        {
            packet[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.That(timeline.SendPacket(packet), Is.False, $"bit {bit}");
            packet[bit / 8] ^= (byte)(1 << bit % 8);
        }
        Assert.That(timeline.SendPacket(packet), Is.True);
        Assert.That(timeline.Read(), Is.EqualTo(20));
    }

    [Test, Conformance("7323-2.3-limit")]
    public void ShiftAbove14_IsUsedAs14([Values(14, 15, 255)] int shift)
    {
        var timeline = Timeline.Established($"win 65535 mss 1000 ws {shift}");
        timeline.Send("A 1 ack 1 win 1"); // 16,384
        timeline.Write(9000);
        Assert.That(timeline.Take().Sum(segment => segment.Length), Is.EqualTo(9000));
    }

    [Test, Conformance("7323-3.2-both")]
    public void Timestamps_AreInAllSegments_WhenBothSynsHadThem()
    {
        var timeline = Timeline.Open();
        Assert.That(timeline.Take().Single().Has("ts"), Is.True);
        timeline.Send("SA 0 ack 1 win 65535 mss 1000 ts 7000/0");
        timeline.Write(3000);
        timeline.Send("A 1+10 ack 1");
        timeline.CompleteWriting();
        timeline.Advance(5);
        Assert.That(timeline.Take().Select(segment => segment.Has("ts")), Is.All.True);

        timeline = Timeline.Established("win 65535 mss 1000");
        timeline.Write(3000);
        Assert.That(timeline.Take().Select(segment => segment.Has("ts")), Is.All.False);
        Timeline.Passive("S 0 mss 1000").Expect("SA 0 ack 1 ts none");
        Assert.That(Timeline.Passive("S 0 mss 1000 ts 500/0").Take().Single()["ts"], Does.EndWith("/500"));
    }

    [Test, Conformance("7323-3.2-missing")]
    public void WithoutTheAgreedTimestamp_ASegmentIsDropped_AResetIsNot()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 ts 7000/0");
        timeline.Send("A 1+10 ack 1 nots");
        timeline.Advance(1);
        Assert.That(timeline.Connection.ReadableOctets, Is.Zero);
        timeline.Send("R 1 nots");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
    }

    [Test, Conformance("7323-3.2-echo", "7323-4.3-recent")]
    public void Echo_IsOfTheFirstSegmentThatTheAckIsFor()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 ts 7000/0");
        timeline.Send("A 1+500 ack 1 ts 7100/0", "A 501+500 ack 1 ts 7200/0");
        timeline.Advance(1);
        Assert.That(timeline.Take()[^1]["ts"], Does.EndWith("/7100"), "a delayed ACK: the earliest of its segments");
        timeline.Send("A 2001+500 ack 1 ts 7400/0");
        Assert.That(timeline.Take().Single()["ts"], Does.EndWith("/7100"), "beyond a gap: the last one that moved the edge");
        timeline.Send("A 1001+1000 ack 1 ts 7300/0");
        Assert.That(timeline.Take().Single()["ts"], Does.EndWith("/7300"), "the gap is filled");
    }

    [Test, Conformance("7323-4.1-rtt")]
    public void RoundTrip_IsMeasuredOnAcksOfNewDataAlone()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 ts 7000/0", roundTrip: 0.1);
        timeline.Write(1000);
        timeline.Take();
        timeline.AdvanceTo(0.2);
        timeline.Send("A 1 ack 1001 ts 7100/100");
        var measured = timeline.Connection.RoundTrip;
        timeline.AdvanceTo(5);
        timeline.Send("A 1+10 ack 1001 ts 7200/100"); // echoes what is long acknowledged
        Assert.That(timeline.Connection.RoundTrip, Is.EqualTo(measured));
    }

    [Test, Conformance("7323-5.3-paws")]
    public void OlderTimestamp_TheSegmentIsDropped_AndAnswered_ButForAReset()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 ts 7000/0");
        timeline.Send("A 1+10 ack 1 ts 6999/0");
        timeline.Expect("A 1 ack 1");
        Assert.That(timeline.Connection.ReadableOctets, Is.Zero);
        timeline.Send("A 1+10 ack 1 ts 7000/0");
        Assert.That(timeline.Connection.ReadableOctets, Is.EqualTo(10));
        timeline.Send("R 11 ts 6000/0");
        Assert.That(timeline.State, Is.EqualTo(TcpState.Closed));
    }

    [Test, Conformance("7323-5.5-idle")]
    public void After24IdleDays_AnyTimestampIsTaken()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 ts 7000/0");
        timeline.Advance(TimeSpan.FromDays(23.9).TotalSeconds);
        timeline.Send("A 1+10 ack 1 ts 6999/0");
        Assert.That(timeline.Connection.ReadableOctets, Is.Zero);
        timeline.Advance(TimeSpan.FromDays(0.2).TotalSeconds);
        timeline.Send("A 1+10 ack 1 ts 6999/0");
        Assert.That(timeline.Connection.ReadableOctets, Is.EqualTo(10));
    }

    [Test, Conformance("7323-5.8-random")]
    public void Clock_HasAnOffsetOfItsOwn()
    {
        var at = Instant.FromSeconds(12.5);
        Assert.That(new TcpStart(1, 1_000_000).Timestamp(at), Is.EqualTo(1_012_500));
        Assert.That(new TcpStart(1, uint.MaxValue).Timestamp(at), Is.EqualTo(12_499));
    }

    [Test, Conformance("2018-2-permitted")]
    public void Sack_IsUsedOnlyWhenBothSynsPermitIt()
    {
        Timeline.Open().Expect("S 0 sackok");
        Timeline.Open(new() { Sack = false }).Expect("S 0 sackok none");
        Timeline.Passive("S 0 mss 1000").Expect("SA 0 ack 1 sackok none");
        Timeline.Passive("S 0 mss 1000 sackok").Expect("SA 0 ack 1 sackok");
        var timeline = Timeline.Established("win 65535 mss 1000");
        timeline.Send("A 1001+1000 ack 1");
        timeline.Expect("A 1 ack 1 sack none sackok none");
    }

    [Test, Conformance("2018-4-first", "2018-4-recent", "2018-4-each")]
    public void Blocks_TheLatestFirst_AsManyAsFit()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 sackok");
        timeline.Send("A 1001+100 ack 1");
        timeline.Expect("A 1 ack 1 sack 1001-1101");
        timeline.Send("A 3001+100 ack 1");
        timeline.Expect("A 1 ack 1 sack 3001-3101,1001-1101");
        timeline.Send("A 5001+100 ack 1");
        timeline.Send("A 7001+100 ack 1");
        timeline.Take();
        timeline.Send("A 9001+100 ack 1");
        timeline.Expect("A 1 ack 1 sack 9001-9101,7001-7101,5001-5101,3001-3101");
        timeline.Send("A 1101+100 ack 1");
        timeline.Expect("A 1 ack 1 sack 1001-1201,9001-9101,7001-7101,5001-5101");
        timeline.Write(10);
        timeline.Expect("A 1+10 ack 1 sack 1001-1201,9001-9101,7001-7101,5001-5101");
        timeline.Send("A 1+1000 ack 11");
        timeline.Expect("A 11 ack 1201 sack 9001-9101,7001-7101,5001-5101,3001-3101");
    }

    [Test, Conformance("2018-4-recent")]
    public void Blocks_BesideTimestamps_AreThree()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 sackok ts 7000/0");
        foreach (int start in new[] { 1001, 3001, 5001, 7001 })
            timeline.Send($"A {start}+100 ack 1");
        Assert.That(timeline.Take()[^1]["sack"], Is.EqualTo("7001-7101,5001-5101,3001-3101"));
    }

    [Test, Conformance("2883-4-duplicate")]
    public void Duplicate_IsToldOnce_AsTheFirstBlock()
    {
        var timeline = Timeline.Established("win 65535 mss 1000 sackok");
        timeline.Send("A 1+1000 ack 1");
        timeline.Send("A 1+1000 ack 1");
        timeline.Expect("A 1 ack 1001 sack 1-1001");
        timeline.Send("A 2001+500 ack 1");
        timeline.Expect("A 1 ack 1001 sack 2001-2501");
        timeline.Send("A 2001+500 ack 1");
        timeline.Expect("A 1 ack 1001 sack 2001-2501,2001-2501");
        timeline.Send("A 3001+500 ack 1");
        timeline.Expect("A 1 ack 1001 sack 3001-3501,2001-2501");
    }
}
