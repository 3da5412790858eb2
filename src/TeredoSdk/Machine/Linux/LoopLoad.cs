namespace TeredoSdk.Machine.Linux;

/// <summary>How busy a thread of <see cref="ReadLoop"/> is. Its thread writes; any thread may read.</summary>
sealed class LoopLoad
{
    const double BusyShare = 0.5, CalmShare = 0.1;

    static readonly TimeSpan Window = TimeSpan.FromMilliseconds(5), CalmAfter = TimeSpan.FromSeconds(1);

    readonly TimeProvider _time;
    long _windowStart, _waitingSince, _waited, _calmSince;
    bool _isBusy;

    /// <param name="isCalm">Whether it is calm to begin with; else a second must pass.</param>
    /// <param name="time">The clock.</param>
    public LoopLoad(bool isCalm, TimeProvider time)
    {
        _time = time;
        _windowStart = time.GetTimestamp();
        _calmSince = _windowStart - (isCalm ? (long)(CalmAfter.TotalSeconds * time.TimestampFrequency) : 0);
    }

    /// <summary>Whether it was at work for more than half of the last window.</summary>
    public bool IsBusy => Volatile.Read(ref _isBusy);

    /// <summary>Whether it has done little for a second.</summary>
    public bool IsCalm => _time.GetElapsedTime(Interlocked.Read(ref _calmSince)) >= CalmAfter;

    public void BeginWait() => _waitingSince = _time.GetTimestamp();

    /// <returns>Whether a window is over.</returns>
    public bool EndWait()
    {
        long now = _time.GetTimestamp();
        _waited += now - _waitingSince;
        if (_time.GetElapsedTime(_windowStart, now) < Window)
            return false;
        double share = 1 - (double)_waited / (now - _windowStart);
        Volatile.Write(ref _isBusy, share > BusyShare);
        if (share > CalmShare)
            Interlocked.Exchange(ref _calmSince, now);
        (_windowStart, _waited) = (now, 0);
        return true;
    }
}
