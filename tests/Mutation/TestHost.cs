using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using TeredoSdk.Repetition;

namespace TeredoSdk.Mutation;

/// <summary>Runs tests of one assembly in this process, which lies beside them: a test platform needs seconds for what takes this a part of one.</summary>
/// <remarks>Nothing here may touch the compiler: it does not lie beside the tests.</remarks>
sealed class TestHost : ITestListener
{
    public const string Verb = "--host";

    /// <summary>The tests to run: a line with the time limit in seconds and the full name for each, an empty line between groups that run one after the other.</summary>
    public const string Plan = "plan";

    /// <summary>Runs all tests that count, and writes which members each one reaches.</summary>
    public const string Learn = "learn";

    /// <summary>In place of parts of names: the slow tests.</summary>
    public const string Slow = "--slow";

    static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(5);

    readonly Dictionary<string, double> _limits = [];
    readonly ConcurrentDictionary<string, long> _running = [];
    readonly List<TestReach> _learned = [];
    readonly ReachMap? _map;
    bool _isRed;

    TestHost(bool learns) => _map = learns ? ReachMap.Open() : null;

    /// <returns>0 when all are green, 1 when one is red or does not end.</returns>
    public static int Run(string testAssembly, string verb, string file, string[] only)
    {
        var runner = new NUnitTestAssemblyRunner(new DefaultTestAssemblyBuilder());
        runner.Load(Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, testAssembly)), new Dictionary<string, object>
        {
            ["NumberOfTestWorkers"] = 0,
            ["SynchronousEvents"] = true, // else a test is told to be over while the next one runs, and what that one reaches counts as its own
            ["StopOnError"] = verb == Plan,
        });
        TestHost host = new(verb == Learn);
        if (verb == Learn)
        {
            runner.Run(host, new TestSelection(Counts));
            TestReach.Write(file, host._learned);
            Environment.Exit(0); // whatever still runs
        }
        foreach (string group in File.ReadAllText(file).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            var names = group.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t', 2)).ToArray();
            foreach (string[] name in names)
                host._limits[name[1]] = double.Parse(name[0], CultureInfo.InvariantCulture);
            var selected = names.Select(name => name[1]).ToHashSet();
            using Timer watch = new(_ => host.EndWhatHangs(), null, 1000, 1000);
            runner.Run(host, new TestSelection(test => selected.Contains(test.FullName) && Counts(test)));
            if (host._isRed)
                Environment.Exit(1);
        }
        Environment.Exit(0);
        return 0;

        bool Counts(ITest test) => only is [] or [Slow] ? TestSelection.IsSlow(test) == (only is [Slow]) : only.Any(part => test.FullName.Contains(part, StringComparison.Ordinal));
    }

    public void TestStarted(ITest test)
    {
        if (test.IsSuite)
            return;
        _map?.Take(_learned, test, isSetup: true);
        _running[test.FullName] = Stopwatch.GetTimestamp();
    }

    public void TestFinished(ITestResult result)
    {
        if (result.Test.IsSuite)
            return;
        _running.TryRemove(result.Test.FullName, out _);
        // A test that skips itself notices, too: a skipped test fails a run of CI.
        bool isRed = result.ResultState.Status is TestStatus.Failed or TestStatus.Skipped or TestStatus.Inconclusive;
        _map?.Take(_learned, result.Test, isSetup: false, result.Duration, isRed);
        if (!isRed || _map is not null || _isRed)
            return;
        _isRed = true;
        Console.Error.WriteLine(result.Test.FullName);
        // The runner stops; should a teardown hang, this does not.
        _ = new Timer(_ => Environment.Exit(1), null, PatienceAtTheEnd, Timeout.InfiniteTimeSpan);
    }

    public void TestOutput(TestOutput output)
    {
    }

    public void SendMessage(TestMessage message)
    {
    }

    void EndWhatHangs()
    {
        foreach (var (name, since) in _running)
        {
            if (Stopwatch.GetElapsedTime(since).TotalSeconds > _limits.GetValueOrDefault(name, double.MaxValue))
                Environment.Exit(1);
        }
    }
}
