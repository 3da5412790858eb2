using System.Net;
using System.Text.RegularExpressions;

namespace TeredoSdk.Documentation.Tests;

/// <summary>The examples in the documentation of types compile, each as a program of its own.</summary>
public sealed partial class ExampleTests
{
    // What an example takes for granted: before it, and behind it.
    static readonly Dictionary<string, (string Before, string Behind)> Given = new()
    {
        ["TeredoHttpExtensions.cs"] = ("TeredoOptions? options = args.Length > 0 ? new() : null;", ""),
        ["TeredoServiceCollectionExtensions.cs"] = ("", "sealed class Greeter : BackgroundService { protected override Task ExecuteAsync(CancellationToken stop) => Task.CompletedTask; }"),
        ["ITeredoSocketFactory.cs"] = ("Console.WriteLine(typeof(Greeter));", ""),
    };

    static IEnumerable<TestCaseData> Examples() =>
        from path in Pages.Files
        where path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal)
        from Match match in Code().Matches(Pages.Read(path))
        select new TestCaseData(Path.GetFileName(path), WebUtility.HtmlDecode(Margin().Replace(match.Groups[1].Value, ""))).SetName($"{{m}}({path})");

    [TestCaseSource(nameof(Examples))]
    public void Example_CompilesWithoutAWarning(string file, string text)
    {
        var (before, behind) = Given.GetValueOrDefault(file, ("", ""));
        Assert.That(Programs.Check($"using TeredoSdk;\nusing TeredoSdk.AspNetCore;\n{before}\n{text}\n{behind}"), Is.Empty);
    }

    [Test]
    public void Examples_AreFound() => Assert.That(Examples().Count(), Is.GreaterThan(3));

    [GeneratedRegex("^ *///[^\n]*<code>\n(.*?)^ *///[^\n]*</code>", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex("^ */// ?", RegexOptions.Multiline)]
    private static partial Regex Margin();
}
