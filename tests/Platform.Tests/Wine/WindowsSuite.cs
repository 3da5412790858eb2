using System.Reflection;
using System.Xml.Linq;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;
using TeredoSdk.Platform.Tests.Programs;

namespace TeredoSdk.Platform.Tests.Wine;

/// <summary>What became of a test of the suite for Windows.</summary>
/// <param name="Outcome">NUnit's word: Passed, Failed, Skipped.</param>
/// <param name="Message">What it said, when it did not pass.</param>
sealed record WindowsTestResult(string Outcome, string Message);

/// <summary>The suite for Windows (tests/Windows.Tests), run once in a setting: the names of its tests, and what became of them.</summary>
static class WindowsSuite
{
    static string Program => BuildOutput.WindowsProgram("tests/Windows.Tests", "TeredoSdk.Windows.Tests");

    /// <summary>The full names of the tests of each setting (its category), as NUnit itself finds them in the assembly.</summary>
    public static IEnumerable<(string Setting, string Name)> Tests()
    {
        var suite = new DefaultTestAssemblyBuilder().Build(Assembly.LoadFrom(Path.ChangeExtension(Program, "dll")), new Dictionary<string, object>());
        return Leaves(suite, []);
    }

    static IEnumerable<(string Setting, string Name)> Leaves(ITest test, string[] categories)
    {
        categories = [.. categories, .. test.Properties[PropertyNames.Category].Cast<string>()];
        return test.IsSuite
            ? test.Tests.SelectMany(child => Leaves(child, categories))
            : categories.Distinct().Where(category => category != "RealWindows").Select(category => (category, test.FullName));
    }

    /// <summary>Runs the tests of a setting in a Windows.</summary>
    public static async Task<IReadOnlyDictionary<string, WindowsTestResult>> RunAsync(WindowsHost windows, string setting)
    {
        string settings = Path.Combine(windows.DriveC, "run.xml"), results = Path.Combine(windows.DriveC, "results");
        await File.WriteAllTextAsync(settings, """
            <RunSettings><NUnit><TestOutputXml>C:\results</TestOutputXml><OutputXmlFolderMode>AsSpecified</OutputXmlFolderMode></NUnit></RunSettings>
            """);
        var run = windows.Start(Program,
            ["--no-ansi", "--progress", "off", "--output", "Detailed", "--settings", @"C:\run.xml", "--filter", $"TestCategory={setting}"], Patience.LongLimit);
        await run.WaitForExitAsync(Patience.LongLimit + Patience.Limit);
        string? file = Directory.Exists(results) ? Directory.EnumerateFiles(results, "*.xml").SingleOrDefault() : null;
        Assert.That(file, Is.Not.Null, () => $"The run in the setting {setting} has no results.\n{run.Transcript}");
        return Read(XDocument.Load(file!));
    }

    static Dictionary<string, WindowsTestResult> Read(XDocument document) => document.Descendants("test-case").ToDictionary(
        test => test.Attribute("fullname")!.Value,
        test => new WindowsTestResult(test.Attribute("result")!.Value, string.Join('\n',
            test.Descendants("message").Concat(test.Descendants("stack-trace")).Concat(test.Descendants("output"))
                .Select(part => part.Value.Trim()))));
}
