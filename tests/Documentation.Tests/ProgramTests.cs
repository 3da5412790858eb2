using System.Text.RegularExpressions;

namespace TeredoSdk.Documentation.Tests;

/// <summary>
/// Every block of C# in README.md and docs is a program. It compiles without a warning, and it runs: alone, or two of them together; what can't be run says
/// why in a comment above it.
/// </summary>
/// <remarks>
/// The comments: none, the program runs alone and ends with 0; <c>run: listener of X</c> and <c>run: caller of X</c>, the second one gets the address that the
/// first one prints; <c>compiled only: REASON</c>.
/// </remarks>
public sealed partial class ProgramTests
{
    // A client gives a peer up that is silent for some seconds, as it may be on a machine that is busy with other tests.
    const string GaveUp = "is silent";
    const int Attempts = 5;
    const string StaysOn = ", which the test ends";

    static IEnumerable<Block> All => Blocks.InLanguage("csharp");
    static IEnumerable<Block> Alone => All.Where(block => block.Note.Length == 0);
    static IEnumerable<Block> Listeners => All.Where(block => Role(block) == "listener");

    [TestCaseSource(nameof(All))]
    public void Program_CompilesWithoutAWarning(object block) => Assert.That(Programs.Check(((Block)block).Text), Is.Empty);

    [TestCaseSource(nameof(All))]
    public void Note_IsOneThatIsKnown(object block) => Assert.That(((Block)block).Note, Is.Empty.Or.Match("^compiled only: it ").Or.Match(Roles().ToString()));

    [Test]
    public void Pairs_AreComplete() => Assert.That(All.Where(block => Role(block) is not null).GroupBy(Pair)
        .Where(pair => pair.Select(Role).Order().ToArray() is not ["caller", "listener"]).Select(pair => pair.Key), Is.Empty);

    [Test]
    public void Hello_IsShort() => Assert.That(All.Where(block => block.Page == "README.md").Select(block => block.Text.Split('\n').Count(line => line.Trim().Length > 0)),
        Has.Exactly(2).Items.And.All.LessThanOrEqualTo(10));

    [Slow]
    [TestCaseSource(nameof(Alone))]
    public async Task Program_Alone_EndsWell(object block)
    {
        using var network = await LonelyNetwork.StartAsync();
        using var folder = new ScratchFolder();
        using var program = network.Start("dotnet", [Programs.Write(folder.Path, "Program", ((Block)block).Text)]);
        int exitCode = await program.EndAsync();
        Assert.That(exitCode, Is.Zero, program.Output);
        Assert.That(program.Output, Is.Not.Empty, "it shows nothing");
    }

    [Slow]
    [TestCaseSource(nameof(Listeners))]
    public async Task Programs_Together_EndWell(object block)
    {
        var first = (Block)block;
        var second = All.Single(other => Pair(other) == Pair(first) && Role(other) == "caller");
        using var network = await LonelyNetwork.StartAsync();
        using var folder = new ScratchFolder();
        string listening = Programs.Write(folder.Path, "Listener", first.Text), calling = Programs.Write(folder.Path, "Caller", second.Text);
        for (int left = Attempts; ; left--)
        {
            using var listener = network.Start("dotnet", [listening]);
            string address = Address().Match(await listener.SeeAsync("[2001:")).Value;
            using var caller = network.Start("dotnet", [calling, address]);
            int exitCode = await caller.EndAsync();
            if (exitCode != 0 && left > 1 && caller.Output.Contains(GaveUp, StringComparison.Ordinal))
                continue;
            Assert.That(exitCode, Is.Zero, caller.Output);
            if (!first.Note.EndsWith(StaysOn, StringComparison.Ordinal))
                Assert.That(await listener.EndAsync(), Is.Zero, listener.Output);
            Assert.That(listener.Output + caller.Output, Does.Contain("hello").Or.Contain("5 octets"));
            return;
        }
    }

    static string? Role(Block block) => Roles().Match(block.Note) is { Success: true } match ? match.Groups["role"].Value : null;

    static string Pair(Block block) => $"{block.Page}: {Roles().Match(block.Note).Groups["pair"].Value}";

    [GeneratedRegex("^run: (?<role>listener|caller) of (?<pair>[a-z ]+?)(, which the test ends)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Roles();

    [GeneratedRegex(@"\[2001:[0-9a-f:]+\]:\d+")]
    private static partial Regex Address();
}
