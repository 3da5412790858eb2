using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>One connection, a scripted peer and a clock: what the peer sends, and what must come back, as an RFC has it.</summary>
/// <remarks>Both initial numbers are shortly below 2^32, so that most timelines go over the wrap. The octets of both streams follow from their positions.</remarks>
sealed class Timeline
{
    public const uint Start = 0xFFFF_FFF0, PeerStart = 0xFFFF_FFC0;

    static readonly IPv6Address Here = IPv6Address.Parse("2001:db8::1"), There = IPv6Address.Parse("2001:db8::2");
    static readonly TcpFlow Flow = new(Here, 50_000, There, 80), PeerFlow = new(There, 80, Here, 50_000);
    const double Tolerance = 0.002;
    const uint PeerClock = 7_000;

    static readonly byte[] Pattern = [.. Enumerable.Range(0, 65_536).Select(i => (byte)(i * 131 + (i >> 8)))];

    readonly Queue<(double Second, Segment Segment)> _sent = new();
    readonly byte[] _buffer = new byte[65_536];
    long _written = 1, _read = 1;
    uint _lastTimestamp;
    bool _hasTimestamps;

    Timeline(TcpConnection connection, Instant now)
    {
        (Connection, Now) = (connection, now);
        Drain();
    }

    public TcpConnection Connection { get; }
    public Instant Now { get; private set; }
    public double Second => Now.SinceStart.TotalSeconds;
    public TcpState State => Connection.State;

    /// <summary>What has changed since the start.</summary>
    public TcpChanges Changes { get; private set; }

    public static Timeline Open(TcpOptions? options = null) =>
        new(TcpConnection.OpenActive(default, Flow, new(Start, 0), options ?? TcpOptions.Default), default);

    /// <summary>A peer's SYN opens the connection.</summary>
    public static Timeline Passive(string syn = "S 0 win 65535 mss 1000", TcpOptions? options = null)
    {
        byte[] packet = Segment.Parse(syn).ToPacket(PeerFlow, PeerStart, Start, []);
        Assert.That(IPv6Packet.TryParse(packet, out var ip) && TcpSegment.TryParse(ip, out _), Is.True);
        _ = IPv6Packet.TryParse(packet, out ip) & TcpSegment.TryParse(ip, out var segment);
        return new(TcpConnection.OpenPassive(default, segment, new(Start, 0), options ?? TcpOptions.Default), default) { _hasTimestamps = segment.HasTimestamps };
    }

    /// <summary>An open connection to a peer whose SYN,ACK had these fields.</summary>
    public static Timeline Established(string fields = "win 65535 mss 1000", TcpOptions? options = null, double roundTrip = 0)
    {
        var timeline = Open(options);
        timeline.Take();
        timeline.Advance(roundTrip);
        timeline.Send($"SA 0 ack 1 {fields}");
        timeline.Take();
        Assert.That(timeline.State, Is.EqualTo(TcpState.Established));
        timeline.Changes = TcpChanges.None;
        return timeline;
    }

    // What either stream has between two positions: it repeats itself after 64 KiB.
    static byte[] Octets(long position, int count)
    {
        byte[] octets = new byte[count];
        for (int done = 0; done < count;)
        {
            var rest = Pattern.AsSpan((int)(position + done) & (Pattern.Length - 1));
            rest = rest[..Math.Min(rest.Length, count - done)];
            rest.CopyTo(octets.AsSpan(done));
            done += rest.Length;
        }
        return octets;
    }

    /// <summary>Segments of the peer, which come in one burst and are answered together.</summary>
    public bool Send(params string[] segments)
    {
        bool isTaken = true;
        foreach (string text in segments)
            isTaken = SendPacket(ToPacket(text), drains: false);
        Drain();
        return isTaken;
    }

    /// <summary>A packet of the peer, to be changed before it is sent.</summary>
    public byte[] ToPacket(string text)
    {
        var segment = Segment.Parse(text);
        if (segment.Flags.HasFlag(TcpFlags.Syn))
            _hasTimestamps = segment.Has("ts");
        else if (_hasTimestamps && !segment.Has("ts") && !segment.Has("nots"))
            segment["ts"] = $"{PeerClock + (uint)Now.SinceStart.TotalMilliseconds}/{_lastTimestamp}";
        return segment.ToPacket(PeerFlow, PeerStart, Start, Octets(segment.Sequence + (segment.Flags.HasFlag(TcpFlags.Syn) ? 1 : 0), segment.Length));
    }

    public bool SendPacket(byte[] packet, bool drains = true)
    {
        Assert.That(IPv6Packet.TryParse(packet, out var ip), Is.True);
        bool isTaken = TcpSegment.TryParse(ip, out var segment) && Connection.Receive(Now, segment);
        if (drains)
            Drain();
        return isTaken;
    }

    /// <summary>What was sent is exactly this, in this order.</summary>
    public void Expect(params string[] expected)
    {
        var sent = Take();
        string seen = string.Join("\n  ", sent.Select(each => each.ToString()));
        Assert.That(sent, Has.Length.EqualTo(expected.Length), $"expected {string.Join(" | ", expected)}; sent:\n  {seen}");
        for (int i = 0; i < expected.Length; i++)
            Assert.That(sent[i].Is(Segment.Parse(expected[i])), Is.True, $"expected {expected[i]}; sent:\n  {seen}");
    }

    public void ExpectNothing() => Expect();

    /// <summary>Nothing is sent before that second, and then this.</summary>
    public void ExpectAt(double second, params string[] expected)
    {
        AdvanceTo(second - Tolerance);
        Assert.That(_sent.Select(each => $"{each.Second:0.000}: {each.Segment}"), Is.Empty, $"before {second} s");
        AdvanceTo(second + Tolerance);
        Expect(expected);
    }

    /// <summary>Takes all that was sent.</summary>
    public Segment[] Take()
    {
        Segment[] sent = [.. _sent.Select(each => each.Segment)];
        _sent.Clear();
        return sent;
    }

    /// <summary>When each segment left that was sent and not taken.</summary>
    public double[] Times() => [.. _sent.Select(each => each.Second)];

    public int Write(int octets)
    {
        int taken = Connection.Write(Now, Octets(_written, Math.Min(octets, Connection.WritableOctets + 1)));
        _written += taken;
        Drain();
        return taken;
    }

    /// <summary>Reads all that can be read, which must be what the peer sent.</summary>
    public int Read(int most = int.MaxValue)
    {
        byte[] octets = new byte[Math.Min(most, Connection.ReadableOctets)];
        int taken = Connection.Read(Now, octets);
        Assert.That(octets.AsSpan(0, taken).SequenceEqual(Octets(_read, taken)), Is.True, "other octets than were sent");
        _read += taken;
        Drain();
        return taken;
    }

    public void CompleteWriting() => Do(connection => connection.CompleteWriting(Now));

    public void Close() => Do(connection => connection.Close(Now));

    public void Abort() => Do(connection => connection.Abort(Now));

    public void Do(Action<TcpConnection> action)
    {
        action(Connection);
        Drain();
    }

    public void Advance(double seconds) => AdvanceTo(Second + seconds);

    public void AdvanceTo(double second)
    {
        var target = Instant.FromSeconds(second);
        Assert.That(target, Is.GreaterThanOrEqualTo(Now));
        for (int turns = 0; Connection.NextDeadline is { } due && due <= target; turns++)
        {
            Assert.That(turns, Is.LessThan(10_000), "a busy loop");
            Now = due > Now ? due : Now;
            Connection.HandleTimer(Now);
            Drain();
        }
        Now = target;
    }

    void Drain()
    {
        int before = _sent.Count;
        while (Connection.TryWriteSegments(Now, _buffer, out int length, out int segmentSize))
        {
            Assert.That(_sent.Count - before, Is.LessThan(10_000), "it sends without end");
            for (int at = 0; at < length; at += segmentSize)
                Record(_buffer.AsSpan(at, Math.Min(segmentSize, length - at)));
        }
        Changes |= Connection.TakeChanges();
    }

    void Record(ReadOnlySpan<byte> packet)
    {
        Assert.That(IPv6Packet.TryParse(packet, out var ip) && ip.Length == packet.Length, Is.True, "a whole IPv6 packet");
        Assert.That(TcpSegment.TryParse(ip, out var segment), Is.True, "a right header and checksum");
        Assert.That((segment.Source, segment.SourcePort, segment.Destination, segment.DestinationPort), Is.EqualTo((Here, Flow.LocalPort, There, Flow.RemotePort)));
        var seen = Segment.Of(segment, Start, PeerStart);
        if (!segment.Payload.SequenceEqual(Octets(seen.Sequence, seen.Length)))
            Assert.Fail($"other octets than were written: {seen}");
        if (segment.HasTimestamps)
            _lastTimestamp = segment.Timestamp;
        _sent.Enqueue((Second, seen));
    }
}
