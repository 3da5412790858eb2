using System.Text.RegularExpressions;

namespace TeredoSdk.Protocol.Tests.Documentation;

/// <summary>A page of the documentation.</summary>
/// <param name="Path">Its path from the root of the repository, with slashes.</param>
/// <param name="Text">What it says.</param>
sealed record Page(string Path, string Text)
{
    /// <summary>The text without what is fenced or indented as code.</summary>
    public string Prose { get; } = Pages.Code().Replace(Text, "");
}

/// <summary>The files of the repository, for tests that look at what is written in them.</summary>
static partial class Pages
{
    static readonly string[] Made = ["bin", "obj", ".git", ".vs", ".idea", "TestResults", "BenchmarkDotNet.Artifacts"];

    /// <summary>The folder of TeredoSdk.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The path from the root of every file that nobody's tools made.</summary>
    public static IReadOnlyList<string> Files { get; } =
        [.. FilesOf(Root).Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/')).Order(StringComparer.Ordinal)];

    /// <summary>Every page: all of docs, and what stands beside sources.</summary>
    public static IReadOnlyList<Page> All { get; } =
        [.. Files.Where(path => path.EndsWith(".md", StringComparison.Ordinal)).Select(path => new Page(path, Read(path)))];

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path)).ReplaceLineEndings("\n");

    /// <summary>What stands between backticks in a text.</summary>
    public static IEnumerable<string> Quoted(string text) => Backticks().Matches(text).Select(match => match.Groups[1].Value);

    static IEnumerable<string> FilesOf(string folder) => Directory.EnumerateFiles(folder)
        .Concat(Directory.EnumerateDirectories(folder).Where(inner => !Made.Contains(Path.GetFileName(inner))).SelectMany(FilesOf));

    static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "TeredoSdk.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException($"No TeredoSdk.sln above {AppContext.BaseDirectory}.");
        return folder.FullName;
    }

    [GeneratedRegex("^(```.*?^```|(    |\t).*?)$", RegexOptions.Multiline | RegexOptions.Singleline)]
    public static partial Regex Code();

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Backticks();
}
