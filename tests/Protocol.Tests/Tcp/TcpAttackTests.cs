using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Who attacks a connection from beside its path has to guess; who attacks as its peer finds an end to time and memory.</summary>
public sealed class TcpAttackTests
{
    const TcpFlags Ack = TcpFlags.Ack, Reset = TcpFlags.Reset, Syn = TcpFlags.Syn;

    // RFC 5961 §5 and RFC 7323 §5.3: a timestamp far ahead would make everything that the peer sends look old.
    [Test]
    public void ATimestamp_OfWhoDoesNotKnowTheAcknowledgment_CutsNobodyOff()
    {
        var script = new TcpScript(new() { Pacing = false }).OpenActive();
        script.Send(Syn | Ack, 0, 1, edit: (ref TcpHeader header) => (header.HasTimestamps, header.Timestamp) = (true, 1000));
        Assert.That(SendAt(1, 1, 100, 1001));
        script.Wait(0.1); // it is acknowledged
        SendAt(51, 1_000_000, 100, 1_000_000_000); // in the window, but its acknowledgment is of nothing that was sent
        Assert.That(SendAt(101, 1, 100, 1002), "the peer is heard as before");
        Assert.That(script.Connection.ReadableOctets, Is.EqualTo(200));

        bool SendAt(long sequence, long ack, int length, uint timestamp) =>
            script.Send(Ack, sequence, ack, length, (ref TcpHeader header) => (header.HasTimestamps, header.Timestamp) = (true, timestamp));
    }

    // RFC 5961 §3.2, §4.2, §5.2: what a guess has to hit. A window of 64 KB is in 2^32 numbers.
    [Test]
    public void BlindGuesses_ResetAndInjectNothing_ButWhatTheirOddsAllow()
    {
        var random = new Random(7);
        var script = new TcpScript().Establish();
        script.Write(1000);
        int accepted = 0;
        for (int i = 0; i < 200_000; i++)
        {
            var flags = (i % 3) switch { 0 => Reset, 1 => Syn, _ => Ack };
            long sequence = random.Next(2) == 0 ? random.NextInt64(2, 65_537) : random.NextInt64(1L << 32); // half of them know the window
            if (sequence == 1)
                continue;
            long ack = random.NextInt64(1L << 32);
            accepted += script.Send(flags, sequence, ack, flags == Ack ? 10 : 0) ? 1 : 0;
            script.Forget();
        }
        // The acknowledgment of data must be within the largest window (60,000) and what was sent: one guess in 70,000 of 67,000, half of them in the window.
        Assert.That(script.State, Is.EqualTo(TcpState.Established), "no reset but the one with the exact number counts");
        Assert.That(accepted, Is.LessThan(10));
        Assert.That(script.Connection.ReadableOctets, Is.Zero, "and it fills no gap");
    }

    // Two ends that disagree about numbers answer each other: RFC 5961 §7 ends that.
    [Test]
    public void AnAckStorm_DiesDown()
    {
        var pair = new TcpPair().Connect();
        int before = pair.A.PacketsSent + pair.B.PacketsSent;
        foreach (var side in new[] { pair.A, pair.B })
            side.Take(Forge(side.Peer, side));
        pair.Run(TimeSpan.FromSeconds(10));
        Assert.That(pair.A.PacketsSent + pair.B.PacketsSent - before, Is.LessThan(10));

        static byte[] Forge(TcpPair.Side from, TcpPair.Side to)
        {
            var header = new TcpHeader
            {
                Flow = from.Connection.Flow,
                Flags = Ack,
                Sequence = to.Connection.PeerNext.Sequence + 0x4000_0000,
                Acknowledgment = to.Connection.NextSequence + 0x4000_0000,
                Window = 1000,
                HasTimestamps = true,
                Timestamp = to.Connection.PeerNext.Timestamp,
            };
            byte[] packet = new byte[header.Length];
            header.WritePacket(packet);
            return packet;
        }
    }

    // The owner has closed the connection, so nobody is there who could give up: a peer that answers and takes nothing is not waited for without end.
    [Test]
    public void APeerThatKeepsItsWindowShut_HoldsAClosedConnection_NoLongerThanTheUserTimeout([Values] bool isOpenedNowAndThen)
    {
        var script = new TcpScript(new() { Timestamps = false, UserTimeout = TimeSpan.FromSeconds(100) }).Establish();
        script.Window = 0;
        script.Send(Ack, 1, 1);
        script.Write(5000);
        script.Do((connection, now) => connection.Close(now));
        var start = script.Now;
        for (int i = 0; script.State != TcpState.Closed; i++)
        {
            Assert.That(script.Now - start, Is.LessThan(TimeSpan.FromSeconds(170)), "the next probe after the time-out comes within a minute");
            script.Wait(1);
            script.Window = (ushort)(isOpenedNowAndThen && i % 10 == 5 ? 1 : 0);
            script.Send(Ack, 1, 1);
        }
        Assert.That(script.Connection.Error, Is.EqualTo(TcpError.TimedOut));
    }

    // RFC 5681 §3: the window grows by what was acknowledged, not by acknowledgments; and what was not sent can't be acknowledged.
    [Test]
    public void AcknowledgmentsThatAreManyOrTooEarly_GainNothing()
    {
        var script = new TcpScript().Establish();
        script.Write(500_000);
        var honest = new TcpScript().Establish();
        honest.Write(500_000);
        for (int ack = 101; ack <= 12_101; ack += 100)
            script.Send(Ack, 1, ack); // many small steps
        script.Send(Ack, 1, 400_000);   // what was never sent
        for (int ack = 2001; ack <= 12_001; ack += 2000)
            honest.Send(Ack, 1, ack);
        honest.Send(Ack, 1, 12_101);
        Assert.That(script.Connection.NextSequence, Is.EqualTo(honest.Connection.NextSequence));
    }

    // RFC 9293 §3.7.1, MUST-16: what a peer says it takes is respected, but it can't make segments of single octets.
    [TestCase(1), TestCase(0)]
    public void ASmallestSegment_HasAnEnd(int offered)
    {
        var script = new TcpScript().OpenActive();
        script.Send(Syn | Ack, 0, 1, edit: (ref TcpHeader header) => header.MaxSegmentOctets = (ushort)offered);
        script.Forget();
        script.Write(10_000);
        Assert.That(script.Next().Length, Is.GreaterThanOrEqualTo(offered == 0 ? 1220 : 76));
    }

    // RFC 4987 §3.6: what a cookie has no room for comes back with the timestamp.
    [Test]
    public void AFriend_WhoConnectsDuringAFlood_KeepsItsOptions([Values] bool sack, [Values(-1, 0, 7, 14)] int scale)
    {
        const ushort window = 100;
        var crowd = new Crowd(1 << 20);
        for (int i = 0; i < 300; i++)
            crowd.Call(100 + i);
        crowd.Drain();
        Assert.That(crowd.Host.Count, Is.EqualTo(256), "from now on cookies answer");
        var answer = crowd.Call(1, With(0, sack, scale)).Answer!;
        Assert.That((answer.Echo, answer.SackPermitted, answer.WindowScale >= 0), Is.EqualTo((500u, sack, scale >= 0)));
        crowd.Send(1, 0, 0, edit: With(answer.Timestamp));
        Assert.That(crowd.Listener.TryAccept(out var friend));
        var told = crowd.Send(1, 1000, 10, edit: With(answer.Timestamp))!;
        Assert.That(told.SackCount, Is.EqualTo(sack ? 1 : 0), "it has a gap to tell of");
        Assert.That(told.Timestamp - answer.Timestamp, Is.LessThan(32), "the clock does not go back");
        crowd.Host.Write(crowd.Now, friend!, new byte[60_000]);
        Assert.That(crowd.Drain().Octets, scale <= 0 ? Is.EqualTo(window) : Is.GreaterThan(100 * window), "the peer's window is scaled");

        static Edit With(uint echo, bool sack = false, int scale = -1) => (ref TcpHeader header) =>
            (header.HasTimestamps, header.Timestamp, header.TimestampEcho, header.SackPermitted, header.WindowScale, header.Window) = (true, 500, echo, sack, scale, window);
    }

    // Each peer leaves a gap in front, and single octets far apart behind it.
    [Test]
    public void WhatManyPeersLeaveBehind_HasAnEnd_AndOthersGoOn()
    {
        const int budget = 2 << 20, attackers = 100;
        var crowd = new Crowd(budget);
        for (int peer = 1; peer <= attackers; peer++)
        {
            crowd.Open(peer);
            for (uint offset = 16_384; offset < 65_000; offset += 16_384)
                crowd.Send(peer, offset, 1);
        }
        Assert.That(crowd.Host.ReceivedOctets, Is.InRange(budget / 4, budget / 2 + BlockRing.BlockOctets), "of what comes ahead of gaps");
        var friend = crowd.Open(attackers + 1);
        for (uint at = 0; at < 60_000; at += 1000)
            crowd.Send(attackers + 1, at, 1000);
        Assert.That(friend.Connection.ReadableOctets, Is.EqualTo(60_000));

        // What is in order and read by nobody has an end, too; but each connection gets something.
        for (int peer = 1; peer <= attackers; peer++)
            for (uint at = 0; at < 64_000; at += 1000)
                crowd.Send(peer, at, 1000);
        Assert.That(crowd.Host.ReceivedOctets, Is.InRange(budget, budget + attackers * 2 * BlockRing.BlockOctets));
        Assert.That(crowd.Sockets.TrueForAll(socket => socket.Connection.ReadableOctets >= 1000));
        foreach (var socket in crowd.Sockets)
            crowd.Host.Abandon(crowd.Now, socket);
        crowd.Drain();
        Assert.That(crowd.Host.ReceivedOctets, Is.Zero, "all is given back");
    }

    [Test]
    public void ConnectionsThatNobodyAccepts_GiveTheirMemoryBack([Values] bool isReset)
    {
        var crowd = new Crowd(1 << 20);
        crowd.Open(1, accept: false);
        crowd.Send(1, 0, 1000);
        if (isReset)
            crowd.Send(1, 1000, 0, Reset);
        Assert.That(crowd.Host.ReceivedOctets, Is.Positive);
        crowd.Host.Unlisten(crowd.Now, crowd.Listener);
        crowd.Drain();
        Assert.That((crowd.Host.ReceivedOctets, crowd.Host.Count), Is.EqualTo((0L, 0)));
    }

    // Each connection in TIME-WAIT costs memory; peers could make any number of them.
    [Test]
    public void TimeWaits_HaveAnEnd()
    {
        var crowd = new Crowd(1 << 20);
        for (int peer = 1; peer <= 5000; peer++)
        {
            var socket = crowd.Open(peer);
            crowd.Host.Abandon(crowd.Now, socket);
            crowd.Drain();
            crowd.Send(peer, 0, 0, Ack | TcpFlags.Fin, acknowledged: 1);
            Assert.That(socket.Connection.State, Is.EqualTo(TcpState.TimeWait));
        }
        Assert.That(crowd.Host.Count, Is.EqualTo(4096));
    }

    [Test]
    public void Connections_HaveAnEnd()
    {
        const int most = 65536;
        var crowd = new Crowd(1 << 20);
        for (int i = 0; i < most; i++)
            Assert.That(crowd.Host.Connect(crowd.Now, new(crowd.Own, 0, Crowd.Peer(1 + i % 50), 80)), Is.Not.Null);
        Assert.That(crowd.Call(60).Drop, Is.EqualTo(DropReason.SocketQueueFull));
        Assert.That(crowd.Host.Count, Is.EqualTo(most));
    }

    delegate void Edit(ref TcpHeader header);

    /// <summary>A segment that the host sent.</summary>
    sealed record Sent(uint Sequence, uint Timestamp, uint Echo, bool SackPermitted, int WindowScale, int SackCount);

    /// <summary>A host with a listener, and peers that the test plays.</summary>
    sealed class Crowd
    {
        const ushort Port = 80, PeerPort = 40000;
        const uint PeerStart = 1000;

        readonly byte[] _buffer = new byte[64 << 10];
        readonly Dictionary<int, uint> _starts = [];

        public Crowd(long budget)
        {
            Host = new(new TcpOptions { Pacing = false, MaxReceivedOctets = budget }, new SeededRandom(3));
            Listener = Host.Listen(Port, isUnrestricted: true, 10)!;
        }

        public IPv6Address Own { get; } = IPv6Address.Parse("2001:0:c000:201::1");
        public Instant Now { get; } = Instant.FromSeconds(100);
        public TcpHost Host { get; }
        public TcpPort Listener { get; }
        public List<TcpSocket> Sockets { get; } = [];

        public static IPv6Address Peer(int number) => new(0x2600_0000_0000_0000 | (ulong)number << 16, 1);

        public (DropReason Drop, Sent? Answer) Call(int peer, Edit? edit = null)
        {
            var drop = Receive(Make(peer, Syn, PeerStart, 0, 0, edit));
            var answer = Drain().Last;
            _starts[peer] = answer?.Sequence ?? 0;
            return (drop, answer);
        }

        public TcpSocket Open(int peer, bool accept = true)
        {
            Assert.That(Call(peer).Drop, Is.EqualTo(DropReason.None));
            Send(peer, 0, 0);
            if (!accept)
                return null!;
            Assert.That(Listener.TryAccept(out var socket));
            Sockets.Add(socket!);
            return socket!;
        }

        public Sent? Send(int peer, uint offset, int length, TcpFlags flags = Ack, uint acknowledged = 0, Edit? edit = null)
        {
            Receive(Make(peer, flags, PeerStart + 1 + offset, _starts[peer] + 1 + acknowledged, length, edit));
            return Drain().Last;
        }

        /// <summary>Takes what the host sends: how many octets of text there were, and the last segment.</summary>
        public (int Octets, Sent? Last) Drain()
        {
            int octets = 0;
            Sent? last = null;
            while (Host.TryWrite(Now, _buffer, out int length, out int size))
                for (int at = 0; at < length; at += size)
                    if (IPv6Packet.TryParse(_buffer.AsSpan(at, Math.Min(size, length - at)), out var ip) & TcpSegment.TryParse(ip, out var segment))
                    {
                        octets += segment.Payload.Length;
                        last = new(segment.Sequence, segment.Timestamp, segment.TimestampEcho, segment.SackPermitted, segment.WindowScale, segment.SackCount);
                    }
            while (Host.TryTakeChange(out _, out _))
                continue;
            return (octets, last);
        }

        DropReason Receive(byte[] packet)
        {
            bool isWhole = IPv6Packet.TryParse(packet, out var ip) & TcpSegment.TryParse(ip, out var segment);
            Assert.That(isWhole);
            return Host.TryReceive(Now, segment, out var drop) ? drop : Host.ReceiveUnclaimed(Now, segment, isSolicited: false);
        }

        byte[] Make(int peer, TcpFlags flags, uint sequence, uint acknowledgment, int length, Edit? edit)
        {
            var header = new TcpHeader { Flow = new(Peer(peer), PeerPort, Own, Port), Flags = flags, Sequence = sequence, Acknowledgment = acknowledgment, Window = 60000 };
            edit?.Invoke(ref header);
            byte[] packet = new byte[header.Length + length];
            ulong sum = header.Write(packet);
            header.Complete(packet, sum, sequence, flags);
            return packet;
        }
    }
}
