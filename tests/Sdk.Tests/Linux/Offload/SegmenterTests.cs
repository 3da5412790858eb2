using System.Buffers.Binary;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Tests.Linux.Offload.OffloadPackets;

namespace TeredoSdk.Tests.Linux.Offload;

/// <summary>What the kernel hands over as one packet is cut as a network card would cut it.</summary>
sealed unsafe class SegmenterTests : SegmenterFixture
{
    [Test]
    public void Cut_OrdinaryPacket_IsAddedAsItIs()
    {
        byte[] packet = Tcp(1, Payload(11));
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(56), 0xABCD); // not ours to mend
        var parts = Cut(new VirtioHeader { GsoSize = 5, ChecksumStart = 9999 }, packet);
        Assert.That(parts, Is.EqualTo([packet]));
        Assert.That((int)Batch.Pieces[0].Length, Is.Zero);
        Assert.That(Arena.Contains(Batch.Pieces[1].Start), "the payload stays where it is");
    }

    [Test]
    public void Cut_OrdinaryPacketWithoutChecksum_GetsItInPlace([Values(0, 1, 2, 777)] int payloadLength, [Values] bool tcp,
        [Values(0, 8)] int extension)
    {
        byte[] extensions = extension == 0 ? [] : Extension(tcp ? NextHeader.Tcp : NextHeader.Udp, extension);
        byte[] payload = Payload(payloadLength);
        byte[] whole = tcp ? Tcp(1, payload, extensions: extensions) : Udp(payload, extensions: extensions);
        byte[] packet = SetPseudoHeaderSum([.. whole], 40 + extension);
        var header = Header(packet, 0, 40 + extension) with { GsoType = VirtioHeader.GsoNone };
        Assert.That(Cut(header, packet), Is.EqualTo([whole]));
        Assert.That(Arena.Octets.ToArray(), Is.EqualTo(whole));
    }

    [Test]
    public void Cut_UdpChecksumThatIsZero_BecomesAllOnes([Values] bool cut)
    {
        // Two datagrams of 2 octets: the payload is the complement of the sum of all else, so the checksum is 0.
        byte[] one = Udp([0, 0]);
        one[40 + 8] = one[46];
        one[40 + 9] = one[47];
        var payload = one.AsSpan(48).ToArray();
        byte[] packet = SetPseudoHeaderSum(cut ? Udp([.. payload, .. payload]) : Udp(payload));
        var header = Header(packet, 2);
        if (!cut)
            header.GsoType = VirtioHeader.GsoNone;
        foreach (byte[] part in Cut(header, packet))
        {
            Assert.That(part[46..48], Is.EqualTo(new byte[] { 0xFF, 0xFF }));
            Assert.That(HasRightChecksum(part));
        }
        Assert.That(Batch.Count, Is.EqualTo(cut ? 2 : 1));
    }

    // No complement of a sum is all ones: for tshark it is an error.
    [Test]
    public void Cut_TcpChecksumThatIsZero_StaysZero()
    {
        byte[] one = Tcp(1, [0, 0]);
        byte[] packet = SetPseudoHeaderSum(Tcp(1, one[56..58]));
        var header = Header(packet, 2) with { GsoType = VirtioHeader.GsoNone };
        byte[] whole = Cut(header, packet).Single();
        Assert.That(whole[56..58], Is.EqualTo(new byte[] { 0, 0 }));
        Assert.That(HasRightChecksum(whole));
    }

    [Test]
    public void Cut_TcpSuperPacket_GivesSegmentsInOneGroup([Values(1, 99, 100, 101, 250, 300)] int payloadLength, [Values] bool timestamps)
    {
        byte[] payload = Payload(payloadLength), options = timestamps ? Timestamps(5) : [];
        byte[] packet = SetPseudoHeaderSum(Tcp(1000, payload, Ack | Psh, options));
        var parts = Cut(Header(packet, 100), packet);
        int headers = 60 + options.Length, count = (payloadLength + 99) / 100;
        Assert.That(parts, Has.Count.EqualTo(count));
        for (int i = 0; i < count; i++)
        {
            byte[] own = payload.Skip(i * 100).Take(100).ToArray();
            Assert.That(parts[i], Is.EqualTo(Tcp(1000 + (uint)i * 100, own, (byte)(i == count - 1 ? Ack | Psh : Ack), options)));
            Assert.That(HasRightChecksum(parts[i]));
        }
        Assert.That(Batch.Groups.Length, Is.EqualTo(1));
        var group = Batch.Groups[0];
        Assert.That((group.First, group.Count, group.SegmentSize), Is.EqualTo((0, count, headers + Math.Min(payloadLength, 100))));
        Assert.That(group.Whole.Octets.ToArray(), Is.EqualTo(packet));
        Assert.That(Arena.Octets.ToArray(), Is.EqualTo(packet), "a packet that is cut is not changed");
    }

    [Test]
    public void Cut_TcpFlags_StandWhereTheyBelong([Values] bool ecnBit)
    {
        byte[] packet = SetPseudoHeaderSum(Tcp(1, Payload(30), Ack | Psh | Fin | Cwr | Ece));
        var header = Header(packet, 10);
        if (ecnBit)
            header.GsoType |= VirtioHeader.GsoEcn;
        var parts = Cut(header, packet);
        Assert.That(parts.Select(part => part[53]), Is.EqualTo(new[] { Ack | Ece | Cwr, Ack | Ece, Ack | Ece | Psh | Fin }));
        Assert.That(parts.All(part => HasRightChecksum(part)));
    }

    [Test]
    public void Cut_SequenceNumber_WrapsRound()
    {
        byte[] packet = SetPseudoHeaderSum(Tcp(0xFFFF_FFF0, Payload(48)));
        var parts = Cut(Header(packet, 24), packet);
        Assert.That(parts.Select(part => BinaryPrimitives.ReadUInt32BigEndian(part.AsSpan(44))), Is.EqualTo(new[] { 0xFFFF_FFF0, 8u }));
        Assert.That(parts.All(part => HasRightChecksum(part)));
    }

    [Test]
    public void Cut_ExtensionHeaders_AreKept([Values] bool tcp)
    {
        byte next = tcp ? NextHeader.Tcp : NextHeader.Udp;
        byte[] extensions = [.. Extension(NextHeader.DestinationOptions), .. Extension(next, 16)];
        byte[] packet = tcp ? Tcp(1, Payload(50), extensions: extensions, firstExtension: NextHeader.HopByHop)
            : Udp(Payload(50), extensions: extensions, firstExtension: NextHeader.HopByHop);
        SetPseudoHeaderSum(packet, 64);
        var parts = Cut(Header(packet, 21, 64), packet);
        Assert.That(parts, Is.EqualTo(TakeApart(Header(packet, 21, 64), packet)));
        foreach (byte[] part in parts)
        {
            Assert.That(part[40..64], Is.EqualTo(extensions));
            Assert.That(part[6], Is.EqualTo(NextHeader.HopByHop));
            Assert.That(HasRightChecksum(part, 64));
        }
    }

    [Test]
    public void Cut_RoutingHeader_SumsTheFinalDestination()
    {
        // The kernel's sum covers the last address of the routing header (RFC 8200 §8.1), which is not the one in the IPv6 header.
        byte[] packet = SetPseudoHeaderSum(Tcp(1, Payload(20), extensions: Extension(NextHeader.Tcp), firstExtension: NextHeader.Routing), 48);
        Destination.Write(packet.AsSpan(24));
        packet[39] ^= 1;
        var parts = Cut(Header(packet, 10, 48), packet);
        Assert.That(parts, Has.Count.EqualTo(2));
        foreach (byte[] part in parts)
        {
            Assert.That(HasRightChecksum(part, 48), Is.False);
            part[39] ^= 1;
            Assert.That(HasRightChecksum(part, 48));
        }
    }

    [Test]
    public void Cut_HeaderLengthOfTheKernel_IsIgnored([Values(0, 1, 40, 65535)] int headerLength)
    {
        byte[] packet = SetPseudoHeaderSum(Tcp(1, Payload(50), options: Timestamps(1)));
        var header = Header(packet, 20) with { HeaderLength = (ushort)headerLength };
        Assert.That(Cut(header, packet), Is.EqualTo(TakeApart(header, packet)));
    }

    [Test]
    public void Cut_UdpSuperPacket_GivesDatagrams([Values(1, 2, 99, 100, 101, 333)] int payloadLength, [Values(1, 33, 100)] int size)
    {
        byte[] packet = SetPseudoHeaderSum(Udp(Payload(payloadLength)));
        var parts = Cut(Header(packet, size), packet);
        Assert.That(parts, Is.EqualTo(Payload(payloadLength).Chunk(size).Select(payload => Udp(payload))));
        Assert.That(parts.All(part => HasRightChecksum(part)));
    }

    [Test]
    public void Cut_LongestPacket_IsWhole()
    {
        byte[] packet = SetPseudoHeaderSum(Tcp(1, Payload(65515)));
        Assert.That(packet, Has.Length.EqualTo(40 + 65535));
        Assert.That(Cut(Header(packet, 1220), packet), Is.EqualTo(TakeApart(Header(packet, 1220), packet)));
    }

    [Test]
    public void Cut_HeaderOfAllOctetsThatABatchTakes_IsCut()
    {
        byte[] options = [.. Timestamps(1), .. Timestamps(2), .. Timestamps(3), 1, 1, 1, 1];
        byte[] packet = SetPseudoHeaderSum(Tcp(1, Payload(50), options: options));
        Assert.That(Cut(Header(packet, 20), packet), Is.EqualTo(TakeApart(Header(packet, 20), packet)));
        Assert.That((int)Batch.Pieces[0].Length, Is.EqualTo(DatagramBatch.HeaderOctets));
    }

    [Test]
    public void Cut_AnyPacket_GivesWhatTheReferenceGives()
    {
        var random = new Random(11);
        for (int round = 0; round < 500; round++)
        {
            bool tcp = random.Next(2) == 0;
            byte[] extensions = random.Next(3) == 0 ? Extension(tcp ? NextHeader.Tcp : NextHeader.Udp, 8 * random.Next(1, 3)) : [];
            int start = 40 + extensions.Length;
            byte[] payload = Payload(random.Next(1, 3000), round), options = random.Next(2) == 0 ? Timestamps((uint)random.Next()) : [];
            byte[] packet = tcp
                ? Tcp((uint)random.NextInt64(1L << 32), payload, (byte)random.Next(256), options, (ushort)random.Next(65536), extensions: extensions)
                : Udp(payload, (ushort)random.Next(65536), extensions);
            SetPseudoHeaderSum(packet, start);
            var header = Header(packet, random.Next(3, 1400), start);
            Batch.Clear();
            Arena.Clear();
            Assert.That(Cut(header, packet), Is.EqualTo(TakeApart(header, packet)), $"round {round}");
        }
    }

    [Test]
    public void Cut_SuperPacket_AllocatesNothing()
    {
        byte[] packet = SetPseudoHeaderSum(Tcp(1, Payload(60000)));
        byte* place = Arena.Put(packet);
        var header = Header(packet, 1220);
        Segmenter.TryCut(header, place, packet.Length, Batch);
        Batch.Clear();
        long before = GC.GetAllocatedBytesForCurrentThread();
        bool isCut = Segmenter.TryCut(header, place, packet.Length, Batch);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That(isCut);
    }

    [Test]
    public void Header_HasTheLayoutOfTheKernel()
    {
        Assert.That(sizeof(VirtioHeader), Is.EqualTo(VirtioHeader.Size));
        byte[] octets = [1, 4, 2, 0, 3, 0, 4, 0, 5, 0];
        fixed (byte* start = octets)
        {
            var header = *(VirtioHeader*)start;
            Assert.That((header.Flags, header.GsoType), Is.EqualTo((1, 4)));
            Assert.That((header.HeaderLength, header.GsoSize, header.ChecksumStart, header.ChecksumOffset), Is.EqualTo((2, 3, 4, 5)));
        }
    }
}
