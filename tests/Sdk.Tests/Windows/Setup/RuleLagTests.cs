using System.Globalization;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>A firewall that shows a new rule late, has tens of thousands of them, or does not answer.</summary>
public sealed class RuleLagTests
{
    [Test]
    public async Task NewRule_ThatIsSeenLate_IsLookedForAgain()
    {
        using var machine = Machine(lag: 8);
        await machine.RunAsync(machine.SetUpAsync);
        Assert.That(machine.Rules, Is.EquivalentTo(machine.Wanted));
        await machine.RunAsync(machine.RemoveAsync);
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task NewRule_ThatIsNeverSeen_IsUndone_AndTheRecordStaysUntilTheRemoval()
    {
        using var machine = Machine(lag: int.MaxValue);
        var failure = await machine.FailureAsync(machine.SetUpAsync);
        Assert.That(failure!.Message, Does.Contain("does not exist afterwards").And.Contain("never showed"));
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(machine.Records, Has.Length.EqualTo(1), "it is not sure that the rule is gone");
        machine.Windows.Firewall.RuleLag = 0;
        await machine.RunAsync(machine.RemoveAsync);
        Assert.That(machine.Records, Is.Empty);
    }

    [TestCase(3)]
    [TestCase(int.MaxValue)]
    public async Task Crash_AfterAnAddition_LeavesNoRule_AfterARemovalThatComesAtOnce(int lag)
    {
        using var machine = Machine(lag);
        var plan = await machine.RunAsync(machine.PlanAsync);
        bool isAdded = false;
        machine.Windows.OnCall = call =>
        {
            if (isAdded)
                machine.Windows.CrashAt(1);
            isAdded |= call == "Firewall.Add";
        };
        Assert.That(await machine.FailureAsync(() => plan.ApplyAsync()), Is.Not.Null);
        machine.Windows.OnCall = null;
        machine.Windows.ClearFaults();
        Assert.That(machine.Rules, Has.Count.EqualTo(1));
        await machine.RunAsync(machine.RemoveAsync);
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task Crash_AfterAnAddition_MakesNoDouble_WhenTheSetupRunsAgainAtOnce()
    {
        using var machine = Machine(lag: 6);
        machine.Options.UdpPort = null;
        var plan = await machine.RunAsync(machine.PlanAsync);
        machine.Windows.OnCall = call =>
        {
            if (machine.Rules.Count > 0)
                machine.Windows.CrashAt(1);
        };
        Assert.That(await machine.FailureAsync(() => plan.ApplyAsync()), Is.Not.Null);
        machine.Windows.OnCall = null;
        machine.Windows.ClearFaults();
        await machine.RunAsync(machine.SetUpAsync);
        Assert.That(machine.Rules, Is.EquivalentTo(machine.Wanted));
    }

    [Test]
    public async Task TwentyThousandRules_AreReadOnceByASetup_AndOnceByARemoval()
    {
        using var machine = Machine(lag: 0);
        for (int i = 0; i < 20_000; i++)
            machine.Windows.Firewall.Plant(SetupMachine.ForeignRule with { Name = i.ToString(CultureInfo.InvariantCulture), ProgramPath = @"C:\other.exe" });
        machine.Options.EnableTeredo = true;
        foreach (var call in new Func<Task<SetupPlan>>[] { machine.SetUpAsync, machine.SetUpAsync, machine.RemoveAsync })
        {
            int reads = machine.Windows.Firewall.RuleListReads;
            await call();
            Assert.That(machine.Windows.Firewall.RuleListReads - reads, Is.EqualTo(1));
        }
        Assert.That(machine.Rules, Has.Count.EqualTo(20_000));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Plan_IsGivenUpAtOnce_AndNeverWaitsForEver_OnTheCallersThread(bool isGivenUp)
    {
        using var machine = Machine(lag: 0);
        using var stuck = new StuckCall(machine.Windows, "Firewall.ReadRules");
        using var gaveUp = new CancellationTokenSource();
        var planning = TeredoSetup.PlanAsync(machine.Options, gaveUp.Token);
        await stuck.WhenReachedAsync();
        if (isGivenUp)
        {
            gaveUp.Cancel();
            Assert.ThrowsAsync(Is.InstanceOf<OperationCanceledException>(), () => planning.WaitAsync(Patience.Limit));
        }
        else
        {
            ((ManualTime)machine.Options.TimeProvider).AdvanceToTheNextTimer();
            Assert.That(Assert.ThrowsAsync<TeredoException>(() => planning.WaitAsync(Patience.Limit))!.Message, Does.Contain("did not answer"));
        }
    }

    static SetupMachine Machine(int lag)
    {
        var machine = new SetupMachine();
        machine.UseManualTime();
        machine.Options.UdpPort = 4243;
        machine.Windows.Firewall.RuleLag = lag;
        return machine;
    }
}
