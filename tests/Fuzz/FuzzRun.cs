namespace TeredoSdk.Fuzz;

/// <summary>Which core is fuzzed.</summary>
public enum FuzzRole
{
    /// <summary>The client.</summary>
    Client,
    /// <summary>The server.</summary>
    Server,
    /// <summary>The relay.</summary>
    Relay,
}

/// <summary>What a run found, or null for nothing.</summary>
/// <param name="Role">The core.</param>
/// <param name="Datagrams">How many datagrams it took.</param>
/// <param name="Outcomes">What became of them.</param>
/// <param name="PeakGrowth">How much more memory one episode held than the run had before it, in octets.</param>
/// <param name="Failure">A description that suffices to repeat the finding, or null.</param>
public sealed record FuzzResult(FuzzRole Role, long Datagrams, IReadOnlyDictionary<string, long> Outcomes, long PeakGrowth, string? Failure);

/// <summary>A run over one role: episode after episode, each with other options and a seed of its own.</summary>
public sealed class FuzzRun(FuzzRole role, int seed, long datagrams)
{
    /// <summary>Datagrams per episode.</summary>
    public const int EpisodeSize = 20_000;

    const long MaxEpisodeGrowth = 48 << 20, MaxRunGrowth = 24 << 20; // a core with its peers, and the oracle's records

    readonly Dictionary<string, long> _outcomes = [];
    long _done, _peak;

    /// <summary>Called now and then with the number of datagrams done.</summary>
    public Action<long>? Progress { get; init; }

    /// <summary>The number of the first episode.</summary>
    public int FirstEpisode { get; init; }

    /// <summary>Receives a line for each input and output, or null.</summary>
    public TextWriter? Trace { get; init; }

    /// <summary>Makes an episode.</summary>
    public static Episode Create(FuzzRole role, int seed, int number, TextWriter? trace = null)
    {
        int own = HashOf(seed, number);
        return role switch
        {
            FuzzRole.Client => new ClientEpisode(own, ClientVariant.All[number % ClientVariant.All.Count]) { Trace = trace },
            FuzzRole.Server => new ServerEpisode(own, number) { Trace = trace },
            _ => new RelayEpisode(own, number) { Trace = trace },
        };
    }

    /// <summary>Runs until all datagrams are done or something is found.</summary>
    public FuzzResult Run()
    {
        _ = Corpus.Payloads;
        long before = GC.GetTotalMemory(forceFullCollection: true);
        string? failure = null;
        for (int number = FirstEpisode; failure is null && _done < datagrams; number++)
        {
            failure = RunEpisode(number, (int)Math.Min(EpisodeSize, datagrams - _done));
            Progress?.Invoke(_done);
        }
        long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
        if (failure is null && grown > MaxRunGrowth)
            failure = $"{role}: {grown} octets more in memory after the run than before, with every core gone";
        return new(role, _done, _outcomes, _peak, failure);
    }

    string? RunEpisode(int number, int size)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Episode? episode = null;
        int index = 0;
        try
        {
            episode = Create(role, seed, number, Trace);
            for (; index < size; index++, _done++)
                episode.Step();
            long grown = GC.GetTotalMemory(forceFullCollection: true) - before;
            _peak = Math.Max(_peak, grown);
            Finding.Unless(grown <= MaxEpisodeGrowth, $"one core and its oracle hold {grown} octets after {size} datagrams");
            foreach (var (outcome, count) in episode.Outcomes)
                _outcomes[outcome] = _outcomes.GetValueOrDefault(outcome) + count;
            return null;
        }
        catch (Exception found) when (found is not OutOfMemoryException)
        {
            return Describe(number, index, episode, found);
        }
    }

    string Describe(int number, int index, Episode? episode, Exception found)
    {
        var (via, source, payload) = episode?.Last ?? ("none yet", default, []);
        return $"""
            {role}: {(found is Finding ? found.Message : found.ToString())}
            seed {seed}, episode {number}, datagram {index} of it, at {episode?.Now}
            last datagram, via {via} from {source}: {Convert.ToHexStringLower(payload)}
            again: --role {role.ToString().ToLowerInvariant()} --seed {seed} --episode {number} --datagrams {index + 1} --trace
            """;
    }

    static int HashOf(int seed, int number) => unchecked((seed * 31 + number) * 0x5851F42D + 0x14057B7E);
}
