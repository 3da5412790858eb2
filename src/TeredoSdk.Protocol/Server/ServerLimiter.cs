namespace TeredoSdk.Protocol.Server;

/// <summary>Applies the rate limits of a server, in fixed memory and without allocation.</summary>
sealed class ServerLimiter
{
    const int ShareOfExcess = 4; // senders of too much get a quarter of what a destination may get

    readonly RateLimiter _endpointAnswers, _addressAnswers, _endpointForwards, _addressForwards, _shares, _excess, _destinations;
    readonly ulong _seed, _multiplier;

    public ServerLimiter(ServerRateLimits limits, IRandomSource random)
    {
        (_seed, _multiplier) = (random.NextUInt64(), random.NextUInt64() | 1);
        (_endpointAnswers, _addressAnswers) = (Make(limits.AnswersPerEndpoint), Make(limits.AnswersPerAddress));
        (_endpointForwards, _addressForwards) = (Make(limits.ForwardsPerEndpoint), Make(limits.ForwardsPerAddress));
        (_shares, _destinations) = (Make(limits.FairShare), Make(limits.ForwardsPerDestination));
        _excess = new((double)limits.ForwardsPerDestination.PerSecond / ShareOfExcess, Math.Max(1, limits.ForwardsPerDestination.Burst / ShareOfExcess),
            ServerRateLimits.TableSize, random);

        RateLimiter Make(RateLimit limit) => new(limit.PerSecond, limit.Burst, ServerRateLimits.TableSize, random);
    }

    /// <summary>Whether an answer may go to this endpoint.</summary>
    /// <returns>None, or the limit that forbids it.</returns>
    public ServerLimit TryAnswer(Instant now, IPv4Endpoint source) =>
        !_endpointAnswers.TryTake(now, source.Key) ? ServerLimit.AnswersPerEndpoint
        : !_addressAnswers.TryTake(now, source.Address.Value) ? ServerLimit.AnswersPerAddress
        : ServerLimit.None;

    /// <summary>Whether a packet may be forwarded. The limits of the sender come first, so that what they refuse costs the destination nothing.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="source">The sender.</param>
    /// <param name="destination">The IPv4 address, or the first half of the native IPv6 address.</param>
    /// <returns>None, or the limit that forbids it.</returns>
    public ServerLimit TryForward(Instant now, IPv4Endpoint source, ulong destination)
    {
        if (!_endpointForwards.TryTake(now, source.Key))
            return ServerLimit.ForwardsPerEndpoint;
        if (!_addressForwards.TryTake(now, source.Address.Value))
            return ServerLimit.ForwardsPerAddress;
        bool isFair = _shares.TryTake(now, ((destination ^ _seed) * _multiplier) ^ (ulong)source.Address.Value << 32);
        return (isFair || _excess.TryTake(now, destination)) && _destinations.TryTake(now, destination) ? ServerLimit.None : ServerLimit.ForwardsPerDestination;
    }
}
