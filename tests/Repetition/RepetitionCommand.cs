using System.Diagnostics;
using System.Globalization;

namespace TeredoSdk.Repetition;

/// <summary>The command line.</summary>
static class RepetitionCommand
{
    const string Usage = """
        Runs test projects again and again. A test that is not red each time says nothing about a change.

        dotnet run -c Release --project tests/Repetition -- [options]

          --runs N          how often (200)
          --minutes N       after how long no further run of a project is begun (no limit)
          --per-process N   how many runs one process makes: cheaper, since code is warm, but with fixed seeds and without --filter (1)
          --load N          how many threads compute beside the tests (0)
          --project NAME    one of tests/NAME; may be repeated (Protocol.Tests, Sdk.Tests, Hosting.Tests, Cli.Tests)
          --filter TEXT     as dotnet test has it
          --random-seeds    property tests try other cases in each run
          --loop            builds without analysers, and leaves slow tests out (CONTRIBUTING.md)
          --keep            adds a line to tests/Repetition/results.tsv
          --help            this text

        Exits 0 when no test was red, 1 when one was, 2 on bad arguments.
        """;

    static readonly string[] FastProjects = ["Protocol.Tests", "Sdk.Tests", "Hosting.Tests", "Cli.Tests"];

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var plan = new Plan();
        List<string> projects = [];
        bool keep = false;
        for (int i = 0; i < args.Length; i++)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--help" or "-h":
                    output.WriteLine(Usage);
                    return 0;
                case "--random-seeds":
                    plan = plan with { RandomSeeds = true };
                    continue;
                case "--loop":
                    plan = plan with { Loop = true };
                    continue;
                case "--keep":
                    keep = true;
                    continue;
                case "--runs" when int.TryParse(value, out int runs) && runs > 0:
                    plan = plan with { Runs = runs };
                    break;
                case "--minutes" when int.TryParse(value, out int minutes) && minutes > 0:
                    plan = plan with { Minutes = minutes };
                    break;
                case "--per-process" when int.TryParse(value, out int inside) && inside > 0:
                    plan = plan with { PerProcess = inside };
                    break;
                case "--load" when int.TryParse(value, out int load) && load >= 0:
                    plan = plan with { Load = load };
                    break;
                case "--project" when Directory.Exists(Path.Combine(Repository.Root, "tests", value)) && value.Length > 0:
                    projects.Add(value);
                    break;
                case "--filter" when value.Length > 0:
                    plan = plan with { Filter = value };
                    break;
                default:
                    error.WriteLine($"{args[i]} {value}: no such option or value; --help lists them.");
                    return 2;
            }
            i++;
        }
        if (plan.PerProcess > 1 && (plan.RandomSeeds || plan.Filter is not null))
        {
            error.WriteLine("--per-process can't be combined with --random-seeds or --filter.");
            return 2;
        }
        plan = plan with { Projects = projects.Count > 0 ? projects : FastProjects };
        var clock = Stopwatch.StartNew();
        string commit = await Repository.CommitAsync();
        bool isRed = false;
        List<string> lines = [];
        foreach (string project in plan.Projects)
        {
            var outcome = await new Repetition(plan, project, error).RunAsync();
            isRed |= outcome.RedRuns > 0;
            foreach (string line in outcome.Describe())
                output.WriteLine(line);
            lines.Add(string.Join('\t', DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), commit, project, outcome.Runs, plan.Load,
                Environment.ProcessorCount, outcome.Tests, outcome.RedRuns, outcome.Reds.Count == 0 ? "-" : string.Join(", ", outcome.Reds.Keys),
                plan.Scope));
        }
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clock.Elapsed.TotalMinutes:0.0} minutes in all"));
        if (keep)
            File.AppendAllLines(Path.Combine(Repository.Root, "tests", "Repetition", "results.tsv"), lines);
        return isRed ? 1 : 0;
    }
}
