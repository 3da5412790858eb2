using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>The host of all connections: who gets an answer, and what a flood of SYNs costs.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TcpHostTests
{
    const ushort Port = 80, PeerPort = 40000;

    static readonly IPv6Address Own = IPv6Address.Parse("2001:0:c000:201::1");

    readonly TcpHost _host = new(new TcpOptions { Pacing = false }, new SeededRandom(3));
    readonly byte[] _buffer = new byte[64 << 10];
    Instant _now = Instant.FromSeconds(100);

    delegate void Edit(ref TcpHeader header);

    static IPv6Address Peer(int number) => new(0x2600_0000_0000_0000 | (ulong)number << 16, 1); // each in a /64 of its own

    [Test]
    public void Stranger_GetsNothing_ButFromAListenerThatTakesStrangers()
    {
        _host.Listen(Port, isUnrestricted: false, 10);
        Assert.That(Receive(Syn(1, 9)), Is.EqualTo(DropReason.Unsolicited));
        Assert.That(Receive(Syn(1)), Is.EqualTo(DropReason.Unsolicited));
        Assert.That(Receive(Make(1, TcpFlags.Ack, 1, 1)), Is.EqualTo(DropReason.Unsolicited));
        Assert.That(Sent(), Is.Empty);
        _host.Listen(81, isUnrestricted: true, 10);
        Assert.That(Receive(Make(1, TcpFlags.Ack, 1, 1, 81)), Is.EqualTo(DropReason.Unsolicited), "only a SYN is answered there");
        Assert.That(Sent(), Is.Empty);
        Assert.That(Receive(Syn(1, 81)), Is.EqualTo(DropReason.None));
        Assert.That(Sent().Single().Flags, Is.EqualTo(TcpFlags.Syn | TcpFlags.Ack));
    }

    [Test]
    public void PeerThatWasCalled_GetsAReset([Values] bool isAck)
    {
        var segment = Make(1, isAck ? TcpFlags.Ack : TcpFlags.Syn, 5, 7);
        Assert.That(Receive(segment, isSolicited: true), Is.EqualTo(DropReason.None));
        var reset = Sent().Single();
        Assert.That((reset.Flags, reset.Sequence, reset.Acknowledgment),
            Is.EqualTo(isAck ? (TcpFlags.Reset, 7u, 0u) : (TcpFlags.Reset | TcpFlags.Ack, 0u, 6u)), "RFC 9293 §3.10.7.1");
        Assert.That(Receive(Make(1, TcpFlags.Reset, 5, 7), isSolicited: true), Is.EqualTo(DropReason.None));
        Assert.That(Sent(), Is.Empty, "no reset answers a reset");
    }

    [Test]
    public void Flood_OfManySources_LeavesAFriendsConnectionPossible()
    {
        var listener = _host.Listen(Port, isUnrestricted: true, 10)!;
        for (int i = 0; i < 5000; i++)
        {
            Receive(Syn(i + 10));
            Sent();
        }
        Assert.That(_host.Count, Is.LessThanOrEqualTo(256), "half-open connections have a limit");
        Receive(Syn(1, edit: (ref TcpHeader header) => header.MaxSegmentOctets = 1200));
        var answer = Sent().Single();
        Assert.That((answer.Flags, answer.Acknowledgment), Is.EqualTo((TcpFlags.Syn | TcpFlags.Ack, 1001u)));
        Receive(Make(1, TcpFlags.Ack, 1001, answer.Sequence + 1));
        Assert.That(listener.TryAccept(out var socket), "a cookie came back");
        Assert.That(socket!.Connection.State, Is.EqualTo(TcpState.Established));
        _host.Write(_now, socket, new byte[5000]);
        Assert.That(Sent().Max(segment => segment.Length), Is.LessThanOrEqualTo(1200).And.GreaterThan(1000), "the cookie knows the size");
    }

    [Test, Conformance("4987-3-source")]
    public void Flood_OfOneSource_TakesItsShareOnly()
    {
        _host.Listen(Port, isUnrestricted: true, 10);
        for (ushort port = 1; port < 100; port++)
            Receive(Syn(1, Port, port));
        Assert.That(_host.Count, Is.EqualTo(16));
        Receive(Syn(2));
        Assert.That(_host.Count, Is.EqualTo(17), "others are remembered as ever");
    }

    [Test]
    public void Cookie_ThatIsWrongOrOld_OpensNothing()
    {
        var listener = _host.Listen(Port, isUnrestricted: true, 10)!;
        Receive(Make(1, TcpFlags.Ack, 1001, 12345));
        for (ushort port = 1; port < 100; port++)
            Receive(Syn(1, Port, port));
        Sent();
        Receive(Syn(1));
        var answer = Sent().Single();
        Assert.That(Receive(Make(1, TcpFlags.Ack, 1001, answer.Sequence + 2)), Is.EqualTo(DropReason.Unsolicited), "another cookie");
        Assert.That(Receive(Make(1, TcpFlags.Ack, 1002, answer.Sequence + 1)), Is.EqualTo(DropReason.Unsolicited), "of another SYN");
        Assert.That(Receive(Make(2, TcpFlags.Ack, 1001, answer.Sequence + 1)), Is.EqualTo(DropReason.Unsolicited), "of another peer");
        _now += TimeSpan.FromSeconds(129);
        Assert.That(Receive(Make(1, TcpFlags.Ack, 1001, answer.Sequence + 1)), Is.EqualTo(DropReason.Unsolicited), "too late");
        Assert.That(listener.TryAccept(out _), Is.False);
    }

    [Test]
    public void Queue_OfAListener_HasAnEnd()
    {
        var listener = _host.Listen(Port, isUnrestricted: true, backlog: 2)!;
        for (int peer = 1; peer <= 2; peer++)
            Open(peer);
        Assert.That(Receive(Syn(3)), Is.EqualTo(DropReason.SocketQueueFull));
        Assert.That(Sent(), Is.Empty, "the peer asks again by itself");
        Assert.That(listener.TryAccept(out _));
        Open(3);
    }

    [Test]
    public void NewConnection_ReplacesOneInTimeWait_WithLargerNumbers()
    {
        var listener = _host.Listen(Port, isUnrestricted: true, 10)!;
        var first = Open(1);
        Assert.That(listener.TryAccept(out var socket));
        _host.CompleteWriting(_now, socket!);
        Sent();
        Receive(Make(1, TcpFlags.Ack | TcpFlags.Fin, 1001, first.Sequence + 2));
        Assert.That(socket!.Connection.State, Is.EqualTo(TcpState.TimeWait));
        Sent();
        Receive(Make(1, TcpFlags.Syn, 900, 0)); // an old duplicate
        Assert.That(Sent().Any(segment => segment.Flags.HasFlag(TcpFlags.Syn)), Is.False);
        Receive(Make(1, TcpFlags.Syn, 5000, 0));
        var answer = Sent().Single();
        Assert.That((answer.Flags, answer.Acknowledgment), Is.EqualTo((TcpFlags.Syn | TcpFlags.Ack, 5001u)));
        Assert.That((int)(answer.Sequence - (first.Sequence + 2)), Is.Positive, "RFC 9293 §3.6.1");
    }

    [Test]
    public void Ports_AreOfThePeer_AndNoneIsGivenTwice()
    {
        var to = new TcpFlow(Own, 0, Peer(1), Port);
        HashSet<ushort> ports = [];
        for (int i = 0; i < 500; i++)
            Assert.That(ports.Add(_host.Connect(_now, to)!.Flow.LocalPort));
        Assert.That(ports, Has.All.GreaterThanOrEqualTo(49152));
        var other = _host.Connect(_now, to with { RemoteAddress = Peer(2) })!.Flow.LocalPort;
        var another = new TcpHost(TcpOptions.Default, new SeededRandom(4)).Connect(_now, to)!.Flow.LocalPort;
        Assert.That(new[] { ports.First(), other, another }.Distinct().Count(), Is.GreaterThan(1), "RFC 6056: nobody shall guess it");
    }

    [Test]
    public void SequenceNumbers_GrowWithTheClock_AndDifferBetweenPeers()
    {
        var secrets = new TcpSecrets(new SeededRandom(1));
        var flow = new TcpFlow(Own, Port, Peer(1), PeerPort);
        uint first = secrets.Start(_now, flow).Sequence;
        Assert.That(secrets.Start(_now + TimeSpan.FromMilliseconds(4), flow).Sequence - first, Is.EqualTo(1000), "RFC 9293 §3.4.1: one in 4 µs");
        Assert.That(secrets.Start(_now, flow with { RemotePort = PeerPort + 1 }).Sequence, Is.Not.EqualTo(first), "RFC 6528 §3");
        Assert.That(new TcpSecrets(new SeededRandom(2)).Start(_now, flow).Sequence, Is.Not.EqualTo(first));
    }

    [Test]
    public void Error_AboutAnAttempt_EndsIt_IfItQuotesItsNumber()
    {
        var socket = _host.Connect(_now, new(Own, 0, Peer(1), Port))!;
        byte[] syn = Packets().Single();
        byte[] forged = [.. syn];
        forged[47] ^= 1; // the sequence number
        Assert.That(ReceiveError(forged), Is.True);
        Assert.That(socket.Connection.State, Is.EqualTo(TcpState.SynSent), "RFC 5927 §4.1");
        Assert.That(ReceiveError(syn), Is.True);
        Assert.That(socket.Connection.Error, Is.EqualTo(TcpError.Unreachable));
        Sent();
        Assert.That((_host.Count, ReceiveError(syn)), Is.EqualTo((0, false)));
    }

    [Test]
    public void AnySegments_ThrowNothing_AndLeaveNothingBehind([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        var listener = _host.Listen(Port, isUnrestricted: true, 5)!;
        List<TcpSocket> open = [];
        TcpFlags[] flags = [TcpFlags.Syn, TcpFlags.Ack, TcpFlags.Ack, TcpFlags.Ack | TcpFlags.Fin, TcpFlags.Reset, TcpFlags.Syn | TcpFlags.Ack, TcpFlags.None];
        Dictionary<(int, ushort), (uint Next, uint Heard)> peers = [];
        for (int i = 0; i < 20_000; i++)
        {
            var key = (random.Next(4), (ushort)random.Next(1, 30));
            var (next, heard) = peers.GetValueOrDefault(key, (1000u, 0u));
            var kind = flags[random.Next(flags.Length)];
            uint sequence = kind == TcpFlags.Syn ? 1000 : next + (uint)random.Next(-1, 2);
            Receive(Make(key.Item1, kind, sequence, heard + (uint)random.Next(-1, 2), Port, key.Item2), isSolicited: random.Next(5) == 0);
            if (random.Next(4) == 0 && listener.TryAccept(out var socket))
                open.Add(socket);
            if (open.Count > 0 && open[random.Next(open.Count)] is var any)
            {
                if (random.Next(3) == 0)
                    _host.Write(_now, any, new byte[random.Next(3000)]);
                if (random.Next(3) == 0)
                    _host.Read(_now, any, new byte[100]);
                if (random.Next(30) == 0)
                    _host.Abort(_now, any);
                if (random.Next(10) == 0)
                {
                    _host.Abandon(_now, any);
                    open.Remove(any);
                }
            }
            foreach (byte[] packet in Packets())
                peers[((int)(Parse(packet).Destination.High >> 16) & 0xFF, Parse(packet).DestinationPort)] =
                    (Parse(packet).Acknowledgment, Parse(packet).Sequence + (uint)Parse(packet).SequenceLength);
            if (random.Next(20) == 0)
                Wait(TimeSpan.FromMilliseconds(random.Next(2000)));
        }
        while (listener.TryAccept(out var late))
            open.Add(late);
        open.ForEach(socket => _host.Abandon(_now, socket));
        _host.Unlisten(_now, listener);
        Wait(TimeSpan.FromMinutes(20));
        Assert.That((_host.Count, _host.Lingering, _host.NextDeadline), Is.EqualTo((0, 0, (Instant?)null)));
        _host.Listen(Port, isUnrestricted: true, 100);
        for (ushort port = 1; port <= 16; port++)
            Receive(Syn(1, Port, port));
        Assert.That(_host.Count, Is.EqualTo(16), "no half-open connection was forgotten in the count");
    }

    // Does what is due until then.
    void Wait(TimeSpan time)
    {
        var end = _now + time;
        while (_host.NextDeadline is { } at && at <= end)
        {
            _now = at > _now ? at : _now;
            _host.HandleTimer(_now);
            Packets();
        }
        _now = end;
    }

    (TcpFlags Flags, uint Sequence, uint Acknowledgment, int Length) Open(int peer)
    {
        Receive(Syn(peer));
        var answer = Sent().Single();
        Receive(Make(peer, TcpFlags.Ack, 1001, answer.Sequence + 1));
        return answer;
    }

    DropReason Receive(byte[] packet, bool isSolicited = false)
    {
        var segment = Parse(packet);
        return _host.TryReceive(_now, segment, out var drop) ? drop : _host.ReceiveUnclaimed(_now, segment, isSolicited);
    }

    static TcpSegment Parse(ReadOnlySpan<byte> packet)
    {
        bool isWhole = IPv6Packet.TryParse(packet, out var ip) & TcpSegment.TryParse(ip, out var segment);
        Assert.That(isWhole, "checksum");
        return segment;
    }

    bool ReceiveError(byte[] about)
    {
        byte[] packet = new byte[Icmpv6Error.MaximumPacketSize];
        int length = Icmpv6Error.WritePacket(packet, Icmpv6Type.DestinationUnreachable, 4, 0, Peer(1), Own, about);
        Assert.That(IPv6Packet.TryParse(packet.AsSpan(0, length), out var ip));
        return Icmpv6Message.TryParse(ip, out var message) && _host.ReceiveError(_now, message);
    }

    static byte[] Syn(int peer, ushort port = Port, ushort from = PeerPort, Edit? edit = null) => Make(peer, TcpFlags.Syn, 1000, 0, port, from, edit);

    static byte[] Make(int peer, TcpFlags flags, uint sequence, uint acknowledgment, ushort port = Port, ushort from = PeerPort, Edit? edit = null)
    {
        var header = new TcpHeader
        {
            Flow = new(Peer(peer), from, Own, port),
            Flags = flags,
            Sequence = sequence,
            Acknowledgment = acknowledgment,
            Window = 60000,
        };
        edit?.Invoke(ref header);
        byte[] packet = new byte[header.Length];
        header.WritePacket(packet);
        return packet;
    }

    List<byte[]> Packets()
    {
        List<byte[]> packets = [];
        while (_host.TryWrite(_now, _buffer, out int length, out int size))
            for (int at = 0; at < length; at += size)
                packets.Add(_buffer[at..(at + Math.Min(size, length - at))]);
        while (_host.TryTakeChange(out _, out _))
            continue;
        return packets;
    }

    List<(TcpFlags Flags, uint Sequence, uint Acknowledgment, int Length)> Sent() => Packets().ConvertAll(packet =>
    {
        var segment = Parse(packet);
        return (segment.Flags, segment.Sequence, segment.Acknowledgment, segment.Payload.Length);
    });
}
