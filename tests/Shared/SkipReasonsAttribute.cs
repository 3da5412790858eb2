using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

[assembly: TeredoSdk.Tests.Shared.SkipReasons]

namespace TeredoSdk.Tests.Shared;

/// <summary>Says at the end of a run why tests were skipped: <c>dotnet test</c> by itself prints their names only.</summary>
[AttributeUsage(AttributeTargets.Assembly)]
sealed class SkipReasonsAttribute : Attribute, ITestAction
{
    const int Named = 3;

    public ActionTargets Targets => ActionTargets.Suite;

    public void BeforeTest(ITest test)
    {
    }

    // Standard error: what goes there is shown at once and at the default verbosity.
    public void AfterTest(ITest test)
    {
        foreach (string line in Describe(Skipped(TestExecutionContext.CurrentContext.CurrentResult)))
            TestContext.Error.WriteLine(line);
    }

    /// <summary>One line for each reason, with the first few tests that have it.</summary>
    public static IEnumerable<string> Describe(IEnumerable<(string Test, string Reason)> skipped) => skipped.GroupBy(one => one.Reason, one => one.Test)
        .Select(tests => $"{tests.Count()} skipped: {tests.Key} ({string.Join(", ", tests.Take(Named))}{(tests.Count() > Named ? ", ..." : "")})");

    static IEnumerable<(string Test, string Reason)> Skipped(ITestResult result) => result.HasChildren
        ? result.Children.SelectMany(Skipped)
        : result is { ResultState.Status: TestStatus.Skipped or TestStatus.Inconclusive, Test.IsSuite: false } ? [(result.Name, result.Message)] : [];
}
