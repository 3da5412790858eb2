using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;

namespace TeredoSdk.Repetition;

/// <summary>What came of the runs of one project.</summary>
/// <param name="Project">The project.</param>
/// <param name="Runs">How many runs there were.</param>
/// <param name="RedRuns">How many of them had a red test, or did not end as they should.</param>
/// <param name="Tests">How many tests one run has.</param>
/// <param name="Reds">The red tests, with how often each was red and what it said at first.</param>
sealed record Outcome(string Project, int Runs, int RedRuns, int Tests, IReadOnlyDictionary<string, (int Count, string Message)> Reds)
{
    public IEnumerable<string> Describe() =>
    [
        $"{Project}: {Runs} runs of {Tests} tests, {RedRuns} red",
        .. Reds.OrderByDescending(red => red.Value.Count).Select(red => $"  {red.Value.Count} x {red.Key}: {red.Value.Message}"),
    ];
}

/// <summary>Runs one project again and again, each time in a process of its own or several times in one.</summary>
sealed class Repetition(Plan plan, string project, TextWriter progress)
{
    const string Trx = "{http://microsoft.com/schemas/VisualStudio/TeamTest/2010}";

    readonly Dictionary<string, (int Count, string Message)> _reds = [];
    int _tests;

    public async Task<Outcome> RunAsync()
    {
        string path = Path.Combine(Repository.Root, "tests", project);
        string[] build = plan.Loop ? ["-p:Loop=true"] : [];
        if (await Repository.RunAsync("dotnet", ["build", path, .. build, "-v:q", "-clp:ErrorsOnly", "-nologo"], Console.Error) != 0)
            throw new InvalidOperationException($"tests/{project} does not build.");
        string results = Directory.CreateTempSubdirectory("repetition").FullName;
        int runs = 0, redRuns = 0;
        var clock = Stopwatch.StartNew();
        try
        {
            using var load = new Load(plan.Load);
            while (runs < plan.Runs && clock.Elapsed.TotalMinutes < plan.Minutes)
            {
                int run = runs + 1, count = Math.Min(plan.PerProcess, plan.Runs - runs);
                redRuns += count > 1 ? await RunInsideAsync(path, Path.Combine(results, $"{run}.txt"), count)
                    : await RunOnceAsync(path, build, Path.Combine(results, $"{run}.trx"), run) ? 0 : 1;
                runs += count;
                progress.Write($"\r{project}: {runs} of {plan.Runs}, {redRuns} red ");
            }
        }
        finally
        {
            Directory.Delete(results, recursive: true);
            progress.WriteLine();
        }
        return new(project, runs, redRuns, _tests, _reds);
    }

    async Task<bool> RunOnceAsync(string path, string[] build, string file, int run)
    {
        string[] filter = plan.Filter is { } text ? ["--filter", text] : [];
        string[] arguments = ["test", path, .. build, "--no-build", "--logger", $"trx;LogFileName={file}", .. filter];
        int code = await Repository.RunAsync("dotnet", arguments, TextWriter.Null, plan.RandomSeeds ? run : null);
        if (!File.Exists(file))
        {
            Note("(no result: the run did not end)", $"exit code {code}");
            return false;
        }
        var tests = XDocument.Load(file).Descendants(Trx + "UnitTestResult").ToList();
        _tests = Math.Max(_tests, tests.Count);
        var failed = tests.Where(test => (string?)test.Attribute("outcome") == "Failed").ToList();
        foreach (var test in failed)
            Note((string)test.Attribute("testName")!, ((string?)test.Descendants(Trx + "Message").FirstOrDefault() ?? "").ReplaceLineEndings(" ").Trim());
        if (failed.Count == 0 && code != 0)
            Note("(no red test)", string.Create(CultureInfo.InvariantCulture, $"exit code {code}"));
        return failed.Count == 0 && code == 0;
    }

    // Returns the number of red runs.
    async Task<int> RunInsideAsync(string path, string file, int count)
    {
        string folder = Path.Combine(path, "bin", plan.Loop ? "Loop" : "Debug", "net10.0"), host = typeof(TestHost).Assembly.Location;
        string tests = Directory.GetFiles(folder, "*.Tests.deps.json").Single()[..^".deps.json".Length];
        File.Copy(host, Path.Combine(folder, Path.GetFileName(host)), overwrite: true);
        int code = await Repository.RunAsync("dotnet", ["exec", "--depsfile", $"{tests}.deps.json", "--runtimeconfig", $"{tests}.runtimeconfig.json",
            Path.Combine(folder, Path.GetFileName(host)), TestHost.Verb, $"{Path.GetFileName(tests)}.dll", $"{count}", plan.Loop ? "loop" : "all", file],
            TextWriter.Null);
        int ended = 0, redRuns = 0;
        bool isRed = false;
        foreach (string[] line in File.Exists(file) ? File.ReadLines(file).Select(line => line.Split('\t')) : [])
        {
            if (line[0] == TestHost.RedLine)
            {
                isRed = true;
                Note(line[1], line[2]);
                continue;
            }
            _tests = Math.Max(_tests, int.Parse(line[1], CultureInfo.InvariantCulture));
            redRuns += isRed ? 1 : 0;
            (isRed, ended) = (false, ended + 1);
        }
        if (ended < count)
            Note("(a run did not end)", string.Create(CultureInfo.InvariantCulture, $"exit code {code}"));
        return redRuns + count - ended;
    }

    void Note(string test, string message) =>
        _reds[test] = _reds.TryGetValue(test, out var known) ? (known.Count + 1, known.Message) : (1, message);
}

/// <summary>Threads that compute, so that tests get their turn late.</summary>
sealed class Load : IDisposable
{
    volatile bool _ended;

    public Load(int threads)
    {
        for (int i = 0; i < threads; i++)
            new Thread(Compute) { IsBackground = true }.Start();
    }

    public void Dispose() => _ended = true;

    void Compute()
    {
        while (!_ended)
            Thread.SpinWait(10_000);
    }
}
