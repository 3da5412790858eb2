using System.Text.RegularExpressions;

namespace TeredoSdk.Protocol.Tests.Documentation;

/// <summary>Comments point to sections of docs/protocol, such as "R3 of docs/protocol §3.10", and to nothing outside the repository.</summary>
public partial class ReferenceTests
{
    const string Guide = "docs/protocol/";
    static readonly string[] Folders = ["src/", "tests/", "examples/", "docs/", ".ci/", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"];
    static readonly string[] Texts = [".cs", ".md", ".py", ".tsv", ".txt", ".csproj", ".props", ".sh", ".cpp", ".h", ""];

    // A paper that the guide took the place of. In pieces, so that this file does not name it.
    static readonly string[] Outside = ["CONFORM" + "ANCE"];

    static readonly IReadOnlyList<Page> GuidePages = [.. Pages.All.Where(page => page.Path.StartsWith(Guide, StringComparison.Ordinal))];

    static readonly ILookup<string, string> Sections = GuidePages
        .SelectMany(page => Section().Matches(page.Text)).ToLookup(match => match.Groups["number"].Value, match => match.Value);

    [Test]
    public void Section_OfTheGuide_HasANumberOfItsOwn() =>
        Assert.That(Sections.Where(section => section.Count() > 1).Select(section => section.Key), Is.Empty);

    [Test]
    public void Reference_ToTheGuide_NamesASection()
    {
        var references = Sources().SelectMany(source => NumbersIn(Reference(), source.Text), (source, number) => (source.Path, number)).ToList();
        Assert.That(references, Has.Count.GreaterThan(20), "are they written in another way now?");
        Assert.That(references.Where(reference => !Sections.Contains(reference.number)), Is.Empty);
    }

    [Test]
    public void Guide_ItsOwnReferences_NameSections() => Assert.That(GuidePages
        .SelectMany(page => NumbersIn(BareReference(), OfAnRfc().Replace(page.Prose, "")), (page, number) => (page.Path, number))
        .Where(reference => !Sections.Contains(reference.number)), Is.Empty);

    [Test]
    public void Checklist_PartsNameSectionsOfTheGuide() => Assert.That(Checklist.ConformanceTable.Load().Select(row => row.Part).Distinct()
        .SelectMany(part => NumbersIn(Number(), part)).Where(number => !Sections.Contains(number)), Is.Empty);

    [Test]
    public void Reference_ToARow_NamesOneOfThatSection()
    {
        var rows = Sources().SelectMany(source => RowReference().Matches(source.Text))
            .SelectMany(match => match.Groups["row"].Captures, (match, row) => (Row: row.Value, Section: match.Groups["number"].Value)).ToList();
        Assert.That(rows, Is.Not.Empty);
        Assert.That(rows.Where(row => !Sections[row.Section].Any(text => text.Contains($"\n| {row.Row} |", StringComparison.Ordinal))), Is.Empty);
    }

    [Test]
    public void Nothing_PointsOutsideTheRepository() => Assert.That(
        Sources().Where(source => Outside.Any(name => source.Text.Contains(name, StringComparison.Ordinal))).Select(source => source.Path), Is.Empty);

    static IEnumerable<(string Path, string Text)> Sources() => Pages.Files
        .Where(path => Folders.Any(path.StartsWith) && Texts.Contains(Path.GetExtension(path))).Select(path => (path, Pages.Read(path)));

    static IEnumerable<string> NumbersIn(Regex regex, string text) =>
        regex.Matches(text).SelectMany(match => match.Groups["number"].Captures).Select(number => number.Value);

    // A heading with a number, and what follows it up to the next one.
    [GeneratedRegex(@"^#+ (?<number>\d+(\.\d+)?) .*?(?=^#+ \d|\z)", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Section();

    // "docs/protocol §3.9", "docs/protocol §3.7 to §3.10, §4 and §5".
    [GeneratedRegex(@"docs/protocol §(?<number>\d+(\.\d+)*)((, | to | and )§(?<number>\d+(\.\d+)*))*", RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();

    [GeneratedRegex(@"§(?<number>\d+(\.\d+)*)", RegexOptions.ExplicitCapture)]
    private static partial Regex BareReference();

    // "4380 §5.2.4 (2), (5), §5.4.1"
    [GeneratedRegex(@"\d{4}\s+§[\d.]+(\s+\(\d+\))?((,\s+|\s+and\s+)(§[\d.]+(\s+\(\d+\))?|\(\d+\)))*", RegexOptions.ExplicitCapture)]
    private static partial Regex OfAnRfc();

    [GeneratedRegex(@"(\b(?<row>[A-Z]\d+[a-z]?)(, )?)+ of docs/protocol §(?<number>\d+(\.\d+)*)", RegexOptions.ExplicitCapture)]
    private static partial Regex RowReference();

    [GeneratedRegex(@"(?<number>\d+(\.\d+)?)", RegexOptions.ExplicitCapture)]
    private static partial Regex Number();
}
