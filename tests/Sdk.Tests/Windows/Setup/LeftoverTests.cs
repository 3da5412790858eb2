using TeredoSdk.Testing;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>What a removal takes, what it leaves, and what the record then says.</summary>
public sealed class LeftoverTests
{
    [Test]
    public async Task Doubles_OfARecordedRule_AreRemoved([Values] bool removesAll)
    {
        using var machine = new SetupMachine { Windows = { Firewall = { RemovesAllOfAName = removesAll } } };
        await machine.SetUpAsync();
        machine.Windows.Firewall.Plant(machine.Wanted[0]);
        machine.Windows.Firewall.Plant(machine.Wanted[0] with { Enabled = false });
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(machine.Records, Is.Empty);
        Assert.That(plan.IsComplete);
    }

    static readonly TestCaseData<Func<FirewallRule, FirewallRule>>[] Narrowings =
    [
        new(rule => rule with { Enabled = false }) { TestName = "disabled" },
        new(rule => rule with { Profiles = FirewallProfiles.Private }) { TestName = "for one profile" },
        new(rule => rule with { RemoteAddresses = "LocalSubnet" }) { TestName = "for the local network" },
        new(rule => rule with { EdgeTraversal = EdgeTraversal.Deny, Enabled = false }) { TestName = "not for tunnels, and disabled" },
        new(rule => rule with { InterfaceTypes = "Lan", Description = "Mine" }) { TestName = "for cables, with another description" },
    ];

    [TestCaseSource(nameof(Narrowings))]
    public async Task Rule_ThatAUserNarrowed_IsRemoved(Func<FirewallRule, FirewallRule> narrow)
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        machine.Windows.Firewall.Update(narrow(machine.Rules[0]));
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.None.Contains("another program or user"));
    }

    static readonly TestCaseData<Func<FirewallRule, FirewallRule>>[] Changes =
    [
        new(rule => rule with { Action = FirewallAction.Block, EdgeTraversal = EdgeTraversal.Deny }) { TestName = "blocks" },
        new(rule => rule with { LocalPorts = "80" }) { TestName = "another port" },
        new(rule => rule with { ProgramPath = @"C:\other.exe" }) { TestName = "another program" },
        new(rule => rule with { EdgeTraversal = EdgeTraversal.Allow }) { TestName = "always through tunnels" },
    ];

    [TestCaseSource(nameof(Changes))]
    public async Task Rule_ThatAUserMadeSomethingElseOf_IsLeft_AndItsRecordIsKeptUntilItIsGone(Func<FirewallRule, FirewallRule> change)
    {
        using var machine = new SetupMachine();
        machine.Options.UdpPort = 4243;
        await machine.SetUpAsync();
        var changed = change(machine.Rules[0]);
        machine.Windows.Firewall.Update(changed);
        var plan = await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { changed }));
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains(changed.Name).And.Contains("left alone"));
        Assert.That(plan.IsComplete, Is.False);
        Assert.That(machine.Records, Has.Length.EqualTo(1));
        machine.Windows.Firewall.Remove(changed.Name);
        Assert.That((await machine.RemoveAsync()).IsComplete);
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task RulesThatTheProgramMadeAtRunTime_AreRemoved_AndThoseOfOthersStay()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        var atRunTime = machine.Wanted[0] with { Name = "chat (Teredo, TCP)" };
        var other = machine.Wanted[0] with { Name = "Another (Teredo, TCP)", ProgramPath = @"C:\other.exe" };
        foreach (var rule in new[] { atRunTime, other, SetupMachine.ForeignRule })
            machine.Windows.Firewall.Plant(rule);
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { other, SetupMachine.ForeignRule }));
    }

    [Test]
    public async Task RulesThatASecondSetupOfTheProgramMade_StayUntilItsOwnRemoval()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        machine.Options.Name = "Second";
        await machine.SetUpAsync();
        machine.Options.Name = SetupMachine.Name;
        await machine.RemoveAsync();
        machine.Options.Name = "Second";
        Assert.That(machine.Rules, Is.EqualTo(machine.Wanted));
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
    }

    [TestCase("{")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("{\"version\":1}")]
    [TestCase("{\"version\":0,\"name\":\"Ünïcode 聊天\",\"programPath\":\"C:\\\\Program Files\\\\Ünïcode 聊天\\\\chat.exe\",\"rules\":[]}")]
    [TestCase("{\"version\":1,\"name\":\"Somebody else\",\"programPath\":\"x\",\"rules\":[]}")]
    [TestCase("{\"version\":1,\"name\":\"Ünïcode 聊天\",\"programPath\":\"x\",\"rules\":[null]}")]
    [TestCase("{\"version\":1,\"name\":\"Ünïcode 聊天\",\"programPath\":\"x\",\"rules\":[{\"name\":\"x\",\"made\":[],\"before\":{\"name\":\"x\"}}]}")]
    public async Task DamagedRecord_IsSetAside_AndTheProgramsOwnRulesAreRemoved(string content)
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        machine.Windows.Firewall.Plant(SetupMachine.ForeignRule);
        string path = machine.Records[0];
        machine.Damage(content);
        var plan = await machine.RemoveAsync();
        Assert.Multiple(() =>
        {
            Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains(path).And.Contains("can't be used"));
            Assert.That(plan.IsComplete);
            Assert.That(machine.Rules, Is.EqualTo(new[] { SetupMachine.ForeignRule }));
            Assert.That(machine.Records, Is.Empty);
            Assert.That(File.ReadAllText(Directory.GetFiles(machine.Options.RecordFolder!).Single()), Is.EqualTo(content));
        });
    }

    [Test]
    public async Task Setup_AfterItsRecordWasDamaged_IsRemovedWhole()
    {
        using var machine = new SetupMachine();
        machine.Options.UdpPort = 4243;
        await machine.SetUpAsync();
        machine.Damage("{");
        machine.Options.TcpPort = 4244;
        Assert.That((await machine.SetUpAsync()).Findings.Select(finding => finding.Sentence), Has.Some.Contains("can't be used"));
        Assert.That(machine.Rules, Is.EquivalentTo(machine.Wanted));
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.Empty);
    }

    [TestCase("{\"version\":2,\"name\":\"Ünïcode 聊天\",\"programPath\":\"x\",\"rules\":[]}")]
    [TestCase("{\"version\":99999999999,\"name\":7,\"changes\":{}}")]
    public async Task RecordOfANewerVersion_IsRefused_AndStays(string content)
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        machine.Damage(content);
        foreach (var call in new Func<Task>[] { machine.PlanAsync, machine.PlanRemovalAsync })
            Assert.That(Assert.ThrowsAsync<TeredoException>(() => call())!.Message, Does.Contain("newer version"));
        Assert.That(machine.Rules, Has.Count.EqualTo(1));
        Assert.That(File.ReadAllText(machine.Records.Single()), Is.EqualTo(content));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task LockedRecord_IsTriedAgain_ThenSaid(bool isReleased)
    {
        using var machine = new SetupMachine();
        machine.UseManualTime();
        await machine.SetUpAsync();
        await using var holder = new FileStream(machine.Records[0], FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        await using var release = machine.Options.TimeProvider.CreateTimer(_ => holder.Dispose(), null,
            isReleased ? TimeSpan.FromMilliseconds(600) : Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        if (isReleased)
            Assert.That((await machine.RunAsync(machine.PlanRemovalAsync)).Steps, Has.Count.EqualTo(1));
        else
            Assert.That((await machine.FailureAsync(machine.PlanRemovalAsync))!.Message, Does.Contain("Close the program").And.Not.Contain("administrator"));
    }

    [Test]
    public async Task CancelledPrompt_IsShown_DisabledAndRestored([Values] bool removesAll)
    {
        using var machine = new SetupMachine { Windows = { Firewall = { RemovesAllOfAName = removesAll } } };
        machine.Windows.Firewall.PlantCancelledPrompt(SetupMachine.Program);
        machine.Windows.Firewall.PlantCancelledPrompt(@"C:\other.exe");
        var before = machine.Rules;
        var plan = await machine.PlanAsync();
        Assert.That(plan.Steps.Single(step => step.Kind == SetupStepKind.DisableBlock).Sentence, Does.Contain("2 firewall rules 'chat.exe'").And.Contain("cancelled"));
        Assert.That(machine.Rules, Is.EqualTo(before), "a plan changes nothing");
        await plan.ApplyAsync();
        Assert.That(plan.IsComplete);
        Assert.That(machine.Rules.Where(rule => rule.Name == "chat.exe").Select(rule => rule.Enabled), Is.EqualTo(new[] { false, false }));
        Assert.That(machine.Rules.Where(rule => rule.Name == "other.exe").Select(rule => rule.Enabled), Is.EqualTo(new[] { true, true }));
        Assert.That(new TeredoFirewall(machine.Windows).Check(SetupMachine.Program).LetsIn, Is.True);
        Assert.That((await machine.SetUpAsync()).IsSatisfied);
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EquivalentTo(before));
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task CancelledPrompt_WhoseRulesTheUserChangedSince_StaysAsTheUserLeftIt()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.PlantCancelledPrompt(SetupMachine.Program);
        await machine.SetUpAsync();
        machine.Windows.Firewall.Remove("chat.exe");
        var plan = await machine.RemoveAsync();
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("'chat.exe'").And.Contains("not restored"));
        Assert.That(machine.Rules, Has.Count.EqualTo(1));
    }

    [Test]
    public void CancelledPrompt_IsNamedByWhoeverChecks()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.PlantCancelledPrompt(SetupMachine.Program);
        var finding = new TeredoFirewall(machine.Windows).Check(SetupMachine.Program).Finding!;
        Assert.That(finding.Sentence, Does.Contain("chat.exe").And.Contain("cancelled"));
        Assert.That(finding.Fix!.Command, Is.EqualTo("netsh advfirewall firewall set rule name=\"chat.exe\" "
            + $"program=\"{SetupMachine.Program.ToLowerInvariant()}\" new enable=no"), "by means that are on every machine");
    }

    static readonly TestCaseData<Action<FakeWindows>>[] Incomplete =
    [
        new(windows => windows.Services["mpssvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Disabled })
            { TestName = "no firewall service" },
        new(windows => windows.Firewall.ModifyState = FirewallModifyState.GroupPolicyOverride) { TestName = "a policy" },
        new(windows => windows.Firewall.Profiles = [windows.Firewall.Profiles[0] with { Enabled = false }]) { TestName = "firewall off" },
        new(windows => windows.Registry[@"SYSTEM\CurrentControlSet\Services\Tcpip6\Parameters\DisabledComponents"] = 8) { TestName = "DisabledComponents" },
        new(windows => windows.Services["iphlpsvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Disabled })
            { TestName = "no Teredo service" },
    ];

    [TestCaseSource(nameof(Incomplete))]
    public async Task Setup_WhoseAimIsNotReached_IsNotComplete(Action<FakeWindows> breaks)
    {
        using var machine = new SetupMachine();
        machine.Options.EnableTeredo = true;
        Assert.That((await machine.PlanAsync()).IsComplete, "a sound machine");
        breaks(machine.Windows);
        var plan = await machine.SetUpAsync();
        Assert.That(plan.IsComplete, Is.False);
        Assert.That(plan.Findings, Is.Not.Empty);
    }
}
