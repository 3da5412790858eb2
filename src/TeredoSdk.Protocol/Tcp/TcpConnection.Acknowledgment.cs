namespace TeredoSdk.Protocol.Tcp;

/// <remarks>What the peer has of our octets, and what follows for those that it has not.</remarks>
sealed partial class TcpConnection
{
    const int MaxRuns = 4096; // not in an RFC: a selective acknowledgment cuts no run in two when there are so many; small writes alone can make more

    readonly CongestionControl _control;
    SentRuns _runs;
    RttEstimator _rtt;
    long _una;              // SND.UNA
    long _sendWindow, _maxSendWindow, _windowSequence, _windowAck; // SND.WND, Max(SND.WND), SND.WL1, SND.WL2
    int _sendScale, _duplicateAcks;
    TimeSpan _echoRoundTrip; // by timestamps; for the receiver's side

    // How much is on the way: RFC 6675 §4, with the losses of RFC 8985.
    long Pipe => Math.Max(0, _next - Math.Max(_una, 1) - _runs.SackedOctets - _runs.LostOctets - DuplicateOctets);

    // Without SACK each duplicate acknowledgment stands for a segment that has left the network (RFC 5681 §3.2).
    long DuplicateOctets => _isSackAllowed ? 0 : (long)_duplicateAcks * _control.SegmentOctets;

    // Fifth of RFC 9293 §3.10.7.4. Returns false when the segment must not be processed further.
    bool TakeAcknowledgment(Instant now, in TcpSegment segment, long start)
    {
        long ack = SendPosition(segment.Acknowledgment);
        if (ack > _next || ack < _una - Math.Max(_maxSendWindow, 1))
        {
            Challenge(now); // of something not yet sent, or RFC 5961 §5.2
            return false;
        }
        if (ack < _una)
            return true; // an old one, and so are its blocks and its window
        long una = _una, delivered = 0;
        _hasEcnEcho = segment.Has(TcpFlags.EcnEcho);
        bool isEarlier = _hasTimestamps && _undo.IsValid && (int)(segment.TimestampEcho - _undo.Timestamp) < 0;
        bool isDuplicate = _isSackAllowed && segment.SackCount > 0 && TakeSacks(now, segment, ack, isEarlier, ref delivered);
        bool isSameWindow = SetSendWindow(segment, start, ack);
        if (ack > una)
            delivered += Advance(now, segment, ack, isEarlier);
        else if (!_isSackAllowed && segment.Payload.IsEmpty && isSameWindow && _runs.Count > 0 && !segment.Has(TcpFlags.Fin))
        {
            _duplicateAcks++; // RFC 5681 §2
            delivered = _control.SegmentOctets; // RFC 6937 §2: DeliveredData without SACK
        }
        TakeEcho(now, segment, una);
        _rack.TakeDuplicate(isDuplicate, ack, _next);
        EndTailProbe(now, ack, isDuplicate, segment.SackCount > 0);
        if (ack > una && isEarlier && _recovery != Recovery.None)
            UndoReduction(now);
        Respond(now, una, delivered);
        RestartTimers(now, ack > una);
        if (ack > una && _isWriterWaiting && WritableOctets >= SendLimit / 4)
        {
            _isWriterWaiting = false;
            _changes |= TcpChanges.Writable;
        }
        return true;
    }

    // Returns whether the window is as it was.
    bool SetSendWindow(in TcpSegment segment, long start, long ack)
    {
        long window = (long)segment.Window << _sendScale;
        // RFC 9293 §3.10.7.4: an old segment must not bring back an old window
        if (_windowSequence > start || _windowSequence == start && _windowAck > ack)
            return window == _sendWindow;
        bool isSame = window == _sendWindow, wasShut = _sendWindow == 0;
        (_sendWindow, _windowSequence, _windowAck) = (window, start, ack);
        _maxSendWindow = Math.Max(_maxSendWindow, window);
        if (window > 0 && wasShut)
            Reopen();
        return isSame;
    }

    // RFC 9293 §3.8.6.1: what probed the closed window was not taken, so it is sent again at once.
    void Reopen()
    {
        (_persistAt, _persistBackoff) = (Never, 0);
        if (!_isReaderGone)
            _progressAt = _lastHeard;
        if (_isWindowProbing && _runs.Count > 0 && !_runs[0].IsIn(SentState.Sacked | SentState.Lost))
            _runs.Set(0, _runs[0].State | SentState.Lost);
        _isWindowProbing = false;
    }

    // RFC 2018 §5. Returns whether the first block tells of a duplicate (RFC 2883 §4).
    bool TakeSacks(Instant now, in TcpSegment segment, long ack, bool isEarlier, ref long delivered)
    {
        bool isDuplicate = false;
        for (int i = 0; i < segment.SackCount; i++)
        {
            var (first, behind) = segment.Sack(i);
            long start = SendPosition(first), end = start + (int)(behind - first);
            if (end <= start || end > _next)
                continue;
            if (i == 0 && (end <= ack || IsInside(segment, start, end)))
                isDuplicate = true;
            else if (end > ack)
                delivered += TakeSack(now, Math.Max(start, ack), end, isEarlier);
        }
        return isDuplicate;
    }

    bool IsInside(in TcpSegment segment, long start, long end)
    {
        if (segment.SackCount < 2)
            return false;
        var (first, behind) = segment.Sack(1);
        return start >= SendPosition(first) && end <= SendPosition(behind);
    }

    long TakeSack(Instant now, long start, long end, bool isEarlier)
    {
        long delivered = 0;
        int first = _runs.Find(start), last = -1;
        for (int i = first; i < _runs.Count && _runs[i].Start < end; i++)
        {
            if (_runs[i].IsIn(SentState.Sacked) || _runs.Count >= MaxRuns && (_runs[i].Start < start || _runs[i].End > end))
                continue;
            if (_runs[i].Start < start)
                _runs.Split(i++, start);
            if (_runs[i].End > end)
                _runs.Split(i, end);
            delivered += Deliver(now, _runs[i], isEarlier);
            _runs.Set(i, _runs[i].State & SentState.Repeated | SentState.Sacked);
            last = i;
        }
        if (last >= 0)
            _runs.JoinSacked(first, last);
        return delivered;
    }

    // Something arrived for the first time.
    long Deliver(Instant now, in SentRun run, bool isEarlier)
    {
        _rack.Deliver(now, run, isEarlier && run.IsIn(SentState.Repeated), _rtt.Minimum);
        if (!run.IsIn(SentState.Repeated) && run.SentAt > _sampleOf)
            _sampleOf = run.SentAt; // RFC 6298 §3: Karn's algorithm
        if (run.IsIn(SentState.Probe))
        {
            _path.Confirm(now);
            UpdateSegmentSize();
        }
        return run.End - run.Start;
    }

    Instant _sampleOf = Instant.MinValue; // when the youngest octets left that this segment acknowledges and that were sent once

    // SND.UNA moves. Returns how many octets arrived that were not sacked.
    long Advance(Instant now, in TcpSegment segment, long ack, bool isEarlier)
    {
        long delivered = 0;
        bool isRepeated = false;
        while (_runs.Count > 0 && _runs[0].Start < ack)
        {
            if (_runs[0].End > ack)
                _runs.Split(0, ack);
            isRepeated |= _runs[0].IsIn(SentState.Repeated);
            if (!_runs[0].IsIn(SentState.Sacked))
                delivered += Deliver(now, _runs[0], isEarlier);
            _runs.RemoveFirst();
        }
        if (isRepeated)
            _sampleOf = Instant.MinValue; // what came behind a gap waited for it to be filled, which is no round trip
        _una = ack;
        if (LargePacketsArrive is null)
            JudgeLargePackets();
        long data = Math.Min(ack, _tail);
        if (data == _tail)
            _sendRing.Clear();
        else
            _sendRing.Release(data);
        (_progressAt, _timeouts) = (now, 0);
        long told = DuplicateOctets; // without SACK: what duplicate acknowledgments told of before
        _duplicateAcks = Math.Max(0, _duplicateAcks - (int)Math.Max(1, delivered / _control.SegmentOctets));
        return Math.Max(0, delivered - told);
    }

    // RFC 7323 §4 and RFC 6298 §3
    void TakeEcho(Instant now, in TcpSegment segment, long una)
    {
        if (_hasTimestamps && segment.TimestampEcho != 0)
        {
            var echo = TimeSpan.FromMilliseconds(unchecked((int)(_start.Timestamp(now) - segment.TimestampEcho)));
            if (echo >= TimeSpan.Zero && echo < RttEstimator.MaxTimeout && (segment.Payload.Length > 0 || _una > una))
                _echoRoundTrip = TimeSpan.FromMilliseconds(1) + echo;
            // Of octets that were sent again, perhaps only the acknowledgment was lost: then the time is that of our timeouts.
            if (_una > una && _sampleOf == Instant.MinValue && echo >= TimeSpan.Zero)
                AddSample(now, echo < _rtt.UndoubledTimeout ? echo : _rtt.UndoubledTimeout);
        }
        if (_sampleOf > Instant.MinValue)
            AddSample(now, now - _sampleOf);
        else if (_una > una)
            _rtt.EndBackoff();
        _sampleOf = Instant.MinValue;
    }

    void AddSample(Instant now, TimeSpan sample) =>
        _rtt.Add(now, sample, (int)Math.Clamp((_next - _una) / (2 * _control.SegmentOctets), 1, 8));
}
