using System.Text.RegularExpressions;

namespace TeredoSdk.Documentation.Tests;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page.</param>
/// <param name="Line">The line of its fence, counted from 1.</param>
/// <param name="Language">What the fence says: csharp, sh, json, or nothing.</param>
/// <param name="Note">The comment above the block, without its marks; empty for none.</param>
/// <param name="Text">What it contains.</param>
sealed record Block(string Page, int Line, string Language, string Note, string Text)
{
    public override string ToString() => $"{Page}:{Line}";
}

/// <summary>The fenced blocks of README.md, of all pages below docs, and of the packages' pages but that for the .NET Framework (tests/Packages.Tests).</summary>
static partial class Blocks
{
    public static IReadOnlyList<Page> WatchedPages { get; } =
        [.. Pages.All.Where(page => page.Path == "README.md" || page.Path.StartsWith("docs/", StringComparison.Ordinal)
            || PackagePage().IsMatch(page.Path) && page.Path != "src/TeredoSdk.Xp/README.md")];

    public static IReadOnlyList<Block> All { get; } = [.. WatchedPages.SelectMany(Of)];

    public static IEnumerable<Block> InLanguage(string language) => All.Where(block => block.Language == language);

    /// <summary>The blocks of one page.</summary>
    public static IEnumerable<Block> Of(Page page) => Fence().Matches(page.Text).Select(match => new Block(page.Path,
        page.Text.AsSpan(0, match.Groups["fence"].Index).Count('\n') + 1, match.Groups["language"].Value, match.Groups["note"].Value.Trim(), match.Groups["text"].Value));

    [GeneratedRegex("^src/[^/]+/README\\.md$")]
    private static partial Regex PackagePage();

    [GeneratedRegex("^(<!--(?<note>[^\n]*)-->\n)?(?<fence>```)(?<language>\\w*)\n(?<text>.*?)^```$",
        RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Fence();
}
