using System.Globalization;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Provider;

/// <summary>The firewall exception of the program is made before the first opted-in socket opens.</summary>
public sealed class ExceptionTests
{
    [Test]
    public async Task Exception_IsMadeBeforeTheSocket_ForItsProtocolAndPort_AndEndsWithIt()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        var node = await machine.StartAsync();
        Assert.That(node.Report.Windows!.LetsStrangersIn, Is.False);
        await using var listener = await node.ListenAsync(0).InTime();
        await using var bound = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted }).InTime();
        var rules = machine.Windows.Firewall.Rules;
        string[] actions = [.. machine.Windows.Actions.Where(action => action.StartsWith("AddRule", StringComparison.Ordinal)
            || action.EndsWith("Unrestricted", StringComparison.Ordinal)).Select(action => action.Split(' ')[0])];
        Assert.Multiple(() =>
        {
            Assert.That(actions, Is.EqualTo(new[] { "AddRule", "CreateSocket", "AddRule", "CreateSocket" }));
            Assert.That(rules.Select(rule => (rule.Protocol, rule.LocalPorts)), Is.EqualTo(new[]
            {
                (FirewallProtocol.Tcp, Text(listener.LocalEndPoint.Port)), (FirewallProtocol.Udp, Text(bound.LocalEndPoint.Port)),
            }));
            Assert.That(rules, Has.All.Matches<FirewallRule>(rule => rule is { LocalAddresses: "2001::/32", RemoteAddresses: null }
                && rule.ProgramPath == machine.Windows.ProgramPath && rule.EdgeTraversal == EdgeTraversal.DeferToApp));
            Assert.That(node.Report.Windows!.LetsStrangersIn, Is.True);
            Assert.That(node.Report.Windows!.Steps, Has.Exactly(2).StartsWith("Added the firewall rule"));
            Assert.That(node.Report.Error, Is.Null);
        });

        await listener.DisposeAsync();
        Assert.That(() => machine.Windows.Firewall.Rules.Count, Is.EqualTo(1).After((int)Patience.Limit.TotalMilliseconds, 20), "it ends with its listener");
        Assert.That(machine.Windows.Firewall.Rules[0].Protocol, Is.EqualTo(FirewallProtocol.Udp), "the other socket's rule stays");
        await node.DisposeAsync().InTime();
        Assert.That(machine.Windows.Firewall.Rules, Is.Empty);
    }

    [Test]
    public async Task Exception_ByDefault_NeedsAYes()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(machine.Windows.Firewall.Rules, Is.Empty, "nobody can be asked");
        var finding = node.Report.Findings.Single(finding => finding.Id == FindingIds.FirewallNoException);
        Assert.That(finding.Fix!.Command, Does.Contain($"protocol=TCP localport={listener.LocalEndPoint.Port}"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Exception_ByDefault_IsAsConsentAnswers(bool answer)
    {
        await using var machine = new WindowsMachine();
        machine.AnswerConsent(answer);
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(machine.Asked, Is.EqualTo(new[] { ConsentKind.AddFirewallException }));
        Assert.That(machine.Windows.Firewall.Rules, Has.Count.EqualTo(answer ? 1 : 0));
        Assert.That(node.Report.Error, Is.EqualTo(answer ? null : (TeredoError?)TeredoError.FirewallExceptionMissing));
    }

    [Test]
    public async Task Exception_OfARunThatCrashed_IsRemovedAtTheNextStart_AndNoOther()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        FirewallRule made;
        await using (var node = await machine.StartAsync())
        {
            await using var listener = await node.ListenAsync(0).InTime();
            made = machine.Windows.Firewall.Rules.Single();
        }
        string dead = made.Description!.Replace($"process {Environment.ProcessId},", "process 2147483647,", StringComparison.Ordinal);
        Assert.That(dead, Is.Not.EqualTo(made.Description));
        FirewallRule[] others =
        [
            made with { Name = "of this process" },
            made with { Name = "of another program", Description = dead, ProgramPath = @"C:\Other\App.exe" },
            made with { Name = "of another group", Description = dead, Grouping = "Other" },
            made with { Name = "of an installer", Description = "Lets peers reach it." },
        ];
        foreach (var rule in others.Append(made with { Name = "left", Description = dead }))
            machine.Windows.Firewall.Plant(rule);
        await machine.StartAsync();
        Assert.That(machine.Windows.Firewall.Rules, Is.EqualTo(others));
    }

    [Test]
    public async Task Exception_OfASocketThatCouldNotOpen_IsRemoved()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        var node = await machine.StartAsync();
        using var taken = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        taken.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        taken.Listen();
        Assert.ThrowsAsync<TeredoException>(() => node.ListenAsync(((IPEndPoint)taken.LocalEndPoint!).Port).InTime());
        await node.DisposeAsync().InTime();
        Assert.That(machine.Windows.Actions.Count(action => action.StartsWith("AddRule", StringComparison.Ordinal)), Is.EqualTo(1));
        Assert.That(machine.Windows.Firewall.Rules, Is.Empty);
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
    public async Task SetupCommand_OfTheApplication_IsWhatFindingsAdvise()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = false, SetupCommand = "game.exe --repair-network" } };
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        var finding = node.Report.Findings.Single(finding => finding.Id == FindingIds.FirewallNoException);
        Assert.That(finding.Sentence, Does.Contain("`game.exe --repair-network`").And.Not.Contain("netsh"));
    }

    [Test]
    public async Task Exception_WithoutRights_OpensTheSocketAndReportsTheCommand()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        machine.Windows.IsElevated = false;
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        var report = node.Report;
        Assert.Multiple(() =>
        {
            Assert.That(report.State, Is.EqualTo(TeredoState.Qualified));
            Assert.That(report.Error, Is.EqualTo(TeredoError.AccessDenied));
            Assert.That(report.Problem, Does.Contain("netsh advfirewall firewall add rule"));
            Assert.That(report.Windows!.LetsStrangersIn, Is.False);
            Assert.That(report.Findings.Count(finding => finding.Error == TeredoError.FirewallExceptionMissing), Is.Zero, "one word for one thing");
        });

        machine.Windows.Firewall.Plant(
            new() { Name = "by hand", ProgramPath = machine.Windows.ProgramPath, Enabled = true, EdgeTraversal = EdgeTraversal.Allow });
        machine.Windows.RaiseChanged();
        Assert.That((await node.GetReportAsync().InTime()).Error, Is.Null, "somebody made a rule meanwhile");
    }

    [Test]
    public async Task Exception_OfAnInstallerForOnePort_IsForThatSocketOnly()
    {
        await using var machine = new WindowsMachine();
        var node = await machine.StartAsync();
        await using var covered = await node.ListenAsync(0).InTime();
        await new TeredoFirewall(machine.Windows).EnsureAsync(
            new() { Name = "App", ProgramPath = machine.Windows.ProgramPath, TcpPort = covered.LocalEndPoint.Port });
        Assert.That((await node.GetReportAsync().InTime()).Error, Is.Null);

        await using var other = await node.ListenAsync(0).InTime();
        await using var bound = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted }).InTime();
        var report = node.Report;
        Assert.Multiple(() =>
        {
            Assert.That(report.Windows!.LetsStrangersIn, Is.False);
            Assert.That(report.Findings.Where(finding => finding.Error == TeredoError.FirewallExceptionMissing
                || finding.Error == TeredoError.FirewallExceptionOverridden).Select(finding => (finding.Id, finding.Subject)), Is.EquivalentTo(new[]
            {
                (FindingIds.FirewallExceptionNarrow, $"TCP port {other.LocalEndPoint.Port}"),
                (FindingIds.FirewallNoException, $"UDP port {bound.LocalEndPoint.Port}"),
            }));
        });
    }

    [Test]
    public async Task Exception_OfAnInstaller_ThatIsNotInForce_IsNeitherChangedNorRemoved()
    {
        await using var machine = new WindowsMachine();
        string program = machine.Windows.ProgramPath!;
        string name = Path.GetFileNameWithoutExtension(program[(program.LastIndexOf('\\') + 1)..]);
        await new TeredoFirewall(machine.Windows).EnsureAsync(
            new() { Name = name, ProgramPath = program, TcpPort = 4242, EdgeTraversal = EdgeTraversal.Allow, OpenTeredoPort = true });
        machine.Windows.Firewall.Update(machine.Windows.Firewall.Rules[0] with { Enabled = false });
        var rules = machine.Windows.Firewall.Rules;
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        Assert.That(rules, Is.SubsetOf(machine.Windows.Firewall.Rules));
    }

    [Test]
    public async Task Exception_RemovedMeanwhile_IsReportedWithItsError()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        var node = await machine.StartAsync();
        await using var listener = await node.ListenAsync(0).InTime();
        machine.Windows.Firewall.Remove(machine.Windows.Firewall.Rules.Single().Name);
        machine.Windows.RaiseChanged();
        var report = await node.GetReportAsync().InTime();
        Assert.That(report.Error, Is.EqualTo(TeredoError.FirewallExceptionMissing));
        var finding = report.Findings.Single(finding => finding.Id == FindingIds.FirewallNoException);
        Assert.That((finding.Severity, finding.Sentence), Is.EqualTo((FindingSeverity.Error, report.Problem)));
    }

    [Test]
    public async Task Exception_OverriddenAfterRightsWereMissing_IsReportedAsItStandsNow()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
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
    public async Task CancelledPrompt_OfThisProgram_IsNamedByTheReport_AndAtEachSocket()
    {
        await using var machine = new WindowsMachine { Options = { RegisterFirewallException = true } };
        machine.Windows.Firewall.PlantCancelledPrompt(machine.Windows.ProgramPath!);
        machine.Windows.Firewall.PlantCancelledPrompt(@"C:\Other\Other.exe");
        int rules = machine.Windows.Firewall.Rules.Count;
        var node = await machine.StartAsync();
        var noted = node.Report.Windows!.Findings.Single(finding => finding.Id == FindingIds.FirewallBlockRule);
        Assert.That(noted.Severity, Is.EqualTo(FindingSeverity.Note), "no socket is open");
        Assert.That(noted.Problem, Does.Contain(machine.Windows.ProgramPath).IgnoreCase.And.Contain("cancelled"));

        await using var listener = await node.ListenAsync(0).InTime();
        await using var bound = await node.BindDatagramAsync(new TeredoBindOptions { Port = 0, ProtectionLevel = IPProtectionLevel.Unrestricted }).InTime();
        var findings = node.Report.Findings.Where(finding => finding.Id == FindingIds.FirewallBlockRule && finding.Severity == FindingSeverity.Error);
        Assert.That(findings.Select(finding => finding.Subject),
            Is.EquivalentTo(new[] { $"TCP port {listener.LocalEndPoint.Port}", $"UDP port {bound.LocalEndPoint.Port}" }));
        Assert.That(findings.Select(finding => finding.Problem), Has.All.Contains("cancelled"));
        Assert.That(machine.Windows.Firewall.Rules, Has.Count.EqualTo(rules), "an exception would not help");

        foreach (var rule in machine.Windows.Firewall.Rules)
            machine.Windows.Firewall.Remove(rule.Name);
        Assert.That((await node.GetReportAsync().InTime()).Findings.Select(finding => finding.Id), Has.None.EqualTo(FindingIds.FirewallBlockRule));
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

    static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
