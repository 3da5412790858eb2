namespace TeredoSdk.Protocol.Tcp;

/// <remarks>Time: the deadlines, and what is due when they pass.</remarks>
sealed partial class TcpConnection
{
    static readonly Instant Never = Instant.MaxValue;
    static readonly TimeSpan FinWait2Patience = TimeSpan.FromSeconds(60);     // not in the RFC: a peer that never finishes, and nobody who reads
    static readonly TimeSpan PaceCredit = TimeSpan.FromMilliseconds(2);       // not in an RFC: what a late timer may catch up
    const double SlowStartPace = 2, AvoidancePace = 1.25;                             // RFC 9002 §7.7: N
    const int MinPacedSegments = 4;

    Instant _rtoAt = Never, _reorderingAt = Never, _tailProbeAt = Never, _persistAt = Never;
    Instant _delayedAckAt = Never, _keepAliveAt = Never, _timeWaitAt = Never;
    Instant _paceAt = Instant.MinValue, _progressAt;
    int _persistBackoff, _timeouts, _keepAliveProbes;
    bool _isReorderingTimer, _isWindowProbing, _isTailProbeRepeat, _isPaceWaiting;
    long _tailProbeEnd = -1;
    HyStart _slowStart = new();

    /// <summary>When <see cref="HandleTimer"/> is due, or when more can be sent; null: nothing is scheduled.</summary>
    public Instant? NextDeadline
    {
        get
        {
            var earliest = Earlier(Earlier(Earlier(_rtoAt, _reorderingAt), Earlier(_tailProbeAt, _persistAt)), Earlier(_delayedAckAt, _timeWaitAt));
            earliest = Earlier(earliest, _keepAliveAt);
            if (_isPaceWaiting)
                earliest = Earlier(earliest, _paceAt);
            return earliest < Never ? earliest : null;
        }
    }

    /// <summary>Whether the peer has acknowledged nothing through three timeouts in a row.</summary>
    public bool IsPeerSilent => _timeouts >= 3;

    /// <summary>Does what is due. The caller writes segments behind it, as always.</summary>
    public void HandleTimer(Instant now)
    {
        if (now >= _timeWaitAt)
        {
            End(TcpError.None);
            return;
        }
        if (now >= _delayedAckAt)
            (_delayedAckAt, _isAckDue) = (Never, true);
        if (now >= _keepAliveAt)
            KeepAlive(now);
        if (now >= _rtoAt)
            HandleTimeout(now);
        else if (now >= _reorderingAt)
        {
            _reorderingAt = Never;
            Respond(now, _una, 0);
        }
        else if (now >= _tailProbeAt)
            (_tailProbeAt, _isTailProbeDue) = (Never, true);
        if (now >= _persistAt)
            Persist(now);
    }

    static Instant Earlier(Instant a, Instant b) => a < b ? a : b;

    void StopTimers() =>
        _rtoAt = _reorderingAt = _tailProbeAt = _persistAt = _delayedAckAt = _keepAliveAt = _timeWaitAt = Never;

    // RFC 6298 §5.1: it starts with what is sent, if it does not run.
    void StartTimeout(Instant now, Instant end)
    {
        if (_rtoAt == Never)
            _rtoAt = Earlier(now + _rtt.Timeout, end > now ? end : now);
    }

    // RFC 9293 §3.8.6.1: a peer that keeps its window shut and answers is waited for, as long as there is a user who can give up.
    Instant UserDeadline => (_sendWindow == 0 && _lastHeard > _progressAt && !_isReaderGone ? _lastHeard : _progressAt) + _options.UserTimeout;

    // RFC 6298 §5.2, §5.3
    void RestartTimers(Instant now, bool hasAdvanced)
    {
        if (_runs.Count == 0)
            (_rtoAt, _tailProbeAt, _reorderingAt) = (Never, Never, Never);
        else if (hasAdvanced)
        {
            _rtoAt = Never;
            StartTimeout(now, UserDeadline);
            ArmTailProbe(now);
        }
    }

    void HandleTimeout(Instant now)
    {
        _rtoAt = Never;
        if (State is TcpState.SynSent or TcpState.SynReceived)
        {
            if (now - _openedAt >= _options.ConnectTimeout)
                End(TimeoutError);
            _rtt.BackOff();
            _isSynDue = true;
            return;
        }
        if (_runs.Count == 0)
            return;
        if (now >= UserDeadline)
        {
            End(TimeoutError); // RFC 9293 §3.10.8
            return;
        }
        _rtt.BackOff();
        (_tailProbeAt, _reorderingAt, _tailProbeEnd) = (Never, Never, -1);
        (_isProbeDue, _duplicateAcks) = (true, 0);
        if (_sendWindow == 0)
            MarkFirst();
        else
            LoseAll(now);
    }

    // RFC 5681 §3.1, RFC 8985 §6.3, RFC 6298 §5.4
    void LoseAll(Instant now)
    {
        if (_recovery != Recovery.Timeout)
        {
            if (_recovery == Recovery.None)
                SaveForUndo(now);
            _control.HandleTimeout(now, Math.Min(_next - _una, _control.Window));
        }
        if (++_timeouts >= 2 && _runs[0].End - _runs[0].Start >= _control.SegmentOctets - TcpOption.MaxOctets && _path.StepDown())
            UpdateSegmentSize(); // RFC 8899 §4.3: a black hole
        _control.Window = _control.SegmentOctets;
        (_recovery, _recoverUntil) = (Recovery.Timeout, _next);
        _slowStart.End();
        bool isReneged = _runs[0].IsIn(SentState.Sacked); // RFC 2018 §8: the peer has thrown away what it had told of
        for (int i = 0; i < _runs.Count; i++)
            if (isReneged || !_runs[i].IsIn(SentState.Sacked))
                _runs.Set(i, _runs[i].State & ~SentState.Sacked | SentState.Lost);
    }

    TcpError TimeoutError => _isUnreachable ? TcpError.Unreachable : TcpError.TimedOut;

    // The window is shut, or too small to be worth a segment, and nothing is under way that would be answered (RFC 9293 §3.8.6.1).
    void AwaitWindow(Instant now)
    {
        if (_runs.Count == 0 && _persistAt == Never)
            _persistAt = now + TimeSpan.FromTicks(Math.Min(_rtt.Timeout.Ticks << Math.Min(_persistBackoff, 12), RttEstimator.MaxTimeout.Ticks));
    }

    void Persist(Instant now)
    {
        _persistAt = Never;
        _persistBackoff++;
        _isProbeDue = true;
    }

    // RFC 9293 §3.8.4
    void KeepAlive(Instant now)
    {
        var silence = now - _lastHeard;
        if (_lastHeard >= _keepAliveAt - KeepAliveInterval)
            _keepAliveProbes = 0; // the last one was answered
        if (silence < KeepAliveTime || _runs.Count > 0)
        {
            StartKeepAlive(_runs.Count > 0 ? now : _lastHeard);
            return;
        }
        if (_keepAliveProbes >= _options.KeepAliveCount)
        {
            End(TimeoutError);
            return;
        }
        _keepAliveProbes++;
        (_isKeepAliveDue, _keepAliveAt) = (true, now + KeepAliveInterval);
    }

    void StartKeepAlive(Instant from) => (_keepAliveProbes, _keepAliveAt) = (0, KeepAliveTime is { } time ? from + time : Never);

    // RFC 8985 §7.2
    void ArmTailProbe(Instant now)
    {
        _tailProbeAt = Never;
        if (!_isSackAllowed || _recovery != Recovery.None || _runs.SackedOctets > 0 || _tailProbeEnd >= 0 || _runs.Count == 0)
            return;
        var wait = _rtt.HasSample ? 2 * _rtt.Smoothed : RttEstimator.InitialTimeout;
        if (_next - _una <= _control.SegmentOctets)
            wait += _options.AcknowledgmentDelay; // TLP.max_ack_delay; the peer's is taken to be like ours
        if (now + wait < _rtoAt)
            _tailProbeAt = now + wait;
    }

    // RFC 8985 §7.3: new data is the better probe; this sends the last segment again when there is none.
    bool TryRepeatTail(Instant now, Span<byte> buffer, out int length, out int segmentSize)
    {
        length = segmentSize = 0;
        if (_runs.Count == 0 || _recovery != Recovery.None)
        {
            _isTailProbeDue = false;
            return false;
        }
        if (_tail + (_isFinQueued ? 1 : 0) > _next && _una + _sendWindow > _next)
            return false;
        _isTailProbeDue = false;
        var header = MakeHeader(now, TcpFlags.Ack);
        int segment = PacketOctets - header.Length, last = _runs.Count - 1;
        if (_runs[last].End - _runs[last].Start > segment)
        {
            _runs.Split(last, _runs[last].End - segment);
            last++;
        }
        _ = Capacity(buffer, header.Length, segment);
        _runs.Repeat(last, now);
        (_tailProbeEnd, _isTailProbeRepeat, _rtoAt) = (_next, true, Never); // RFC 8985 §7.3: the timeout counts from the probe
        WriteTrain(now, buffer, header, segment, _runs[last].Start, _runs[last].End, out length, out segmentSize);
        NoteSent(now, _runs[last].End - _runs[last].Start);
        return true;
    }

    // RFC 8985 §7.4.2
    void EndTailProbe(Instant now, long ack, bool isDuplicate, bool hasSacks)
    {
        if (_tailProbeEnd < 0 || ack < _tailProbeEnd)
            return;
        if (_isTailProbeRepeat && !isDuplicate && ack > _tailProbeEnd - 1 && _recovery == Recovery.None && !hasSacks)
            RepairedByProbe(now);
        _tailProbeEnd = -1;
    }

    // The probe repaired a loss that nothing else told of: congestion all the same.
    void RepairedByProbe(Instant now)
    {
        _control.HandleCongestion(now, _control.Window);
        _control.Window = Math.Min(_control.Window, _control.SlowStartThreshold);
        _slowStart.End();
    }

    bool IsPaced(Instant now) => _isPaceWaiting = _paceAt > now;

    void Pace(Instant now, long octets)
    {
        if (!_options.Pacing || !_rtt.HasSample)
            return;
        double window = (_control.IsInSlowStart ? SlowStartPace : AvoidancePace) * Math.Max(_control.Window, _control.SegmentOctets);
        double rate = window / _rtt.Smoothed.Ticks; // octets in a tick
        var credit = TimeSpan.FromTicks(Math.Max(PaceCredit.Ticks, (long)(MinPacedSegments * _control.SegmentOctets / rate)));
        var from = now - credit;
        _paceAt = (_paceAt > from ? _paceAt : from) + TimeSpan.FromTicks((long)(octets / rate));
    }
}
