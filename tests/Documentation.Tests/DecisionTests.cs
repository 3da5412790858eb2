namespace TeredoSdk.Documentation.Tests;

/// <summary>Each record of a decision has its parts, and stands in the list.</summary>
public class DecisionTests
{
    const string Folder = "docs/design/decisions/";
    static readonly string[] Parts = ["## Context", "## Decision", "## Rejected", "## Consequences"];

    static IEnumerable<Page> Records => Pages.All.Where(page => page.Path.StartsWith(Folder, StringComparison.Ordinal) && page.Path != Folder + "README.md");

    [TestCaseSource(nameof(Records))]
    public void Record_HasItsParts(object page)
    {
        var (path, text) = (Page)page;
        Assert.That(text.Split('\n').Where(line => line.StartsWith('#')).Skip(1), Is.EqualTo(Parts));
        string number = Path.GetFileName(path)[..4];
        Assert.That(text, Does.StartWith($"# {number} "));
        Assert.That(Pages.Read(Folder + "README.md"), Does.Contain($"| [{number}]({Path.GetFileName(path)}) | {text.Split('\n')[0][7..].TrimEnd('.')}. |"));
    }

    [Test]
    public void Numbers_HaveNoGaps() => Assert.That(Records.Select(page => int.Parse(Path.GetFileName(page.Path)[..4])), Is.EqualTo(Enumerable.Range(1, Records.Count())));
}
