using TeredoSdk.Testing;

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
        string[] found = [.. diagnosis.Findings.Where(finding => finding.Severity != FindingSeverity.Note).Select(finding => finding.Id)];
        Assert.That(found, Is.EqualTo(row.Findings), () => string.Join('\n', diagnosis.Findings.Select(finding => $"{finding.Severity} {finding.Id}: {finding.Sentence}")));
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
