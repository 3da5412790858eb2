namespace TeredoSdk.Protocol.Tcp;

/// <remarks>What is done about losses: finding them, and the window while they are repaired.</remarks>
sealed partial class TcpConnection
{
    const int DupThreshold = 3; // RFC 5681 §3.2

    enum Recovery : byte
    {
        None,
        /// <summary>After losses that acknowledgments told (RFC 6675, 8985, 6937).</summary>
        Fast,
        /// <summary>After a timeout (RFC 5681 §3.1).</summary>
        Timeout,
    }

    Rack _rack = new();
    RateReduction _reduction;
    Recovery _recovery;
    long _recoverUntil; // RecoveryPoint
    // What was before a reduction, and when the first repetition left (RFC 3522).
    (long Window, long Threshold, int PathOctets, uint Timestamp, bool IsValid) _undo;

    // What the congestion control does, outside and inside of a recovery.
    void Respond(Instant now, long una, long delivered)
    {
        var lost = MarkLosses(now, una);
        TakeEcnEcho(now);
        if ((lost & SentState.Probe) != 0)
            _path.Refuse(now);
        if ((lost & SentState.Lost) != 0 && _recovery == Recovery.None)
            EnterRecovery(now);
        else if (_recovery != Recovery.None && _una >= _recoverUntil)
            EndRecovery(now);
        bool advanced = _una > una;
        if (_recovery == Recovery.Fast)
        {
            bool isSafe = advanced && lost == SentState.InFlight;
            _control.Window = _reduction.Take(delivered, Pipe, _control.SlowStartThreshold, _control.SegmentOctets, isSafe);
        }
        else if (advanced && _isWindowLimited)
        {
            if (_control.IsInSlowStart && _recovery == Recovery.None)
                _slowStart.Take(now, _una, _next, _rtt, _control);
            _control.HandleAcknowledged(now, _slowStart.Share(_una - una, _control.IsInSlowStart), _rtt);
        }
    }

    SentState MarkLosses(Instant now, long una)
    {
        var lost = SentState.InFlight;
        if (_isSackAllowed)
        {
            // What is under way was sent in order, and nothing of it has arrived: nothing to find.
            if (_runs.SackedOctets == 0 && _recovery == Recovery.None && !_isReorderingTimer)
                return lost;
            var wait = _rack.FindLosses(now, ref _runs, _rtt, _recovery != Recovery.None, _control.SegmentOctets, out lost);
            _reorderingAt = wait > TimeSpan.Zero ? now + wait : Never;
            _isReorderingTimer = wait > TimeSpan.Zero;
        }
        else if (_runs.Count > 0 && _recovery switch
        {
            Recovery.None => _duplicateAcks >= DupThreshold,
            Recovery.Fast => _una > una && _una < _recoverUntil,
            _ => false,
        })
        {
            lost = MarkFirst(); // RFC 5681 §3.2, and RFC 6582 §3.2 for what a partial acknowledgment shows
            _isProbeDue = lost == SentState.Lost; // it leaves whatever the window is
        }
        return lost;
    }

    SentState MarkFirst()
    {
        if (_runs[0].IsIn(SentState.Lost))
            return SentState.InFlight;
        if (_runs[0].End - _runs[0].Start > _control.SegmentOctets)
            _runs.Split(0, _runs[0].Start + _control.SegmentOctets);
        var what = _runs[0].IsIn(SentState.Probe) ? SentState.Probe : SentState.Lost;
        _runs.Set(0, _runs[0].State | SentState.Lost);
        return what;
    }

    void EnterRecovery(Instant now)
    {
        SaveForUndo(now);
        long flight = Math.Min(_next - _una, _control.Window);
        _control.HandleCongestion(now, flight);
        _reduction = new(_next - _una);
        (_recovery, _recoverUntil) = (Recovery.Fast, _next);
        _slowStart.End();
        _isWindowReducedDue = _isEcnAllowed;
    }

    void EndRecovery(Instant now)
    {
        if (_recovery == Recovery.Fast)
            _control.EndRecovery(now);
        _rack.EndRecovery();
        (_recovery, _duplicateAcks, _undo.IsValid) = (Recovery.None, 0, false);
    }

    void SaveForUndo(Instant now) => _undo = (_control.Window, _control.SlowStartThreshold, _path.PacketOctets, _start.Timestamp(now), _hasTimestamps);

    // RFC 3522 §3.2 and RFC 4015: the acknowledgment is of the first transmission, so nothing was lost.
    void UndoReduction(Instant now)
    {
        _control.Undo(_undo.Window, _undo.Threshold);
        _path.StepBack(_undo.PathOctets);
        UpdateSegmentSize();
        for (int i = 0; i < _runs.Count; i++)
            if (_runs[i].IsIn(SentState.Lost))
                _runs.Set(i, _runs[i].State & ~SentState.Lost);
        (_recovery, _duplicateAcks, _undo.IsValid) = (Recovery.None, 0, false);
        _rtt.EndBackoff();
    }
}
