using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>Two programs of one name: none takes or removes what is the other's, in whatever order they come and go.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SameNameTests : IDisposable
{
    const string Name = "Server";

    // Two programs called Server.exe, the installs of two users, and the folders of two versions.
    static readonly TestCaseData<string, string>[] Pairs =
    [
        new(@"C:\One\Server.exe", @"C:\Two\Server.exe") { TestName = "two vendors" },
        new(@"C:\Users\ann\AppData\Local\Chat\Server.exe", @"C:\Users\bob\AppData\Local\Chat\Server.exe") { TestName = "two users" },
        new(@"C:\Program Files\Chat 1.0\Server.exe", @"C:\Program Files\Chat 1.1\Server.exe") { TestName = "two versions" },
    ];

    readonly SetupMachine _machine = new();

    public SameNameTests()
    {
        _machine.Options.Name = Name;
        _machine.Windows.Firewall.Plant(SetupMachine.ForeignRule);
    }

    public void Dispose() => _machine.Dispose();

    [TestCaseSource(nameof(Pairs))]
    public async Task Setups_OfTwoPrograms_AreKeptApart_AndEachRemovalGivesBackItsOwn(string one, string other)
    {
        foreach (bool isFirstRemovedFirst in (bool[])[true, false])
        {
            string before = State();
            await SetUpAsync(one);
            string alone = State();
            await SetUpAsync(other);
            Assert.That((Ports(one), Ports(other)), Is.EqualTo(("4242", "4242")));
            Assert.That(_machine.Records, Has.Length.EqualTo(2));
            Assert.That((await SetUpAsync(other)).IsSatisfied, "again");
            Assert.That((await SetUpAsync(one)).IsSatisfied, "again");
            AssertClean(await RemoveAsync(isFirstRemovedFirst ? one : other));
            if (isFirstRemovedFirst)
                Assert.That((Ports(one), Ports(other)), Is.EqualTo(("", "4242")));
            else
                Assert.That(State(), Is.EqualTo(alone));
            AssertClean(await RemoveAsync(isFirstRemovedFirst ? other : one));
            Assert.That(State(), Is.EqualTo(before));
        }
    }

    // As Windows Installer does: the new version before the old one goes, or after; and the next upgrade of that.
    [TestCase(true)]
    [TestCase(false)]
    public async Task Upgrade_ToAnotherFolder_EndsWithTheRulesOfTheNewOne(bool isNewFirst)
    {
        string before = State();
        string[] versions = [@"C:\Chat 1\Server.exe", @"C:\Chat 2\Server.exe", @"C:\Chat 3\Server.exe"];
        await SetUpAsync(versions[0]);
        foreach (var (old, now) in versions.Zip(versions.Skip(1)))
        {
            if (isNewFirst)
                await SetUpAsync(now);
            AssertClean(await RemoveAsync(old));
            if (!isNewFirst)
                await SetUpAsync(now);
            Assert.That((Ports(old), Ports(now)), Is.EqualTo(("", "4242")));
            Assert.That(_machine.Records, Has.Length.EqualTo(1));
            Assert.That((await SetUpAsync(now)).IsSatisfied, "again");
        }
        AssertClean(await RemoveAsync(versions[^1]));
        Assert.That(State(), Is.EqualTo(before));
    }

    // Where the old version's removal comes second, it must be left out, as the kits do: docs/installers.md.
    [Test]
    public async Task Upgrade_InTheSameFolder_ChangesTheSetup_AndTheRemovalEndsAsBeforeTheFirst()
    {
        string before = State();
        const string Program = @"C:\Chat\Server.exe";
        await SetUpAsync(Program);
        _machine.Options.TcpPort = 4300;
        await SetUpAsync(Program.ToUpperInvariant());
        Assert.That(Ports(Program), Is.EqualTo("4300"));
        Assert.That(_machine.Records, Has.Length.EqualTo(1));
        AssertClean(await RemoveAsync(Program));
        Assert.That(State(), Is.EqualTo(before));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Removal_OfAProgramThatWasNotSetUp_RemovesNothing_AndSaysWhoseTheNameIs(bool hasRecord)
    {
        const string Program = @"C:\One\Server.exe";
        _machine.Options.EnableTeredo = true;
        await SetUpAsync(Program);
        if (!hasRecord)
            File.Delete(_machine.Records.Single());
        string standing = State();
        var plan = await RemoveAsync(@"C:\Two\Server.exe");
        var finding = plan.Findings.Single(finding => finding.Id == FindingIds.SetupOtherProgram);
        Assert.That(finding.Problem, Does.Contain(@"'C:\Two\Server.exe'").And.Contain($"'{Program}'"));
        Assert.That(plan.Findings.Select(each => each.Id), Has.None.EqualTo(FindingIds.SetupNoRecord));
        Assert.That(plan.Steps, Is.Empty);
        Assert.That(State(), Is.EqualTo(standing));
    }

    [Test]
    public async Task TeredoPort_OfOneProgram_StaysAtTheRemovalOfTheOther()
    {
        string before = State();
        _machine.Options.EnableTeredo = true;
        await SetUpAsync(@"C:\One\Server.exe");
        await SetUpAsync(@"C:\Two\Server.exe");
        Assert.That(_machine.Rules.Count(rule => rule.LocalPorts == "Teredo"), Is.EqualTo(2));
        await RemoveAsync(@"C:\One\Server.exe");
        Assert.That(_machine.Rules.Count(rule => rule.LocalPorts == "Teredo"), Is.EqualTo(1));
        Assert.That(_machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient), "the second needs it");
        await RemoveAsync(@"C:\Two\Server.exe");
        Assert.That(State(), Is.EqualTo(before));
    }

    // The rules of the first were deleted by hand: its record keeps their names.
    [Test]
    public async Task NamesInTheRecordOfAnother_AreNotTaken()
    {
        const string One = @"C:\One\Server.exe", Two = @"C:\Two\Server.exe";
        string before = State();
        await SetUpAsync(One);
        _machine.Windows.Firewall.Remove($"{Name} (Teredo, TCP)");
        await SetUpAsync(Two);
        AssertClean(await RemoveAsync(One));
        Assert.That(Ports(Two), Is.EqualTo("4242"));
        AssertClean(await RemoveAsync(Two));
        Assert.That(State(), Is.EqualTo(before));
    }

    [Test]
    public void Exceptions_WithoutRecords_AreKeptApart()
    {
        const string One = @"C:\One\Server.exe", Two = @"C:\Two\Server.exe";
        var firewall = new TeredoFirewall(_machine.Windows);
        foreach (string program in (string[])[One, Two, One, Two])
        {
            _machine.Windows.Files[program] = true;
            firewall.Ensure(new() { Name = Name, ProgramPath = program, TcpPort = 4242 });
        }
        Assert.That((Ports(One), Ports(Two)), Is.EqualTo(("4242", "4242")));
        firewall.RemoveOwned(Name, One);
        Assert.That((Ports(One), Ports(Two)), Is.EqualTo(("", "4242")));
        firewall.Ensure(new() { Name = Name, ProgramPath = Two, TcpPort = 4300 });
        Assert.That(Ports(Two), Is.EqualTo("4300"));
        Assert.That(firewall.RemoveOwned(Name, Two), Has.Count.EqualTo(1));
        Assert.That(_machine.Rules, Is.EqualTo(new[] { SetupMachine.ForeignRule }));
    }

    static void AssertClean(SetupPlan plan)
    {
        Assert.That(plan.Findings.Select(finding => finding.Id), Has.None.StartsWith("setup."));
        Assert.That(plan.IsComplete);
    }

    // The ports of the SDK's rules of a program.
    string Ports(string program) => string.Join(' ', _machine.Rules.Where(rule => rule.Grouping is not null && program.Equals(rule.ProgramPath, StringComparison.OrdinalIgnoreCase))
        .Select(rule => rule.LocalPorts));

    string State() => string.Join('\n', _machine.Rules.Select(rule => rule.ToString()).Order(StringComparer.Ordinal)
        .Append(_machine.Windows.Teredo.Configuration.ToString()).Concat(_machine.Records));

    Task<SetupPlan> SetUpAsync(string program)
    {
        _machine.Windows.Files[program] = true;
        _machine.Options.ProgramPath = program;
        return _machine.SetUpAsync();
    }

    Task<SetupPlan> RemoveAsync(string program)
    {
        _machine.Options.ProgramPath = program;
        return _machine.RemoveAsync();
    }
}
