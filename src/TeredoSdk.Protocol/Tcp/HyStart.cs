namespace TeredoSdk.Protocol.Tcp;

/// <summary>Ends slow start when round trips grow, before the path's queue is full (RFC 9406). It applies to the first slow start only.</summary>
struct HyStart()
{
    static readonly TimeSpan MinThreshold = TimeSpan.FromMilliseconds(4), MaxThreshold = TimeSpan.FromMilliseconds(16); // RFC 9406 §4.3
    const int ThresholdDivisor = 8, Samples = 8, ConservativeDivisor = 4, ConservativeRounds = 5;

    TimeSpan _lastMinimum = TimeSpan.MaxValue, _minimum = TimeSpan.MaxValue, _baseline;
    long _windowEnd;
    int _samples, _rounds;
    bool _isConservative, _hasEnded;

    /// <summary>Takes a round trip during slow start.</summary>
    public void Take(Instant now, long acknowledged, long next, in RttEstimator rtt, CongestionControl control)
    {
        if (_hasEnded || !rtt.HasSample)
            return;
        if (acknowledged >= _windowEnd)
        {
            (_lastMinimum, _minimum, _samples, _windowEnd) = (_minimum, TimeSpan.MaxValue, 0, next);
            if (_isConservative && ++_rounds >= ConservativeRounds)
            {
                control.EndSlowStart();
                _hasEnded = true;
                return;
            }
        }
        _minimum = rtt.Latest < _minimum ? rtt.Latest : _minimum;
        if (++_samples < Samples || _minimum == TimeSpan.MaxValue || _lastMinimum == TimeSpan.MaxValue)
            return;
        if (_isConservative)
        {
            if (_minimum < _baseline)
                _isConservative = false; // the growth of round trips was no queue
            return;
        }
        var threshold = TimeSpan.FromTicks(Math.Clamp(_lastMinimum.Ticks / ThresholdDivisor, MinThreshold.Ticks, MaxThreshold.Ticks));
        if (_minimum >= _lastMinimum + threshold)
            (_isConservative, _baseline, _rounds) = (true, _minimum, 0);
    }

    /// <summary>What of the acknowledged octets counts for the window's growth.</summary>
    public readonly long Share(long octets, bool isSlowStart) => isSlowStart && _isConservative && !_hasEnded ? octets / ConservativeDivisor : octets;

    /// <summary>A loss has ended the first slow start.</summary>
    public void End() => _hasEnded = true;
}
