using System.Reflection;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace TeredoSdk.Repetition;

/// <summary>Runs the tests of one assembly again and again in this process: the start of a process and cold code take most of a run's time.</summary>
sealed class TestHost(StreamWriter results, bool leavesSlowOut) : ITestListener
{
    public const string Verb = "--host";

    int _tests;

    /// <summary>What the file of results holds: a line for each red test, and one after each run with its number of tests.</summary>
    public const string RedLine = "red", RunLine = "run";

    /// <param name="arguments">The assembly beside this one, how many runs, "loop" or "all", and the file for the results.</param>
    public static int Run(string[] arguments)
    {
        var assembly = Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, arguments[0]));
        using var results = new StreamWriter(arguments[3], append: true) { AutoFlush = true };
        for (int run = int.Parse(arguments[1], System.Globalization.CultureInfo.InvariantCulture); run > 0; run--)
        {
            var host = new TestHost(results, arguments[2] == "loop");
            var runner = new NUnitTestAssemblyRunner(new DefaultTestAssemblyBuilder());
            runner.Load(assembly, new Dictionary<string, object>());
            runner.Run(host, new Filter(host));
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

    bool IsSelected(ITest test)
    {
        for (ITest? at = test; leavesSlowOut && at is not null; at = at.Parent)
            if (at.Properties["Category"].Contains("Slow"))
                return false;
        return test.RunState != RunState.Explicit;
    }

    sealed class Filter(TestHost host) : TestFilter
    {
        public override bool Match(ITest test) => !test.IsSuite && host.IsSelected(test);

        public override bool Pass(ITest test, bool negated) => test.IsSuite ? test.RunState != RunState.Explicit && test.Tests.Any(Pass) : Match(test);

        public override bool IsExplicitMatch(ITest test) => false;

        public override TNode AddToXml(TNode parentNode, bool recursive) => parentNode.AddElement("filter");
    }
}
