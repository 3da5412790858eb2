namespace TeredoSdk.Protocol.Client;

/// <summary>
/// How many answers the client sends in all: 100 in any second, shared fairly, so that a flood leaves room for friends (docs/protocol §5.4).
/// </summary>
/// <remarks>
/// Peers that the host talks to have a share of their own. What comes unasked is limited by its source's IPv4 address first. Then sources that asked
/// seldom have a share, which those that ask often can't use.
/// </remarks>
sealed class AnswerGate(IRandomSource random)
{
    public const int SourceRate = 10, SourceBurst = 32; // for one IPv4 address, which may be that of a whole house
    public const int UsedShare = 20, SeldomShare = 15, OftenShare = 15; // per second, and as many at once

    public const int RememberedSources = 1024;

    readonly RateLimiter _sources = new(SourceRate, SourceBurst, RememberedSources, random);
    readonly SeldomSources _seldom = new(RememberedSources, random);
    RateGate _usedShare = new(UsedShare, UsedShare), _seldomShare = new(SeldomShare, SeldomShare), _oftenShare = new(OftenShare, OftenShare);

    /// <summary>Lets one answer pass, if its share allows that.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="source">The IPv4 address that the answer goes to.</param>
    /// <param name="used">Whether the host talks to the peer, or wants to.</param>
    public bool TryTake(Instant now, IPv4Address source, bool used)
    {
        if (used && _usedShare.TryTake(now))
            return true;
        if (!used && !_sources.TryTake(now, source.Value))
            return false;
        return (_seldom.TryTake(now, source.Value) && _seldomShare.TryTake(now)) || _oftenShare.TryTake(now);
    }
}
