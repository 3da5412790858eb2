using System.Buffers.Binary;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Tests.Linux.Offload.OffloadPackets;

namespace TeredoSdk.Tests.Linux.Offload;

/// <summary>Packets of the tunnel are joined only where the kernel makes the same packets of them again.</summary>
sealed unsafe class CoalescerTests : CoalescerFixture
{
    [Test]
    public void Join_TcpTrain_BecomesOnePacket([Values] bool timestamps, [Values] bool push, [Values(1, 51, 100)] int last)
    {
        byte[] options = timestamps ? Timestamps(3) : [], payload = Payload(300 + last);
        byte[][] packets = Train(4, 100, options, (byte)(push ? Ack | Psh : Ack), last);
        var (header, joined) = Only(Join(packets));
        byte[] expected = SetPseudoHeaderSum(Tcp(1, payload, (byte)(push ? Ack | Psh : Ack), options));
        Assert.That(joined, Is.EqualTo(expected));
        Assert.That(header, Is.EqualTo(new VirtioHeader
        {
            Flags = VirtioHeader.NeedsChecksum,
            GsoType = VirtioHeader.GsoTcpV6,
            HeaderLength = (ushort)(60 + options.Length),
            GsoSize = 100,
            ChecksumStart = 40,
            ChecksumOffset = 16,
        }));
        Assert.That(HasRightChecksum(SetChecksum(joined)), "the kernel can complete the checksum");
    }

    [Test]
    public void Join_UdpTrain_BecomesOnePacket([Values(1, 33, 77)] int last)
    {
        byte[] payload = Payload(2 * 77 + last);
        var (header, joined) = Only(Join(payload.Chunk(77).Select(own => Udp(own)).ToArray()));
        Assert.That(joined, Is.EqualTo(SetPseudoHeaderSum(Udp(payload))));
        Assert.That(header, Is.EqualTo(new VirtioHeader
        {
            Flags = VirtioHeader.NeedsChecksum,
            GsoType = VirtioHeader.GsoUdpL4,
            HeaderLength = 48,
            GsoSize = 77,
            ChecksumStart = 40,
            ChecksumOffset = 6,
        }));
    }

    [Test]
    public void Join_SinglePacket_IsWrittenAsItIs()
    {
        byte[] icmp = new byte[48];
        IPv6Packet.WriteHeader(icmp, 8, NextHeader.Icmpv6, 64, Source, Destination);
        byte[] followed = [.. Udp(Payload(9)), 0, 0];
        byte[] cutShort = Tcp(1, Payload(9))[..64], ipv4 = [0x45, .. new byte[19]];
        byte[][] transports = [Tcp(1, Payload(9)), Tcp(1, Payload(9), Ack | Psh), Tcp(1, []), Udp(Payload(9)), Udp([])];
        foreach (byte[] packet in (byte[][])[.. transports, icmp, followed, cutShort, ipv4, []])
        {
            var (header, written) = Only(Join(packet));
            Assert.That(written, Is.EqualTo(packet));
            Assert.That(header, Is.EqualTo(default(VirtioHeader)));
        }
    }

    static IEnumerable<TestCaseData> Differences()
    {
        static TestCaseData Case(string name, bool tcp, Action<byte[]> change) => new TestCaseData(tcp, change).SetArgDisplayNames(name);
        foreach (bool tcp in new[] { true, false })
        {
            string name = tcp ? "tcp" : "udp";
            yield return Case($"{name}: traffic class", tcp, packet => packet[0] ^= 1);
            yield return Case($"{name}: congestion experienced", tcp, packet => packet[1] ^= 0x30);
            yield return Case($"{name}: flow label", tcp, packet => packet[3] ^= 1);
            yield return Case($"{name}: hop limit", tcp, packet => packet[7]--);
        }
        foreach (int bit in Enumerable.Range(0, 8).Where(bit => 1 << bit != Psh))
            yield return Case($"flag {1 << bit}", true, packet => packet[53] ^= (byte)(1 << bit));
        yield return Case("sequence one more", true, packet => packet[47]++);
        yield return Case("sequence one less", true, packet => packet[47]--);
        yield return Case("sequence far away", true, packet => packet[44]++);
        yield return Case("acknowledgment", true, packet => packet[51]++);
        yield return Case("reserved bits", true, packet => packet[52] ^= 1);
        yield return Case("data offset", true, packet => packet[52] ^= 0x10);
        yield return Case("data offset below the least", true, packet => packet[52] = 0x40);
        yield return Case("data offset beyond the packet", true, packet => packet[52] = 0xF0);
        yield return Case("window", true, packet => packet[55]++);
        yield return Case("urgent pointer", true, packet => packet[59]++);
        yield return Case("timestamp", true, packet => packet[67]++);
        yield return Case("echo of the timestamp", true, packet => packet[71]++);
        yield return Case("UDP's length", false, packet => packet[45]--);
    }

    [TestCaseSource(nameof(Differences))]
    public void Join_AnythingDifferent_EndsTheRun(bool tcp, Action<byte[]> change)
    {
        // Six packets: the run of the first three ends before the changed one.
        byte[][] packets = tcp ? Train(6, 40, Timestamps(1)) : Payload(240).Chunk(40).Select(own => Udp(own)).ToArray();
        Assert.That(Join(packets).Counts, Is.EqualTo([6]), "unchanged");
        change(packets[3]);
        SetChecksum(packets[3]);
        var written = Join(packets);
        Assert.That(written.Parts, Is.EqualTo(packets));
        Assert.That(written.Counts.First(), Is.EqualTo(3));
        Assert.That(written.Counts.Skip(1).First(), Is.EqualTo(1));
    }

    static IEnumerable<TestCaseData> WhatNeverJoins()
    {
        static TestCaseData Case(string name, Action<byte[]> change) => new TestCaseData(change).SetArgDisplayNames(name);
        foreach (int bit in Enumerable.Range(0, 8).Where(bit => 1 << bit is not (Psh or Ack)))
            yield return Case($"flag {1 << bit}", packet => packet[53] |= (byte)(1 << bit));
        foreach (int bit in Enumerable.Range(0, 4))
            yield return Case($"reserved bit {1 << bit}", packet => packet[52] |= (byte)(1 << bit));
        yield return Case("no acknowledgment", packet => packet[53] = 0);
    }

    [TestCaseSource(nameof(WhatNeverJoins))]
    public void Join_SegmentsWithOtherFlags_StayAlone(Action<byte[]> change)
    {
        byte[][] packets = Train(3, 40);
        Assert.That(Join(packets).Counts, Is.EqualTo([3]), "unchanged");
        foreach (byte[] packet in packets)
        {
            change(packet);
            SetChecksum(packet);
        }
        Assert.That(Join(packets).Written.Select(one => one.Packet), Is.EqualTo(packets));
    }

    [Test]
    public void Join_DataOffsetBelowTheLeast_StaysAlone()
    {
        // The sequence numbers are as if the header had 16 octets.
        byte[][] packets = [.. Enumerable.Range(0, 3).Select(i => Tcp((uint)i * 44, Payload(40)))];
        foreach (byte[] packet in packets)
        {
            packet[52] = 0x40;
            SetChecksum(packet);
        }
        Assert.That(Join(packets).Written.Select(one => one.Packet), Is.EqualTo(packets));
    }

    [Test]
    public void Join_OctetsBehindThePackets_StayWithThem([Values] bool tcp)
    {
        byte[][] packets = tcp ? Train(3, 40) : [Udp(Payload(40)), Udp(Payload(40)), Udp(Payload(40))];
        packets = [.. packets.Select(packet => (byte[])[.. packet, 0, 0])];
        Assert.That(Join(packets).Written.Select(one => one.Packet), Is.EqualTo(packets));
    }

    [Test]
    public void Join_Push_EndsTheRun()
    {
        byte[][] packets = Train(6, 40);
        packets[2][53] |= Psh;
        SetChecksum(packets[2]);
        var written = Join(packets);
        Assert.That(written.Counts, Is.EqualTo([3, 3]));
        Assert.That(written.Written.Select(one => one.Packet[53]), Is.EqualTo(new[] { Ack | Psh, Ack }));
        Assert.That(written.Parts, Is.EqualTo(packets));
    }

    [Test]
    public void Join_PushOnTheFirst_LeavesItAlone()
    {
        byte[][] packets = Train(3, 40);
        packets[0][53] |= Psh;
        SetChecksum(packets[0]);
        Assert.That(Join(packets).Counts, Is.EqualTo([1, 2]));
    }

    [Test]
    public void Join_ShorterPacket_EndsTheRun([Values] bool tcp)
    {
        int[] lengths = [50, 50, 49, 50, 50, 51, 51];
        uint sequence = 1;
        List<byte[]> packets = [];
        foreach (int length in lengths)
        {
            packets.Add(tcp ? Tcp(sequence, Payload(length)) : Udp(Payload(length)));
            sequence += (uint)length;
        }
        var written = Join([.. packets]);
        Assert.That(written.Counts, Is.EqualTo([3, 2, 2]));
        Assert.That(written.Parts, Is.EqualTo(packets));
    }

    [Test]
    public void Join_EmptySegmentOrDatagram_StaysAlone([Values] bool tcp)
    {
        byte[][] packets = tcp ? [Tcp(1, Payload(5)), Tcp(6, []), Tcp(6, Payload(5)), Tcp(11, Payload(5))]
            : [Udp(Payload(5)), Udp([]), Udp(Payload(5)), Udp(Payload(5))];
        var written = Join(packets);
        Assert.That(written.Counts, Is.EqualTo([1, 1, 2]));
        Assert.That(written.Parts, Is.EqualTo(packets));
    }

    [Test]
    public void Join_SequenceNumber_WrapsRound()
    {
        byte[][] packets = Train(4, 100, first: 0xFFFF_FF00);
        Assert.That(Join(packets).Counts, Is.EqualTo([4]));
    }

    [Test]
    public void Join_Datagrams_AtMostSixteen()
    {
        byte[][] packets = Enumerable.Range(0, 35).Select(i => Udp(Payload(30, i))).ToArray();
        var written = Join(packets);
        Assert.That(written.Counts, Is.EqualTo([16, 16, 3]));
        Assert.That(written.Parts, Is.EqualTo(packets));
    }

    [Test]
    public void Join_Segments_AsManyAsThereArePieces()
    {
        byte[][] packets = Train(300, 10);
        var written = Join(packets);
        Assert.That(written.Counts, Is.EqualTo([Coalescer.MaxPieces - 1, Coalescer.MaxPieces - 1, 300 - 2 * (Coalescer.MaxPieces - 1)]));
        Assert.That(written.Parts, Is.EqualTo(packets));
    }

    [TestCase(20, 3275, 20, Description = "20 octets of header and 20 segments of 3275 are 65520")]
    [TestCase(20, 13103, 5, Description = "just 65535")]
    [TestCase(20, 13104, 4, Description = "five would be 65540")]
    public void Join_PayloadLength_FitsItsField(int count, int size, int expected)
    {
        byte[][] packets = Train(count, size);
        var written = Join(packets);
        Assert.That(written.Counts.First(), Is.EqualTo(expected));
        var longest = written.Written[0].Packet;
        Assert.That(BinaryPrimitives.ReadUInt16BigEndian(longest.AsSpan(4)), Is.EqualTo(longest.Length - 40));
        Assert.That(written.Parts, Is.EqualTo(packets));
    }

    [Test]
    public void Join_LongDatagrams_FitTheLengthField()
    {
        byte[][] packets = Enumerable.Range(0, 16).Select(i => Udp(Payload(5000, i))).ToArray();
        Assert.That(Join(packets).Counts, Is.EqualTo([13, 3]));
    }

    [Test]
    public void Join_CutPacket_GivesTheSamePacketAgain([Values] bool tcp, [Values] bool timestamps)
    {
        byte[] payload = Payload(15 * 1208 + 333);
        byte[] whole = SetPseudoHeaderSum(tcp ? Tcp(7, payload, Ack | Psh, timestamps ? Timestamps(2) : []) : Udp(payload));
        var batch = new Machine.Bursts.DatagramBatch();
        Assert.That(Segmenter.TryCut(Header(whole, 1208), Arena.Put(whole), whole.Length, batch));
        Assert.That(batch.Count, Is.EqualTo(16));
        byte[][] packets = new byte[batch.Count][];
        for (int i = 0; i < packets.Length; i++)
            batch.CopyTo(i, packets[i] = new byte[batch.LengthOf(i)]);
        var (header, joined) = Only(Join(packets));
        Assert.That(joined, Is.EqualTo(whole));
        Assert.That(header.GsoSize, Is.EqualTo(1208));
    }

    [Test]
    public void Join_Burst_AllocatesNothingAfterTheFirst()
    {
        var coalescer = new Coalescer(tcp: true, udp: true);
        byte[][] packets = [.. Train(500, 40), .. Enumerable.Range(0, 500).Select(i => Udp(Payload(30 + i % 3)))];
        byte*[] places = new byte*[packets.Length];
        for (int i = 0; i < packets.Length; i++)
            places[i] = Arena.Put(packets[i]);
        var counter = new Counter();
        long allocated = -1;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < packets.Length; i++)
                coalescer.Add(places[i], packets[i].Length);
            coalescer.Flush(counter);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Assert.That(allocated, Is.Zero);
        Assert.That(counter.Count, Is.GreaterThan(100));
    }

    sealed class Counter : IPacketWriter
    {
        public int Count { get; private set; }

        public void Write(in VirtioHeader header, Machine.Bursts.Piece* pieces, int count) => Count++;
    }
}
