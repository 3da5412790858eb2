using TeredoSdk.Protocol;

namespace TeredoSdk.Engine;

/// <summary>Makes instants, and notices that the machine slept: the wall clock went on while the monotonic clock stood still.</summary>
/// <remarks>Not thread-safe.</remarks>
sealed class EngineClock
{
    static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    readonly TimeProvider _time;
    readonly long _start;
    TimeSpan _offset;

    public EngineClock(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _offset = Offset(default);
    }

    /// <summary>The clock and the timers underneath.</summary>
    public TimeProvider Time => _time;

    public Instant Now => new(_time.GetElapsedTime(_start));

    /// <summary>Reads the clock.</summary>
    /// <param name="slept">Whether the machine slept since the last reading. A wall clock that was set back does not count as sleep.</param>
    public Instant Read(out bool slept)
    {
        var now = Now;
        var offset = Offset(now.SinceStart);
        slept = offset - _offset > Tolerance;
        _offset = offset;
        return now;
    }

    /// <summary>The wall-clock time of an instant.</summary>
    public DateTimeOffset ToWallClock(Instant instant) => _time.GetUtcNow() + (instant - Now);

    TimeSpan Offset(TimeSpan elapsed) => TimeSpan.FromTicks(_time.GetUtcNow().UtcTicks) - elapsed;
}
