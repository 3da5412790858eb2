using TeredoSdk.Protocol.Tcp;
using TeredoSdk.Protocol.Tests.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Tcp.Timelines;

/// <summary>RFC 9293 §3.10.7.1, §3.10.7.2 and §3.4.1, RFC 4987, 6056, 6191 and 6528: what the host of the connections does.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
sealed class HostTests
{
    const uint PeerStart = 77_000;

    static readonly IPv6Address Here = IPv6Address.Parse("2001:db8::1"), There = IPv6Address.Parse("2001:db8::2");

    readonly TcpHost _host = new(TcpOptions.Default, new SeededRandom(1));
    readonly Instant _now = Instant.FromSeconds(100);
    readonly byte[] _buffer = new byte[65536];
    uint _start; // of the host's connection, as its last SYN had it

    // A segment of a peer; numbers count from the peer's initial one, and acknowledgments from the host's.
    DropReason Send(string text, ushort to = 80, ushort from = 5000, IPv6Address? source = null, bool isSolicited = true)
    {
        byte[] packet = Segment.Parse(text).ToPacket(new(source ?? There, from, Here, to), PeerStart, _start, new byte[Segment.Parse(text).Length]);
        Assert.That(IPv6Packet.TryParse(packet, out var ip), Is.True);
        Assert.That(TcpSegment.TryParse(ip, out var segment), Is.True);
        return _host.TryReceive(_now, segment, out var drop) ? drop : _host.ReceiveUnclaimed(_now, segment, isSolicited);
    }

    Segment[] Sent()
    {
        List<Segment> sent = [];
        while (_host.TryWrite(_now, _buffer, out int length, out int segmentSize))
        {
            for (int at = 0; at < length; at += segmentSize)
            {
                Assert.That(IPv6Packet.TryParse(_buffer.AsSpan(at, Math.Min(segmentSize, length - at)), out var ip), Is.True);
                Assert.That(TcpSegment.TryParse(ip, out var segment), Is.True);
                Assert.That((segment.Source, ip.HopLimit), Is.EqualTo((Here, (byte)64)));
                if (segment.Has(TcpFlags.Syn))
                    _start = segment.Sequence;
                sent.Add(Segment.Of(segment, segment.Has(TcpFlags.Reset) ? 0 : _start, PeerStart));
            }
        }
        return [.. sent];
    }

    void Expect(params string[] expected)
    {
        var sent = Sent();
        Assert.That(sent, Has.Length.EqualTo(expected.Length), string.Join<Segment>(" | ", sent));
        for (int i = 0; i < expected.Length; i++)
            Assert.That(sent[i].Is(Segment.Parse(expected[i])), Is.True, $"expected {expected[i]}; sent: {sent[i]}");
    }

    [TestCase("S 5", 6), TestCase("S 5+10", 16), TestCase("- 5+10", 15), TestCase("F 5", 6)]
    [Conformance("9293-3.10.7.1-no-ack")]
    public void NoConnection_WithoutAck_IsResetByWhatItHasSent(string segment, int acknowledged)
    {
        Send(segment);
        Expect($"RA 0 ack {acknowledged}");
    }

    [TestCase("A 5 ack 900"), TestCase("SA 5 ack 900"), TestCase("FA 5+10 ack 900")]
    [Conformance("9293-3.10.7.1-ack", "9293-3.10.7.2-ack")]
    public void NoConnection_WithAck_IsResetAtThatNumber(string segment)
    {
        Send(segment);
        Expect("R 900");
        _host.Listen(80, isUnrestricted: true, backlog: 5);
        Send(segment);
        Expect("R 900");
    }

    [TestCase("R 5"), TestCase("RA 5 ack 9"), TestCase("RS 5")]
    [Conformance("9293-3.10.7.1-rst", "9293-3.10.7.2-rst")]
    public void NoConnection_AReset_IsDropped(string segment)
    {
        Send(segment);
        Expect();
        _host.Listen(80, isUnrestricted: true, backlog: 5);
        Send(segment);
        Expect();
        Assert.That(_host.Count, Is.Zero);
    }

    [Test, Conformance("9293-3.10.7.2-other")]
    public void Listener_NeitherSynNorAck_OpensNothing([Values("- 5+10", "F 5")] string segment)
    {
        _host.Listen(80, isUnrestricted: true, backlog: 5);
        Assert.That(Send(segment, isSolicited: false), Is.Not.EqualTo(DropReason.None));
        Expect();
        Assert.That(_host.Count, Is.Zero);
    }

    [Test, Conformance("9293-MUST-41", "9293-MUST-42", "9293-MUST-45")]
    public void Listener_TakesFurtherConnections_BesideThoseItHas()
    {
        var listener = _host.Listen(80, isUnrestricted: true, backlog: 5)!;
        List<TcpSocket> accepted = [];
        foreach (ushort port in new ushort[] { 5000, 5001, 5002 })
        {
            Send("S 0 mss 940", from: port);
            Expect("SA 0 ack 1");
            Send("A 1 ack 1", from: port);
            Assert.That(listener.TryAccept(out var socket), Is.True);
            accepted.Add(socket!);
        }
        Assert.That(accepted.Select(socket => (socket.Flow.RemotePort, socket.Flow.LocalAddress, socket.Connection.State)),
            Is.EqualTo(new ushort[] { 5000, 5001, 5002 }.Select(port => (port, Here, TcpState.Established))));
        Assert.That(_host.Listen(80, isUnrestricted: true, backlog: 5), Is.Null, "one listener for a port");
    }

    [Test, Conformance("9293-MUST-8", "9293-SHLD-1", "9293-MUST-9", "6528-3-isn")]
    public void InitialNumbers_FollowAClock_AndASecretOfTheFlow()
    {
        var secrets = new TcpSecrets(new SeededRandom(1));
        var flow = new TcpFlow(Here, 50_000, There, 80);
        uint first = secrets.Start(_now, flow).Sequence;
        Assert.That(secrets.Start(_now + TimeSpan.FromMilliseconds(4), flow).Sequence - first, Is.EqualTo(1000u), "§3.4.1: each 4 microseconds");
        uint[] others =
        [
            secrets.Start(_now, flow with { LocalPort = 50_001 }).Sequence, secrets.Start(_now, flow with { RemotePort = 81 }).Sequence,
            secrets.Start(_now, flow with { LocalAddress = There }).Sequence, secrets.Start(_now, flow with { RemoteAddress = Here }).Sequence,
            new TcpSecrets(new SeededRandom(2)).Start(_now, flow).Sequence,
        ];
        Assert.That(others.Append(first), Is.Unique);
        Assert.That(others.Select(other => Math.Min(other - first, first - other)), Is.All.GreaterThan(100_000u));
    }

    [Test, Conformance("6056-3.3-ports")]
    public void EphemeralPorts_DifferFromPeerToPeer_AndFromHostToHost()
    {
        List<ushort> ports = [];
        for (int seed = 1; seed <= 3; seed++)
        {
            var host = new TcpHost(TcpOptions.Default, new SeededRandom(seed));
            for (ulong peer = 1; peer <= 20; peer++)
                ports.Add(host.Connect(_now, new(Here, 0, There with { Low = peer }, 80))!.Flow.LocalPort);
        }
        Assert.That(ports, Is.All.InRange(49152, 65535));
        Assert.That(ports.Distinct().Count(), Is.GreaterThan(55));
        Assert.That(ports.Zip(ports.Skip(1)).Count(pair => Math.Abs(pair.First - pair.Second) <= 1), Is.LessThan(3), "one does not tell the next");
    }

    [Test, Conformance("4987-3.6-cookies")]
    public void FloodOfSyns_IsAnsweredByCookies_AndFriendsGetIn()
    {
        var listener = _host.Listen(80, isUnrestricted: true, backlog: 5)!;
        for (ulong stranger = 1; stranger <= 400; stranger++)
        {
            Send("S 0 mss 1000 ws 7 sackok", source: new(0x2001_0DB8_0000_0000 | stranger << 8, stranger));
            Sent();
        }
        Assert.That(_host.Count, Is.LessThanOrEqualTo(256));
        Send("S 0 mss 1000 ws 7 sackok", from: 6000);
        Expect("SA 0 ack 1");
        int before = _host.Count;
        Send("A 1+10 ack 1", from: 6000);
        Assert.That(_host.Count, Is.EqualTo(before + 1), "the cookie alone knew of it");
        Assert.That(listener.TryAccept(out var socket) && socket.Connection.ReadableOctets == 10, Is.True);
        Send("A 1 ack 2", from: 6001);
        Assert.That(_host.Count, Is.EqualTo(before + 1), "no cookie of ours");
    }

    // Nobody remembers when the SYN came. The round trip is not the time since the host's own start, which would be the pace.
    [Test, Conformance("4987-3.6-cookies")]
    public void ConnectionByCookie_MeasuresNoRoundTripOfItsHandshake()
    {
        var listener = _host.Listen(80, isUnrestricted: true, backlog: 5)!;
        for (ushort port = 6000; port < 6017; port++) // one too many of one source
        {
            Send("S 0 mss 940", from: port);
            Sent();
        }
        Send("A 1 ack 1 win 65535", from: 6016);
        Assert.That(listener.TryAccept(out var socket), Is.True);
        Assert.That(socket!.Connection.RoundTrip, Is.EqualTo(TimeSpan.Zero));
        _host.Write(_now, socket, new byte[60_000]);
        int before = Sent().Length;
        Send($"A 1 ack {1 + 940 * before} win 65535", from: 6016);
        Assert.That(Sent(), Has.Length.GreaterThan(before), "the first octets were all acknowledged, and the window grew");
    }

    [TestCase("S 1000 mss 1000 ts 9000/0", true, TestName = "TimeWait_NewerTimestamp_IsANewConnection")]
    [TestCase("S 1000 mss 1000 ts 6000/0", false, TestName = "TimeWait_OlderTimestamp_IsNot")]
    [TestCase("S -500 mss 1000 ts 9000/0", true, TestName = "TimeWait_NewerTimestampAndOlderNumber_IsANewConnection")]
    [Conformance("9293-MAY-2", "9293-SHLD-4")]
    public void TimeWait_Syn(string syn, bool opens)
    {
        var listener = _host.Listen(80, isUnrestricted: true, backlog: 5)!;
        Send("S 0 mss 1000 ts 7000/0");
        Sent();
        Send("A 1 ack 1 ts 7000/0");
        Assert.That(listener.TryAccept(out var socket), Is.True);
        _host.CompleteWriting(_now, socket!);
        Sent();
        Send("FA 1 ack 2 ts 7001/0");
        Sent();
        Assert.That(socket!.Connection.State, Is.EqualTo(TcpState.TimeWait));
        uint last = socket.Connection.NextSequence;
        Send(syn);
        Assert.That(Sent().Any(segment => segment.Flags.HasFlag(TcpFlags.Syn)), Is.EqualTo(opens));
        if (opens)
            Assert.That((int)(_start - last), Is.GreaterThan(0), "larger than any number before");
    }

    // A new connection of the same flow takes its place, or 4,096 others in TIME-WAIT do. Its owner reads later, and learns that all came.
    [Test, Conformance("9293-MAY-2")]
    public void TimeWait_ThatMakesRoom_IsReadToItsEnd([Values] bool isReplaced)
    {
        var listener = _host.Listen(80, isUnrestricted: true, backlog: 5)!;
        var socket = Finish(listener, 5000);
        if (isReplaced)
            Send("S 100000 mss 940");
        for (int i = 1; i <= 4096 && !isReplaced; i++)
            Finish(listener, (ushort)(5000 + i));
        Assert.That((socket.Connection.State, socket.Connection.Error), Is.EqualTo((TcpState.Closed, TcpError.None)));
        Assert.That((_host.Read(_now, socket, new byte[20]), socket.Connection.IsPeerFinished), Is.EqualTo((10, true)));
    }

    // Both sides finish, and the peer's data is not read.
    TcpSocket Finish(TcpPort listener, ushort from)
    {
        Send("S 0 mss 940", from: from);
        Sent();
        Send("A 1 ack 1", from: from);
        Assert.That(listener.TryAccept(out var socket), Is.True);
        _host.CompleteWriting(_now, socket!);
        Sent();
        Send("FA 1+10 ack 2", from: from);
        Sent();
        Assert.That(socket!.Connection.State, Is.EqualTo(TcpState.TimeWait));
        return socket;
    }
}
