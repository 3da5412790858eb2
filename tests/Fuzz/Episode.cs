using TeredoSdk.Protocol;

namespace TeredoSdk.Fuzz;

/// <summary>One core from its start through some thousand datagrams, under one set of options.</summary>
public abstract class Episode(int seed)
{
    /// <summary>A socket's datagram can be no longer.</summary>
    protected const int BufferSize = 65536;

    readonly long[] _kinds = new long[Enum.GetValues<VerdictKind>().Length], _reasons = new long[Enum.GetValues<DropReason>().Length];

    /// <summary>Where every choice of the episode comes from.</summary>
    protected Random Random { get; } = new(seed);

    /// <summary>The virtual clock.</summary>
    public Instant Now { get; protected set; } = Instant.FromSeconds(1000);

    /// <summary>The last datagram that was handed in, with how it got there.</summary>
    public (string Via, IPv4Endpoint Source, byte[] Payload) Last { get; protected set; } = ("none yet", default, []);

    /// <summary>How often each outcome came up: to see that a run reached more than the first check.</summary>
    public IEnumerable<(string Outcome, long Count)> Outcomes =>
        Enum.GetValues<VerdictKind>().Where(kind => kind != VerdictKind.Dropped).Select(kind => (kind.ToString(), _kinds[(int)kind]))
            .Concat(Enum.GetValues<DropReason>().Select(reason => ($"Dropped, {reason}", _reasons[(int)reason])))
            .Where(outcome => outcome.Item2 > 0);

    /// <summary>Receives a line for each input and output, or null.</summary>
    public TextWriter? Trace { get; init; }

    /// <summary>Lets time pass, lets something happen, hands in one datagram, and looks at everything that comes of it.</summary>
    /// <exception cref="Finding">A rule was broken.</exception>
    public abstract void Step();

    /// <summary>Counts an outcome.</summary>
    protected void Count(Verdict verdict)
    {
        _kinds[(int)verdict.Kind]++;
        if (verdict.Kind == VerdictKind.Dropped)
            _reasons[(int)verdict.Reason]++;
    }

    /// <summary>How far the clock moves before the next datagram: mostly little, now and then minutes.</summary>
    protected TimeSpan NextPause() => Random.Next(1000) switch
    {
        < 600 => TimeSpan.Zero,
        < 850 => TimeSpan.FromMilliseconds(Random.Next(50)),
        < 960 => TimeSpan.FromMilliseconds(Random.Next(3000)),
        < 997 => TimeSpan.FromMilliseconds(Random.Next(40_000)),
        _ => TimeSpan.FromSeconds(Random.Next(60, 700)),
    };

    /// <summary>Whether something that happens so often in a hundred happens now.</summary>
    protected bool Chance(int percent) => Random.Next(100) < percent;

    /// <summary>One of a list.</summary>
    protected T Pick<T>(IReadOnlyList<T> list) => list[Random.Next(list.Count)];

    /// <summary>An endpoint from anywhere.</summary>
    protected IPv4Endpoint AnyEndpoint() => new(new((uint)Random.NextInt64(1L << 32)), (ushort)Random.Next(65536));
}
