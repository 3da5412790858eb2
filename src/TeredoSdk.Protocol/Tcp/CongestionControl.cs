namespace TeredoSdk.Protocol.Tcp;

/// <summary>How much may be under way. Octets throughout.</summary>
abstract class CongestionControl
{
    const int InitialSegments = 10, InitialOctets = 14_600; // RFC 6928 §2

    /// <param name="segmentOctets">SMSS: the payload of a full segment.</param>
    protected CongestionControl(int segmentOctets)
    {
        SegmentOctets = segmentOctets;
        Window = InitialWindow;
    }

    /// <summary>SMSS: the payload of a full segment.</summary>
    public int SegmentOctets { get; set; }

    /// <summary>cwnd.</summary>
    public long Window { get; set; }

    /// <summary>ssthresh.</summary>
    public long SlowStartThreshold { get; protected set; } = long.MaxValue;

    public bool IsInSlowStart => Window < SlowStartThreshold;

    /// <summary>IW (RFC 6928 §2).</summary>
    public long InitialWindow => Math.Min(InitialSegments * SegmentOctets, Math.Max(2 * SegmentOctets, InitialOctets));

    /// <summary>Data was acknowledged outside of a recovery, while the window was what limited the flow.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="octets">How many octets were acknowledged; more than 0.</param>
    /// <param name="rtt">The round trips.</param>
    public void HandleAcknowledged(Instant now, long octets, in RttEstimator rtt)
    {
        if (IsInSlowStart)
        {
            long grown = Math.Min(octets, SlowStartThreshold - Window); // RFC 5681 §3.1; RFC 9406 §4.2 has no L when segments are paced
            Window += grown;
            octets -= grown;
        }
        if (octets > 0)
            Avoid(now, octets, rtt);
    }

    /// <summary>Slow start ends here without a loss (RFC 9406 §4.2).</summary>
    public void EndSlowStart() => SlowStartThreshold = Window;

    /// <summary>A loss or a mark of congestion. The window itself is the recovery's (RFC 6937).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="flight">How many octets were under way.</param>
    public void HandleCongestion(Instant now, long flight) => SlowStartThreshold = Math.Max(Reduce(now, flight), 2 * SegmentOctets);

    /// <summary>The retransmission timeout ran out for the first time.</summary>
    public virtual void HandleTimeout(Instant now, long flight)
    {
        HandleCongestion(now, flight);
        Window = SegmentOctets; // RFC 5681 §3.1: LW
    }

    /// <summary>The recovery is over.</summary>
    public virtual void EndRecovery(Instant now) => Window = SlowStartThreshold;

    /// <summary>Nothing was sent for longer than a timeout (RFC 5681 §4.1).</summary>
    public virtual void HandleIdle() => Window = Math.Min(Window, InitialWindow);

    /// <summary>The last reduction was wrong: nothing was lost (RFC 4015 §3.2, RFC 9438 §4.9).</summary>
    public virtual void Undo(long window, long threshold) => (Window, SlowStartThreshold) = (Math.Max(Window, window), threshold);

    /// <summary>Congestion avoidance.</summary>
    protected abstract void Avoid(Instant now, long octets, in RttEstimator rtt);

    /// <summary>What the window becomes after congestion.</summary>
    protected abstract long Reduce(Instant now, long flight);

    public static CongestionControl Create(TcpCongestion kind, int segmentOctets) =>
        kind == TcpCongestion.NewReno ? new NewRenoControl(segmentOctets) : new CubicControl(segmentOctets);
}

/// <summary>One segment more for each round trip, half the window after a loss (RFC 5681 §3.1).</summary>
sealed class NewRenoControl(int segmentOctets) : CongestionControl(segmentOctets)
{
    long _acknowledged;

    protected override void Avoid(Instant now, long octets, in RttEstimator rtt)
    {
        _acknowledged += octets; // RFC 3465 §2.1
        if (_acknowledged < Window)
            return;
        _acknowledged -= Window;
        Window += SegmentOctets;
    }

    protected override long Reduce(Instant now, long flight)
    {
        _acknowledged = 0;
        return flight / 2; // RFC 5681 §3.1, equation 4
    }
}
