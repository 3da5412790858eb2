using System.Text.RegularExpressions;

namespace TeredoSdk.Documentation.Tests;

/// <summary>docs/design/ways.md: steps that begin with a floor and name a file of it; no walk enters a floor twice.</summary>
public partial class WaysTests
{
    const string Source = "../../src/";

    // The floor's word in the page, and the folder of its files.
    static readonly Dictionary<string, string> Folders = new()
    {
        ["Face"] = "TeredoSdk",
        ["Sockets"] = "TeredoSdk/Sockets",
        ["Links"] = "TeredoSdk/Links",
        ["Engine"] = "TeredoSdk/Engine",
        ["Machine"] = "TeredoSdk/Machine",
        ["Protocol"] = "TeredoSdk.Protocol",
    };

    sealed record Step(int Number, string Floor, string File);

    // A step with the number 1 begins a walk.
    static List<List<Step>> Walks()
    {
        List<List<Step>> walks = [];
        foreach (Match match in StepLine().Matches(Pages.Read("docs/design/ways.md")))
        {
            var step = new Step(int.Parse(match.Groups["number"].ValueSpan), match.Groups["floor"].Value, match.Groups["file"].Value);
            if (step.Number == 1)
                walks.Add([]);
            walks[^1].Add(step);
        }
        return walks;
    }

    [Test]
    public void Page_HasItsWalks() => Assert.That(Walks(), Has.Count.GreaterThan(9).And.All.Count.GreaterThan(1), "are steps written in another way now?");

    [Test]
    public void Steps_AreNumberedWithoutGaps()
    {
        foreach (var walk in Walks())
            Assert.That(walk.Select(step => step.Number), Is.EqualTo(Enumerable.Range(1, walk.Count)));
    }

    [Test]
    public void EveryNumberedLine_IsAStep() => Assert.That(StepLine().Count(Pages.Read("docs/design/ways.md")),
        Is.EqualTo(Regex.Count(Pages.Read("docs/design/ways.md"), @"^\d+\. ", RegexOptions.Multiline)));

    [Test]
    public void File_BelongsToTheFloor() => Assert.That(Walks().SelectMany(walk => walk).Where(step => FloorOf(step.File) != step.Floor), Is.Empty);

    [Test]
    public void Walk_EntersEachFloorOnce()
    {
        foreach (var walk in Walks())
        {
            var entered = walk.Select(step => step.Floor).Where((floor, i) => i == 0 || walk[i - 1].Floor != floor);
            Assert.That(entered, Is.Unique, string.Join(", ", walk));
        }
    }

    static string? FloorOf(string file)
    {
        if (!file.StartsWith(Source, StringComparison.Ordinal))
            return null;
        string folder = Path.GetDirectoryName(file[Source.Length..])!.Replace('\\', '/');
        return Folders.Where(floor => folder == floor.Value || (floor.Key != "Face" && folder.StartsWith(floor.Value + "/", StringComparison.Ordinal)))
            .Select(floor => floor.Key).SingleOrDefault();
    }

    [GeneratedRegex(@"^(?<number>\d+)\. \*\*(?<floor>\w+)\*\*, \[`[^`]+`\]\((?<file>[^)]+)\)", RegexOptions.Multiline)]
    private static partial Regex StepLine();
}
