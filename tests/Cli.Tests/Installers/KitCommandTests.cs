using TeredoSdk.Testing;

namespace TeredoSdk.Cli.Tests.Installers;

/// <summary>The commands in the installer kits of examples/Installer do what the kits say.</summary>
public sealed class KitCommandTests
{
    static readonly string[] Kits = ["Inno", "Nsis", "PowerShell", "Velopack", "Wix"];

    static IEnumerable<object> Commands => KitCommands.All;

    [Test]
    public void EachKit_SetsUpAndRemoves() => Assert.Multiple(() =>
    {
        Assert.That(KitCommands.All.Select(command => Kit(command)).Distinct(), Is.EquivalentTo(Kits));
        foreach (string kit in Kits)
            Assert.That(Of(kit).Select(command => command.Line[0]).Distinct(), Is.EquivalentTo(new[] { "setup", "remove" }), kit);
    });

    // An installer has no terminal to ask at, and a removal must name what the setup named.
    [TestCaseSource(nameof(Commands))]
    public void Command_AsksNobody_AndNamesTheSame(object command)
    {
        string[] line = ((KitCommand)command).Line;
        Assert.That(line, Does.Contain("--yes").Or.Contain("--dry-run"));
        Assert.That(line[1..5], Is.EqualTo(new[] { "--app", KitCommands.Program, "--name", "Chess" }));
    }

    [TestCaseSource(nameof(Commands))]
    public async Task Command_WithDryRun_EndsWell(object command)
    {
        var result = await CommandProcess.RunAsync([.. ((KitCommand)command).Line, "--dry-run"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    [TestCaseSource(nameof(Kits))]
    public async Task Kit_InstallsUpgradesAndUninstalls_AndLeavesNothing(string kit)
    {
        using var fake = new SetupOnFake(KitCommands.Program);
        await RunAsync(fake, kit, "setup");
        var installed = fake.Windows.Firewall.Rules.ToArray();
        Assert.That(installed.Select(rule => (rule.LocalPorts, rule.ProgramPath)), Has.Some.EqualTo(("4242", KitCommands.Program)));
        Assert.That(fake.Windows.Teredo.EffectiveType, Is.Not.EqualTo(FreshType));

        await RunAsync(fake, kit, "setup"); // an upgrade, or a repair
        Assert.That(fake.Windows.Firewall.Rules, Is.EqualTo(installed));

        await RunAsync(fake, kit, "remove");
        await RunAsync(fake, kit, "remove"); // nothing is there any longer, which is no failure
        Assert.That(fake.Windows.Firewall.Rules, Is.Empty);
        Assert.That(fake.Windows.Teredo.EffectiveType, Is.EqualTo(FreshType));
    }

    static readonly object FreshType = new FakeWindows().Teredo.EffectiveType;

    static async Task RunAsync(SetupOnFake fake, string kit, string verb)
    {
        string[] line = Of(kit).First(command => command.Line[0] == verb && command.Line.Contains("--yes")).Line;
        var result = await fake.RunAsync(verb, person: null, line[1..]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    static IEnumerable<KitCommand> Of(string kit) => KitCommands.All.Where(command => Kit(command) == kit);

    static string Kit(KitCommand command) => command.File.Split(Path.DirectorySeparatorChar)[0];
}
