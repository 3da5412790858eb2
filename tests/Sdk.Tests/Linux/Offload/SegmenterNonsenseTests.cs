using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Tests.Linux.Offload.OffloadPackets;

namespace TeredoSdk.Tests.Linux.Offload;

/// <summary>What the kernel says of a packet is believed only as far as the packet bears it out.</summary>
sealed unsafe class SegmenterNonsenseTests : SegmenterFixture
{
    static IEnumerable<TestCaseData> Nonsense()
    {
        byte[] tcp = SetPseudoHeaderSum(Tcp(1, Payload(50))), udp = SetPseudoHeaderSum(Udp(Payload(50)));
        byte[] none = SetPseudoHeaderSum(Udp(Payload(10)));
        TestCaseData Case(string name, byte[] packet, Func<VirtioHeader, VirtioHeader>? header = null, Action<byte[]>? change = null,
            int? length = null)
        {
            byte[] copy = [.. packet];
            change?.Invoke(copy);
            var whole = ReferenceEquals(packet, none) ? Header(packet, 20) with { GsoType = 0 } : Header(packet, 20);
            return new TestCaseData(header?.Invoke(whole) ?? whole, copy, length ?? copy.Length).SetArgDisplayNames(name);
        }

        foreach (byte type in new byte[] { 1, 2, 3, 6, 7, 0x80, 0x81, 0x85, 255 })
            yield return Case($"type {type}", tcp, header => header with { GsoType = type });
        foreach (byte[] packet in new[] { tcp, udp })
        {
            string name = packet == tcp ? "tcp" : "udp";
            yield return Case($"{name}: size 0", packet, header => header with { GsoSize = 0 });
            yield return Case($"{name}: no checksum needed", packet, header => header with { Flags = VirtioHeader.DataValid });
            foreach (ushort start in new ushort[] { 0, 20, 39, 41, 48, 80, 89, 110, 65535 })
                yield return Case($"{name}: start {start}", packet, header => header with { ChecksumStart = start });
            foreach (ushort offset in new ushort[] { 0, 2, 7, 15, 18, 65535 })
                yield return Case($"{name}: offset {offset}", packet, header => header with { ChecksumOffset = offset });
            yield return Case($"{name}: the other's type", packet,
                header => header with { GsoType = (byte)(9 - header.GsoType), ChecksumOffset = (ushort)(22 - header.ChecksumOffset) });
            yield return Case($"{name}: IPv4", packet, change: octets => octets[0] = 0x45);
            yield return Case($"{name}: length of IPv6 too short", packet, change: octets => octets[5]--);
            yield return Case($"{name}: length of IPv6 too long", packet, change: octets => octets[5]++);
            yield return Case($"{name}: another next header", packet, change: octets => octets[6] = NextHeader.Icmpv6);
            yield return Case($"{name}: a fragment", packet, change: octets => octets[6] = NextHeader.Fragment);
            yield return Case($"{name}: an extension header that leads beyond", packet, header => header with { ChecksumStart = 48 },
                octets => (octets[6], octets[40], octets[41]) = (60, packet[6], 200));
            yield return Case($"{name}: extension headers without an end", packet, header => header with { ChecksumStart = 48 },
                octets => (octets[6], octets[40], octets[41]) = (60, 60, 200));
            foreach (int length in new[] { 0, 1, 39, 40, 47, 59 })
                yield return Case($"{name}: {length} octets", packet, length: length);
        }
        yield return Case("tcp: no payload", SetPseudoHeaderSum(Tcp(1, [])));
        yield return Case("udp: no payload", SetPseudoHeaderSum(Udp([])));
        foreach (int offset in new[] { 0, 4 })
            yield return Case($"tcp: data offset {offset}", tcp, change: octets => octets[52] = (byte)(offset << 4));
        yield return Case("tcp: data offset beyond the packet", SetPseudoHeaderSum(Tcp(1, Payload(39))), change: octets => octets[52] = 0xF0);
        yield return Case("udp: another length", udp, change: octets => octets[45]--);
        byte[] longExtension = Extension(NextHeader.Tcp, 48);
        byte[] longHeader = SetPseudoHeaderSum(Tcp(1, Payload(50), options: Timestamps(1), extensions: longExtension), 88);
        yield return Case("tcp: header of 120 octets", longHeader, header => Header(longHeader, 20, 88));
        byte[] longSegments = SetPseudoHeaderSum(Udp(Payload(5000)));
        yield return Case("udp: datagrams longer than a batch takes", longSegments,
            header => header with { GsoSize = DatagramBatch.MaxDatagramOctets - 48 + 1 });
        byte[] many = SetPseudoHeaderSum(Udp(Payload(DatagramBatch.Capacity + 1)));
        yield return Case("udp: more datagrams than a batch takes", many, header => header with { GsoSize = 1 });
        foreach (ushort start in new ushort[] { 0, 20, 39, 51, 52, 58, 65535 })
            yield return Case($"ordinary: start {start}", none, header => header with { ChecksumStart = start });
        yield return Case("ordinary: field half beyond the end", none, header => header with { ChecksumOffset = 17 });
        yield return Case("ordinary: field far beyond", none, header => header with { ChecksumOffset = 65535 });
        yield return Case("ordinary: empty", none, length: 0);
        yield return Case("ordinary: negative", none, length: -1);
        byte[] tooLong = Udp(Payload(DatagramBatch.MaxDatagramOctets - 47));
        yield return Case("ordinary: longer than a batch takes", tooLong, header => header with { GsoType = VirtioHeader.GsoNone });
    }

    [TestCaseSource(nameof(Nonsense))]
    public void Cut_Nonsense_AddsNothing(VirtioHeader header, byte[] packet, int length)
    {
        byte* place = Arena.Put(packet);
        Assert.That(Segmenter.TryCut(header, place, length, Batch), Is.False);
        Assert.That((Batch.Count, Batch.Groups.Length), Is.EqualTo((0, 0)));
        Assert.That(Arena.Octets.ToArray(), Is.EqualTo(packet));
    }

    [Test]
    public void Cut_MoreSegmentsThanRoom_AddsNothing()
    {
        byte[] packet = SetPseudoHeaderSum(Udp(Payload(DatagramBatch.Capacity - 2)));
        Assert.That(Cut(Header(packet, 1), packet), Has.Count.EqualTo(DatagramBatch.Capacity - 2));
        byte[] three = SetPseudoHeaderSum(Udp(Payload(3))), two = SetPseudoHeaderSum(Udp(Payload(2)));
        Assert.That(Segmenter.TryCut(Header(three, 1), Arena.Put(three), three.Length, Batch), Is.False);
        Assert.That((Batch.Count, Batch.Groups.Length), Is.EqualTo((DatagramBatch.Capacity - 2, 1)));
        Assert.That(Segmenter.TryCut(Header(two, 1), Arena.Put(two), two.Length, Batch));
        Assert.That(Segmenter.TryCut(default, Arena.Put(two), two.Length, Batch), Is.False, "a full batch takes no ordinary packet either");
        Assert.That((Batch.Count, Batch.Groups.Length), Is.EqualTo((DatagramBatch.Capacity, 2)));
    }

    [Test]
    public void Cut_RandomHeaders_NeverAddMoreThanThePacket()
    {
        var random = new Random(12);
        int taken = 0;
        for (int round = 0; round < 5000; round++)
        {
            bool tcp = random.Next(2) == 0;
            byte[] packet = SetPseudoHeaderSum(tcp ? Tcp(1, Payload(random.Next(200))) : Udp(Payload(random.Next(200))));
            var header = Header(packet, random.Next(0, 100));
            for (int changes = random.Next(3); changes > 0; changes--)
                packet[random.Next(Math.Min(packet.Length, 64))] = (byte)random.Next(256);
            if (random.Next(3) == 0)
                header.ChecksumStart = (ushort)random.Next(packet.Length + 20);
            if (random.Next(3) == 0)
                header.GsoType = (byte)random.Next(8);
            Batch.Clear();
            Arena.Clear();
            byte* place = Arena.Put(packet);
            if (!Segmenter.TryCut(header, place, packet.Length, Batch))
            {
                Assert.That((Batch.Count, Batch.Groups.Length), Is.EqualTo((0, 0)));
                continue;
            }
            taken++;
            for (int i = 0; i < Batch.Count; i++)
            {
                var payload = Batch.Pieces[2 * i + 1];
                Assert.That(payload.Start >= place && payload.Start + payload.Length <= place + packet.Length);
            }
        }
        Assert.That(taken, Is.InRange(1000, 19000));
    }
}
