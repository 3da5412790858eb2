namespace TeredoSdk.Protocol.Relay;

/// <summary>
/// How much a relay sends to clients and servers that have not answered yet: anybody on the IPv6 side can name them (docs/protocol §5.4).
/// </summary>
/// <remarks>
/// The limits count rounds: a direct and an indirect bubble. The source's limit comes first. Of each other limit, sources that ask seldom have a half
/// to themselves. Beyond that, no IPv4 address is sent more octets of bubbles than packets were taken that name it.
/// </remarks>
sealed class RelayLimits
{
    public const int SourceRate = 50, SourceBurst = 100; // for the packets of one native /64
    public const int ServerShare = 50;                   // for one embedded server: so many per second, and as many at once, in each half
    public const int MappedShare = 8;                    // for the IPv4 address of clients; as above
    public const int TotalShare = 500;                   // in all; as above
    const int Remembered = 16384;

    sealed class Share(IRandomSource random)
    {
        readonly RateLimiter _servers = new(ServerShare, ServerShare, Remembered, random);
        readonly RateLimiter _mapped = new(MappedShare, MappedShare, Remembered, random);
        RateGate _total = new(TotalShare, TotalShare);

        public bool TryTake(Instant now, TeredoAddress client) => _mapped.TryTake(now, client.MappedEndpoint.Address.Value)
            && _servers.TryTake(now, client.Server.Value) && _total.TryTake(now);
    }

    readonly RateLimiter _sources;
    readonly SeldomSources _seldom;
    readonly Share _seldomShare, _oftenShare;
    readonly OctetCredit _credit;

    public RelayLimits(IRandomSource random)
    {
        _sources = new(SourceRate, SourceBurst, Remembered, random);
        _seldom = new(Remembered, random);
        (_seldomShare, _oftenShare) = (new(random), new(random));
        _credit = new(Remembered, random);
    }

    /// <summary>Whether a round of bubbles may be sent to a client.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="source">The /64 whose packets are for the client.</param>
    /// <param name="client">The client.</param>
    public bool MayContact(Instant now, ulong source, TeredoAddress client) => _sources.TryTake(now, source)
        && ((_seldom.TryTake(now, source) && _seldomShare.TryTake(now, client)) || _oftenShare.TryTake(now, client));

    /// <summary>Counts the octets of a packet that names an IPv4 address.</summary>
    public void Earn(IPv4Address address, int octets) => _credit.Earn(address, octets);

    /// <summary>Takes what a bubble to the address costs, if packets have paid for it.</summary>
    public bool TrySpend(IPv4Address address, int octets) => _credit.TrySpend(address, octets);
}
