using System.Net.Sockets;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>The firewall exception of the program is made before the first opted-in socket opens.</summary>
public sealed class ExceptionTests
{
    [Test]
    public async Task Exception_IsMadeBeforeTheSocket_AndOnce()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        Assert.That(node.Report.Windows!.LetsStrangersIn, Is.False);
        await using var listener = await node.ListenAsync(0).InTime();
        await using var bound = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted }).InTime();
        var actions = machine.Windows.Actions;
        Assert.That(actions.Count(action => action.StartsWith("AddRule", StringComparison.Ordinal)), Is.EqualTo(2), "TCP and UDP");
        Assert.That(actions.TakeLast(2), Has.All.StartsWith("CreateSocket"));
        Assert.That(machine.Windows.Firewall.Rules, Has.All.Matches<FirewallRule>(rule =>
            rule.ProgramPath == machine.Windows.ProgramPath && rule.EdgeTraversal == EdgeTraversal.DeferToApp));
        Assert.That(node.Report.Windows!.LetsStrangersIn, Is.True);
        Assert.That(node.Report.Error, Is.Null);
    }

    [Test]
    public async Task Exception_ForSocketsThatDidNotOptIn_IsNotMade()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var bound = await node.BindDatagramAsync(0).InTime();
        Assert.That(machine.Windows.Firewall.Rules, Is.Empty);
        Assert.That(node.Report.Error, Is.Null);
    }

    [Test]
    public async Task Exception_SwitchedOff_IsNotMade_ButTheReportSaysWhatIsMissing()
    {
        await using var machine = new WindowsMachine();
        machine.Options.RegisterFirewallException = false;
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(machine.Windows.Firewall.Rules, Is.Empty);
        Assert.That(node.Report.Error, Is.EqualTo(TeredoError.FirewallExceptionMissing));
    }

    [Test]
    public async Task Exception_WithoutRights_OpensTheSocketAndReportsTheCommand()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.IsElevated = false;
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        var report = node.Report;
        Assert.Multiple(() =>
        {
            Assert.That(report.State, Is.EqualTo(TeredoState.Qualified));
            Assert.That(report.Error, Is.EqualTo(TeredoError.AccessDenied));
            Assert.That(report.Problem, Does.Contain("teredo setup"));
            Assert.That(report.Windows!.LetsStrangersIn, Is.False);
            Assert.That(report.Findings.Count(finding => finding.Error == TeredoError.FirewallExceptionMissing), Is.Zero, "one word for one thing");
        });

        machine.Windows.Firewall.Plant(
            new() { Name = "by hand", ProgramPath = machine.Windows.ProgramPath, Enabled = true, EdgeTraversal = EdgeTraversal.Allow });
        machine.Windows.RaiseChanged();
        Assert.That((await node.GetReportAsync().InTime()).Error, Is.Null, "somebody made a rule meanwhile");
    }

    [Test]
    public async Task Exception_OfAnInstallerForOnePort_IsEnough()
    {
        await using var machine = new WindowsMachine();
        new TeredoFirewall(machine.Windows).Ensure(new() { Name = "App", ProgramPath = machine.Windows.ProgramPath, TcpPort = 4242 });
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(machine.Windows.Firewall.Rules, Has.Count.EqualTo(1));
        Assert.That(node.Report.Error, Is.Null);
    }

    [Test]
    public async Task Exception_OfAnInstaller_ThatIsNotInForce_IsNeitherChangedNorRemoved()
    {
        await using var machine = new WindowsMachine();
        string program = machine.Windows.ProgramPath!;
        string name = Path.GetFileNameWithoutExtension(program[(program.LastIndexOf('\\') + 1)..]);
        new TeredoFirewall(machine.Windows).Ensure(
            new() { Name = name, ProgramPath = program, TcpPort = 4242, EdgeTraversal = EdgeTraversal.Allow, OpenTeredoPort = true });
        machine.Windows.Firewall.Update(machine.Windows.Firewall.Rules[0] with { Enabled = false });
        var rules = machine.Windows.Firewall.Rules;
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(rules, Is.SubsetOf(machine.Windows.Firewall.Rules));
    }

    [Test]
    public async Task Exception_OfAProgramThatMoved_IsChanged()
    {
        await using var machine = new WindowsMachine();
        string program = machine.Windows.ProgramPath!;
        string former = program.Replace(@"C:\", @"C:\Former\", StringComparison.Ordinal);
        machine.Windows.Files[former] = true;
        string name = Path.GetFileNameWithoutExtension(program[(program.LastIndexOf('\\') + 1)..]);
        new TeredoFirewall(machine.Windows).Ensure(new() { Name = name, ProgramPath = former });
        machine.Windows.Files.Remove(former);
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(machine.Windows.Firewall.Rules.Select(rule => rule.ProgramPath), Is.EqualTo(new[] { program, program }));
    }

    [Test]
    public async Task Exception_RemovedMeanwhile_IsReportedWithItsError()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        new TeredoFirewall(machine.Windows).RemoveOwned();
        machine.Windows.RaiseChanged();
        var report = await node.GetReportAsync().InTime();
        Assert.That(report.Error, Is.EqualTo(TeredoError.FirewallExceptionMissing));
        var finding = report.Findings.Single(finding => finding.Id == FindingIds.FirewallNoException);
        Assert.That((finding.Severity, finding.Sentence), Is.EqualTo((FindingSeverity.Error, report.Problem)));
    }

    [Test]
    public async Task Exception_OverriddenAfterRightsWereMissing_IsReportedAsItStandsNow()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.IsElevated = false;
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        machine.Windows.Firewall.ModifyState = FirewallModifyState.GroupPolicyOverride;
        machine.Windows.RaiseChanged();
        var report = await node.GetReportAsync().InTime();
        Assert.That(report.Error, Is.EqualTo(TeredoError.FirewallExceptionOverridden));
        Assert.That(report.Problem, Does.Contain("group policy"));
    }

    [Test]
    public async Task Exception_WhileTheFirewallIsOff_IsAWarningAndNoError()
    {
        await using var machine = new WindowsMachine();
        machine.Windows.Firewall.Profiles = [new()
        {
            Profile = FirewallProfiles.Public,
            Enabled = false,
            BlocksAllInbound = false,
            DefaultInbound = FirewallAction.Block,
        }];
        machine.Windows.IsElevated = false;
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(node.Report.Error, Is.Null, "nothing is blocked");
        Assert.That(node.Report.Windows!.LetsStrangersIn, Is.True);
    }
}
