using System.Reflection;
using TeredoSdk.Doctor;
using TeredoSdk.Platform.Tests.Doctor;
using TeredoSdk.Protocol;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Doctor;

/// <summary>What a doctor finds on Windows machines: all that is wrong, the cause first, and nothing on sound ones.</summary>
public sealed class DoctorTests
{
    static IEnumerable<TestCaseData> Sound => Cases(BrokenWindows.Sound);

    static IEnumerable<TestCaseData> Broken => Cases([.. BrokenWindows.Switches, .. BrokenWindows.Clients, .. BrokenWindows.Firewalls, .. BrokenWindows.Servers]);

    [TestCaseSource(nameof(Sound))]
    public Task SoundMachine_HasNoFinding(object machine) => LookAsync((BrokenWindows)machine);

    [TestCaseSource(nameof(Broken))]
    public Task BrokenMachine_HasItsFindings_TheCauseFirst(object machine) => LookAsync((BrokenWindows)machine);

    static async Task LookAsync(BrokenWindows row)
    {
        await using var lab = new Lab();
        lab.StartServer();
        var machine = new DoctorMachine(lab, row.Version);
        row.Break(machine);
        var diagnosis = await machine.AskAsync();
        var found = diagnosis.Findings.ToLookup(finding => finding.Severity == FindingSeverity.Note, finding => finding.Id);
        Assert.That(found[false], Is.EqualTo(row.Findings), Describe);
        Assert.That(found[true], Is.SupersetOf(row.Notes), Describe);
        Assert.That(diagnosis.Findings.Select(finding => finding.Sentence), Has.None.Contains("`teredo "), "few machines have that command");
        Assert.That(diagnosis.Findings.Where(finding => finding.Severity != FindingSeverity.Note && finding.Evidence.Count == 0).Select(finding => finding.Id), Is.Empty,
            "what was read, and where");

        string Describe() => string.Join('\n', diagnosis.Findings.Select(finding => $"{finding.Severity} {finding.Id}: {finding.Sentence}"));
    }

    // What no machine shows to a doctor, and where it is shown.
    static readonly Dictionary<string, string> NotShown = new()
    {
        ["setup."] = "a setup tells it, or a removal: Windows/Setup, and Setup of the Platform.Tests",
        [FindingIds.NodeStarting] = "a node tells it while it starts, and a doctor waits: HostTests",
        [FindingIds.TeredoNoAddress] = "a node tells it that has lost its address: Windows/Provider/StateTests",
        [FindingIds.TeredoMayNotLast] = "it is told when the change is made: Windows/Setup/MayNotLastTests",
        [FindingIds.FirewallProgramNotKnown] = "it is about the running program, while a doctor is given a path: Windows/Provider/ExceptionTests",
        [FindingIds.InterfaceNotChosen] = "a report tells it of the ways that were passed over, and a doctor has linux.other-teredo-interface: Interface/InterfaceLinkTests",
        [FindingIds.NetworkNotWatched] = "it takes a process that may not have a netlink socket: SandboxTests",
        [FindingIds.DoctorNotChecked] = "it takes 15 s: ProbesTests, in virtual time",
        [FindingIds.LinuxServicePortBlocked] = "the command does not know of services: LinuxProbesTests",
    };

    [Test]
    public void EachFinding_IsShownByAMachine_OrHasItsReason()
    {
        BrokenWindows[] windows = [.. BrokenWindows.Sound, .. BrokenWindows.Switches, .. BrokenWindows.Clients, .. BrokenWindows.Firewalls, .. BrokenWindows.Servers];
        BrokenLinux[] linux = [.. BrokenLinux.Sound, .. BrokenLinux.Broken];
        var shown = windows.SelectMany(row => row.Findings.Concat(row.Notes)).Concat(linux.SelectMany(row => row.Findings.Concat(row.Notes))).ToHashSet();
        var all = typeof(FindingIds).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
        Assert.That(all.Where(id => !shown.Contains(id) && !NotShown.ContainsKey(id) && !NotShown.ContainsKey($"{id.Split('.')[0]}.")), Is.Empty, "no machine, no reason");
        Assert.That(NotShown.Keys.Where(shown.Contains), Is.Empty, "a reason, but a machine");
        Assert.That(shown.Where(id => !all.Contains(id)), Is.EqualTo(new[] { FindingIds.Of(TeredoError.NetworkUnavailable) }), "of those without a name");
        Assert.That(windows.Select(row => row.Name).Concat(linux.Select(row => row.Name)).Distinct().Count(), Is.GreaterThanOrEqualTo(40));
    }

    [TestCase(0, false)]
    [TestCase(1, true)]
    public async Task Aaaa_IsToldOfUnlessTheSystemAlwaysAsks(int control, bool isTold)
    {
        await using var lab = new Lab();
        lab.StartServer();
        var machine = new DoctorMachine(lab);
        machine.Windows.Registry[@"SYSTEM\CurrentControlSet\Services\Dnscache\Parameters\AddrConfigControl"] = control;
        var diagnosis = await machine.AskAsync();
        Assert.That(diagnosis.Findings.Any(finding => finding.Id == FindingIds.DnsNoAaaa), Is.EqualTo(isTold));
    }

    [Test]
    public async Task Server_ThatIsSilent_IsAnError_AndOneOfTwoAWarning()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var one = await AskAsync(lab, Lab.SecondServerAddress);
        var both = await AskAsync(lab, Lab.ServerAddress, Lab.SecondServerAddress);
        Assert.Multiple(() =>
        {
            Assert.That(Of(one, FindingIds.ServerSilent).Severity, Is.EqualTo(FindingSeverity.Error));
            Assert.That(Of(one, FindingIds.ServerSilent).Evidence, Has.Count.EqualTo(2));
            Assert.That(Of(both, FindingIds.ServerSilent).Severity, Is.EqualTo(FindingSeverity.Warning));
            Assert.That(both.IsSound);
        });
    }

    [Test]
    public async Task Node_ThatMayChangeTheMachine_OnlyLooks()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var machine = new DoctorMachine(lab);
        machine.Type = TeredoType.Disabled;
        machine.Firewall.Remove(DoctorMachine.Exception.Name);
        var asked = new List<ConsentKind>();
        machine.Node.RegisterFirewallException = true;
        machine.Node.Consent = (request, _) =>
        {
            asked.Add(request.Kind);
            return ValueTask.FromResult(true);
        };
        int rules = machine.Firewall.Rules.Count;
        machine.WaitsInVain();
        Assert.That((await machine.AskAsync()).Report.Address, Is.Null);
        Assert.That((asked.Count, machine.Firewall.Rules.Count), Is.EqualTo((0, rules)));
        Assert.That(machine.Teredo.Configuration.Type, Is.EqualTo(TeredoType.Disabled));
    }

    [Test]
    public async Task NodeThatWouldWaitForANetwork_IsToldThatThereIsNone()
    {
        await using var lab = new Lab();
        var machine = new DoctorMachine(lab);
        machine.Node.WaitForNetwork = true;
        machine.WaitsInVain();
        machine.Host.Move(null);
        var lacking = Of(await machine.AskAsync(), FindingIds.Of(TeredoError.NetworkUnavailable));
        Assert.That(lacking.Sentence, Does.Not.Contain("goes on by itself"), "the doctor does not");
    }

    [Test]
    public async Task Server_IsAskedThreeTimes_InFiveSeconds()
    {
        await using var lab = new Lab();
        List<TimeSpan> asked = [];
        using var silent = lab.Network.Host(Lab.ServerAddress).Open(IPv4Endpoint.Parse($"{Lab.ServerAddress}:3544"), (_, _) => asked.Add(lab.Time.Elapsed));
        var options = lab.Options;
        options.QualificationTimeout = TimeSpan.FromMinutes(1);
        var asking = new ServerProbe(options, lab.Network.Host("203.0.113.10")).AskAsync(default);
        foreach (int seconds in new[] { 1, 2, 2 })
        {
            Assert.That(() => lab.Time.Armed, Is.EqualTo(2).After((int)Patience.Limit.TotalMilliseconds, 1), "both of its addresses are asked");
            lab.Time.Advance(TimeSpan.FromSeconds(seconds));
        }
        Assert.That((await asking.InTime()).Single().Id, Is.EqualTo(FindingIds.ServerSilent));
        Assert.That(asked, Is.EqualTo(new[] { 0, 1, 3 }.Select(seconds => TimeSpan.FromSeconds(seconds))));
    }

    [Test]
    public async Task Secondary_ThatIsSilent_IsAWarning_WithWhatThePrimarySaid()
    {
        await using var lab = new Lab();
        lab.StartServer();
        var finding = Of(await AskAsync(lab, $"{Lab.ServerAddress},203.0.113.9"), FindingIds.ServerSecondarySilent);
        Assert.That(finding.Severity, Is.EqualTo(FindingSeverity.Warning));
        Assert.That(finding.Evidence[0], Does.Contain($"{Lab.ServerAddress} answered"));
    }

    [Test]
    public async Task Cancelled_EndsAtOnce_WhateverIsBeingRead()
    {
        await using var lab = new Lab();
        using var blocked = new ManualResetEventSlim();
        using var caller = new CancellationTokenSource();
        var machine = new DoctorMachine(lab);
        var isReading = new TaskCompletionSource();
        machine.Windows.OnCall = _ =>
        {
            isReading.TrySetResult();
            blocked.Wait();
        };
        var run = machine.AskAsync(caller.Token);
        await isReading.Task.InTime();
        await caller.CancelAsync();
        Assert.CatchAsync<OperationCanceledException>(() => run.InTime());
        blocked.Set();
    }

    [Test]
    public async Task EverythingSilent_EndsAfter15Seconds_WithWhatWasNotChecked()
    {
        await using var lab = new Lab();
        using var blocked = new ManualResetEventSlim();
        var machine = new DoctorMachine(lab);
        machine.Node.TimeProvider = lab.Time;
        var isReading = new TaskCompletionSource();
        machine.Windows.OnCall = _ =>
        {
            isReading.TrySetResult();
            blocked.Wait();
        };
        var run = machine.AskAsync();
        await isReading.Task.InTime();
        var limit = TimeSpan.FromSeconds(15);
        lab.Time.Advance(limit - TimeSpan.FromTicks(1));
        Assert.That(run.IsCompleted, Is.False);
        lab.Time.Advance(TimeSpan.FromTicks(1));
        var diagnosis = await run.InTime();
        blocked.Set();
        Assert.That(diagnosis.Findings.Where(finding => finding.Id == FindingIds.DoctorNotChecked).Select(finding => finding.Subject), Is.SupersetOf(new[] { "Windows" }));
    }

    static Task<TeredoDiagnosis> AskAsync(Lab lab, params string[] servers)
    {
        var machine = new DoctorMachine(lab);
        machine.Node.Servers = servers;
        machine.WaitsInVain();
        return machine.AskAsync();
    }

    static Finding Of(TeredoDiagnosis diagnosis, string id) => diagnosis.Findings.Single(finding => finding.Id == id);

    static IEnumerable<TestCaseData> Cases(IEnumerable<BrokenWindows> rows) => rows.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));
}
