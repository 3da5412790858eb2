namespace TeredoSdk;

/// <summary>What a rendezvous service gives to one and to all. A service copies them when it starts.</summary>
public sealed class RendezvousLimits
{
    /// <summary>How long a key owns its name after its last record has expired, so that a host that was off finds its name again. 1 day by default; zero or more.</summary>
    public TimeSpan Grace { get; set; } = TimeSpan.FromDays(1);

    /// <summary>How far ahead a record may expire. 1 hour by default; more than zero.</summary>
    public TimeSpan MaxLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many names one IPv4 address, or one /64 of native IPv6, may own. 16 by default; at least 1.</summary>
    public int NamesPerSource { get; set; } = 16;

    /// <summary>How many records one IPv4 address, or one /64 of native IPv6, may publish in a minute. 60 by default; at least 1.</summary>
    public int PublishesPerMinute { get; set; } = 60;

    /// <summary>How many names there are at most. 10,000 by default; at least 1.</summary>
    public int MaxNames { get; set; } = 10_000;

    internal RendezvousLimits Snapshot()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Grace, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxLifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(NamesPerSource, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PublishesPerMinute, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxNames, 1);
        return (RendezvousLimits)MemberwiseClone();
    }
}
