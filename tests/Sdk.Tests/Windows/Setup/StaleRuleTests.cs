using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>Rules of an application that a later setup of it does not want any longer.</summary>
public sealed class StaleRuleTests
{
    static readonly TeredoException Fault = new(TeredoError.FirewallUnavailable, "The firewall went away.");

    [Test]
    public async Task Setup_ForFewerProtocols_RemovesTheOtherRule_AndTheRemovalAllOfThem()
    {
        using var machine = await SetUpForBothAsync();
        var plan = await machine.SetUpAsync();
        var step = plan.Steps.Single(step => step.Kind == SetupStepKind.RemoveRule);
        Assert.That(step.RuleBefore!.Protocol, Is.EqualTo(FirewallProtocol.Udp));
        Assert.That(step.RuleAfter, Is.Null);
        Assert.That(machine.Rules, Is.EqualTo(machine.Wanted));
        Assert.That((await machine.SetUpAsync()).IsSatisfied);
        Assert.That((await machine.RemoveAsync()).Findings, Is.Empty);
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task Rule_ThatWasThereBeforeTheFirstSetup_IsRemovedToo_AndComesBackAtTheRemoval()
    {
        using var machine = new SetupMachine();
        var old = OldUdpRule(machine);
        machine.Windows.Firewall.Plant(old);
        await machine.SetUpAsync();
        Assert.That(machine.Rules, Is.EqualTo(machine.Wanted));
        Assert.That((await machine.SetUpAsync()).IsSatisfied);
        Assert.That((await machine.RemoveAsync()).Findings, Is.Empty);
        Assert.That(machine.Rules, Is.EqualTo(new[] { old }));
    }

    [Test]
    public async Task Rule_ThatIsChangedByTheFirstSetupAndRemovedByTheSecond_ComesBackAsItWasAtFirst()
    {
        using var machine = new SetupMachine();
        var old = OldUdpRule(machine);
        machine.Windows.Firewall.Plant(old);
        machine.Options.UdpPort = 4243;
        await machine.SetUpAsync();
        machine.Options.UdpPort = null;
        await machine.SetUpAsync();
        Assert.That(machine.Rules, Is.EqualTo(machine.Wanted));
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { old }));
    }

    [Test]
    public async Task Rule_ThatIsWantedAgain_IsMadeAgain()
    {
        using var machine = await SetUpForBothAsync();
        await machine.SetUpAsync();
        machine.Options.UdpPort = 4243;
        await machine.SetUpAsync();
        Assert.That(machine.Rules, Is.EquivalentTo(machine.Wanted));
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
    }

    [Test]
    public async Task FailingStep_AfterARuleWasRemoved_BringsItBack()
    {
        using var machine = await SetUpForBothAsync();
        var rules = machine.Rules;
        var plan = await machine.PlanAsync();
        using var gaveUp = new CancellationTokenSource();
        var progress = new Told(told =>
        {
            if (told.Step.Kind == SetupStepKind.RemoveRule)
                gaveUp.Cancel();
        });
        Assert.ThrowsAsync(Is.InstanceOf<OperationCanceledException>(), () => plan.ApplyAsync(progress, gaveUp.Token));
        Assert.That(progress.Outcomes, Does.Contain(SetupOutcome.Undone));
        Assert.That(machine.Rules, Is.EquivalentTo(rules));
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
    }

    // Dies before the removal of the rule, or right after it, while the rule is read back.
    [TestCase(true, false)]
    [TestCase(true, true)]
    [TestCase(false, false)]
    [TestCase(false, true)]
    public async Task Death_AroundARemoval_LeavesARecordToGoOnFrom(bool isRemoved, bool wasThereBefore)
    {
        using var machine = wasThereBefore ? new SetupMachine() : await SetUpForBothAsync();
        var old = OldUdpRule(machine);
        if (wasThereBefore)
        {
            machine.Windows.Firewall.Plant(old);
            machine.Windows.Firewall.Plant(machine.Wanted[0]);
        }
        await DieAtTheRemovalAsync(machine, isRemoved);
        Assert.That(machine.Rules, Has.Count.EqualTo(isRemoved ? 1 : 2));
        var plan = await machine.RemoveAsync();
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.None.Contains("another program or user"));
        Assert.That(machine.Rules, Is.EquivalentTo(wasThereBefore ? [old, machine.Wanted[0]] : Array.Empty<FirewallRule>()));
    }

    [Test]
    public async Task TeredoPort_OfAnApplicationThatNeedsTeredo_StaysOpenWhenItIsSetUpAgainWithoutEnabling()
    {
        using var machine = new SetupMachine();
        machine.Options.EnableTeredo = true;
        await machine.SetUpAsync();
        (machine.Options.EnableTeredo, machine.Options.TcpPort) = (false, 5000);
        await machine.SetUpAsync();
        Assert.That(machine.Rules.Select(rule => rule.LocalPorts), Is.EquivalentTo(new[] { "5000", "Teredo" }));
    }

    [Test]
    public async Task TeredoPort_OfAnApplicationThatDoesNotNeedTeredo_IsStale()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.Plant(SetupMachine.TeredoPortRule with
        {
            Name = $"{SetupMachine.Name} (Teredo port)",
            Grouping = FirewallExceptionRequest.OwnGrouping,
        });
        await machine.SetUpAsync();
        Assert.That(machine.Rules, Is.EqualTo(machine.Wanted));
    }

    // TCP and UDP, of which the second is not wanted any longer.
    static async Task<SetupMachine> SetUpForBothAsync()
    {
        var machine = new SetupMachine();
        machine.Options.UdpPort = 4243;
        await machine.SetUpAsync();
        machine.Options.UdpPort = null;
        return machine;
    }

    static FirewallRule OldUdpRule(SetupMachine machine)
    {
        var request = machine.Options.ToRequest();
        (request.TcpPort, request.UdpPort) = (null, 1);
        return new TeredoFirewall(machine.Windows).WantedRules(request).Single();
    }

    static async Task DieAtTheRemovalAsync(SetupMachine machine, bool isRemoved)
    {
        bool isDying = false, isDead = false;
        machine.Options.Windows = FaultyWindows.Of(machine.Windows, MayDie);
        var plan = await machine.PlanAsync();
        Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync());
        machine.Options.Windows = machine.Windows;

        Exception? MayDie(string call)
        {
            isDead |= isDying || (call == "Remove" && !isRemoved);
            isDying |= call == "Remove";
            return isDead ? Fault : null;
        }
    }
}
