using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>Windows' Teredo as a part of a setup.</summary>
public sealed class TeredoSetupTests
{
    const string Server = "teredo.example.net";

    [Test]
    public async Task Removal_GivesTeredoEachSettingBack()
    {
        using var machine = Machine();
        var before = machine.Windows.Teredo.Configuration;
        var plan = await machine.SetUpAsync();
        var step = plan.Steps[^1];
        Assert.Multiple(() =>
        {
            Assert.That(step.Kind, Is.EqualTo(SetupStepKind.EnableTeredo));
            Assert.That(step.TeredoBefore, Is.EqualTo(before));
            Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(step.TeredoAfter!.Type));
            Assert.That(machine.Windows.Teredo.Configuration.ServerName, Is.EqualTo(Server));
        });
        await machine.RemoveAsync();
        Assert.That(machine.Windows.Teredo.Configuration, Is.EqualTo(before));
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task SecondSetup_WithAnotherServer_KeepsTheOriginalOne()
    {
        using var machine = Machine();
        var before = machine.Windows.Teredo.Configuration;
        await machine.SetUpAsync();
        Assert.That((await machine.SetUpAsync()).IsSatisfied);
        machine.Options.Server = "192.0.2.1";
        await machine.SetUpAsync();
        Assert.That(machine.Windows.Teredo.Configuration.ServerName, Is.EqualTo("192.0.2.1"));
        await machine.RemoveAsync();
        Assert.That(machine.Windows.Teredo.Configuration, Is.EqualTo(before));
    }

    [Test]
    public async Task Removal_LeavesWhatSomebodyElseSet()
    {
        using var machine = Machine();
        var before = machine.Windows.Teredo.Configuration;
        await machine.SetUpAsync();
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { ServerName = "192.0.2.99" };
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Windows.Teredo.Configuration, Is.EqualTo(before with { ServerName = "192.0.2.99" }));
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("192.0.2.99"));
    }

    [Test]
    public async Task Removal_LeavesAServerThatTheSetupDidNotName()
    {
        using var machine = Machine();
        machine.Options.Server = null;
        await machine.SetUpAsync();
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { ServerName = "192.0.2.99" };
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Windows.Teredo.Configuration.ServerName, Is.EqualTo("192.0.2.99"));
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.Default));
        Assert.That(plan.Findings, Is.Empty);
    }

    [Test]
    public async Task TeredoThatIsOn_NeedsNoStep_AndStaysOnAfterwards()
    {
        using var machine = Machine();
        var on = machine.Windows.Teredo.Configuration with { Type = TeredoType.Client, ServerName = Server };
        machine.Windows.Teredo.Configuration = on;
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Steps[^1].IsSatisfied);
        await machine.RemoveAsync();
        Assert.That(machine.Windows.Teredo.Configuration, Is.EqualTo(on));
    }

    [Test]
    public async Task FailingToEnable_UndoesTheRules()
    {
        using var machine = Machine();
        var before = machine.Windows.Teredo.Configuration;
        machine.Windows.Missing[nameof(IWindowsSystem.WriteConfiguration)] = "There is no such class.";
        machine.Windows.Netsh.ChangesNothing = true;
        var failure = Assert.ThrowsAsync<TeredoException>(machine.SetUpAsync)!;
        Assert.Multiple(() =>
        {
            Assert.That(failure.Error, Is.EqualTo(TeredoError.SetupFailed));
            Assert.That(machine.Rules, Is.EqualTo(new[] { SetupMachine.TeredoPortRule }));
            Assert.That(machine.Windows.Teredo.Configuration, Is.EqualTo(before));
            Assert.That(machine.Records, Is.Empty);
        });
    }

    [Test]
    public async Task Enabling_WithoutCim_GoesByNetsh()
    {
        using var machine = new SetupMachine(new(6, 1));
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { Type = TeredoType.Disabled };
        machine.Options.EnableTeredo = true;
        await machine.SetUpAsync();
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.EnterpriseClient));
        await machine.RemoveAsync();
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.Disabled));
    }

    [Test]
    public async Task Policy_AgainstTeredo_IsAWarning_AndTheRulesAreMade()
    {
        using var machine = Machine();
        machine.Windows.Registry[@"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition\Teredo_State"] = "Disabled";
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Steps.Select(step => step.Kind), Is.EqualTo(new[] { SetupStepKind.AddRule }));
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("group policy"));
        Assert.That(machine.Rules, Is.EqualTo(machine.Wanted.Prepend(SetupMachine.TeredoPortRule)));
    }

    [Test]
    public async Task TeredoPort_ThatNoRuleOpens_IsPartOfTheSetup()
    {
        using var machine = new SetupMachine();
        machine.Options.EnableTeredo = true;
        await machine.SetUpAsync();
        var rule = machine.Rules.Single(rule => rule.Protocol == FirewallProtocol.Udp);
        Assert.That((rule.LocalPorts, rule.ServiceName), Is.EqualTo(("Teredo", "iphlpsvc")));
        Assert.That((await machine.SetUpAsync()).IsSatisfied);
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
    }

    [Test]
    public async Task Service_ThatDoesNotRun_IsLeftToThePerson()
    {
        using var machine = Machine();
        machine.Windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Disabled };
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("iphlpsvc").And.Some.Contains("left out"));
        Assert.That(machine.Windows.Services["iphlpsvc"].IsRunning, Is.False);
    }

    [Test]
    public async Task TeredoThatIsOff_WithoutEnabling_IsAWarning()
    {
        using var machine = new SetupMachine();
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains(nameof(TeredoSetupOptions.EnableTeredo)));
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(TeredoType.Default));
    }

    static SetupMachine Machine()
    {
        var machine = new SetupMachine();
        machine.Windows.Firewall.Plant(SetupMachine.TeredoPortRule);
        (machine.Options.EnableTeredo, machine.Options.Server) = (true, Server);
        return machine;
    }

    // Repair scripts set this type. It was taken for unknown, and restored as default, which is off.
    [TestCase("10.0.19045", null)]
    [TestCase("10.0.19045", "teredo.example.net")]
    [TestCase("6.1", "teredo.example.net")]
    public async Task NatAwareClient_SetUpAndRemoved_IsOneAgain(string version, string? server)
    {
        using var machine = new SetupMachine(Version.Parse(version));
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { Type = TeredoType.NatAwareClient };
        var before = machine.Windows.Teredo.Configuration;
        (machine.Options.EnableTeredo, machine.Options.Server) = (true, server);
        await machine.SetUpAsync();
        Assert.That(machine.Windows.Teredo.Configuration.Type, Is.EqualTo(server is null ? TeredoType.NatAwareClient : TeredoType.EnterpriseClient));
        await (await machine.PlanRemovalAsync()).ApplyAsync();
        Assert.That(machine.Windows.Teredo.Configuration, Is.EqualTo(before));
        machine.Windows.Restart();
        Assert.That(machine.Windows.Teredo.Configuration, Is.EqualTo(before), "also in the persistent store");
    }
}
