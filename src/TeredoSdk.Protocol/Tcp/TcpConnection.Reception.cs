namespace TeredoSdk.Protocol.Tcp;

/// <remarks>What a segment does to the connection (RFC 9293 §3.10.7.3 and §3.10.7.4).</remarks>
sealed partial class TcpConnection
{
    const double ChallengesPerSecond = 10; // RFC 5961 §7, for each connection
    const int ChallengeBurst = 10;
    static readonly TimeSpan TimestampLifetime = TimeSpan.FromDays(24); // RFC 7323 §5.5

    uint _peerStart;
    uint _recentTimestamp; // TS.Recent
    Instant _recentTimestampAt, _lastHeard;
    bool _hasTimestamps, _isSackAllowed, _isEcnAllowed;
    RateGate _challenges = new(ChallengesPerSecond, ChallengeBurst);

    /// <summary>Takes a segment of this flow.</summary>
    /// <returns>False when it was not acceptable; the caller may count it. What must be answered is answered by <see cref="TryWriteSegments"/>.</returns>
    public bool Receive(Instant now, in TcpSegment segment) => State switch
    {
        TcpState.Closed => false,
        TcpState.SynSent => ReceiveInSynSent(now, segment),
        _ => ReceiveSynchronized(now, segment),
    };

    // RFC 9293 §3.10.7.3
    bool ReceiveInSynSent(Instant now, in TcpSegment segment)
    {
        bool isAck = segment.Has(TcpFlags.Ack);
        if (isAck && SendPosition(segment.Acknowledgment) is var ack && (ack <= 0 || ack > _next))
        {
            if (!segment.Has(TcpFlags.Reset))
                (_resetDue, _resetSequence) = (true, segment.Acknowledgment); // first
            return false;
        }
        if (segment.Has(TcpFlags.Reset))
        {
            if (isAck)
                End(TcpError.Refused); // second
            return isAck;
        }
        if (!segment.Has(TcpFlags.Syn))
            return false; // fifth
        TakeSyn(now, segment); // fourth
        if (isAck)
        {
            _isEcnAllowed = _options.Ecn && (segment.Flags & (TcpFlags.EcnEcho | TcpFlags.WindowReduced)) == TcpFlags.EcnEcho; // RFC 3168 §6.1.1
            _una = 1;
            (_windowSequence, _windowAck) = (0, 1); // RFC 7323 §2.2: its window is not scaled, and TakeSyn has taken it
            Establish(now);
            _isAckDue = true;
            TakeText(now, segment, 1); // data in a SYN is queued (RFC 9293 §3.10.7.3, fourth)
        }
        else
        {
            State = TcpState.SynReceived; // simultaneous open (§3.5)
            (_isSynDue, _synsSent) = (true, 0);
        }
        return true;
    }

    // The peer's SYN: its numbers and options. Our own answers are limited to what it offers.
    void TakeSyn(Instant now, in TcpSegment syn)
    {
        _peerStart = syn.Sequence;
        _hasTimestamps = _options.Timestamps && syn.HasTimestamps;   // RFC 7323 §3.2
        _isSackAllowed = _options.Sack && syn.SackPermitted;         // RFC 2018 §2
        if (!syn.Has(TcpFlags.Ack)) // RFC 3168 §6.1.1: both bits ask for ECN
            _isEcnAllowed = _options.Ecn && (syn.Flags & (TcpFlags.EcnEcho | TcpFlags.WindowReduced)) == (TcpFlags.EcnEcho | TcpFlags.WindowReduced);
        (_recentTimestamp, _recentTimestampAt, _lastHeard) = (syn.Timestamp, now, now);
        TakePeerOptions(syn.MaxSegmentOctets, syn.WindowScale);
        _sendWindow = _maxSendWindow = syn.Window; // RFC 7323 §2.2: the window of a SYN is not scaled
    }

    void TakePeerOptions(int maxSegmentOctets, int windowScale)
    {
        _peerSegmentOctets = Math.Max(maxSegmentOctets == 0 ? TcpOption.DefaultMaxSegmentOctets : maxSegmentOctets, MinPeerSegmentOctets);
        if (windowScale >= 0 && _options.WindowScale)
            (_sendScale, _receiveScale) = (windowScale, _options.OfferedScale); // RFC 7323 §2.2: both or none
        _receiveLimit = Math.Min(_receiveLimit, MaxReceiveLimit);
        UpdateSegmentSize();
    }

    bool ReceiveSynchronized(Instant now, in TcpSegment segment)
    {
        long start = ReceivePosition(segment.Sequence);
        int length = segment.SequenceLength;
        bool isReset = segment.Has(TcpFlags.Reset);
        if (_hasTimestamps && !isReset && !PassesPaws(now, segment))
            return false;
        if (!IsAcceptable(start, length) && !IsNewsBehindProbe(segment, start, length))
            return RefuseOutside(now, segment, start, length);
        _lastHeard = now;
        if (isReset)
            return TakeReset(now, start);
        if (segment.Has(TcpFlags.Syn))
        {
            Challenge(now); // fourth, and RFC 5961 §4.2: whatever its sequence number
            return false;
        }
        if (!segment.Has(TcpFlags.Ack))
            return false; // fifth
        if (State == TcpState.SynReceived && !TakeHandshakeAck(now, segment))
            return false;
        if (!TakeAcknowledgment(now, segment, start))
            return false;
        if (_hasTimestamps && start <= _lastAckSent)
            TakeTimestamp(now, segment); // RFC 7323 §4.3, and RFC 5961 §5: who can't know the acknowledgment number sets no clock forward
        FinishAcknowledged(now);
        if (State is not TcpState.Closed) // sixth: urgent data is like other data (§3.8.5)
            TakeText(now, segment, start);
        return true;
    }

    // RFC 7323 §5.3, R1 to R3
    bool PassesPaws(Instant now, in TcpSegment segment)
    {
        if (!segment.HasTimestamps)
            return false; // RFC 7323 §3.2
        if ((int)(segment.Timestamp - _recentTimestamp) >= 0 || now - _recentTimestampAt > TimestampLifetime)
            return true;
        Refuse(now, isOwed: segment.SequenceLength > 0);
        return false;
    }

    void TakeTimestamp(Instant now, in TcpSegment segment)
    {
        if ((int)(segment.Timestamp - _recentTimestamp) >= 0 || now - _recentTimestampAt > TimestampLifetime)
            (_recentTimestamp, _recentTimestampAt) = (segment.Timestamp, now);
    }

    // RFC 9293 §3.10.7.4, first: the four cases, and the allowance for a closed window. An acknowledgment from where the window ends is not in the RFC: it
    // comes from a peer that has used the window up. When both have, with a gap in front, they could tell each other nothing, and would challenge each other.
    bool IsAcceptable(long start, int length)
    {
        if (length == 0)
            return start >= _received && start <= _receiveEdge;
        return _receiveEdge == _received ? start == _received : start < _receiveEdge && start + length > _received;
    }

    // RFC 9293 §3.10.7.4: with a shut window valid acknowledgments are taken all the same. The peer's follow a probe of one octet that found no room.
    bool IsNewsBehindProbe(in TcpSegment segment, long start, int length) =>
        _receiveEdge == _received && length == 0 && start == _received + 1 && (segment.Flags & (TcpFlags.Ack | TcpFlags.Reset)) == TcpFlags.Ack
        && (SendPosition(segment.Acknowledgment) > _una || (long)segment.Window << _sendScale != _sendWindow);

    bool RefuseOutside(Instant now, in TcpSegment segment, long start, int length)
    {
        if (segment.Has(TcpFlags.Reset))
            return false; // RFC 5961 §3.2, case 1
        if (segment.Has(TcpFlags.Syn))
        {
            if (State == TcpState.SynReceived && start == 0 && segment.Has(TcpFlags.Ack) && SendPosition(segment.Acknowledgment) == 1)
            {
                (_una, _isAckDue) = (1, true); // RFC 9293 §3.5, figure 8: the peer has our SYN, too
                Establish(now);
                return true;
            }
            if (State == TcpState.SynReceived && start == 0 && !segment.Has(TcpFlags.Ack))
                _isSynDue = true; // the peer repeats its SYN, because it has not seen the answer
            else
                Challenge(now); // RFC 5961 §4.2
            return false;
        }
        if (State == TcpState.TimeWait && segment.Has(TcpFlags.Fin))
            _timeWaitAt = now + 2 * _options.MaxSegmentLifetime; // eighth: the peer has not seen the last acknowledgment
        if (length > 0 && start + length <= _received && segment.Payload.Length > 0)
            _duplicate = (Math.Max(1, start), start + segment.Payload.Length); // RFC 2883 §4
        Refuse(now, isOwed: segment.Payload.Length > 0 || segment.Has(TcpFlags.Fin)); // also the answer to keep-alives (§3.8.4)
        return false;
    }

    // Second, and RFC 5961 §3.2
    bool TakeReset(Instant now, long start)
    {
        if (start != _received)
        {
            Challenge(now);
            return false;
        }
        End(State switch
        {
            TcpState.SynReceived when !_isPassive => TcpError.Refused,
            TcpState.Closing or TcpState.LastAck or TcpState.TimeWait => TcpError.None,
            _ => TcpError.Reset,
        });
        return true;
    }

    bool TakeHandshakeAck(Instant now, in TcpSegment segment)
    {
        long ack = SendPosition(segment.Acknowledgment);
        if (ack <= 0 || ack > _next)
        {
            (_resetDue, _resetSequence) = (true, segment.Acknowledgment); // fifth
            return false;
        }
        _una = Math.Max(_una, 1);
        SetSendWindow(segment, ReceivePosition(segment.Sequence), ack);
        Establish(now);
        return true;
    }

    void Establish(Instant now)
    {
        State = _isFinQueued ? TcpState.FinWait1 : TcpState.Established;
        _changes |= TcpChanges.Connected | TcpChanges.Writable;
        _rtoAt = Never;
        _progressAt = now;
        StartKeepAlive(now);
        UpdateSegmentSize();
        _control.Window = _control.InitialWindow;
        if (_synsSent == 1)
            AddSample(now, now - _synSentAt);
        else if (_synsSent > 1)
        {
            _control.Window = _control.SegmentOctets; // RFC 5681 §3.1
            _rtt.StartLate();                         // RFC 6298 §5.7
        }
    }

    void Challenge(Instant now) => _isAckDue |= _challenges.TryTake(now); // RFC 5961 §7

    // RFC 9293 §3.10.7.4, first: an acknowledgment answers. Before the handshake is complete a stranger may have forged the address, so there each one counts.
    void Refuse(Instant now, bool isOwed)
    {
        if (isOwed && State != TcpState.SynReceived)
            _isAckDue = true;
        else
            Challenge(now);
    }

    // Our FIN may have been acknowledged: fifth, by states.
    void FinishAcknowledged(Instant now)
    {
        if (!_isFinQueued || _una <= _tail)
            return;
        switch (State)
        {
            case TcpState.FinWait1:
                State = TcpState.FinWait2;
                if (_isReaderGone)
                    _timeWaitAt = now + FinWait2Patience;
                break;
            case TcpState.Closing:
                EnterTimeWait(now);
                break;
            case TcpState.LastAck:
                End(TcpError.None);
                break;
        }
    }

    // Seventh and eighth: the segment's text and FIN
    void TakeText(Instant now, in TcpSegment segment, long start)
    {
        var text = segment.Payload;
        bool isFin = segment.Has(TcpFlags.Fin);
        if (text.IsEmpty && !isFin || State is not (TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2))
        {
            if (!text.IsEmpty || isFin)
                _isAckDue = true; // the peer's FIN came already
            return;
        }
        if (_isReaderGone && start + text.Length > _received)
        {
            Abort(now); // RFC 9293 §3.6.1: SHLD-3
            return;
        }
        if (segment.Ecn == Ecn.Congestion && _isEcnAllowed)
            _isEcnEchoDue = true; // RFC 3168 §6.1.3
        if (segment.Has(TcpFlags.WindowReduced))
            _isEcnEchoDue = segment.Ecn == Ecn.Congestion && _isEcnAllowed;
        if (isFin && start + text.Length is var fin && fin < Math.Max(_receiveEdge, _received + 1) && (_peerFin < 0 || _peerFin == fin))
            _peerFin = fin;
        TakeData(now, start, text);
        if (_peerFin >= 0 && _received == _peerFin)
            TakeFin(now);
    }

    void TakeFin(Instant now)
    {
        _received++;
        _gaps.Clear();
        ReleaseRead();
        _isAckDue = true;
        _changes |= TcpChanges.PeerFinished | TcpChanges.Readable;
        switch (State)
        {
            case TcpState.Established:
                State = TcpState.CloseWait;
                break;
            case TcpState.FinWait1:
                State = TcpState.Closing; // our FIN was not acknowledged, or the state would be another one
                break;
            case TcpState.FinWait2:
                EnterTimeWait(now);
                break;
        }
    }

    void EnterTimeWait(Instant now)
    {
        State = TcpState.TimeWait;
        StopTimers();
        _timeWaitAt = now + 2 * _options.MaxSegmentLifetime;
        _sendRing.Clear();
        _changes |= TcpChanges.Finished;
    }
}
