namespace TeredoSdk.Protocol.Tcp;

/// <summary>The window follows a cubic function of the time since the last loss (RFC 9438).</summary>
sealed class CubicControl(int segmentOctets) : CongestionControl(segmentOctets)
{
    public const double C = 0.4;                             // RFC 9438 §5: segments/s³
    public const double Beta = 0.7;                          // RFC 9438 §4.6
    const double Alpha = 3 * (1 - Beta) / (1 + Beta);        // RFC 9438 §4.3

    // Windows of RFC 9438 §4.1.2, in segments.
    double _max, _prior, _estimate, _epochWindow, _k;
    double _maxBefore, _priorBefore;
    Instant _epochStart;
    bool _hasEpoch;

    /// <summary>W_cubic(t), in segments (RFC 9438 §4.2, equation 1).</summary>
    public static double At(double seconds, double k, double max) => C * Math.Pow(seconds - k, 3) + max;

    protected override void Avoid(Instant now, long octets, in RttEstimator rtt)
    {
        double window = (double)Window / SegmentOctets, acknowledged = (double)octets / SegmentOctets;
        if (!_hasEpoch)
            StartEpoch(now, window);
        double elapsed = (now - _epochStart).TotalSeconds;
        // RFC 9438 §4.3: what Reno would have
        _estimate += (_estimate >= _prior ? 1 : Alpha) * acknowledged / window;
        double next;
        if (At(elapsed, _k, _max) < _estimate)
            next = Math.Max(window, _estimate);
        else
        {
            // RFC 9438 §4.4, §4.5: the target is at most half a window more
            double target = Math.Clamp(At(elapsed + rtt.Smoothed.TotalSeconds, _k, _max), window, 1.5 * window);
            next = window + (target - window) / window * acknowledged;
        }
        Window = Math.Max(Window, (long)(next * SegmentOctets));
    }

    protected override long Reduce(Instant now, long flight)
    {
        double window = (double)Window / SegmentOctets;
        (_maxBefore, _priorBefore) = (_max, _prior);
        _prior = window;
        _max = window < _max ? window * (1 + Beta) / 2 : window; // RFC 9438 §4.7: fast convergence
        _hasEpoch = false;
        return (long)(flight * Beta); // RFC 9438 §4.6
    }

    public override void HandleIdle()
    {
        base.HandleIdle();
        _hasEpoch = false; // RFC 9438 §4.2: the time without data does not count
    }

    public override void Undo(long window, long threshold)
    {
        base.Undo(window, threshold);
        (_max, _prior, _hasEpoch) = (_maxBefore, _priorBefore, false); // RFC 9438 §4.9
    }

    void StartEpoch(Instant now, double window)
    {
        (_hasEpoch, _epochStart, _epochWindow, _estimate) = (true, now, window, window);
        if (_max <= window)
            (_max, _k) = (window, 0); // RFC 9438 §4.8: slow start has ended above the last maximum
        else
            _k = Math.Cbrt((_max - _epochWindow) / C); // RFC 9438 §4.2, equation 2
    }
}
