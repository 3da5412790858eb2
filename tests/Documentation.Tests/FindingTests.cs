using System.Reflection;
using System.Text.RegularExpressions;

namespace TeredoSdk.Documentation.Tests;

/// <summary>docs/findings.md has the ids of the findings that the code can make, and no other.</summary>
public partial class FindingTests
{
    static readonly string[] Named =
        [.. typeof(FindingIds).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!)];

    [Test]
    public void Table_HasEveryIdOnce_AndNoOther() =>
        Assert.That(Row().Matches(Pages.Read("docs/findings.md")).Select(match => match.Groups["id"].Value), Is.EquivalentTo(Named));

    [Test]
    public void Id_HasItsForm() => Assert.That(Named.Concat(Enum.GetValues<TeredoError>().Select(FindingIds.Of)), Is.Unique.And.All.Match(@"^[a-z0-9]+\.[a-z0-9]+(-[a-z0-9]+)*$"));

    [Test]
    public void Code_NamesFindingsByTheList() => Assert.That(Pages.Files
        .Where(path => path.StartsWith("src/", StringComparison.Ordinal) && path.EndsWith(".cs", StringComparison.Ordinal) && Pages.Read(path).Contains("Finding", StringComparison.Ordinal))
        .SelectMany(path => Literal().Matches(Pages.Read(path)).Select(match => $"{path}: {match.Value}")), Is.Empty);

    [Test]
    public void Id_OfAnError_IsItsWords() => Assert.That(
        new[] { TeredoError.NoServer, TeredoError.IPv6Disabled, TeredoError.FirewallExceptionMissing }.Select(FindingIds.Of),
        Is.EqualTo(new[] { "error.no-server", "error.ipv6-disabled", "error.firewall-exception-missing" }));

    [GeneratedRegex(@"^\| `(?<id>[a-z0-9.-]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\bId = ""[^""]*""")]
    private static partial Regex Literal();
}
