using FsCheck.Fluent;
using static TeredoSdk.Protocol.Tests.Client.PeerHarness;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Between trusted, fresh peers a packet is neither copied nor anything allocated; bursts decide as single calls do.</summary>
public sealed class FastPathTests
{
    const int Calls = 10_000;

    static readonly Peer Peer = Peer.Number();

    [Test]
    public void HandlePacket_ToATrustedPeer_AllocatesNothing()
    {
        var client = TrustedClient();
        byte[] packet = client.PacketTo(Peer.Address, 1200);
        AssertNoAllocation(() => client.Client.HandlePacket(client.Now, packet).Kind == VerdictKind.Send);
    }

    [Test]
    public void HandleDatagram_FromATrustedPeer_AllocatesNothing()
    {
        var client = TrustedClient();
        byte[] packet = Build.Udp(Peer.Address, client.Address, 1200);
        AssertNoAllocation(() => client.Client.HandleDatagram(client.Now, LocalPort.Service, Peer.Mapped, packet) == Verdict.Deliver(0, packet.Length));
    }

    [Test]
    public void HandlePackets_ToATrustedPeer_AllocatesNothing()
    {
        var client = TrustedClient();
        byte[] packet = client.PacketTo(Peer.Address, 1200);
        byte[] burst = [.. Enumerable.Repeat(packet, 16).SelectMany(p => p)];
        var verdicts = new Verdict[16];
        AssertNoAllocation(() => client.Client.HandlePackets(client.Now, burst, packet.Length, verdicts) == 16 && verdicts[15].Kind == VerdictKind.Send);
    }

    // A network device hands over packets that stand for many: 65,535 octets of payload at most.
    [Test]
    public void LongPacket_ToATrustedPeer_GoesWhereEachOfItsPacketsGoes_AndAllocatesNothing()
    {
        var client = TrustedClient();
        byte[] packet = client.PacketTo(Peer.Address, 65_000);
        var expected = client.Client.HandlePacket(client.Now, client.PacketTo(Peer.Address, 1200));
        Assert.That(client.Client.TryHandleLongPacket(client.Now, packet, out var verdict));
        Assert.That((verdict.Kind, verdict.Via, verdict.Target), Is.EqualTo((VerdictKind.Send, expected.Via, expected.Target)));
        AssertNoAllocation(() => client.Client.TryHandleLongPacket(client.Now, packet, out _));
    }

    [Test]
    public void LongPacket_ThatMustWaitOrIsWrong_ChangesNothing()
    {
        var client = TrustedClient();
        byte[] toStranger = client.PacketTo(Peer.Number(7).Address, 5000), toPeer = client.PacketTo(Peer.Address, 5000);
        int peers = client.Client.PeerCount;
        foreach (byte[] packet in new[] { toStranger, toPeer[..^1], [.. toPeer, 0], Build.Udp(Peer.Address, Peer.Address, 5000), [] })
            Assert.That(client.Client.TryHandleLongPacket(client.Now, packet, out _), Is.False);
        Assert.That(client.Client.PeerCount, Is.EqualTo(peers));
        Assert.That(Enum.GetValues<DropReason>().Sum(reason => client.Client.Drops[reason]), Is.Zero);
        Assert.That(client.Client.TryTakeTransmit(new byte[2000], out _), Is.False);
        Assert.That(client.Client.TryHandleLongPacket(client.Now + TimeSpan.FromSeconds(31), toPeer, out _), Is.False, "the peer is no longer fresh");
        Assert.That(client.Client.HandlePacket(client.Now, client.PacketTo(Peer.Number(7).Address, 100)).Kind, Is.EqualTo(VerdictKind.Held));
    }

    [Test]
    public void HandleDatagrams_FromATrustedPeer_AllocatesNothing()
    {
        var client = TrustedClient();
        byte[] packet = Build.Udp(Peer.Address, client.Address, 1200);
        byte[] burst = [.. Enumerable.Repeat(packet, 16).SelectMany(p => p)];
        var verdicts = new Verdict[16];
        AssertNoAllocation(() => client.Client.HandleDatagrams(client.Now, LocalPort.Service, Peer.Mapped, burst, packet.Length, verdicts) == 16
            && verdicts[15] == Verdict.Deliver(15 * packet.Length, packet.Length));
    }

    [Test]
    public void HandleDatagram_ManyPeersInTurn_AllocatesNothing()
    {
        var client = Qualified();
        byte[][] packets = [.. Enumerable.Range(0, 64).Select(i => Build.Udp(Peer.Number(i).Address, client.Address))];
        for (int i = 0; i < 64; i++)
            client.Trust(Peer.Number(i));
        IPv4Endpoint[] sources = [.. Enumerable.Range(0, 64).Select(i => Peer.Number(i).Mapped)];
        int next = 0;
        AssertNoAllocation(() =>
        {
            int i = next++ % 64;
            return client.Client.HandleDatagram(client.Now, LocalPort.Service, sources[i], packets[i]).Kind == VerdictKind.Deliver;
        });
    }

    [Test]
    public void HandleDatagram_Dropped_AllocatesNothing()
    {
        var client = TrustedClient();
        byte[] garbage = new byte[100];
        byte[] spoofed = Build.Udp(Peer.Address, client.Address);
        var elsewhere = Lab.Endpoint("6.6.6.6:6666");
        AssertNoAllocation(() => client.Client.HandleDatagram(client.Now, LocalPort.Service, elsewhere, garbage).Kind == VerdictKind.Dropped
            && client.Client.HandleDatagram(client.Now, LocalPort.Service, elsewhere, spoofed).Kind == VerdictKind.Dropped);
    }

    [Test]
    public void HandleDatagrams_MoreSegmentsThanVerdicts_IsAnArgumentException()
    {
        var client = TrustedClient();
        byte[] burst = new byte[201]; // two and one octet of a third
        Assert.That(() => client.Client.HandleDatagrams(client.Now, LocalPort.Service, Peer.Mapped, burst, 100, new Verdict[2]), Throws.ArgumentException);
        Assert.That(() => client.Client.HandlePackets(client.Now, burst, 100, new Verdict[2]), Throws.ArgumentException);
    }

    [Test]
    public void HandleDatagrams_LastSegmentIsShorter_OffsetsCountFromTheBuffersStart()
    {
        var client = TrustedClient();
        byte[] whole = Build.Udp(Peer.Address, client.Address, 100), last = Build.Udp(Peer.Address, client.Address, 20);
        byte[] burst = [.. whole, .. whole, .. last];
        var verdicts = new Verdict[8];
        Assert.That(client.Client.HandleDatagrams(client.Now, LocalPort.Service, Peer.Mapped, burst, whole.Length, verdicts), Is.EqualTo(3));
        Assert.That(verdicts[..3], Is.EqualTo(new[]
        {
            Verdict.Deliver(0, 148), Verdict.Deliver(148, 148), Verdict.Deliver(296, 68),
        }));
    }

    [Test]
    public void HandleDatagrams_AnyBurst_DecidesAsSingleCallsDo() =>
        PropertySeed.Check(Prop.ForAll<byte[], bool>(CompareDatagrams));

    [Test]
    public void HandlePackets_AnyBurst_DecidesAsSingleCallsDo() =>
        PropertySeed.Check(Prop.ForAll<byte[], bool>(ComparePackets));

    static void CompareDatagrams(byte[] kinds, bool trusted)
    {
        ClientHarness one = Qualified(), burst = Qualified();
        if (trusted)
        {
            one.Trust(Peer);
            burst.Trust(Peer);
        }
        byte[][] segments = [.. kinds.Select(k => Incoming(one.Address, k))];
        byte[] buffer = [.. segments.SelectMany(s => s)];
        var verdicts = new Verdict[kinds.Length];
        int count = burst.Client.HandleDatagrams(burst.Now, LocalPort.Service, Peer.Mapped, buffer, SegmentSize, verdicts);
        Assert.That(count, Is.EqualTo(kinds.Length));
        for (int i = 0; i < count; i++)
        {
            var single = one.Client.HandleDatagram(one.Now, LocalPort.Service, Peer.Mapped, segments[i]);
            var expected = (single, i * SegmentSize);
            Assert.That(Meaning((verdicts[i], 0)), Is.EqualTo(Meaning(expected)), $"segment {i} of kind {kinds[i] % 6}");
        }
        CompareRest(one, burst);
    }

    static void ComparePackets(byte[] kinds, bool trusted)
    {
        ClientHarness one = Qualified(), burst = Qualified();
        if (trusted)
        {
            one.Trust(Peer);
            burst.Trust(Peer);
        }
        byte[][] segments = [.. kinds.Select(k => Outgoing(one.Address, k))];
        byte[] buffer = [.. segments.SelectMany(s => s)];
        var verdicts = new Verdict[kinds.Length];
        Assert.That(burst.Client.HandlePackets(burst.Now, buffer, SegmentSize, verdicts), Is.EqualTo(kinds.Length));
        for (int i = 0; i < kinds.Length; i++)
        {
            var single = one.Client.HandlePacket(one.Now, segments[i]);
            var expected = (single, i * SegmentSize);
            Assert.That(Meaning((verdicts[i], 0)), Is.EqualTo(Meaning(expected)), $"segment {i} of kind {kinds[i] % 4}");
        }
        CompareRest(one, burst);
    }

    /// <summary>What a verdict says; where the range starts counts only when there is one.</summary>
    static (VerdictKind, DropReason, int Start, int Length, LocalPort, IPv4Endpoint) Meaning((Verdict Verdict, int At) v) =>
        (v.Verdict.Kind, v.Verdict.Reason, v.Verdict.Kind is VerdictKind.Deliver or VerdictKind.Send ? v.Verdict.Offset + v.At : 0,
            v.Verdict.Length, v.Verdict.Via, v.Verdict.Target);

    /// <summary>The same counters, the same answers.</summary>
    static void CompareRest(ClientHarness one, ClientHarness burst)
    {
        foreach (var reason in Enum.GetValues<DropReason>())
            Assert.That(burst.Client.Drops[reason], Is.EqualTo(one.Client.Drops[reason]), $"{reason}");
        one.Advance(0);
        burst.Advance(0);
        byte[] left = new byte[65536], right = new byte[65536];
        while (one.Client.TryTakeTransmit(left, out var expected))
        {
            Assert.That(burst.Client.TryTakeTransmit(right, out var actual), Is.True);
            Assert.That(actual, Is.EqualTo(expected));
            Assert.That(right.AsSpan(0, actual.Length).SequenceEqual(left.AsSpan(0, expected.Length)), Is.True);
        }
        Assert.That(burst.Client.TryTakeTransmit(right, out _), Is.False);
    }

    const int SegmentSize = 80;

    static byte[] Incoming(IPv6Address own, byte kind) => (kind % 6) switch
    {
        0 => Padded(Build.Bubble(Peer.Address, own)),
        1 => Build.Udp(Peer.Address, Native, SegmentSize - 48),
        2 => Build.Udp(Peer.Number(1).Address, own, SegmentSize - 48),
        3 => new byte[SegmentSize],
        4 => Build.Udp(Native, own, SegmentSize - 48),
        _ => Build.Udp(Peer.Address, own, SegmentSize - 48),
    };

    static byte[] Outgoing(IPv6Address own, byte kind) => (kind % 4) switch
    {
        0 => Build.Udp(own, Peer.Number(1).Address, SegmentSize - 48),
        1 => Build.Udp(Native, Peer.Address, SegmentSize - 48),
        2 => new byte[SegmentSize],
        _ => Build.Udp(own, Peer.Address, SegmentSize - 48),
    };

    /// <summary>Trailers that are skipped fill the segment.</summary>
    static byte[] Padded(byte[] packet) => [.. packet, .. new byte[SegmentSize - packet.Length]];

    static ClientHarness TrustedClient()
    {
        var client = Qualified();
        client.Trust(Peer);
        client.SendTo(Peer.Address);
        return client;
    }

    static void AssertNoAllocation(Func<bool> call)
    {
        bool all = true;
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < Calls; i++)
                all &= call();
        });
        Assert.That(all, Is.True);
    }
}
