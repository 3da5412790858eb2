namespace TeredoSdk.Protocol;

/// <summary>
/// Tells sources that ask seldom from those that ask often. Where many sources share a limit, part of it is kept for the former: so a flood, however
/// fast, takes that part only as often as it has new sources.
/// </summary>
sealed class SeldomSources(int size, IRandomSource random)
{
    public const int AtOnce = 4;                                        // the bubbles of one exchange
    public static readonly TimeSpan Between = TimeSpan.FromSeconds(10); // on average, after that

    readonly RateLimiter _sources = new(1 / Between.TotalSeconds, AtOnce, size, random);

    /// <summary>Counts a source, and says whether it asked seldom until now.</summary>
    public bool TryTake(Instant now, ulong source) => _sources.TryTake(now, source);
}
