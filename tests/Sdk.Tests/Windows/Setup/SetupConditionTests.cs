using TeredoSdk.Windows;
using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>What is wanted wrongly, rights that are missing, and conditions outside the plan.</summary>
public sealed class SetupConditionTests
{
    [TestCase("")]
    [TestCase(" ")]
    [TestCase("ALL")]
    [TestCase("a|b")]
    [TestCase("a\nb")]
    public void Name_ThatNoRuleCanHave_IsRefused(string name) => Refused(options => options.Name = name, "Name", name);

    [TestCase("teredo.example.net;calc")]
    [TestCase("a b")]
    [TestCase("\"x\"")]
    [TestCase("192.0.2.1,192.0.2.2")]
    [TestCase("téredo.example.net")]
    [TestCase("-x.example.net")]
    [TestCase("")]
    public void Server_ThatIsNoHost_IsRefused(string server) =>
        Refused(options => (options.EnableTeredo, options.Server) = (true, server), "Server", server);

    [Test]
    public void Server_WithoutEnabling_IsRefused() => Refused(options => options.Server = "192.0.2.1", "Server", "EnableTeredo");

    [TestCase(0)]
    [TestCase(65536)]
    public void Port_OutOfRange_IsRefused(int port)
    {
        Refused(options => options.TcpPort = port, "TcpPort", "1 to 65535");
        Refused(options => options.UdpPort = port, "UdpPort", "1 to 65535");
    }

    [Test]
    public void EdgeTraversal_ThatAsksThePerson_IsRefused() =>
        Refused(options => options.EdgeTraversal = EdgeTraversal.DeferToUser, "EdgeTraversal", "DeferToUser");

    [TestCase(@"C:\missing.exe", "missing.exe")]
    [TestCase(@"C:\Program Files\dotnet\DOTNET.exe", "dotnet")]
    public void Program_ThatNoRuleShouldName_IsRefused(string path, string said)
    {
        using var machine = new SetupMachine();
        machine.Windows.Files[@"C:\Program Files\dotnet\DOTNET.exe"] = true;
        machine.Options.ProgramPath = path;
        var failure = Assert.ThrowsAsync<TeredoException>(machine.PlanAsync)!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.InvalidProgram));
        Assert.That(failure.Message, Does.Contain(said));
    }

    [Test]
    public async Task Name_ThatSomebodyElsesRuleHas_IsRefused()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.Plant(SetupMachine.ForeignRule with { Name = machine.Wanted[0].Name });
        var failure = Assert.ThrowsAsync<TeredoException>(machine.PlanAsync)!;
        Assert.That(failure.Error, Is.EqualTo(TeredoError.InvalidFirewallRule));
        Assert.That((await machine.PlanRemovalAsync()).Steps, Is.Empty);
    }

    [Test]
    public async Task Doubles_OfAnOwnRule_BecomeOne()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.Plant(machine.Wanted[0] with { LocalPorts = "1" });
        machine.Windows.Firewall.Plant(machine.Wanted[0]);
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Steps.Single().Sentence, Does.Contain("Replace the 2 firewall rules"));
        Assert.That(machine.Rules, Is.EqualTo(machine.Wanted));
    }

    [Test]
    public async Task WithoutRights_NothingIsDone_AndTheCommandIsNamed()
    {
        using var machine = new SetupMachine();
        machine.Windows.IsElevated = false;
        machine.Options.UdpPort = 4243;
        machine.Options.EdgeTraversal = EdgeTraversal.Allow;
        machine.Options.EnableTeredo = true;
        machine.Options.Server = "192.0.2.1";
        var plan = await machine.PlanAsync();
        var failure = Assert.ThrowsAsync<TeredoException>(() => plan.ApplyAsync())!;
        Assert.Multiple(() =>
        {
            Assert.That(failure.Error, Is.EqualTo(TeredoError.AccessDenied));
            Assert.That(failure.Message, Does.EndWith(plan.ElevatedCommand));
            Assert.That(plan.ElevatedCommand, Is.EqualTo(
                $"teredo setup --app \"{SetupMachine.Program}\" --name \"{SetupMachine.Name}\" --tcp 4242 --udp 4243 --edge allow --enable-teredo --server 192.0.2.1 --yes"));
            Assert.That(machine.Windows.Actions, Is.Empty);
            Assert.That(machine.Records, Is.Empty);
        });
    }

    [Test]
    public async Task FirewallService_ThatDoesNotRun_IsAWarning()
    {
        using var machine = new SetupMachine();
        machine.Windows.Services["mpssvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Disabled };
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Steps, Is.Empty);
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("mpssvc"));
    }

    [Test]
    public async Task FirewallService_ThatDoesNotRunAtTheRemoval_KeepsTheRecordForLater()
    {
        using var machine = new SetupMachine();
        var edited = machine.Wanted[0] with { Enabled = false };
        machine.Windows.Firewall.Plant(edited);
        await machine.SetUpAsync();
        machine.Windows.Services["mpssvc"] = new() { Exists = true, IsRunning = false, StartType = ServiceStartType.Disabled };
        var plan = await machine.RemoveAsync();
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("mpssvc"));
        Assert.That(machine.Records, Has.Length.EqualTo(1));
        machine.Windows.Services["mpssvc"] = new() { Exists = true, IsRunning = true, StartType = ServiceStartType.Automatic };
        await machine.RemoveAsync();
        Assert.That(machine.Rules, Is.EqualTo(new[] { edited }), "only the record tells what it was");
        Assert.That(machine.Records, Is.Empty);
    }

    [Test]
    public async Task Conditions_OutsideThePlan_AreWarnings()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.ModifyState = FirewallModifyState.GroupPolicyOverride;
        machine.Windows.FirewallHealth = FirewallHealth.Poor;
        machine.Windows.Firewall.Profiles =
        [
            new() { Profile = FirewallProfiles.Public, Enabled = true, BlocksAllInbound = true, DefaultInbound = FirewallAction.Block },
            new() { Profile = FirewallProfiles.Domain, Enabled = false, BlocksAllInbound = false, DefaultInbound = FirewallAction.Block },
        ];
        machine.Windows.Firewall.Products = ["Fort Knox 3000"];
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("group policy").And.Some.Contains("blocks all").And.Some.Contains("is off")
            .And.Some.Contains("no firewall that is on").And.Some.Contains("Fort Knox 3000"));
        Assert.That(machine.Rules, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task BlockRule_ForTheProgram_IsAWarningOfThePlan()
    {
        using var machine = new SetupMachine();
        var block = new FirewallRule { Name = "Blocked once", ProgramPath = SetupMachine.Program, Action = FirewallAction.Block, Enabled = true };
        machine.Windows.Firewall.Plant(block);
        var plan = await machine.SetUpAsync();
        Assert.That(plan.Findings.Select(finding => finding.Sentence), Has.Some.Contains("Blocked once"));
        Assert.That(machine.Rules, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task PlanOnAHealthySystem_HasNoWarnings()
    {
        using var machine = new SetupMachine();
        machine.Windows.Firewall.Plant(SetupMachine.TeredoPortRule);
        machine.Windows.Firewall.Plant(new() { Name = "ICMPv6", Protocol = FirewallProtocol.Icmpv6, Enabled = true, EdgeTraversal = EdgeTraversal.Allow });
        machine.Options.EnableTeredo = true;
        Assert.That((await machine.PlanAsync()).Findings, Is.Empty);
    }

    static void Refused(Action<TeredoSetupOptions> change, string option, string value)
    {
        using var machine = new SetupMachine();
        change(machine.Options);
        var refusal = Assert.ThrowsAsync<ArgumentException>(machine.PlanAsync)!;
        Assert.That(refusal.ParamName, Is.EqualTo(option));
        Assert.That(refusal.Message, Does.Contain(value));
        Assert.ThrowsAsync<ArgumentException>(machine.PlanRemovalAsync);
    }
}
