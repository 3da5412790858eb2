using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Tests.Linux.Offload.OffloadPackets;

namespace TeredoSdk.Tests.Linux.Offload;

/// <summary>Several flows are joined side by side, and each keeps its order.</summary>
sealed unsafe class CoalescerFlowTests : CoalescerFixture
{
    [Test]
    public void Join_WrongChecksum_CostsThatPacketOnly([Values] bool tcp, [Values(0, 4, 9)] int wrong, [Values(0, 3, 8, 46, 47, 70)] int octet)
    {
        byte[][] packets = tcp ? Train(10, 40) : Enumerable.Range(0, 10).Select(i => Udp(Payload(40, i))).ToArray();
        octet = octet < 40 ? 48 + octet : octet; // in the headers after the ports, in UDP's checksum or in the payload
        packets[wrong][octet] ^= 0x55;
        var written = Join(packets);
        Assert.That(written.Counts, Is.EqualTo(new[] { wrong, 1, 9 - wrong }.Where(count => count > 0)));
        Assert.That(written.Parts, Is.EqualTo(packets), "all in order, the wrong one as it came");
        var alone = written.Written[wrong == 0 ? 0 : 1];
        Assert.That((alone.Header, alone.Packet), Is.EqualTo((default(VirtioHeader), packets[wrong])));
    }

    [Test]
    public void Join_UdpWithoutChecksum_StaysAlone()
    {
        // All else adds up to all ones, so a checksum of 0 looks right.
        byte[] zero = Udp([0, 0]);
        (zero[48], zero[49]) = (zero[46], zero[47]);
        (zero[46], zero[47]) = (0, 0);
        Assert.That(InternetChecksum.Verify(Source, Destination, NextHeader.Udp, zero.AsSpan(40)));
        Assert.That(Join(zero, zero).Counts, Is.EqualTo([1, 1]));
        (zero[46], zero[47]) = (0xFF, 0xFF);
        Assert.That(Join(zero, zero).Counts, Is.EqualTo([2]));
    }

    [Test]
    public void Join_WrongChecksum_EndsNoOtherFlow()
    {
        byte[][] one = Train(4, 40, port: 1), other = Train(4, 40, port: 2);
        one[1][80] ^= 1;
        var written = Join(one.Zip(other).SelectMany(pair => new[] { pair.First, pair.Second }).ToArray());
        Assert.That(written.Counts, Is.EqualTo([1, 4, 1, 2]));
    }

    [Test]
    public void Join_Sixteen_FlowsAtOnce()
    {
        byte[][][] flows = Enumerable.Range(0, 16).Select(flow => Train(5, 40, port: (ushort)(flow + 1))).ToArray();
        var written = Join(Enumerable.Range(0, 5).SelectMany(i => flows.Select(flow => flow[i])).ToArray());
        Assert.That(written.Counts, Is.EqualTo(Enumerable.Repeat(5, 16)));
        Assert.That(written.Parts, Is.EqualTo(flows.SelectMany(flow => flow)));
    }

    [Test]
    public void Join_SeventeenthFlow_EndsTheOldestRun()
    {
        byte[][][] flows = Enumerable.Range(0, 17).Select(flow => Train(3, 40, port: (ushort)(flow + 1))).ToArray();
        List<byte[]> packets = [.. flows.Take(16).Select(flow => flow[0]), flows[0][1], flows[16][0]];
        packets.AddRange([flows[1][1], flows[16][1]]); // the others go on
        packets.Add(flows[0][2]); // the first flow begins a new run and ends the second flow's
        packets.AddRange([flows[1][2], flows[2][1]]); // which ends the third flow's
        var written = Join([.. packets]);
        Assert.That(written.Counts, Is.EqualTo([2, 2, 1, .. Enumerable.Repeat(1, 13), 2, 1, 1, 1]));
        foreach (byte[][] flow in flows)
        {
            var own = written.Parts.Where(part => part[41] == flow[0][41]).ToList();
            Assert.That(own, Is.EqualTo(flow.Take(own.Count)));
        }
    }

    [Test]
    public void Join_FreeSlot_IsUsedBeforeARunEnds()
    {
        byte[][][] flows = Enumerable.Range(0, 17).Select(flow => Train(3, 40, port: (ushort)(flow + 1))).ToArray();
        flows[9][1][53] |= Psh; // ends the run of the tenth flow
        SetChecksum(flows[9][1]);
        List<byte[]> packets = [.. flows.Take(16).Select(flow => flow[0]), flows[9][1], flows[16][0], flows[0][1], flows[16][1]];
        Assert.That(Join([.. packets]).Counts, Is.EqualTo([2, .. Enumerable.Repeat(1, 8), 2, .. Enumerable.Repeat(1, 6), 2]));
    }

    [Test]
    public void Join_TcpAndUdpOfEqualPorts_AreTwoFlows()
    {
        byte[][] tcp = Train(2, 40), udp = [Udp(Payload(40)), Udp(Payload(40))];
        Assert.That(Join(tcp[0], udp[0], tcp[1], udp[1]).Counts, Is.EqualTo([2, 2]));
    }

    [TestCase(8), TestCase(15), TestCase(16), TestCase(23), TestCase(24), TestCase(39), TestCase(40), TestCase(43)]
    public void Join_OneOctetOfAddressesOrPortsDifferent_IsAnotherFlow(int octet)
    {
        byte[][] packets = Train(3, 40);
        packets[1][octet] ^= 1;
        SetChecksum(packets[1]);
        Assert.That(Join(packets).Written, Has.Count.EqualTo(3), "the gap is no join");
        packets = Train(4, 40);
        byte[] stranger = Tcp(1, Payload(40));
        stranger[octet] ^= 1;
        Assert.That(Join(packets[0], SetChecksum(stranger), packets[1], packets[2]).Counts, Is.EqualTo([3, 1]));
    }

    [Test]
    public void Join_FlowsThatLookAlike_AreKeptApart()
    {
        // Two octets of the addresses differ so that the fingerprints are equal.
        byte[][] one = Train(3, 40), other = Train(3, 40);
        foreach (byte[] packet in other)
        {
            packet[16] ^= 1;
            packet[36] ^= 1;
            SetChecksum(packet);
        }
        Assert.That(FingerprintOf(other[0]), Is.EqualTo(FingerprintOf(one[0])));
        byte[][] packets = [one[0], other[1], other[2], one[1], one[2]];
        var written = Join(packets);
        Assert.That(written.Counts, Is.EqualTo([1, 2, 2]));
        Assert.That(written.Parts, Is.EqualTo(packets));
    }

    [Test]
    public void Fingerprint_DependsOnEachBitOfAddressesAndPorts()
    {
        byte[] packet = Tcp(1, Payload(40));
        ulong own = FingerprintOf(packet);
        Assert.That(FingerprintOf(Udp(Payload(40))), Is.Not.EqualTo(own));
        for (int bit = 8 * 8; bit < 44 * 8; bit++)
        {
            packet[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.That(FingerprintOf(packet), Is.Not.EqualTo(own), $"bit {bit}");
            packet[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    ulong FingerprintOf(byte[] packet)
    {
        Assert.That(IPv6Packet.TryParse(packet, out var ip));
        Assert.That(Arrival.TryParse(Arena.Put(packet), ip, packet.Length, true, out var arrival));
        return arrival.Fingerprint;
    }

    [Test]
    public void Join_Fragment_EndsRunsBetweenItsAddresses()
    {
        byte[] fragment = Udp(Payload(40), extensions: Extension(NextHeader.Udp), firstExtension: NextHeader.Fragment);
        byte[] stranger = [.. fragment];
        stranger[39] ^= 1;
        byte[][] udp = Enumerable.Range(0, 3).Select(i => Udp(Payload(40, i))).ToArray();
        Assert.That(Join(udp[0], udp[1], stranger, udp[2]).Counts, Is.EqualTo([3, 1]));
        var written = Join(udp[0], udp[1], fragment, udp[2]);
        Assert.That(written.Written.Select(one => one.Packet[6]), Is.EqualTo(new[] { NextHeader.Udp, NextHeader.Fragment, NextHeader.Udp }));
    }

    [Test]
    public void Join_ExtensionHeader_StaysAlone([Values] bool tcp)
    {
        byte[] extension = Extension(tcp ? NextHeader.Tcp : NextHeader.Udp);
        byte[][] packets = Enumerable.Range(0, 3)
            .Select(i => tcp ? Tcp((uint)i * 40, Payload(40), extensions: extension) : Udp(Payload(40), extensions: extension)).ToArray();
        var written = Join(packets);
        Assert.That(written.Written.Select(one => one.Packet), Is.EqualTo(packets));
        Assert.That(written.Written.All(one => one.Header.Equals(default(VirtioHeader))));
    }

    [Test]
    public void Join_WhatTheDeviceDoesNotTake_StaysAlone([Values] bool tcp, [Values] bool udp)
    {
        byte[][] packets = [.. Train(3, 40), Udp(Payload(40)), Udp(Payload(40)), Udp(Payload(40))];
        var written = Join(new Coalescer(tcp, udp), packets);
        Assert.That(written.Counts, Is.EqualTo([.. tcp ? [3] : new[] { 1, 1, 1 }, .. udp ? [3] : new[] { 1, 1, 1 }]));
    }

    [Test]
    public void Flush_EndsEverything()
    {
        var coalescer = new Coalescer(tcp: true, udp: true);
        byte[][] packets = Train(4, 40);
        Assert.That(Join(coalescer, packets[..2]).Counts, Is.EqualTo([2]));
        Assert.That(Join(coalescer, packets[2..]).Counts, Is.EqualTo([2]));
        Assert.That(Join(coalescer).Written, Is.Empty);
    }

    [Test]
    public void Join_AnyStream_IsJoinedAsTheReferenceJoinsIt([Range(1, 8)] int seed)
    {
        var random = new Random(seed);
        var coalescer = new Coalescer(tcp: true, udp: true);
        int joined = 0;
        for (int burst = 0; burst < 20; burst++)
        {
            byte[][] packets = [.. new PacketStream(random).Take(random.Next(1, 200))];
            var written = Join(coalescer, packets);
            var expected = CoalescerReference.Join(packets);
            Assert.That(written.Counts, Is.EqualTo(expected.Select(run => run.Count)), $"burst {burst}");
            Assert.That(written.Parts, Is.EqualTo(expected.SelectMany(run => run)), $"burst {burst}");
            joined += packets.Length - expected.Count;
        }
        Assert.That(joined, Is.GreaterThan(200), "the streams have much to join");
    }
}
