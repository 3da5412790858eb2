namespace TeredoSdk.Protocol.Tcp;

/// <summary>Finds losses by time: what was sent a little before something that has arrived is lost (RFC 8985).</summary>
struct Rack()
{
    const int DupThreshold = 3;      // RFC 8985 §6.2 step 4
    const int ReorderingMemory = 16; // RFC 8985 §6.2 step 4: recoveries for which a wider window lasts

    Instant _sentAt = Instant.MinValue; // RACK.xmit_ts
    long _end;                          // RACK.end_seq
    long _forward;                      // RACK.fack
    TimeSpan _roundTrip;                // RACK.rtt
    bool _isReordering;                 // RACK.reordering_seen
    int _multiplier = 1, _memory;       // RACK.reo_wnd_mult, RACK.reo_wnd_persist
    long _widenedAt = -1;               // RACK.dsack_round

    /// <summary>Takes what was acknowledged or sacked for the first time (steps 2 and 3).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="run">The octets, still in the state before.</param>
    /// <param name="isEarlier">Whether the timestamp's echo says that an earlier transmission has arrived.</param>
    /// <param name="minimum">The shortest round trip.</param>
    public void Deliver(Instant now, in SentRun run, bool isEarlier, TimeSpan minimum)
    {
        bool isRepeated = run.IsIn(SentState.Repeated);
        var roundTrip = now - run.SentAt;
        if (!isRepeated || !isEarlier && roundTrip >= minimum)
        {
            if (IsSentAfter(run.SentAt, run.End, _sentAt, _end))
                (_sentAt, _end, _roundTrip) = (run.SentAt, run.End, roundTrip);
        }
        if (run.End > _forward)
            _forward = run.End;
        else if (!isRepeated)
            _isReordering = true;
    }

    /// <summary>Duplicates say that what was believed lost was only late: the window becomes wider (step 4).</summary>
    /// <param name="isDuplicate">Whether there was a D-SACK.</param>
    /// <param name="acknowledged">SND.UNA.</param>
    /// <param name="next">SND.NXT.</param>
    public void TakeDuplicate(bool isDuplicate, long acknowledged, long next)
    {
        if (_widenedAt >= 0 && acknowledged >= _widenedAt)
            _widenedAt = -1;
        if (!isDuplicate || _widenedAt >= 0)
            return;
        (_widenedAt, _memory) = (next, ReorderingMemory);
        _multiplier = Math.Min(_multiplier + 1, 255);
    }

    /// <summary>A recovery has ended.</summary>
    public void EndRecovery()
    {
        if (--_memory <= 0)
            _multiplier = 1;
    }

    /// <summary>Marks what is lost (step 5).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="runs">The scoreboard.</param>
    /// <param name="rtt">The round trips.</param>
    /// <param name="isRecovering">Whether a recovery is going on.</param>
    /// <param name="segmentOctets">SMSS.</param>
    /// <param name="lost">What was marked: <see cref="SentState.Lost"/> for data, <see cref="SentState.Probe"/> for a probe of the path's size.</param>
    /// <returns>After which time to look again; zero: not before the next acknowledgment.</returns>
    public readonly TimeSpan FindLosses(Instant now, ref SentRuns runs, in RttEstimator rtt, bool isRecovering, int segmentOctets, out SentState lost)
    {
        var window = ReorderingWindow(runs.SackedOctets, rtt, isRecovering, segmentOctets);
        var wait = TimeSpan.Zero;
        lost = SentState.InFlight;
        for (int i = 0; i < runs.Count; i++)
        {
            ref var run = ref runs[i];
            if (run.IsIn(SentState.Sacked | SentState.Lost) || !IsSentAfter(_sentAt, _end, run.SentAt, run.End))
                continue;
            var remaining = run.SentAt + _roundTrip + window - now;
            if (remaining > TimeSpan.Zero)
            {
                wait = remaining > wait ? remaining : wait;
                continue;
            }
            lost |= run.IsIn(SentState.Probe) ? SentState.Probe : SentState.Lost;
            runs.Set(i, run.State | SentState.Lost);
        }
        return wait;
    }

    readonly TimeSpan ReorderingWindow(long sackedOctets, in RttEstimator rtt, bool isRecovering, int segmentOctets)
    {
        if (!_isReordering && (isRecovering || sackedOctets >= DupThreshold * segmentOctets))
            return TimeSpan.Zero;
        var window = rtt.Minimum == TimeSpan.MaxValue ? TimeSpan.Zero : _multiplier * (rtt.Minimum / 4);
        return window < rtt.Smoothed ? window : rtt.Smoothed;
    }

    static bool IsSentAfter(Instant sentAt, long end, Instant otherAt, long otherEnd) => sentAt > otherAt || sentAt == otherAt && end > otherEnd;
}
