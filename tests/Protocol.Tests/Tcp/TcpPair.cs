using System.Security.Cryptography;
using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>Two connections joined by a path in virtual time: delay, rate, queue, loss, duplication and reordering, all from one seed.</summary>
sealed class TcpPair
{
    public static readonly IPv6Address Left = IPv6Address.Parse("2001:0:c000:201::1"), Right = IPv6Address.Parse("2001:0:c000:201::2");
    const int BufferOctets = 64 * 1024;

    readonly PriorityQueue<(Side To, byte[] Packet, int Length), (Instant, long)> _path = new();
    readonly SeededRandom _random;
    readonly byte[] _buffer = new byte[BufferOctets];
    long _order;
    int _stuck;
    Instant _thereFreeAt, _backFreeAt;

    public TcpPair(int seed = 1, TcpOptions? left = null, TcpOptions? right = null)
    {
        _random = new(seed);
        A = new(this, "A", left ?? TcpOptions.Default);
        B = new(this, "B", right ?? TcpOptions.Default);
        (A.Peer, B.Peer) = (B, A);
    }

    public Instant Now { get; private set; } = Instant.FromSeconds(10);
    public Side A { get; }
    public Side B { get; }
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(10);
    public double Loss { get; set; }
    public double Duplication { get; set; }
    public double Reordering { get; set; }
    /// <summary>Octets per second; 0: no limit.</summary>
    public double Rate { get; set; }
    public int QueueOctets { get; set; } = int.MaxValue;
    /// <summary>Packets above this size vanish.</summary>
    public int PathOctets { get; set; } = int.MaxValue;
    /// <summary>The pair whose line this one shares; null: it has its own.</summary>
    public TcpPair? Line { get; set; }
    public int Dropped { get; private set; }

    /// <summary>What waits for the line on the way from A to B, in octets.</summary>
    public double QueuedOctets => Math.Max(0, (_thereFreeAt - Now).TotalSeconds * Rate);

    /// <summary>Sees each packet before it is sent; false: it vanishes.</summary>
    public Func<Side, byte[], bool>? Filter { get; set; }

    /// <summary>A opens, B answers when the SYN comes.</summary>
    public TcpPair Open()
    {
        A.Connection = TcpConnection.OpenActive(Now, new(Left, 40000, Right, 80), new(0xFFFF_FF00, 1000), A.Options, A.Received);
        A.Drain();
        return this;
    }

    public TcpPair Connect()
    {
        Open();
        Run(() => A.Connection.State == TcpState.Established && B.IsOpen && B.Connection.State == TcpState.Established, TimeSpan.FromMinutes(4));
        return this;
    }

    /// <summary>Lets time pass until something is true.</summary>
    public void Run(Func<bool> until, TimeSpan atMost)
    {
        var end = Now + atMost;
        while (!until())
            Assert.That(Step(end), $"{(Now - (end - atMost)).TotalSeconds} s passed; A {A}; B {B}");
    }

    /// <summary>Lets time pass for several pairs, each event at its time.</summary>
    public static void RunTogether(TimeSpan time, params TcpPair[] pairs)
    {
        var end = pairs[0].Now + time;
        while (pairs.MinBy(pair => pair.NextEvent ?? Instant.MaxValue) is { } first && first.Step(end))
        {
        }
        foreach (var pair in pairs)
            pair.Now = end;
    }

    /// <summary>Lets the time up to an instant pass before anything has begun, or while nothing happens.</summary>
    public void StartAt(Instant now)
    {
        while (Step(now))
        {
        }
        Now = now;
    }

    /// <summary>Lets time pass.</summary>
    public void Run(TimeSpan time)
    {
        var end = Now + time;
        while (Step(end))
        {
        }
        Now = end;
    }

    Instant? NextEvent => Instant.Earlier(Instant.Earlier(A.Deadline, B.Deadline), _path.TryPeek(out _, out var first) ? first.Item1 : null);

    bool Step(Instant end)
    {
        if (NextEvent is not { } at || at > end)
            return false;
        _stuck = at > Now ? 0 : _stuck + 1;
        Assert.That(_stuck, Is.LessThan(100_000), $"time stands still; A {A}; B {B}");
        Now = at > Now ? at : Now;
        while (_path.TryPeek(out var item, out var first) && first.Item1 <= Now)
        {
            _path.Dequeue();
            item.To.Take(item.Packet);
        }
        A.Tick();
        B.Tick();
        return true;
    }

    // The line of one direction: it takes its time for each packet, and others wait or are dropped.
    bool Queue(bool isThere, int length, Instant now, out Instant at)
    {
        at = now;
        if (Rate == 0)
            return true;
        ref var lineFreeAt = ref isThere ? ref _thereFreeAt : ref _backFreeAt;
        var free = lineFreeAt > now ? lineFreeAt : now;
        if ((free - now).TotalSeconds * Rate + length > QueueOctets)
            return false;
        at = lineFreeAt = free + TimeSpan.FromSeconds(length / Rate);
        return true;
    }

    double Next() => (_random.NextUInt64() >> 11) * (1.0 / (1UL << 53));

    void Carry(Side from, ReadOnlySpan<byte> packet)
    {
        byte[] copy = packet.ToArray();
        from.PacketsSent++;
        if (packet.Length > PathOctets || Filter?.Invoke(from, copy) == false || Next() < Loss || !(Line ?? this).Queue(from == A, packet.Length, Now, out var at))
        {
            Dropped++;
            return;
        }
        at += Delay;
        if (Next() < Reordering)
            at += Delay * Next();
        _path.Enqueue((from.Peer, copy, copy.Length), (at, _order++));
        if (Next() < Duplication)
            _path.Enqueue((from.Peer, copy, copy.Length), (at + Delay * Next(), _order++));
    }

    /// <summary>One end: it reads all that comes, and writes what it was given.</summary>
    public sealed class Side(TcpPair pair, string name, TcpOptions options)
    {
        readonly List<byte> _read = [];
        ReadOnlyMemory<byte> _toWrite;
        bool _finish;
        TcpConnection? _connection;
        Instant _lastRead;

        public TcpOptions Options => options;
        public Side Peer { get; set; } = null!;
        public int PacketsSent { get; set; }
        public bool IsReading { get; set; } = true;
        public TcpChanges Changes { get; private set; }
        public bool IsOpen => _connection is not null;
        public ReadOnlySpan<byte> Octets => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_read);
        public BlockBudget Received { get; } = new(long.MaxValue);

        /// <summary>Takes what was read, in place of <see cref="Octets"/>.</summary>
        public IncrementalHash? Digest { get; set; }

        /// <summary>How many octets were read.</summary>
        public long Count { get; private set; }

        /// <summary>The longest time without octets since the first ones.</summary>
        public TimeSpan LongestStall { get; private set; }

        /// <summary>The most octets that were kept at once: of what was written, and of what came.</summary>
        public (long Sending, long Received) Most { get; private set; }
        public Instant? Deadline => _connection?.NextDeadline;

        public TcpConnection Connection
        {
            get => _connection!;
            set => _connection = value;
        }

        public void Send(ReadOnlyMemory<byte> octets, bool finish = false)
        {
            (_toWrite, _finish) = (octets, finish);
            Drain();
        }

        public void Take(byte[] packet)
        {
            Assert.That(IPv6Packet.TryParse(packet, out var ip));
            Assert.That(TcpSegment.TryParse(ip, out var segment), "checksum");
            if (_connection is null)
                _connection = TcpConnection.OpenPassive(pair.Now, segment, new(0x1000, 77), options, Received);
            else
                _connection.Receive(pair.Now, segment);
            Drain();
        }

        public void Tick()
        {
            if (_connection?.NextDeadline <= pair.Now)
                _connection.HandleTimer(pair.Now);
            if (_connection is not null)
                Drain();
        }

        public void Drain()
        {
            Span<byte> buffer = stackalloc byte[4096];
            int count;
            do
            {
                Most = (Math.Max(Most.Sending, _connection!.UnacknowledgedOctets), Math.Max(Most.Received, Received.Octets));
                while (IsReading && (count = _connection!.Read(pair.Now, buffer)) > 0)
                    Keep(buffer[..count]);
                if (!_toWrite.IsEmpty)
                    _toWrite = _toWrite[_connection!.Write(pair.Now, _toWrite.Span)..];
                if (_toWrite.IsEmpty && _finish)
                {
                    _connection!.CompleteWriting(pair.Now);
                    _finish = false;
                }
                int trains = 0;
                while (_connection!.TryWriteSegments(pair.Now, pair._buffer, out int length, out int segmentSize))
                {
                    Assert.That(++trains, Is.LessThan(10_000), $"it never stops writing; {this}");
                    for (int at = 0; at < length; at += segmentSize)
                        pair.Carry(this, pair._buffer.AsSpan(at, Math.Min(segmentSize, length - at)));
                }
                Changes |= _connection.TakeChanges();
            }
            while (IsReading && _connection.ReadableOctets > 0);
        }

        void Keep(ReadOnlySpan<byte> octets)
        {
            if (Count > 0 && pair.Now - _lastRead > LongestStall)
                LongestStall = pair.Now - _lastRead;
            (Count, _lastRead) = (Count + octets.Length, pair.Now);
            if (Digest is { } digest)
                digest.AppendData(octets);
            else
                _read.AddRange(octets);
        }

        public override string ToString() => $"{name} {_connection?.State} {_connection?.Error} read {Count} to write {_toWrite.Length} next {Deadline} now {pair.Now}";
    }
}
