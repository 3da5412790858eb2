using System.Globalization;

namespace TeredoSdk.Protocol;

/// <summary>A point in time on a monotonic clock: the time since an arbitrary start that the driver chose.</summary>
/// <remarks>
/// The protocol cores never read a clock. The driver makes instants from its <see cref="TimeProvider"/>; a simulation makes them from its virtual
/// time. Instants of different clocks must not be compared.
/// </remarks>
public readonly record struct Instant : IComparable<Instant>
{
    /// <summary>Makes an instant from the time since the start.</summary>
    /// <param name="sinceStart">The time since the clock's start.</param>
    public Instant(TimeSpan sinceStart) => SinceStart = sinceStart;

    /// <summary>The time since the clock's start.</summary>
    public TimeSpan SinceStart { get; init; }

    /// <summary>An instant that no clock reaches, used for "never": 7,300 years after the start.</summary>
    public static Instant MaxValue => new(TimeSpan.FromTicks(long.MaxValue / 4)); // a quarter of the range, so that differences never overflow

    /// <summary>An instant before all others, used for "long ago": 7,300 years before the start.</summary>
    public static Instant MinValue => new(TimeSpan.FromTicks(long.MinValue / 4));

    /// <summary>Makes an instant that lies the given number of seconds after the clock's start.</summary>
    public static Instant FromSeconds(double seconds) => new(TimeSpan.FromSeconds(seconds));

    /// <inheritdoc/>
    public int CompareTo(Instant other) => SinceStart.CompareTo(other.SinceStart);

    /// <summary>The instant that is later by the time span.</summary>
    public static Instant operator +(Instant instant, TimeSpan span) => new(instant.SinceStart + span);

    /// <summary>The instant that is earlier by the time span.</summary>
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

    /// <summary>The earlier of two optional instants; null means "never".</summary>
    internal static Instant? Earlier(Instant? left, Instant? right) =>
        left is not { } l ? right : right is not { } r ? left : l <= r ? l : r;

    /// <summary>The seconds since the start, with millisecond precision, for example "4.25 s", in every culture.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{SinceStart.TotalSeconds:0.###} s");
}
