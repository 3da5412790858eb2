using System.Globalization;
using System.Reflection;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;

namespace TeredoSdk.Repetition;

/// <summary>Runs the tests of one assembly again and again in this process: the start of a process and cold code take most of a run's time.</summary>
sealed class TestHost(StreamWriter results) : ITestListener
{
    public const string Verb = "--host";

    int _tests;

    /// <summary>What the file of results holds: a line for each red test, and one after each run with its number of tests.</summary>
    public const string RedLine = "red", RunLine = "run";

    /// <param name="arguments">The assembly beside this one, how many runs, "loop" or "all", and the file for the results.</param>
    public static int Run(string[] arguments)
    {
        var assembly = Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, arguments[0]));
        bool leavesSlowOut = arguments[2] == "loop";
        using var results = new StreamWriter(arguments[3], append: true) { AutoFlush = true };
        for (int run = int.Parse(arguments[1], CultureInfo.InvariantCulture); run > 0; run--)
        {
            var host = new TestHost(results);
            var runner = new NUnitTestAssemblyRunner(new DefaultTestAssemblyBuilder());
            runner.Load(assembly, new Dictionary<string, object>
            {
                ["SynchronousEvents"] = true, // else a red test may be told after its run
                ["WorkDirectory"] = AppContext.BaseDirectory, // for the files that tests keep
            });
            runner.Run(host, new TestSelection(test => !leavesSlowOut || !TestSelection.IsSlow(test)));
            results.WriteLine($"{RunLine}\t{host._tests}");
        }
        results.Flush();
        Environment.Exit(0); // whatever still runs
        return 0;
    }

    public void TestStarted(ITest test)
    {
    }

    public void TestFinished(ITestResult result)
    {
        if (result.Test.IsSuite)
            return;
        lock (results)
        {
            _tests++;
            if (result.ResultState.Status == TestStatus.Failed)
                results.WriteLine($"{RedLine}\t{result.Test.FullName}\t{string.Join(' ', result.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))}");
        }
    }

    public void TestOutput(TestOutput output)
    {
    }

    public void SendMessage(TestMessage message)
    {
    }
}
