using System.Diagnostics;

namespace TeredoSdk.Fuzz;

/// <summary>The command line.</summary>
public static class FuzzCommand
{
    const string Usage = """
        Mutational fuzzing of the protocol cores over the test vectors and captures.

        dotnet run -c Release --project tests/Fuzz -- [options]

          --datagrams N    how many datagrams in all (10000000)
          --role ROLE      client, server, relay or all (all, a third each)
          --seed N         a run with the same seed is the same run (a new one each time)
          --episode N      start at this episode
          --trace          a line for each input and output on standard error
          --help           this text

        Exits 0 when nothing was found, 1 with a description when something was, 2 on bad arguments.
        """;

    /// <summary>Runs the command.</summary>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        long datagrams = 10_000_000;
        int seed = Environment.TickCount & int.MaxValue, episode = 0;
        FuzzRole[] roles = Enum.GetValues<FuzzRole>();
        bool trace = false;
        for (int i = 0; i < args.Length; i++)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--help" or "-h":
                    output.WriteLine(Usage);
                    return 0;
                case "--trace":
                    trace = true;
                    continue;
                case "--datagrams" when long.TryParse(value, out datagrams) && datagrams > 0:
                case "--seed" when int.TryParse(value, out seed):
                case "--episode" when int.TryParse(value, out episode) && episode >= 0:
                case "--role" when TryParseRoles(value, out roles):
                    i++;
                    continue;
                default:
                    error.WriteLine($"{args[i]} {value}: no such option or value; --help lists them.");
                    return 2;
            }
        }
        return Run(roles, datagrams, seed, episode, trace, output, error);
    }

    static int Run(FuzzRole[] roles, long datagrams, int seed, int episode, bool trace, TextWriter output, TextWriter error)
    {
        error.WriteLine($"seed {seed}");
        long total = 0;
        var all = Stopwatch.StartNew();
        foreach (var role in roles)
        {
            var clock = Stopwatch.StartNew();
            long share = datagrams / roles.Length + (role == roles[^1] ? datagrams % roles.Length : 0), shown = 0;
            var result = new FuzzRun(role, seed, share)
            {
                FirstEpisode = episode,
                Trace = trace ? error : null,
                Progress = done =>
                {
                    if (done - shown < share / 10)
                        return;
                    shown = done;
                    error.WriteLine($"{role}: {done} of {share}, {done / clock.Elapsed.TotalSeconds:0} datagrams/s");
                },
            }.Run();
            Print(result, output, clock.Elapsed);
            total += result.Datagrams;
            if (result.Failure is not null)
            {
                output.WriteLine(result.Failure);
                return 1;
            }
        }
        output.WriteLine($"{total} datagrams in {all.Elapsed.TotalSeconds:0.0} s, {total / all.Elapsed.TotalSeconds:0} per second: nothing found");
        return 0;
    }

    static void Print(FuzzResult result, TextWriter output, TimeSpan elapsed)
    {
        output.WriteLine($"{result.Role}: {result.Datagrams} datagrams, {result.Datagrams / elapsed.TotalSeconds:0} per second, at most {result.PeakGrowth / 1024} KiB held by one core and its oracle");
        foreach (var (outcome, count) in result.Outcomes.OrderByDescending(outcome => outcome.Value))
            output.WriteLine($"  {count,10}  {outcome}");
    }

    static bool TryParseRoles(string value, out FuzzRole[] roles)
    {
        bool one = Enum.TryParse<FuzzRole>(value, ignoreCase: true, out var role) && !char.IsAsciiDigit(value[0]);
        roles = value == "all" ? Enum.GetValues<FuzzRole>() : one ? [role] : [];
        return roles.Length > 0;
    }
}
