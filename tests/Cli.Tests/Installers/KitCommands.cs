using System.Net;
using System.Text.RegularExpressions;
using TeredoSdk.Architecture.Tests;

namespace TeredoSdk.Cli.Tests.Installers;

/// <summary>A command line of the teredo command in a file of an installer kit.</summary>
/// <param name="File">The file, below examples/Installer.</param>
/// <param name="Line">What follows "teredo", as an argument each, with the installer's variables filled in.</param>
sealed record KitCommand(string File, string[] Line)
{
    public override string ToString() => $"{File}: {string.Join(' ', Line)}";
}

/// <summary>The command lines of the kits in examples/Installer, found where they stand.</summary>
static partial class KitCommands
{
    /// <summary>Where the installers put the program.</summary>
    public const string Program = @"C:\Program Files\Chess\Chess.exe";

    static readonly string[] Kinds = [".wxs", ".iss", ".nsi", ".ps1", ".cs"];

    // What the installers fill in.
    static readonly (string Variable, string Value)[] Variables =
    [
        ("[INSTALLFOLDER]", @"C:\Program Files\Chess\"), (@"{app}\", @"C:\Program Files\Chess\"), (@"$INSTDIR\", @"C:\Program Files\Chess\"),
        (@"$Folder\", @"C:\Program Files\Chess\"), ("{0}", Program),
    ];

    public static string Folder { get; } = Path.Combine(RepositoryRoot.Path, "examples", "Installer");

    public static IReadOnlyList<KitCommand> All { get; } =
    [
        .. from path in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
           where Kinds.Contains(Path.GetExtension(path)) && Path.GetDirectoryName(path) != Folder && !Made().IsMatch(path)
           from string text in Texts(path)
           select new KitCommand(Path.GetRelativePath(Folder, path), Split(text)),
    ];

    // A command begins with its verb and --app, and ends with the last option that follows.
    static IEnumerable<string> Texts(string path) => Command().Matches(Plain(path)).Select(match =>
        Variables.Aggregate(match.Value, (text, variable) => text.Replace(variable.Variable, variable.Value, StringComparison.Ordinal)));

    // Without the file format's own way to write a quotation mark.
    static string Plain(string path) => Path.GetExtension(path) switch
    {
        ".wxs" => WebUtility.HtmlDecode(File.ReadAllText(path)),
        ".iss" => File.ReadAllText(path).Replace("\"\"", "\"", StringComparison.Ordinal),
        ".cs" => File.ReadAllText(path).Replace("\\\"", "\"", StringComparison.Ordinal),
        _ => File.ReadAllText(path),
    };

    static string[] Split(string text) =>
        [.. Word().Matches(text).Select(match => match.Groups[1].Success ? match.Groups[1].Value : match.Value)];

    [GeneratedRegex("""(setup|remove) --app "[^"]+"( --?[a-z-]+( [A-Za-z0-9]+)?)*""")]
    private static partial Regex Command();

    [GeneratedRegex("\"([^\"]*)\"|[^ ]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"[\\/](bin|obj)[\\/]")]
    private static partial Regex Made();
}
