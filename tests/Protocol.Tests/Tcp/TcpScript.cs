using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp;

/// <summary>One connection, and a peer that the test plays: it sends segments and says which ones must come. Time passes only when told.</summary>
/// <remarks>
/// Numbers are relative: the connection's own SYN is 0 and its first octet 1, and so are the peer's. Data is the letters a, b, c and so on, by position.
/// </remarks>
sealed class TcpScript
{
    public const uint Own = 0xFFFF_FFF0, Peers = 0x7FFF_FFF0; // numbers that overflow soon

    static readonly TcpFlow Flow = new(TcpPair.Left, 40000, TcpPair.Right, 80);
    static readonly TcpFlow Back = new(TcpPair.Right, 80, TcpPair.Left, 40000);

    readonly Queue<Segment> _sent = new();
    readonly byte[] _buffer = new byte[64 * 1024];
    TcpConnection? _connection;

    public TcpScript(TcpOptions? options = null) => Options = options ?? new() { Timestamps = false, Pacing = false };

    public TcpOptions Options { get; }
    public Instant Now { get; private set; } = Instant.FromSeconds(100);
    public TcpConnection Connection => _connection!;
    public TcpState State => Connection.State;
    public TcpChanges Changes { get; private set; }
    /// <summary>What the peer announces as its window.</summary>
    public ushort Window { get; set; } = 60_000;
    public byte Mark { get; set; }

    /// <summary>A segment that the connection sent.</summary>
    public sealed record Segment(TcpFlags Flags, uint Sequence, uint Acknowledgment, int Length, int Window, string Sacks, byte[] Payload, int MaxSegmentOctets,
        int Scale, bool SackPermitted, uint? Timestamp, uint Echo, byte Ecn)
    {
        public override string ToString() => $"{Flags} {Sequence} ack {Acknowledgment} length {Length}{Sacks}";
    }

    public TcpScript OpenActive()
    {
        _connection = TcpConnection.OpenActive(Now, Flow, new(Own, 5000), Options);
        Drain();
        return this;
    }

    /// <summary>Opens and completes the handshake; what was sent is forgotten.</summary>
    public TcpScript Establish(int scale = 0, bool sack = true)
    {
        OpenActive();
        Send(TcpFlags.Syn | TcpFlags.Ack, 0, 1, edit: (ref TcpHeader header) =>
        {
            (header.MaxSegmentOctets, header.WindowScale, header.SackPermitted) = (1220, scale, sack);
        });
        Assert.That(State, Is.EqualTo(TcpState.Established));
        return Forget();
    }

    /// <summary>The peer opens.</summary>
    public TcpScript OpenPassive(Edit? edit = null)
    {
        Parse(Make(TcpFlags.Syn, 0, 0, 0, edit), (in TcpSegment syn) => _connection = TcpConnection.OpenPassive(Now, syn, new(Own, 5000), Options));
        Drain();
        return this;
    }

    public TcpScript EstablishPassive()
    {
        OpenPassive();
        Send(TcpFlags.Ack, 1, 1);
        return Forget();
    }

    public TcpScript Forget()
    {
        _sent.Clear();
        _ = Take();
        return this;
    }

    public delegate void Edit(ref TcpHeader header);
    delegate void Use(in TcpSegment segment);

    /// <summary>The peer sends a segment.</summary>
    /// <returns>Whether the connection found it acceptable.</returns>
    public bool Send(TcpFlags flags, long sequence, long ack, int length = 0, Edit? edit = null)
    {
        bool isTaken = false;
        Parse(Make(flags, sequence, ack, length, edit), (in TcpSegment segment) => isTaken = Connection.Receive(Now, segment));
        Drain();
        return isTaken;
    }

    /// <summary>Several segments come before the connection may answer.</summary>
    public void SendTogether(params (TcpFlags Flags, long Sequence, long Ack, int Length)[] segments)
    {
        foreach (var (flags, sequence, ack, length) in segments)
            Parse(Make(flags, sequence, ack, length, null), (in TcpSegment segment) => Connection.Receive(Now, segment));
        Drain();
    }

    /// <summary>The user writes so many octets.</summary>
    public int Write(int length)
    {
        int taken = Connection.Write(Now, Letters(_written, length));
        _written += taken;
        Drain();
        return taken;
    }

    long _written = 1;

    public byte[] Read(int length)
    {
        byte[] octets = new byte[length];
        int count = Connection.Read(Now, octets);
        Drain();
        return octets[..count];
    }

    public void Do(Action<TcpConnection, Instant> call)
    {
        call(Connection, Now);
        Drain();
    }

    /// <summary>Time passes, and what is due is done at its time.</summary>
    public void Wait(TimeSpan time)
    {
        var end = Now + time;
        for (int steps = 0; Connection.NextDeadline is { } next && next <= end; steps++)
        {
            Assert.That(steps, Is.LessThan(100_000), "time stands still");
            Now = next > Now ? next : Now;
            Connection.HandleTimer(Now);
            Drain();
        }
        Now = end;
    }

    public void Wait(double seconds) => Wait(TimeSpan.FromSeconds(seconds));

    /// <summary>The next segment that the connection sent.</summary>
    public bool TryNext([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Segment? segment) => _sent.TryDequeue(out segment);

    /// <summary>The next segment that the connection sent, which there must be.</summary>
    public Segment Next() => TryNext(out var segment) ? segment : throw new AssertionException($"Nothing more was sent in state {State}.");

    /// <summary>The next segment must be this one.</summary>
    public Segment Expect(TcpFlags flags, long sequence, long? ack = null, int length = 0)
    {
        var segment = Next();
        Assert.That((segment.Flags & ~TcpFlags.Push, segment.Sequence, segment.Length), Is.EqualTo((flags, (uint)sequence, length)), segment.ToString());
        if (ack is { } number)
            Assert.That(segment.Acknowledgment, Is.EqualTo((uint)number), segment.ToString());
        if (flags != TcpFlags.Reset && length > 0)
            Assert.That(segment.Payload, Is.EqualTo(Letters(sequence, length)), segment.ToString());
        return segment;
    }

    public void ExpectNothing() => Assert.That(_sent, Is.Empty);

    public TcpChanges Take()
    {
        var changes = Changes;
        Changes = TcpChanges.None;
        return changes;
    }

    public static byte[] Letters(long start, int length)
    {
        byte[] octets = new byte[length];
        for (int i = 0; i < length; i++)
            octets[i] = (byte)('a' + (start + i) % 23);
        return octets;
    }

    byte[] Make(TcpFlags flags, long sequence, long ack, int length, Edit? edit)
    {
        var header = new TcpHeader { Flow = Back, Flags = flags, Sequence = Peers + (uint)sequence, Acknowledgment = Own + (uint)ack, Window = Window, Ecn = Mark };
        edit?.Invoke(ref header);
        byte[] packet = new byte[header.Length + length];
        ulong sum = header.Write(packet);
        Letters(sequence + ((flags & TcpFlags.Syn) != 0 ? 1 : 0), length).CopyTo(packet, header.Length);
        header.Complete(packet, sum, header.Sequence, header.Flags);
        return packet;
    }

    static void Parse(byte[] packet, Use use)
    {
        Assert.That(IPv6Packet.TryParse(packet, out var ip));
        Assert.That(TcpSegment.TryParse(ip, out var segment));
        use(segment);
    }

    void Drain()
    {
        while (Connection.TryWriteSegments(Now, _buffer, out int length, out int segmentSize))
            for (int at = 0; at < length; at += segmentSize)
                Note(_buffer.AsSpan(at, Math.Min(segmentSize, length - at)));
        Changes |= Connection.TakeChanges();
    }

    void Note(ReadOnlySpan<byte> packet)
    {
        Assert.That(IPv6Packet.TryParse(packet, out var ip) && ip.Length == packet.Length);
        Assert.That(TcpSegment.TryParse(ip, out var segment));
        string sacks = "";
        for (int i = 0; i < segment.SackCount; i++)
            sacks += $" {segment.Sack(i).Start - Peers}-{segment.Sack(i).End - Peers}";
        _sent.Enqueue(new(segment.Flags, segment.Sequence - Own, segment.Acknowledgment - (segment.Has(TcpFlags.Ack) ? Peers : 0), segment.Payload.Length, segment.Window, sacks,
            segment.Payload.ToArray(), segment.MaxSegmentOctets, segment.WindowScale, segment.SackPermitted, segment.HasTimestamps ? segment.Timestamp : null,
            segment.TimestampEcho, segment.Ecn));
    }
}
