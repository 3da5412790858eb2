namespace TeredoSdk.Engine.PortMapping;

/// <summary>Notices from the gateway's epoch that the gateway has lost its tables.</summary>
/// <remarks>Source: RFC 6887 §8.5. RFC 6886 §3.6 has only the half of it that looks for a clock set back. Not thread-safe.</remarks>
sealed class EpochWatch(TimeProvider time)
{
    const double ToleranceSeconds = 2, Drift = 1.0 / 16;

    long _readAt;
    uint? _epoch;

    /// <summary>Takes the epoch of an answer.</summary>
    /// <returns>False when the gateway has lost the mappings that it granted before this answer.</returns>
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
