using System.Text.RegularExpressions;

namespace TeredoSdk.Documentation.Tests;

/// <summary>What the pages for users and for people who carry on name in backticks is in the code.</summary>
public partial class NameTests
{
    static readonly IReadOnlyList<Page> Named =
        [.. Pages.All.Where(page => page.Path is "README.md" or "CONTRIBUTING.md" || (page.Path.StartsWith("docs/", StringComparison.Ordinal)
            && !page.Path.StartsWith("docs/protocol/", StringComparison.Ordinal)))];

    static IEnumerable<(string Page, string Name)> Quoted => Named.SelectMany(page => Pages.Quoted(page.Prose), (page, name) => (page.Path, name));

    [Test]
    public void TypeAndMember_Exist()
    {
        var members = Quoted.Select(quoted => (quoted, Match: Member().Match(quoted.Name))).Where(found => found.Match.Success && !IsFile(found.quoted.Name)).ToList();
        Assert.That(members, Has.Count.GreaterThan(100), "are they written in another way now?");
        Assert.That(members.Where(found => !IsTest(found.Match) && !CodeNames.Exists(found.Match.Groups["type"].Value, found.Match.Groups["member"].Value))
            .Select(found => found.quoted), Is.Empty);
    }

    [Test]
    public void Word_OfSeveralCapitals_IsAWordOfTheCode() => Assert.That(
        Quoted.Where(quoted => Compound().IsMatch(quoted.Name) && !CodeNames.IsWordOfCode(quoted.Name)), Is.Empty);

    [Test]
    public void Look_FindsWhatIsMissing()
    {
        Assert.That(CodeNames.Exists("CoreDriver", "Send") && CodeNames.Exists("Socket", "AcceptAsync") && CodeNames.Exists("SharedNode", "ReleaseAsync"));
        Assert.That(CodeNames.Exists("CoreDriver", "Send" + "Nothing"), Is.False);
        Assert.That(CodeNames.IsWordOfCode("No" + "SuchWordAnywhere"), Is.False);
    }

    // LinkTests looks for tests by their names.
    static bool IsTest(Match match) => match.Groups["type"].Value.EndsWith("Tests", StringComparison.Ordinal);

    static bool IsFile(string name) => FileEnding().IsMatch(name);

    [GeneratedRegex(@"^(?<type>[A-Z]\w*)\.(?<member>[A-Z_]\w*)(\(.*\))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Member();

    [GeneratedRegex(@"^[A-Z][a-z0-9]+([A-Z][a-z0-9]*)+$", RegexOptions.ExplicitCapture)]
    private static partial Regex Compound();

    [GeneratedRegex(@"\.(cs|md|tsv|txt|svg|sh|props|csproj|sln|slnf|dll|exe|json|pcap)$")]
    private static partial Regex FileEnding();
}
