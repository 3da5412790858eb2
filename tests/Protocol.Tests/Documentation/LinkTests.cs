using System.Text.RegularExpressions;

namespace TeredoSdk.Protocol.Tests.Documentation;

/// <summary>What a page points to is there: pages, headings, files, tests.</summary>
public partial class LinkTests
{
    static readonly string[] Folders = ["src/", "tests/", "examples/", "docs/"];

    [Test]
    public void Link_ToAFileOrFolder_LeadsToOne() => Assert.That(Links()
        .Where(link => !File.Exists(link.Target) && !Directory.Exists(link.Target)).Select(link => link.Text), Is.Empty);

    [Test]
    public void Link_ToAHeading_LeadsToOne() => Assert.That(Links()
        .Where(link => link.Heading.Length > 0 && File.Exists(link.Target) && !HeadingsOf(link.Target).Contains(link.Heading)).Select(link => link.Text), Is.Empty);

    [Test]
    public void Link_StaysInTheRepository() => Assert.That(Links()
        .Where(link => !link.Target.StartsWith(Pages.Root + Path.DirectorySeparatorChar, StringComparison.Ordinal)).Select(link => link.Text), Is.Empty);

    [Test]
    public void Docs_NameFilesThatExist()
    {
        var names = Pages.Files.Select(path => Path.GetFileName(path)).ToHashSet();
        Assert.That(Quoted().Where(quoted => FileName().IsMatch(quoted.Name) && !names.Contains(quoted.Name)), Is.Empty, "no such file");
        Assert.That(Quoted().Where(quoted => Folders.Any(quoted.Name.StartsWith) && !quoted.Name.Contains(' ') && !Exists(quoted.Name)), Is.Empty, "no such path");
    }

    [Test]
    public void Docs_NameTestsThatExist()
    {
        var sources = Pages.Files.Where(path => path.StartsWith("tests/", StringComparison.Ordinal) && path.EndsWith("Tests.cs", StringComparison.Ordinal))
            .ToLookup(path => Path.GetFileNameWithoutExtension(path), Pages.Read);
        var tests = Quoted().Select(quoted => (quoted, Match: TestName().Match(quoted.Name))).Where(test => test.Match.Success).ToList();
        Assert.That(tests, Is.Not.Empty);
        Assert.That(tests.Where(test => !sources[test.Match.Groups[1].Value].Any(text => text.Contains($" {test.Match.Groups[2].Value}(", StringComparison.Ordinal)))
            .Select(test => test.quoted), Is.Empty);
    }

    static IEnumerable<(string Text, string Target, string Heading)> Links()
    {
        foreach (var page in Pages.All)
            foreach (var link in Link().Matches(page.Prose).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)))
            {
                string[] parts = link.Split('#', 2);
                string own = Path.Combine(Pages.Root, page.Path);
                string target = parts[0].Length == 0 ? own : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(own)!, parts[0]));
                yield return ($"{page.Path}: {link}", target, parts.Length > 1 ? parts[1] : "");
            }
    }

    // As GitHub makes them: lower case, spaces as hyphens, everything else but letters, digits, hyphens and underscores left out.
    static HashSet<string> HeadingsOf(string path) => [.. Heading().Matches(File.ReadAllText(path).ReplaceLineEndings("\n"))
        .Select(match => Punctuation().Replace(match.Groups[1].Value.ToLowerInvariant(), "").Replace(' ', '-'))];

    static IEnumerable<(string Page, string Name)> Quoted() => Pages.All.Where(page => page.Path.StartsWith("docs/", StringComparison.Ordinal))
        .SelectMany(page => Pages.Quoted(page.Text), (page, name) => (page.Path, name));

    static bool Exists(string path)
    {
        string full = Path.Combine(Pages.Root, path.TrimEnd('/'));
        return File.Exists(full) || Directory.Exists(full);
    }

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.*)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\p{L}\p{N}\-_ ]")]
    private static partial Regex Punctuation();

    [GeneratedRegex(@"^[A-Za-z0-9_.\-]+\.(cs|tsv|txt|py|pcap|sh|md)$")]
    private static partial Regex FileName();

    [GeneratedRegex("^([A-Za-z0-9]+Tests)\\.([A-Za-z0-9]+_[A-Za-z0-9_]+)$")]
    private static partial Regex TestName();
}
