using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>Setting an application up, and taking that back, on a Windows in memory.</summary>
public sealed class SetupTests
{
    [Test]
    public async Task Plan_ChangesNothing()
    {
        using var machine = new SetupMachine();
        machine.Windows.IsElevated = false;
        (machine.Options.EnableTeredo, machine.Options.Server) = (true, "teredo.example.net");
        var plan = await machine.PlanAsync();
        Assert.Multiple(() =>
        {
            Assert.That(machine.Windows.Actions, Is.Empty);
            Assert.That(machine.Rules, Is.Empty);
            Assert.That(machine.Records, Is.Empty);
            SetupStepKind[] kinds = [SetupStepKind.AddRule, SetupStepKind.AddRule, SetupStepKind.EnableTeredo];
            Assert.That(plan.Steps.Select(step => step.Kind), Is.EqualTo(kinds));
            Assert.That(plan.Steps.Select(step => step.IsSatisfied), Is.All.False);
            Assert.That(plan.NeedsElevation);
        });
    }

    [Test]
    public async Task Apply_MakesTheRuleAsPlanned_FieldByField()
    {
        using var machine = new SetupMachine();
        var plan = await machine.SetUpAsync();
        var rule = machine.Rules.Single();
        Assert.Multiple(() =>
        {
            Assert.That(rule, Is.EqualTo(plan.Steps.Single().RuleAfter));
            Assert.That(rule.Name, Does.Contain(SetupMachine.Name));
            Assert.That(rule.Grouping, Is.EqualTo(FirewallExceptionRequest.OwnGrouping));
            Assert.That(rule.ProgramPath, Is.EqualTo(SetupMachine.Program));
            Assert.That(rule.Protocol, Is.EqualTo(FirewallProtocol.Tcp));
            Assert.That(rule.LocalPorts, Is.EqualTo("4242"));
            Assert.That(rule.Direction, Is.EqualTo(FirewallDirection.In));
            Assert.That(rule.Action, Is.EqualTo(FirewallAction.Allow));
            Assert.That(rule.EdgeTraversal, Is.EqualTo(EdgeTraversal.DeferToApp));
            Assert.That(rule.Enabled);
        });
    }

    [Test]
    public async Task Server_Default_IsMicrosofts_AndIsRestored()
    {
        using var machine = new SetupMachine();
        machine.Windows.Teredo.Configuration = machine.Windows.Teredo.Configuration with { ServerName = "teredo.example.net" };
        (machine.Options.EnableTeredo, machine.Options.Server) = (true, "default");
        await machine.SetUpAsync();
        Assert.That(machine.Windows.Teredo.Configuration.ServerName, Does.EndWith(".ipv6.microsoft.com"));
        Assert.That((await machine.PlanAsync()).IsSatisfied, "the second setup has nothing to do");
        await (await machine.PlanRemovalAsync()).ApplyAsync();
        Assert.That(machine.Windows.Teredo.Configuration.ServerName, Is.EqualTo("teredo.example.net"));
    }

    [Test]
    public async Task Server_OfAPolicy_IsToldAndLeftOut()
    {
        using var machine = new SetupMachine();
        machine.Windows.Registry[@"SOFTWARE\Policies\Microsoft\Windows\TCPIP\v6Transition\Teredo_ServerName"] = "teredo.example.net";
        (machine.Options.EnableTeredo, machine.Options.Server) = (true, "other.example.net");
        var plan = await machine.PlanAsync();
        Assert.That(plan.Findings.Select(finding => finding.Id), Does.Contain(FindingIds.TeredoServerByPolicy));
        Assert.That(plan.Steps.Select(step => step.Kind), Does.Not.Contain(SetupStepKind.EnableTeredo));
        Assert.That(plan.IsComplete, Is.False);
    }

    [Test]
    public async Task SecondSetup_ChangesNothing()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        int actions = machine.Windows.Actions.Count;
        string record = await File.ReadAllTextAsync(machine.Records.Single());
        var plan = await machine.SetUpAsync();
        Assert.Multiple(() =>
        {
            Assert.That(plan.IsSatisfied);
            Assert.That(plan.NeedsElevation, Is.False);
            Assert.That(machine.Windows.Actions, Has.Count.EqualTo(actions));
            Assert.That(File.ReadAllText(machine.Records.Single()), Is.EqualTo(record));
        });
    }

    [Test]
    public async Task Removal_LeavesTheFirewallAsItWas()
    {
        using var machine = new SetupMachine();
        var edited = machine.Wanted[0] with { LocalPorts = "1-1024", Enabled = false, EdgeTraversal = EdgeTraversal.Deny, Description = "by hand" };
        machine.Windows.Firewall.Plant(SetupMachine.ForeignRule);
        machine.Windows.Firewall.Plant(edited);
        machine.Options.UdpPort = 4243;
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Steps.Select(step => step.Kind), Is.EqualTo(new[] { SetupStepKind.ChangeRule, SetupStepKind.AddRule }));
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { SetupMachine.ForeignRule, edited }));
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task Removal_RestoresTheLastChangedRuleFirst()
    {
        using var machine = new SetupMachine();
        machine.Options.UdpPort = 4243;
        var made = await machine.SetUpAsync();
        var restored = await machine.PlanRemovalAsync();
        Assert.That(made.Steps, Has.Count.EqualTo(2));
        Assert.That(restored.Steps.Select(step => step.RuleBefore), Is.EqualTo(made.Steps.Select(step => step.RuleAfter).Reverse()));
    }

    [Test]
    public async Task Removal_OfWhatStoodAlready_LeavesItThere()
    {
        using var machine = new SetupMachine();
        var own = machine.Wanted[0];
        machine.Windows.Firewall.Plant(own);
        var plan = await machine.SetUpAsync();
        Assert.That(plan.IsSatisfied);
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { own }));
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task SecondSetup_WithOtherPorts_KeepsWhatWasThereBeforeTheFirst()
    {
        using var machine = new SetupMachine();
        var edited = machine.Wanted[0] with { Enabled = false };
        machine.Windows.Firewall.Plant(edited);
        await machine.SetUpAsync();
        machine.Options.TcpPort = 5000;
        await machine.SetUpAsync();
        Assert.That(machine.Rules.Single().LocalPorts, Is.EqualTo("5000"));
        await machine.RemoveAsync();
        Assert.That(machine.Rules.Single(), Is.EqualTo(edited));
    }

    [Test]
    public async Task SecondSetup_ThatNeedsNoTcp_TakesItsRuleBack()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        (machine.Options.TcpPort, machine.Options.UdpPort) = (null, 4243);
        await machine.SetUpAsync();
        Assert.That(machine.Rules.Single().Protocol, Is.EqualTo(FirewallProtocol.Udp));
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
    }

    [Test]
    public async Task Setups_OfSeveralApplications_DoNotTouchEachOther()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        machine.Options.Name = "Ünïcode 聊天?";
        await machine.SetUpAsync();
        Assert.That(machine.Records, Has.Length.EqualTo(2));
        await machine.RemoveAsync();
        machine.Options.Name = SetupMachine.Name;
        Assert.That(machine.Rules, Is.EqualTo(machine.Wanted));
        Assert.That(machine.Records, Has.Length.EqualTo(1));
    }

    [Test]
    public async Task Removal_OfWhatSomebodyElseChanged_LeavesItAloneAndSaysSo()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        var changed = machine.Rules[0] with { LocalPorts = "80" };
        machine.Windows.Firewall.Update(changed);
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { changed }));
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("changed by another program or user").And.Some.Contains(changed.Name));
    }

    [Test]
    public async Task Removal_OfWhatSomebodyElseRemoved_SaysSo()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.Plant(machine.Wanted[0] with { Enabled = false });
        await machine.SetUpAsync();
        machine.Windows.Firewall.Remove(machine.Rules[0].Name);
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("removed by another program or user"));
    }

    [Test]
    public async Task Removal_WithoutARecord_TakesOnlyTheSdksOwnRulesOfTheApplication()
    {
        using var machine = new SetupMachine();
        var other = machine.Wanted[0] with { Name = machine.Wanted[0].Name.Replace(SetupMachine.Name, "Another", StringComparison.Ordinal), ProgramPath = @"C:\other.exe" };
        machine.Windows.Firewall.Plant(machine.Wanted[0]);
        machine.Windows.Firewall.Plant(SetupMachine.ForeignRule);
        machine.Windows.Firewall.Plant(other);
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { SetupMachine.ForeignRule, other }));
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("no record").And.Some.Contains(FirewallExceptionRequest.OwnGrouping));
    }

    [Test]
    public async Task Removal_DoesNotNeedTheProgram()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        machine.Windows.Files.Clear();
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
    }

    [Test]
    public async Task Progress_TellsOfEachStep()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.Plant(machine.Wanted[0]);
        machine.Options.UdpPort = 4243;
        var progress = new Told();
        await (await machine.PlanAsync()).ApplyAsync(progress);
        Assert.That(progress.Outcomes, Is.EqualTo(new[] { SetupOutcome.Satisfied, SetupOutcome.Applied }));
    }

    [Test]
    public async Task Plan_NotOnWindows_IsEmptyAndSaysWhy()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("This is Windows.");
        using var machine = new SetupMachine();
        machine.Options.Windows = null;
        foreach (var plan in new[] { await machine.SetUpAsync(), await machine.RemoveAsync() })
        {
            Assert.That(plan.Steps, Is.Empty);
            Assert.That(plan.NeedsElevation, Is.False);
            Assert.That(plan.Findings.Single().Sentence, Does.Contain("nothing to set up"));
        }
        Assert.That(machine.Records, Is.Empty);
    }
}
