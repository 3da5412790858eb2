using System.Globalization;

namespace TeredoSdk.Protocol;

/// <summary>A point on a monotonic clock: the time since an arbitrary start that the driver chose.</summary>
/// <remarks>
/// The protocol cores never read a clock. The driver makes instants from its <see cref="TimeProvider"/>, a simulation from
/// its virtual time. Two instants may be compared only when they come from the same clock.
/// </remarks>
public readonly record struct Instant : IComparable<Instant>
{
    /// <summary>An instant by its distance from the start.</summary>
    /// <param name="sinceStart">The time since the clock's start.</param>
    public Instant(TimeSpan sinceStart) => SinceStart = sinceStart;

    /// <summary>The time since the clock's start.</summary>
    public TimeSpan SinceStart { get; init; }

    /// <summary>An instant that no clock reaches, for "never": 7,300 years after the start.</summary>
    public static Instant MaxValue => new(TimeSpan.FromTicks(long.MaxValue / 4)); // a quarter, so that differences never overflow

    /// <summary>An instant before any other, for "long ago": 7,300 years before the start.</summary>
    public static Instant MinValue => new(TimeSpan.FromTicks(long.MinValue / 4));

    /// <summary>An instant so many seconds after the clock's start.</summary>
    public static Instant FromSeconds(double seconds) => new(TimeSpan.FromSeconds(seconds));

    /// <inheritdoc/>
    public int CompareTo(Instant other) => SinceStart.CompareTo(other.SinceStart);

    /// <summary>The instant so much later.</summary>
    public static Instant operator +(Instant instant, TimeSpan span) => new(instant.SinceStart + span);

    /// <summary>The instant so much earlier.</summary>
    public static Instant operator -(Instant instant, TimeSpan span) => new(instant.SinceStart - span);

    /// <summary>The time from <paramref name="earlier"/> to <paramref name="later"/>.</summary>
    public static TimeSpan operator -(Instant later, Instant earlier) => later.SinceStart - earlier.SinceStart;

    /// <summary>Whether the left instant is before the right one.</summary>
    public static bool operator <(Instant left, Instant right) => left.SinceStart < right.SinceStart;

    /// <summary>Whether the left instant is after the right one.</summary>
    public static bool operator >(Instant left, Instant right) => left.SinceStart > right.SinceStart;

    /// <summary>Whether the left instant is not after the right one.</summary>
    public static bool operator <=(Instant left, Instant right) => left.SinceStart <= right.SinceStart;

    /// <summary>Whether the left instant is not before the right one.</summary>
    public static bool operator >=(Instant left, Instant right) => left.SinceStart >= right.SinceStart;

    /// <summary>The earlier of two optional instants; null stands for "never".</summary>
    internal static Instant? Earlier(Instant? left, Instant? right) =>
        left is not { } l ? right : right is not { } r ? left : l <= r ? l : r;

    /// <summary>The seconds since the start, to the millisecond, such as "4.25 s" in every culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{SinceStart.TotalSeconds:0.###} s");
}
