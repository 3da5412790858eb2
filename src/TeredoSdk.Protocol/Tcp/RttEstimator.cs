namespace TeredoSdk.Protocol.Tcp;

/// <summary>Round trips, and the retransmission timeout that follows from them (RFC 6298).</summary>
struct RttEstimator(TimeSpan minTimeout)
{
    public static readonly TimeSpan InitialTimeout = TimeSpan.FromSeconds(1);   // RFC 6298 §2.1
    public static readonly TimeSpan LateInitialTimeout = TimeSpan.FromSeconds(3); // RFC 6298 §5.7
    public static readonly TimeSpan MaxTimeout = TimeSpan.FromSeconds(60);      // RFC 6298 §2.5
    static readonly TimeSpan MinimumAge = TimeSpan.FromSeconds(10);             // not in an RFC: a path's shortest round trip is believed so long
    static readonly TimeSpan Granularity = TimeSpan.FromMilliseconds(1);        // RFC 6298 §2: G

    TimeSpan _minimum = TimeSpan.MaxValue, _nextMinimum = TimeSpan.MaxValue;
    Instant _minimumSince = Instant.MinValue;
    TimeSpan _base = InitialTimeout;
    int _backoff;

    /// <summary>SRTT; zero before the first sample.</summary>
    public TimeSpan Smoothed { get; private set; }

    /// <summary>RTTVAR.</summary>
    public TimeSpan Variation { get; private set; }

    /// <summary>The last sample.</summary>
    public TimeSpan Latest { get; private set; }

    /// <summary>Whether there was a sample.</summary>
    public readonly bool HasSample => Smoothed > TimeSpan.Zero;

    /// <summary>The shortest round trip of the last seconds.</summary>
    public readonly TimeSpan Minimum => _minimum;

    /// <summary>RTO, doubled as often as it ran out.</summary>
    public readonly TimeSpan Timeout => Min(_base * (1 << Math.Min(_backoff, 16)), MaxTimeout);

    /// <summary>RTO as the samples have it.</summary>
    public readonly TimeSpan UndoubledTimeout => _base;

    /// <summary>Takes a round trip.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="sample">The round trip.</param>
    /// <param name="samplesPerRoundTrip">How many samples a round trip has: each weighs less when there are many (RFC 7323 appendix G).</param>
    public void Add(Instant now, TimeSpan sample, int samplesPerRoundTrip = 1)
    {
        sample = Max(sample, TimeSpan.FromTicks(1));
        Latest = sample;
        if (!HasSample)
            (Smoothed, Variation) = (sample, sample / 2); // RFC 6298 §2.2
        else
        {
            int weight = Math.Max(1, samplesPerRoundTrip);
            var error = (Smoothed - sample).Duration();
            Variation += (error - Variation) / (4 * weight);   // RFC 6298 §2.3: beta = 1/4, before SRTT
            Smoothed += (sample - Smoothed) / (8 * weight);    // alpha = 1/8
        }
        _base = Max(Smoothed + Max(Granularity, 4 * Variation), minTimeout); // RFC 6298 §2.3, §2.4
        _backoff = 0; // RFC 6298 §5: a sample is of what was sent once, or has a timestamp
        if (now - _minimumSince > MinimumAge)
            (_minimum, _nextMinimum, _minimumSince) = (Min(_nextMinimum, sample), sample, now);
        (_minimum, _nextMinimum) = (Min(_minimum, sample), Min(_nextMinimum, sample));
    }

    /// <summary>The timeout ran out.</summary>
    public void BackOff() => _backoff = Math.Min(_backoff + 1, 16); // RFC 6298 §5.5

    /// <summary>Data was acknowledged, though without a sample.</summary>
    public void EndBackoff() => _backoff = 0;

    /// <summary>The SYN was repeated, so that data starts with a longer timeout (RFC 6298 §5.7).</summary>
    public void StartLate() => (_base, _backoff) = (Max(_base, LateInitialTimeout), 0);

    static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
