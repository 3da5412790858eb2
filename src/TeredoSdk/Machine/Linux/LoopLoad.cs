using System.Diagnostics;

namespace TeredoSdk.Machine.Linux;

/// <summary>How busy a thread of <see cref="ReadLoop"/> is. Its thread writes; any thread may read.</summary>
sealed class LoopLoad
{
    const double BusyShare = 0.5, CalmShare = 0.1;

    static readonly long Window = Stopwatch.Frequency / 200; // 5 ms
    static readonly long CalmAfter = Stopwatch.Frequency;    // 1 s

    long _windowStart = Stopwatch.GetTimestamp(), _waited, _calmSince;
    long _waitingSince; // 0 while it works
    bool _isBusy;

    /// <param name="isCalm">Whether it is calm to begin with; else a second must pass.</param>
    public LoopLoad(bool isCalm) => _calmSince = _windowStart - (isCalm ? CalmAfter : 0);

    /// <summary>Whether it was at work for half of the last window.</summary>
    public bool IsBusy => Volatile.Read(ref _isBusy);

    /// <summary>Whether it has done little for a second.</summary>
    public bool IsCalm
    {
        get
        {
            long waiting = Interlocked.Read(ref _waitingSince), now = Stopwatch.GetTimestamp();
            return now - Interlocked.Read(ref _calmSince) >= CalmAfter || (waiting != 0 && now - waiting >= CalmAfter);
        }
    }

    public void BeginWait() => Interlocked.Exchange(ref _waitingSince, Stopwatch.GetTimestamp());

    /// <returns>Whether a window is over.</returns>
    public bool EndWait()
    {
        long now = Stopwatch.GetTimestamp();
        _waited += now - Interlocked.Exchange(ref _waitingSince, 0);
        long passed = now - _windowStart;
        if (passed < Window)
            return false;
        double share = 1 - (double)_waited / passed;
        Volatile.Write(ref _isBusy, share > BusyShare);
        if (share > CalmShare)
            Interlocked.Exchange(ref _calmSince, now);
        (_windowStart, _waited) = (now, 0);
        return true;
    }
}
