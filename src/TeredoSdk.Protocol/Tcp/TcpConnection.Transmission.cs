using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tcp;

/// <remarks>What leaves, and in which order: resets, SYNs, what was lost, new data, and bare acknowledgments.</remarks>
sealed partial class TcpConnection
{
    const int MinPeerSegmentOctets = 88; // not in an RFC: smaller ones leave no room for the options, and cost more than they carry
    const int FixedHeaderOctets = IPv6Packet.HeaderSize + TcpSegment.HeaderSize, TimestampOctets = 12;

    BlockRing _sendRing;
    long _next;     // SND.NXT
    long _tail = 1; // behind the last octet that was written; the FIN's position
    Instant _synSentAt, _lastSentAt = Instant.MinValue;
    int _peerSegmentOctets = TcpOption.DefaultMaxSegmentOctets, _synsSent;
    uint _resetSequence;
    bool? _nagle;
    bool _isFinQueued, _isSynDue, _resetDue, _isWriterWaiting, _isWindowLimited, _isProbeDue, _isTailProbeDue, _isKeepAliveDue, _isWindowReducedDue;

    /// <summary>Writes what is due next.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="buffer">
    /// Takes the packets: at least <see cref="TcpOptions.MaxPathOctets"/> octets. More make longer trains, as long as the datapath takes.
    /// </param>
    /// <param name="length">The length of all packets together, in octets.</param>
    /// <param name="segmentSize">The length of each packet but the last, in octets.</param>
    /// <returns>False when nothing is due now.</returns>
    public bool TryWriteSegments(Instant now, Span<byte> buffer, out int length, out int segmentSize)
    {
        length = segmentSize = 0;
        _isPaceWaiting = false;
        if (_resetDue)
            length = WriteReset(now, buffer);
        else if (_isSynDue && State is TcpState.SynSent or TcpState.SynReceived)
            length = WriteSyn(now, buffer);
        else if (State >= TcpState.SynReceived)
        {
            if (State is not (TcpState.SynReceived or TcpState.TimeWait) && TryWriteData(now, buffer, out length, out segmentSize))
                return true;
            if (_isAckDue || _isKeepAliveDue)
                length = WriteAcknowledgment(now, buffer);
        }
        segmentSize = length;
        return length > 0;
    }

    int PacketOctets => Math.Min(_path.PacketOctets, _peerSegmentOctets + FixedHeaderOctets); // RFC 9293 §3.7.1: Eff.snd.MSS

    void UpdateSegmentSize() => _control.SegmentOctets = PacketOctets - FixedHeaderOctets - (_hasTimestamps ? TimestampOctets : 0);

    TcpHeader MakeHeader(Instant now, TcpFlags flags)
    {
        var header = new TcpHeader
        {
            Flow = Flow,
            Flags = flags | (_isEcnEchoDue ? TcpFlags.EcnEcho : 0),
            Sequence = SendNumber(_next),
            HasTimestamps = _hasTimestamps,
            Timestamp = _start.Timestamp(now),
            TimestampEcho = _recentTimestamp,
        };
        if ((flags & TcpFlags.Ack) == 0)
            return header;
        header.Acknowledgment = ReceiveNumber(_received);
        header.Window = AnnounceWindow();
        if (_isSackAllowed && (_gaps.Count > 0 || _duplicate.End > 0))
            AddSacks(ref header);
        (_lastAckSent, _isAckDue, _delayedAckAt, _duplicate) = (_received, false, Never, default);
        return header;
    }

    // RFC 2018 §4, with the duplicate in front (RFC 2883 §4)
    void AddSacks(ref TcpHeader header)
    {
        int room = TcpHeader.SackRoom(_hasTimestamps), count = 0;
        if (_duplicate.End > 0)
            header.Sack[count++] = (ReceiveNumber(_duplicate.Start), ReceiveNumber(_duplicate.End));
        Span<(long Start, long End)> newest = stackalloc (long, long)[TcpHeader.MaxSackBlocks];
        foreach (var (start, end) in newest[.._gaps.CopyNewest(newest[..(room - count)])])
            header.Sack[count++] = (ReceiveNumber(start), ReceiveNumber(end));
        header.SackCount = count;
    }

    int WriteReset(Instant now, Span<byte> buffer)
    {
        _resetDue = false;
        var header = MakeHeader(now, State == TcpState.Closed && _peerStart != 0 ? TcpFlags.Reset | TcpFlags.Ack : TcpFlags.Reset);
        (header.Sequence, header.SackCount) = (_resetSequence, 0);
        return header.WritePacket(buffer);
    }

    int WriteSyn(Instant now, Span<byte> buffer)
    {
        bool isAnswer = State == TcpState.SynReceived;
        var header = MakeHeader(now, isAnswer ? TcpFlags.Syn | TcpFlags.Ack : TcpFlags.Syn);
        header.Sequence = SendNumber(0);
        header.MaxSegmentOctets = (ushort)_options.MaxSegmentOctets; // RFC 9293 §3.7.1: SHLD-5
        header.WindowScale = !isAnswer ? _options.WindowScale ? _options.OfferedScale : -1 : _receiveScale > 0 || _sendScale > 0 ? _receiveScale : -1;
        header.SackPermitted = isAnswer ? _isSackAllowed : _options.Sack;
        header.HasTimestamps = isAnswer ? _hasTimestamps : _options.Timestamps;
        header.Window = (ushort)Math.Min(_receiveLimit, ushort.MaxValue); // RFC 7323 §2.2: not scaled
        _receiveEdge = Math.Max(_receiveEdge, _received + header.Window);
        if (isAnswer ? _isEcnAllowed : _options.Ecn && _synsSent < 2) // RFC 3168 §6.1.1
            header.Flags |= isAnswer ? TcpFlags.EcnEcho : TcpFlags.EcnEcho | TcpFlags.WindowReduced;
        header.SackCount = 0;
        (_isSynDue, _synSentAt) = (false, now);
        _synsSent++;
        _next = Math.Max(_next, 1);
        StartTimeout(now, _openedAt + _options.ConnectTimeout);
        return header.WritePacket(buffer);
    }

    int WriteAcknowledgment(Instant now, Span<byte> buffer)
    {
        var header = MakeHeader(now, TcpFlags.Ack);
        if (_isKeepAliveDue)
            header.Sequence--; // RFC 9293 §3.8.4: SEG.SEQ = SND.NXT-1
        _isKeepAliveDue = false;
        return header.WritePacket(buffer);
    }

    bool TryWriteData(Instant now, Span<byte> buffer, out int length, out int segmentSize) =>
        TryWriteLost(now, buffer, out length, out segmentSize) || TryWriteNew(now, buffer, out length, out segmentSize);

    // What is believed lost, the first first.
    bool TryWriteLost(Instant now, Span<byte> buffer, out int length, out int segmentSize)
    {
        length = segmentSize = 0;
        if (_runs.LostOctets == 0 || !_isProbeDue && IsPaced(now))
            return false;
        int index = 0;
        while (!_runs[index].IsIn(SentState.Lost) || _runs[index].IsIn(SentState.Sacked))
            index++;
        long octets = _runs[index].End - _runs[index].Start, quota = _isProbeDue ? 0 : _control.Window - Pipe;
        if (!_isProbeDue)
        {
            octets = Math.Min(octets, _una + _sendWindow - _runs[index].Start); // RFC 9293 §3.8.6: SHLD-16, when the window has shrunk
            if (octets <= 0 || Pipe > 0 && quota < Math.Min(octets, _control.SegmentOctets))
                return false;
        }
        var header = MakeHeader(now, TcpFlags.Ack);
        int segment = PacketOctets - header.Length;
        octets = Math.Min(octets, Math.Min(WholeSegments(Math.Max(quota, segment), segment), Capacity(buffer, header.Length, segment)));
        if (octets < _runs[index].End - _runs[index].Start)
            _runs.Split(index, _runs[index].Start + octets);
        if (_runs[index].IsIn(SentState.Probe))
            _path.Forget();
        _runs.Repeat(index, now);
        WriteTrain(now, buffer, header, segment, _runs[index].Start, _runs[index].End, out length, out segmentSize);
        _isProbeDue = false;
        NoteSent(now, octets);
        return true;
    }

    // RFC 9293 §3.8.6.2.1, RFC 5681 §3
    bool TryWriteNew(Instant now, Span<byte> buffer, out int length, out int segmentSize)
    {
        length = segmentSize = 0;
        if (_isTailProbeDue && TryRepeatTail(now, buffer, out length, out segmentSize))
            return true;
        long available = _tail + (_isFinQueued ? 1 : 0) - _next;
        if (available <= 0)
        {
            _isProbeDue = false;
            NoteOtherLimit();
            return false;
        }
        long usable = Math.Min(available, _una + _sendWindow - _next);
        bool isForced = _isProbeDue || _isTailProbeDue;
        if (_isProbeDue && usable <= 0)
            (usable, _isWindowProbing) = (1, true); // RFC 9293 §3.8.6.1: MUST-34
        int segment = _control.SegmentOctets;
        if (usable <= 0 || usable < segment && !isForced && !MaySendSmall(usable, available))
        {
            NoteOtherLimit();
            AwaitWindow(now);
            return false;
        }
        if (!isForced && IsPaced(now))
        {
            _isWindowLimited = 4 * Pipe > _control.Window; // the pace is the window's
            return false;
        }
        RestartAfterIdle(now);
        long quota = isForced ? segment : _control.Window - Pipe;
        int probe = isForced ? 0 : ProbeSegment(now, buffer.Length, usable);
        if (quota < Math.Max(probe, Math.Min(usable, segment)) && Pipe > 0)
        {
            _isWindowLimited = true; // RFC 4821 §7.4: a probe waits until the window has room for it
            return false;
        }
        if (probe > 0)
        {
            WriteProbe(now, buffer, probe, out length);
            segmentSize = length;
            return true;
        }
        var header = MakeHeader(now, TcpFlags.Ack);
        segment = PacketOctets - header.Length;
        long octets = Math.Min(usable, Math.Min(Math.Max(quota, segment), Capacity(buffer, header.Length, segment)));
        if (octets < available || octets > segment && Nagle && !_isFinQueued)
            octets = WholeSegments(octets, segment);
        SendNew(now, octets, SentState.InFlight);
        WriteTrain(now, buffer, header, segment, _next - octets, _next, out length, out segmentSize);
        return true;
    }

    // Whether less than a full segment may leave: all that there is, or as much as the peer's buffer is likely to take.
    bool MaySendSmall(long octets, long available) =>
        (!Nagle || _next == _una || octets == available && _isFinQueued) && (octets == available || octets >= _maxSendWindow / 2);

    void SendNew(Instant now, long octets, SentState state)
    {
        if (_runs.Count == 0)
            _progressAt = now;
        _runs.Add(_next, _next + octets, now, state);
        _next += octets;
        if (_isTailProbeDue)
            (_tailProbeEnd, _isTailProbeRepeat, _rtoAt) = (_next, false, Never); // RFC 8985 §7.3: the timeout counts from the probe
        (_isProbeDue, _isTailProbeDue, _persistAt) = (false, false, Never);
        NoteSent(now, octets);
        ArmTailProbe(now);
    }

    void NoteSent(Instant now, long octets)
    {
        _lastSentAt = now;
        if (_recovery == Recovery.Fast)
            _reduction.NoteSent(octets);
        Pace(now, octets);
        StartTimeout(now, UserDeadline);
    }

    // The user or the peer is what limits the flow, so the window does not grow (RFC 9438 §5.8), unless slow start needs it for its next round.
    void NoteOtherLimit() => _isWindowLimited = _control.IsInSlowStart && 2 * Pipe > _control.Window;

    void RestartAfterIdle(Instant now)
    {
        if (_next == _una && now - _lastSentAt > _rtt.Timeout && _lastSentAt > Instant.MinValue)
            _control.HandleIdle(); // RFC 5681 §4.1
    }

    static long WholeSegments(long octets, int segment) => octets > segment ? octets - octets % segment : octets;

    static int Capacity(Span<byte> buffer, int header, int segment)
    {
        int packet = header + segment;
        return buffer.Length >= packet
            ? buffer.Length / packet * segment
            : throw new ArgumentException($"The buffer has {buffer.Length} octets; a packet needs {packet}.", nameof(buffer));
    }

    // One packet for each segment of the octets between the positions; the FIN's position may be the last.
    void WriteTrain(Instant now, Span<byte> buffer, in TcpHeader header, int segment, long start, long end, out int length, out int segmentSize)
    {
        var first = header;
        if (_isEcnAllowed && start >= _ecnFrom)
            (first.Ecn, _ecnFrom) = (Ecn.Capable, end); // RFC 3168 §6.1.5: not on what is sent again
        ulong sum = first.Write(buffer);
        int headerLength = first.Length;
        long dataEnd = Math.Min(end, _tail);
        length = segmentSize = 0;
        do
        {
            int octets = (int)Math.Min(segment, dataEnd - start);
            var packet = buffer.Slice(length, headerLength + octets);
            if (length > 0)
                buffer[..headerLength].CopyTo(packet);
            _sendRing.CopyTo(start, packet[headerLength..]);
            var flags = header.Flags;
            uint number = SendNumber(start);
            start += octets;
            if (start == _tail && octets > 0)
                flags |= TcpFlags.Push; // RFC 9293 §3.9.1.2: SHLD-28, nothing more is queued
            if (start == dataEnd && end > dataEnd)
            {
                flags |= TcpFlags.Fin;
                start++;
            }
            if (_isWindowReducedDue && octets > 0 && first.Ecn != Ecn.None)
            {
                flags |= TcpFlags.WindowReduced; // RFC 3168 §6.1.2
                _isWindowReducedDue = false;
            }
            first.Complete(packet, sum, number, flags);
            length += packet.Length;
            if (segmentSize == 0)
                segmentSize = packet.Length;
        }
        while (start < end);
    }
}
