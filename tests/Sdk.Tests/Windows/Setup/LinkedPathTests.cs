using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>A program that is named by a junction or a short name (8.3). The firewall compares the file that runs, so rules name that.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class LinkedPathTests : IDisposable
{
    const string Short = @"C:\PROGRA~1\Chat\Chat.exe", Junction = @"D:\Current\Chat.exe", Final = @"C:\Program Files\Chat\Chat.exe";

    readonly SetupMachine _machine = new();

    public LinkedPathTests()
    {
        _machine.Windows.Files[Final] = true;
        _machine.Windows.Files[Short] = true;
        _machine.Windows.Files[Junction] = true;
        Link();
    }

    public void Dispose() => _machine.Dispose();

    [TestCase(Short)]
    [TestCase(Junction)]
    public void Exception_ForALink_NamesTheFile_AndIsInForceByEachName(string path)
    {
        var firewall = new TeredoFirewall(_machine.Windows);
        var check = firewall.Ensure(new() { Name = "Chat", ProgramPath = path });
        Assert.That(check.LetsIn, Is.True);
        Assert.That(Own().Select(rule => rule.ProgramPath), Is.EqualTo(new[] { Final, Final }));
        Assert.That(firewall.Check(path).LetsIn, Is.True);
        Assert.That(firewall.Check(Final).LetsIn, Is.True);
        Assert.That(firewall.RemoveOwned("Chat", path), Has.Count.EqualTo(2));
    }

    [Test]
    public void Advice_NamesTheFile() => Assert.That(
        new TeredoFirewall(_machine.Windows).Check(new FirewallExceptionRequest { Name = "Chat", ProgramPath = Junction }).Finding!.Fix!.Command,
        Does.Contain(Final).And.Not.Contain(Junction));

    [Test]
    public void LinkToAHost_IsRefused()
    {
        _machine.Windows.Links[@"C:\App\App.exe"] = @"C:\Program Files\dotnet\dotnet.exe";
        Assert.That(() => new TeredoFirewall(_machine.Windows).WantedRules(new() { Name = "Chat", ProgramPath = @"C:\App\App.exe" }),
            Throws.TypeOf<TeredoException>().With.Property("Error").EqualTo(TeredoError.InvalidProgram).And.Message.Contain("apphost"));
    }

    // The first setup is that of an SDK that did not follow links.
    [TestCase(Short, Short)]
    [TestCase(Junction, Junction)]
    [TestCase(Junction, Final)]
    public async Task OlderSetup_ByTheLink_IsTheProgramsOwn(string first, string then)
    {
        var before = _machine.Rules;
        _machine.Windows.Links.Clear();
        await SetUpAsync(first);
        Assert.That(Own().Single().ProgramPath, Is.EqualTo(first));
        Link();
        await SetUpAsync(then);
        Assert.That(Own().Single().ProgramPath, Is.EqualTo(Final));
        Assert.That(_machine.Records, Has.Length.EqualTo(1));
        Assert.That((await SetUpAsync(then)).IsSatisfied, "again");
        await RemoveAsync(then);
        Assert.That(_machine.Rules, Is.EqualTo(before));
        Assert.That(_machine.Records, Is.Empty);
    }

    [Test]
    public async Task OlderSetup_OfASecondProgramOfTheName_KeepsItsRecord()
    {
        const string Other = @"C:\Other\Chat.exe";
        _machine.Windows.Files[Other] = true;
        _machine.Windows.Links.Clear();
        await SetUpAsync(Other);
        await SetUpAsync(Junction);
        Link();
        await SetUpAsync(Junction);
        Assert.That(_machine.Records, Has.Length.EqualTo(2));
        await RemoveAsync(Junction);
        Assert.That(_machine.Records, Has.Length.EqualTo(1));
        Assert.That(Own().Single().ProgramPath, Is.EqualTo(Other));
    }

    [Test]
    public async Task Removal_AfterTheLinkIsGone_RestoresAll()
    {
        var before = _machine.Rules;
        await SetUpAsync(Junction);
        _machine.Windows.Links.Clear();
        _machine.Windows.Files.Clear();
        await RemoveAsync(Junction);
        Assert.That(_machine.Rules, Is.EqualTo(before));
        Assert.That(_machine.Records, Is.Empty);
    }

    IEnumerable<FirewallRule> Own() => _machine.Rules.Where(rule => rule.Grouping == FirewallExceptionRequest.OwnGrouping);

    void Link()
    {
        _machine.Windows.Links[@"C:\PROGRA~1"] = @"C:\Program Files";
        _machine.Windows.Links[@"D:\Current"] = @"C:\Program Files\Chat";
    }

    Task<SetupPlan> SetUpAsync(string program)
    {
        _machine.Options.ProgramPath = program;
        return _machine.SetUpAsync();
    }

    Task<SetupPlan> RemoveAsync(string program)
    {
        _machine.Options.ProgramPath = program;
        return _machine.RemoveAsync();
    }
}
