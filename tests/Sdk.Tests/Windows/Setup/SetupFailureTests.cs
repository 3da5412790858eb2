using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>Setups that fail, that are given up, and whose process dies.</summary>
public sealed class SetupFailureTests
{
    [Test]
    public async Task FailingStep_UndoesThoseBeforeIt()
    {
        using var machine = new SetupMachine();
        var edited = machine.Wanted[0] with { Enabled = false };
        machine.Windows.Firewall.Plant(edited);
        machine.Options.UdpPort = 4243;
        machine.Options.Windows = FaultyWindows.Of(machine.Windows, call => call == "Add" ? Fault : null);
        var plan = await machine.PlanAsync();
        var progress = new Told();
        var failure = Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync(progress))!;
        Assert.Multiple(() =>
        {
            Assert.That(failure.Error, Is.EqualTo(Fault.Error));
            Assert.That(failure.Message, Does.StartWith(Fault.Message).And.Contain("undone"));
            Assert.That(machine.Rules, Is.EqualTo(new[] { edited }));
            Assert.That(machine.Records, Is.Empty);
            Assert.That(progress.Outcomes, Does.Contain(SetupOutcome.Applied).And.Contain(SetupOutcome.Undone));
        });
    }

    [Test]
    public async Task FailingStep_OfARemoval_LeavesTheSetupAsItStood()
    {
        using var machine = new SetupMachine();
        machine.Options.UdpPort = 4243;
        await machine.SetUpAsync();
        var rules = machine.Rules;
        int removals = 0;
        var faulty = FaultyWindows.Of(machine.Windows, call => call == "Remove" && ++removals == 2 ? Fault : null);
        machine.Options.Windows = faulty;
        Assert.ThrowsAsync<TeredoException>(machine.RemoveAsync);
        Assert.That(machine.Rules, Is.EquivalentTo(rules));
        machine.Options.Windows = machine.Windows;
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
    }

    [Test]
    public async Task GivingUp_UndoesWhatWasDone()
    {
        using var machine = new SetupMachine();
        machine.Options.UdpPort = 4243;
        using var gaveUp = new CancellationTokenSource();
        var plan = await machine.PlanAsync();
        Assert.ThrowsAsync(Is.InstanceOf<OperationCanceledException>(), () => plan.ApplyAsync(new Told(_ => gaveUp.Cancel()), gaveUp.Token));
        Assert.That(machine.Windows.Actions, Has.Some.StartsWith("AddRule"));
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(machine.Records, Is.Empty);
    }

    // A process that dies writes nothing any more: every call after that fails.
    [TestCase(0, false)]
    [TestCase(0, true)]
    [TestCase(1, false)]
    [TestCase(1, true)]
    public async Task Death_BeforeAChange_LeavesARecordToGoOnFrom(int changes, bool isSetUpAgain)
    {
        using var machine = new SetupMachine();
        var edited = machine.Wanted[0] with { Enabled = false, LocalPorts = "1" };
        machine.Windows.Firewall.Plant(edited);
        machine.Options.UdpPort = 4243;
        await DieAsync(machine, changes);
        Assert.That(machine.Records, Has.Length.EqualTo(1));
        if (isSetUpAgain)
        {
            await machine.SetUpAsync();
            Assert.That(machine.Rules, Is.EqualTo(machine.Wanted));
        }
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { edited }));
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.None.Contains("another program or user"));
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task Death_AmidAChange_IsNotTakenForSomebodyElsesWork()
    {
        using var machine = new SetupMachine();
        var edited = machine.Wanted[0] with { Enabled = false, LocalPorts = "1" };
        machine.Windows.Firewall.Plant(edited);
        await machine.SetUpAsync();
        machine.Windows.Firewall.Update(edited with { LocalPorts = machine.Wanted[0].LocalPorts });
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { edited }));
    }

    [Test]
    public async Task UndoThatFails_KeepsTheRecord()
    {
        using var machine = new SetupMachine();
        machine.Options.UdpPort = 4243;
        var failure = await DieAsync(machine, 1);
        Assert.That(failure.Error, Is.EqualTo(TeredoError.SetupFailed));
        Assert.That(failure.Message, Does.Contain("Not all"));
        Assert.That(machine.Records, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Plan_ThatIsOutOfDate_IsRefused()
    {
        using var machine = new SetupMachine();
        var plan = await machine.PlanAsync();
        var other = machine.Wanted[0] with { RemoteAddresses = "LocalSubnet" };
        machine.Windows.Firewall.Plant(other);
        var failure = Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!;
        Assert.That(failure.Message, Does.Contain("Make a new plan"));
        Assert.That(machine.Windows.Actions, Is.Empty);
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Rule_ThatIsChangedAfterThePlan_IsNotOverwritten(bool isRemoval)
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.Plant(machine.Wanted[0] with { LocalPorts = "1" });
        if (isRemoval)
            await machine.SetUpAsync();
        var plan = isRemoval ? await machine.PlanRemovalAsync() : await machine.PlanAsync();
        var changed = machine.Rules[0] with { RemoteAddresses = "LocalSubnet" };
        machine.Windows.Firewall.Update(changed);
        var failure = Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.SetupFailed));
        Assert.That(failure.Message, Does.Contain(changed.Name).And.Contain("Make a new plan"));
        Assert.That(machine.Rules, Is.EqualTo(new[] { changed }));
    }

    [Test]
    public async Task Setup_DuringAnother_IsRefused()
    {
        using var machine = new SetupMachine();
        var (one, other) = (await machine.PlanAsync(), await machine.PlanAsync());
        TeredoException? failure = null;
        await one.ApplyAsync(new Told(_ => failure = Assert.ThrowsAsync<TeredoException>(() => other.ApplyAsync())));
        Assert.That(failure!.Message, Does.Contain("another setup"));
    }

    static readonly TeredoException Fault = new(TeredoError.FirewallUnavailable, "The firewall went away.");

    static async Task<TeredoException> DieAsync(SetupMachine machine, int changes)
    {
        int calls = 0;
        bool isDead = false;
        machine.Options.Windows = FaultyWindows.Of(machine.Windows, MayDie);
        var plan = await machine.PlanAsync();
        var failure = Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!;
        machine.Options.Windows = machine.Windows;
        return failure;

        Exception? MayDie(string call)
        {
            isDead |= call is "Add" or "Update" or "Remove" && ++calls > changes;
            return isDead ? Fault : null;
        }
    }
}
