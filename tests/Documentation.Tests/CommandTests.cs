
namespace TeredoSdk.Documentation.Tests;

/// <summary>Every block of commands in README.md and docs runs; what can't be run says why in a comment above it.</summary>
public sealed class CommandTests
{
    static IEnumerable<Block> All => Blocks.InLanguage("sh");
    static IEnumerable<Block> ToRun => All.Where(block => block.Note.Length == 0);

    [TestCaseSource(nameof(All))]
    public void Note_IsAReason(object block) => Assert.That(((Block)block).Note, Is.Empty.Or.Match("^not run: (it|they|these) "));

    [Test]
    public void Commands_AreFencedAndNamed()
    {
        Assert.That(Blocks.All.Select(block => block.Language).Distinct(), Is.SubsetOf(new[] { "csharp", "sh", "json", "xml", "text" }));
        var indented = Blocks.WatchedPages.SelectMany(page => page.Text.Split("\n\n").Where(part => part.StartsWith("    ", StringComparison.Ordinal)), (page, part) => (page.Path, part));
        Assert.That(indented, Is.Empty, "write ```sh above and ``` below");
    }

    // As the page has it, but for what is built already: that would be built again while other tests run.
    [Slow]
    [TestCaseSource(nameof(ToRun))]
    public async Task Commands_EndWell(object block)
    {
        using var network = await LonelyNetwork.StartAsync();
        using var folder = new ScratchFolder();
        File.CreateSymbolicLink(Path.Combine(folder.Path, "teredo"), LonelyNetwork.Teredo);
        string script = $"set -e\nPATH=\"{folder.Path}:$PATH\"\n{((Block)block).Text.Replace("dotnet run --project", "dotnet run --no-build --project", StringComparison.Ordinal)}";
        using var commands = network.Start("bash", ["-c", script]);
        Assert.That(await commands.EndAsync(), Is.Zero, commands.Output);
    }
}
