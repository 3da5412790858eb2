namespace TeredoSdk.Engine.PortMapping;

/// <summary>Notices by the gateway's epoch that it has lost its tables.</summary>
/// <remarks>Source: RFC 6887 §8.5, of which RFC 6886 §3.6 is the half that looks for a clock set back. Not thread-safe.</remarks>
sealed class EpochWatch(TimeProvider time)
{
    const double ToleranceSeconds = 2, Drift = 1.0 / 16;

    long _readAt;
    uint? _epoch;

    /// <summary>Takes the epoch of an answer.</summary>
    /// <returns>False when what was promised before it is lost.</returns>
    public bool Observe(uint epoch)
    {
        long now = time.GetTimestamp();
        var (before, readAt) = (_epoch, _readAt);
        (_epoch, _readAt) = (epoch, now);
        if (before is not { } previous)
            return true;
        if (epoch + 1L < previous)
            return false;
        double ours = time.GetElapsedTime(readAt, now).TotalSeconds, theirs = (double)epoch - previous;
        return ours + ToleranceSeconds >= theirs * (1 - Drift) && theirs + ToleranceSeconds >= ours * (1 - Drift);
    }
}
