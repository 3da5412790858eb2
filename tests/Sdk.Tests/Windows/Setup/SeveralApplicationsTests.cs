using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>Windows' Teredo, which several applications need: it is given its settings back by the removal of the last one.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SeveralApplicationsTests : IDisposable
{
    const string FirstServer = "192.0.2.1", SecondServer = "192.0.2.2";

    readonly SetupMachine _machine = new();
    readonly TeredoConfiguration _before;

    public SeveralApplicationsTests()
    {
        _before = _machine.Windows.Teredo.Configuration;
        _machine.Options.EnableTeredo = true;
    }

    TeredoConfiguration Now => _machine.Windows.Teredo.Configuration;

    public void Dispose() => _machine.Dispose();

    [TestCase("A", "B")]
    [TestCase("B", "A")]
    public async Task Teredo_StaysOnUntilTheLastIsRemoved(string first, string last)
    {
        await SetUpAsync("A");
        await SetUpAsync("B");
        await RemoveAsync(first);
        Assert.That(Now.Type, Is.EqualTo(TeredoType.EnterpriseClient));
        await RemoveAsync(last);
        Assert.That(Now, Is.EqualTo(_before));
        Assert.That(_machine.Records, Is.Empty);
    }

    [Test]
    public async Task Removal_OfTheOneThatSwitchedItOn_SaysForWhomItStaysOn()
    {
        await SetUpAsync("A");
        await SetUpAsync("B");
        var plan = await RemoveAsync("A");
        Assert.That(plan.Steps.Single(step => step.Kind == SetupStepKind.KeepTeredo).Sentence, Does.Contain("stays on").And.Contain("'B'"));
        Assert.That(plan.Steps.Select(step => step.Kind), Has.None.EqualTo(SetupStepKind.RestoreTeredo));
    }

    [Test]
    public async Task Teredo_OfAnApplicationThatDoesNotNeedIt_IsGivenBack()
    {
        await SetUpAsync("A");
        _machine.Options.EnableTeredo = false;
        await SetUpAsync("B");
        await RemoveAsync("A");
        Assert.That(Now, Is.EqualTo(_before));
    }

    [Test]
    public async Task Setup_WithoutRights_ThatOnlyAddsTheNeed_AsksForThem()
    {
        await SetUpAsync("A");
        _machine.Options.EnableTeredo = false;
        await SetUpAsync("B");
        _machine.Windows.Firewall.Plant(SetupMachine.TeredoPortRule);
        _machine.Options.EnableTeredo = true;
        var plan = await _machine.PlanAsync();
        Assert.That((plan.IsSatisfied, plan.NeedsElevation), Is.EqualTo((true, true)));
        await plan.ApplyAsync();
        Assert.That((await _machine.PlanAsync()).NeedsElevation, Is.False);
        await RemoveAsync("A");
        Assert.That(Now.Type, Is.EqualTo(TeredoType.EnterpriseClient));
    }

    [TestCase("A", "B", "C")]
    [TestCase("A", "C", "B")]
    [TestCase("B", "A", "C")]
    [TestCase("B", "C", "A")]
    [TestCase("C", "A", "B")]
    [TestCase("C", "B", "A")]
    public async Task Servers_OfSeveral_EndWithTheOneBeforeTheFirst(params string[] order)
    {
        await SetUpAsync("A", FirstServer);
        await SetUpAsync("B");
        await SetUpAsync("C", SecondServer);
        foreach (string name in order)
        {
            Assert.That(Now.Type, Is.EqualTo(TeredoType.EnterpriseClient));
            Assert.That((await RemoveAsync(name)).Findings.Select(finding => finding.Sentence), Has.None.Contains("omebody else"));
        }
        Assert.That(Now, Is.EqualTo(_before));
        Assert.That(_machine.Records, Is.Empty);
    }

    [Test]
    public async Task Removal_OfTheLaterOfTwoServers_GoesBackToTheEarlier()
    {
        await SetUpAsync("A", FirstServer);
        await SetUpAsync("B", SecondServer);
        await RemoveAsync("B");
        Assert.That((Now.Type, Now.ServerName), Is.EqualTo((TeredoType.EnterpriseClient, FirstServer)));
    }

    // The process dies when the other record is written and the own one is still there: its file is what it was.
    [TestCase("A", "B")]
    [TestCase("B", "A")]
    public async Task Death_AmidTheHandover_NeitherLosesNorDoublesIt(string first, string last)
    {
        await SetUpAsync("A");
        string file = _machine.Records.Single();
        await SetUpAsync("B");
        byte[] own = await File.ReadAllBytesAsync(file);
        await RemoveAsync("A");
        await File.WriteAllBytesAsync(file, own);
        await RemoveAsync(first);
        Assert.That(Now.Type, Is.EqualTo(TeredoType.EnterpriseClient));
        await RemoveAsync(last);
        Assert.That(Now, Is.EqualTo(_before));
        Assert.That(_machine.Records, Is.Empty);
    }

    [Test]
    public async Task GivingUp_AfterTheHandover_TakesItBack()
    {
        await SetUpAsync("A");
        await SetUpAsync("B");
        string[] records = [.. _machine.Records.Select(File.ReadAllText)];
        using var gaveUp = new CancellationTokenSource();
        var plan = await PlanRemovalAsync("A");
        var progress = new Told(told =>
        {
            if (told.Step.Kind == SetupStepKind.KeepTeredo)
                gaveUp.Cancel();
        });
        Assert.ThrowsAsync(Is.InstanceOf<OperationCanceledException>(), () => plan.ApplyAsync(progress, gaveUp.Token));
        Assert.That(_machine.Records.Select(File.ReadAllText), Is.EqualTo(records));
    }

    [Test]
    public async Task Removal_ThatFailsBeforeTheHandover_LeavesTheRecords()
    {
        await SetUpAsync("A");
        await SetUpAsync("B");
        string[] records = [.. _machine.Records.Select(File.ReadAllText)];
        _machine.Options.Windows = FaultyWindows.Of(_machine.Windows, call => call == "Remove" ? new TeredoException(TeredoError.SetupFailed, "No.") : null);
        Assert.ThrowsAsync<TeredoException>(() => RemoveAsync("A"));
        Assert.That(_machine.Records.Select(File.ReadAllText), Is.EqualTo(records));
    }

    [Test]
    public async Task Removal_WhoseProcessDiesBeforeTheHandover_KeepsWhatWasThereBefore()
    {
        await SetUpAsync("A");
        await SetUpAsync("B");
        int calls = 0;
        _machine.Options.Windows = FaultyWindows.Of(_machine.Windows, MayDie);
        Assert.ThrowsAsync<TeredoException>(() => RemoveAsync("A"));
        _machine.Options.Windows = _machine.Windows;
        await RemoveAsync("A");
        await RemoveAsync("B");
        Assert.That(Now, Is.EqualTo(_before));

        Exception? MayDie(string call) =>
            calls > 1 || (call == "Remove" && ++calls > 1) ? new TeredoException(TeredoError.FirewallUnavailable, "No.") : null;
    }

    [Test]
    public async Task Removal_WhoseRulesCanNotBeGivenBackYet_EndsTheNeedOfTeredo()
    {
        await SetUpAsync("A");
        await SetUpAsync("B");
        _machine.Windows.Services["mpssvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Disabled };
        await RemoveAsync("B");
        _machine.Windows.Services["mpssvc"] = new() { Exists = true, IsRunning = true, StartType = ServiceStartType.Automatic };
        await RemoveAsync("A");
        Assert.That(Now, Is.EqualTo(_before));
        await RemoveAsync("B");
        Assert.That(_machine.Records, Is.Empty);
        Assert.That(_machine.Rules, Is.Empty);
    }

    [Test]
    public async Task Removal_PlannedBeforeAnotherNeededTeredo_IsRefused()
    {
        await SetUpAsync("A");
        var plan = await PlanRemovalAsync("A");
        await SetUpAsync("B");
        AssertOutOfDate(plan);
        Assert.That(Now.Type, Is.EqualTo(TeredoType.EnterpriseClient));
    }

    [Test]
    public async Task Removal_PlannedBeforeTheSettingsWereHandedOver_IsRefused()
    {
        await SetUpAsync("A");
        await SetUpAsync("B");
        var plan = await PlanRemovalAsync("B");
        await RemoveAsync("A");
        AssertOutOfDate(plan);
        await RemoveAsync("B");
        Assert.That(Now, Is.EqualTo(_before));
    }

    [Test]
    public async Task Setup_PlannedBeforeTheOtherSwitchedTeredoOff_IsRefused()
    {
        await SetUpAsync("A");
        _machine.Options.Name = "B";
        var plan = await _machine.PlanAsync();
        await RemoveAsync("A");
        AssertOutOfDate(plan);
    }

    [Test]
    public async Task Record_OfAnotherThatIsDamaged_IsAWarning()
    {
        await SetUpAsync("A");
        string file = _machine.Records.Single();
        await SetUpAsync("B");
        await File.WriteAllTextAsync(_machine.Records.Single(path => path != file), "{");
        var plan = await RemoveAsync("A");
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("not known").And.Some.Contains("Move it away"));
        Assert.That(Now, Is.EqualTo(_before));
    }

    static void AssertOutOfDate(SetupPlan plan) =>
        Assert.That(Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!.Message, Does.Contain("Make a new plan"));

    Task<SetupPlan> SetUpAsync(string name, string? server = null)
    {
        (_machine.Options.Name, _machine.Options.Server) = (name, server);
        return _machine.SetUpAsync();
    }

    Task<SetupPlan> PlanRemovalAsync(string name)
    {
        (_machine.Options.Name, _machine.Options.Server) = (name, null);
        return _machine.PlanRemovalAsync();
    }

    async Task<SetupPlan> RemoveAsync(string name)
    {
        var plan = await PlanRemovalAsync(name);
        await plan.ApplyAsync();
        return plan;
    }
}
