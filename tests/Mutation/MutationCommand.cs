using System.Globalization;
using TeredoSdk.Repetition;

namespace TeredoSdk.Mutation;

/// <summary>The command line.</summary>
static class MutationCommand
{
    const string Usage = """
        Mutation testing: changes the source in small ways, one at a time, and looks whether a test notices. Works in a copy of the last commit.

        dotnet run -c Release --project tests/Mutation -- [options]

          --project NAME    core, sdk, hosting, windows or command; may be repeated (all)
          --sample N        how many mutants of each project; 0 for all, which takes many hours (40)
          --seed S          which ones: the same seed is the same sample of the same source (1)
          --jobs N          so many at a time (1)
          --minutes N       starts no mutant after so many minutes; the score is that of those which were tried, on the tests that had their turn (no limit)
          --copy FOLDER     where the copy lies, which is kept: the next call builds what changed only (a temporary folder)
          --file TEXT       only files whose path contains it; may be repeated
          --hand            the mutants of handmade.tsv beside this program instead of a sample: faults that the tests once did not notice
          --list            prints the mutants of the sample and runs nothing
          --unreached       prints the members that no test reaches and how many mutants each has, and tries nothing
          --keep            adds a line for each project to tests/Mutation/results.tsv
          --help            this text

        What the fast tests of its project leave alive of the sample is tried on its slow ones; one of the core then on tests/Sdk.Tests, one of the sdk on
        tests/Hosting.Tests, tests/Cli.Tests and, as root, the laboratory of tests/Platform.Tests: at most a dozen of each that reach the changed member.

        What equal.tsv beside this program lists is left out: mutants that no test can notice, each with the reason. Left out by rule are texts and logs,
        attributes, how well a hash spreads, ConfigureAwait, what is done on another system only, arrays that are not given back to a pool, the number in a
        flag that is only compared with 0, and which of two equal values x < y ? x : y takes.

        Exits 0 when each project reaches its goal, 1 when one does not, 2 on bad arguments.
        """;

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        List<Target> targets = [];
        List<string> files = [];
        string? copy = null;
        int minutes = int.MaxValue;
        int sample = 40, seed = 1, jobs = 1;
        bool isList = false, isUnreached = false, keep = false, hand = false;
        for (int i = 0; i < args.Length; i++)
        {
            string value = i + 1 < args.Length ? args[i + 1] : "";
            switch (args[i])
            {
                case "--help" or "-h":
                    output.WriteLine(Usage);
                    return 0;
                case "--list":
                    isList = true;
                    continue;
                case "--unreached":
                    isUnreached = true;
                    continue;
                case "--hand":
                    hand = true;
                    continue;
                case "--keep":
                    keep = true;
                    continue;
                case "--project" when Target.All.FirstOrDefault(target => target.Name == value) is { } named:
                    targets.Add(named);
                    break;
                case "--sample" when int.TryParse(value, out sample) && sample >= 0:
                case "--seed" when int.TryParse(value, out seed):
                case "--jobs" when int.TryParse(value, out jobs) && jobs is >= 1 and <= 64:
                    break;
                case "--minutes" when int.TryParse(value, out minutes) && minutes > 0:
                    break;
                case "--copy" when value.Length > 0:
                    copy = Path.GetFullPath(value);
                    break;
                case "--file" when value.Length > 0:
                    files.Add(value);
                    break;
                default:
                    error.WriteLine($"{args[i]} {value}: no such option or value; --help lists them.");
                    return 2;
            }
            i++;
        }
        var command = new Run(sample == 0 || hand ? int.MaxValue : sample, hand ? null : seed, jobs, minutes, copy, files, output, error);
        bool isReached = true;
        foreach (var target in targets.Count > 0 ? targets : Target.All)
        {
            if (isList)
            {
                command.List(target);
                continue;
            }
            if (isUnreached)
            {
                await command.ListUnreachedAsync(target);
                continue;
            }
            string commit = await Repository.CommitAsync(); // that of the copy, whatever is committed meanwhile
            var score = await command.RunAsync(target);
            isReached &= score.Percent >= target.Goal;
            output.WriteLine($"{target.Name}: {score}, the goal is {target.Goal} %");
            if (keep)
                File.AppendAllLines(Path.Combine(Repository.Root, "tests", "Mutation", "results.tsv"), [string.Join('\t',
                    DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), commit, target.Name, hand ? "by hand" : seed, score.Sites,
                    score.Equal, score.Tried, score.Killed, score.Percent.ToString("0.0", CultureInfo.InvariantCulture), target.Goal,
                    files.Count == 0 ? "all files" : string.Join(", ", files))]);
        }
        return isReached ? 0 : 1;
    }
}
