namespace TeredoSdk.Testing;

/// <summary>The properties of a link, for both directions. A change at any time affects only later datagrams.</summary>
/// <remarks>
/// A datagram crosses the uplink of its sender, the path across the network, and the uplink of its receiver. Setting a value outside its range throws
/// an <see cref="ArgumentOutOfRangeException"/> that names the property and the range.
/// </remarks>
public sealed class Link
{
    /// <summary>The one-way delay; zero or more.</summary>
    public TimeSpan Delay
    {
        get;
        set => field = NotNegative(value, nameof(Delay));
    }

    /// <summary>
    /// How far the delay of a datagram differs from <see cref="Delay"/> at most, uniformly in both directions (never below zero). Datagrams
    /// between two nodes keep their order; only <see cref="Reordering"/> changes it.
    /// </summary>
    public TimeSpan Jitter
    {
        get;
        set => field = NotNegative(value, nameof(Jitter));
    }

    /// <summary>The probability that a datagram is lost, 0 to 1.</summary>
    public double Loss
    {
        get;
        set => field = Probability(value, nameof(Loss));
    }

    /// <summary>The probability that a datagram is delayed by <see cref="ReorderingDelay"/>, so that later ones overtake it; 0 to 1.</summary>
    public double Reordering
    {
        get;
        set => field = Probability(value, nameof(Reordering));
    }

    /// <summary>How long a reordered datagram is delayed; 20 ms by default.</summary>
    public TimeSpan ReorderingDelay
    {
        get;
        set => field = NotNegative(value, nameof(ReorderingDelay));
    } = TimeSpan.FromMilliseconds(20);

    /// <summary>The probability that a datagram arrives twice, 0 to 1.</summary>
    public double Duplication
    {
        get;
        set => field = Probability(value, nameof(Duplication));
    }

    /// <summary>The largest IPv4 packet that passes without fragmentation, in octets: 68 to 65535 (RFC 791); 1500 by default.</summary>
    public int MtuOctets
    {
        get;
        set
        {
            if (value is < 68 or > 65535)
                throw new ArgumentOutOfRangeException(nameof(MtuOctets), value, "expected 68 to 65535");
            field = value;
        }
    } = 1500;

    /// <summary>
    /// Whether larger packets pass in fragments, as an outer packet without DF does (RFC 4380 §5.1.2); true by default. Otherwise they are dropped.
    /// </summary>
    public bool Fragments { get; set; } = true;

    /// <summary>How many routers are on the link; each takes 1 from the TTL. 0 to 255.</summary>
    public int Hops
    {
        get;
        set
        {
            if (value is < 0 or > 255)
                throw new ArgumentOutOfRangeException(nameof(Hops), value, "expected 0 to 255");
            field = value;
        }
    }

    /// <summary>Whether the link lets datagrams pass at all.</summary>
    public bool IsUp { get; set; } = true;

    internal Link Copy() => (Link)MemberwiseClone();

    internal TimeSpan DrawDelay(SimulatedRandom random)
    {
        if (Jitter == TimeSpan.Zero)
            return Delay;
        var delay = Delay + Jitter * (2 * random.NextDouble() - 1);
        return delay < TimeSpan.Zero ? TimeSpan.Zero : delay;
    }

    static TimeSpan NotNegative(TimeSpan value, string name) =>
        value >= TimeSpan.Zero ? value : throw new ArgumentOutOfRangeException(name, value, "expected zero or more");

    static double Probability(double value, string name) =>
        value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(name, value, "expected 0 to 1");
}
