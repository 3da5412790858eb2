namespace TeredoSdk.Protocol.Tcp;

/// <summary>One TCP connection as a state machine without input, output or clock (RFC 9293).</summary>
/// <remarks>
/// <para>
/// The contract. Every call takes the current instant, which never goes back. After any call, the caller
/// <list type="number">
/// <item>calls <see cref="TryWriteSegments"/> until it returns false, and hands each train of packets to the datapath. Of a burst of segments that came in
/// all may be given to <see cref="Receive"/> first, so that one acknowledgment answers them;</item>
/// <item>calls <see cref="TakeChanges"/> and wakes who waits;</item>
/// <item>sees to it that <see cref="HandleTimer"/> is called at <see cref="NextDeadline"/>, or a little later. Early and repeated calls change
/// nothing.</item>
/// </list>
/// When the changes say <see cref="TcpChanges.Closed"/>, the host forgets the flow, once its own user has read what is left; <see cref="Release"/> gives
/// the memory back. In TIME-WAIT it keeps the flow until then, and may replace it by a new connection (RFC 6191).
/// </para>
/// <para>
/// A train is a row of whole IPv6 packets of one size, the last of which may be shorter: the form in which the engine sends datagrams together. The
/// buffer's length bounds the train. <see cref="Receive"/> takes single segments and coalesced ones alike.
/// </para>
/// <para>
/// The host demultiplexes, listens, chooses numbers (<see cref="TcpStart"/>), and answers segments to no connection
/// (<see cref="TcpHeader.WriteReset"/>). After <see cref="Close"/> the connection ends by itself; nobody needs to read.
/// </para>
/// <para>Not safe for several threads: the caller locks. A bad segment never throws. Idle, without data to send or to read, it holds no buffer.</para>
/// <para>
/// Positions: sequence numbers are counted from the initial one in 64 bits, so that they compare as numbers. Position 0 is the SYN, and 1 the first octet.
/// </para>
/// </remarks>
sealed partial class TcpConnection
{
    const int MinSendBufferOctets = 512 << 10; // the send buffer follows the window between this and the option

    readonly TcpOptions _options;
    readonly TcpStart _start;
    readonly Instant _openedAt;
    readonly BlockBudget? _budget; // shared with other connections
    readonly bool _isPassive;
    TcpChanges _changes;
    bool _isReaderGone;

    TcpConnection(Instant now, TcpFlow flow, TcpStart start, TcpOptions options, BlockBudget? received, TcpState state)
    {
        (Flow, _start, _options, _openedAt, State) = (flow, start, options, now, state);
        (_budget, _receiveRing) = (received, new(received));
        _isPassive = state == TcpState.SynReceived;
        (KeepAliveTime, KeepAliveInterval) = (options.KeepAliveTime, options.KeepAliveInterval);
        _rtt = new(options.MinRetransmissionTimeout);
        _path = new(options.PathOctets, options.MaxPathOctets);
        _control = CongestionControl.Create(options.Congestion, TcpOption.DefaultMaxSegmentOctets);
        _receiveLimit = options.InitialReceiveBufferOctets;
        _receiveEdge = _received + Math.Min(_receiveLimit, ushort.MaxValue); // what a SYN says
        (_lastHeard, _progressAt, _isSynDue) = (now, now, true);
    }

    /// <summary>Opens a connection to a peer (RFC 9293 §3.10.1). Data may be written at once; it leaves after the handshake.</summary>
    public static TcpConnection OpenActive(Instant now, TcpFlow flow, TcpStart start, TcpOptions options, BlockBudget? received = null) =>
        new(now, flow, start, options, received, TcpState.SynSent);

    /// <summary>Answers the SYN of a peer (RFC 9293 §3.10.7.2, third).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="syn">A segment with SYN and without ACK or RST.</param>
    /// <param name="start">The numbers that the host chose.</param>
    /// <param name="options">The settings.</param>
    /// <param name="received">Counts what connections keep of what came; null: nobody does.</param>
    public static TcpConnection OpenPassive(Instant now, in TcpSegment syn, TcpStart start, TcpOptions options, BlockBudget? received = null)
    {
        var connection = new TcpConnection(now, TcpFlow.Of(syn), start, options, received, TcpState.SynReceived);
        connection.TakeSyn(now, syn);
        return connection;
    }

    /// <summary>Opens a connection whose SYN was answered by a cookie (RFC 4987 §3.6).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="ack">The handshake's last segment, whose cookie is right. The caller gives it to <see cref="Receive"/> next.</param>
    /// <param name="start">The numbers of the answer to the SYN.</param>
    /// <param name="options">The settings.</param>
    /// <param name="maxSegmentOctets">The peer's option of the SYN, as the cookie remembers it.</param>
    /// <param name="windowScale">The peer's option of the SYN; -1 without it, or when the cookie has no room for it.</param>
    /// <param name="sackPermitted">Whether the peer takes selective acknowledgments, and the answer had the option.</param>
    /// <param name="received">Counts what connections keep of what came; null: nobody does.</param>
    public static TcpConnection OpenFromCookie(Instant now, in TcpSegment ack, TcpStart start, TcpOptions options, int maxSegmentOctets, int windowScale,
        bool sackPermitted, BlockBudget? received = null)
    {
        var connection = new TcpConnection(now, TcpFlow.Of(ack), start, options, received, TcpState.SynReceived)
        {
            _peerStart = ack.Sequence - 1,
            _next = 1,
            _isSynDue = false,
            _isSackAllowed = sackPermitted,
            _hasTimestamps = ack.HasTimestamps,
            _recentTimestamp = ack.Timestamp,
            _recentTimestampAt = now,
        };
        connection.TakePeerOptions(maxSegmentOctets, windowScale);
        return connection;
    }

    /// <summary>The two ends.</summary>
    public TcpFlow Flow { get; }

    /// <summary>The state.</summary>
    public TcpState State { get; private set; }

    /// <summary>Why the connection ended before its time.</summary>
    public TcpError Error { get; private set; }

    /// <summary>The settings that it was opened with.</summary>
    public TcpOptions Options => _options;

    /// <summary>Whether small segments wait for acknowledgments; it starts as <see cref="TcpOptions.Nagle"/>.</summary>
    public bool Nagle { get => _nagle ?? _options.Nagle; set => _nagle = value; }

    /// <summary>After how long a silence the peer is asked for a sign of life; null: never.</summary>
    public TimeSpan? KeepAliveTime { get; private set; }

    /// <summary>How long it takes from one such question to the next.</summary>
    public TimeSpan KeepAliveInterval { get; private set; }

    /// <summary>How many octets can be read at once.</summary>
    public int ReadableOctets => (int)(_inOrderEnd - _readAt);

    /// <summary>Whether the peer has finished: behind <see cref="ReadableOctets"/> nothing comes.</summary>
    public bool IsPeerFinished => _peerFin >= 0 && _received > _peerFin;

    /// <summary>How many octets <see cref="Write"/> would take.</summary>
    public int WritableOctets => CanWrite ? (int)Math.Max(0, SendLimit - (_tail - _una)) : 0;

    /// <summary>How many octets were written and are not acknowledged.</summary>
    public long UnacknowledgedOctets => _tail - Math.Max(1, Math.Min(_una, _tail));

    /// <summary>The smoothed round trip; zero before the first sample.</summary>
    public TimeSpan RoundTrip => _rtt.Smoothed;

    /// <summary>The numbers it was opened with.</summary>
    public TcpStart Start => _start;

    /// <summary>SND.NXT: what a new connection of the same flow must start behind (RFC 6191, RFC 9293 §3.6.1).</summary>
    public uint NextSequence => SendNumber(_next);

    /// <summary>The peer's next sequence number and its last timestamp, by which the host judges a SYN that comes in TIME-WAIT (RFC 6191 §2).</summary>
    public (uint Sequence, uint Timestamp, bool HasTimestamps) PeerNext => (ReceiveNumber(_received), _recentTimestamp, _hasTimestamps);

    bool CanWrite => State is TcpState.SynSent or TcpState.SynReceived or TcpState.Established or TcpState.CloseWait && !_isFinQueued;

    long SendLimit => Math.Min(_options.SendBufferOctets, Math.Max(MinSendBufferOctets, 2 * _control.Window));

    /// <summary>Asks a silent peer for signs of life from now on, or no more (RFC 9293 §3.8.4: MUST-24, MUST-27).</summary>
    public void SetKeepAlive(TimeSpan? time, TimeSpan interval)
    {
        (KeepAliveTime, KeepAliveInterval) = (time, interval);
        if (State is >= TcpState.Established and not TcpState.TimeWait)
            StartKeepAlive(_lastHeard);
    }

    /// <summary>Takes octets to send.</summary>
    /// <returns>
    /// How many were taken: fewer when the buffer is full, and then <see cref="TcpChanges.Writable"/> tells when there is room again; none after
    /// <see cref="CompleteWriting"/> or the connection's end.
    /// </returns>
    public int Write(Instant now, ReadOnlySpan<byte> octets)
    {
        int taken = Math.Min(octets.Length, WritableOctets);
        _sendRing.Write(_tail, octets[..taken]);
        if (_una == _next && _tail == _una)
            _progressAt = now;
        _tail += taken;
        _isWriterWaiting |= taken < octets.Length;
        return taken;
    }

    /// <summary>Takes octets that came, in their order.</summary>
    /// <returns>How many; 0 when there are none now, or none any more (<see cref="IsPeerFinished"/>, <see cref="Error"/>).</returns>
    public int Read(Instant now, Span<byte> octets)
    {
        int taken = Math.Min(octets.Length, ReadableOctets);
        _receiveRing.CopyTo(_readAt, octets[..taken]);
        _readAt += taken;
        ReleaseRead();
        if (taken > 0)
            OpenWindow(now, taken);
        return taken;
    }

    /// <summary>Nothing more will be written: the FIN follows what was (RFC 9293 §3.6). Reading goes on.</summary>
    public void CompleteWriting(Instant now)
    {
        if (!CanWrite)
            return;
        _isFinQueued = true;
        if (State == TcpState.Established)
            State = TcpState.FinWait1;
        else if (State == TcpState.CloseWait)
            State = TcpState.LastAck;
    }

    /// <summary>
    /// Nobody will read or write any more. What was written is still sent. Data that was not read, or that comes from now on, resets the connection, so that
    /// the peer learns that it is lost (RFC 9293 §3.6.1).
    /// </summary>
    public void Close(Instant now)
    {
        _isReaderGone = true;
        if (State == TcpState.SynSent)
        {
            End(TcpError.Aborted); // RFC 9293 §3.10.4: delete the TCB
            return;
        }
        if (ReadableOctets > 0)
        {
            Abort(now);
            return;
        }
        CompleteWriting(now);
        if (State == TcpState.FinWait2)
            _timeWaitAt = now + FinWait2Patience;
    }

    /// <summary>Ends the connection at once, with a reset where the peer could know it (RFC 9293 §3.10.5).</summary>
    public void Abort(Instant now)
    {
        if (State is TcpState.SynReceived or TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2 or TcpState.CloseWait)
            (_resetDue, _resetSequence) = (true, SendNumber(_next));
        End(TcpError.Aborted);
    }

    /// <summary>Ends the waiting in TIME-WAIT, where all is done, to make room for another connection. What came can still be read.</summary>
    public void EndTimeWait() => End(TcpError.None);

    /// <summary>What has changed since the last call.</summary>
    public TcpChanges TakeChanges()
    {
        var changes = _changes;
        _changes = TcpChanges.None;
        return changes;
    }

    /// <summary>Gives back all memory, also that of octets that were not read. Nothing else may be called afterwards.</summary>
    public void Release()
    {
        _sendRing.Clear();
        _receiveRing.Clear();
        _runs.Clear();
    }

    // What was sent and what was to be sent is forgotten; what can be read stays.
    void End(TcpError error)
    {
        if (State == TcpState.Closed)
            return;
        if (error != TcpError.None)
            Error = error;
        State = TcpState.Closed;
        _changes |= TcpChanges.Closed | TcpChanges.Finished | TcpChanges.Readable | TcpChanges.Writable;
        _sendRing.Clear();
        _runs.Clear();
        _gaps.Clear();
        ReleaseRead();
        StopTimers();
    }

    uint SendNumber(long position) => _start.Sequence + (uint)position;

    uint ReceiveNumber(long position) => _peerStart + (uint)position;

    // The position nearest to the one that is expected (RFC 9293 §3.4: arithmetic modulo 2^32).
    long SendPosition(uint number) => _una + (int)(number - SendNumber(_una));

    long ReceivePosition(uint number) => _received + (int)(number - ReceiveNumber(_received));
}
