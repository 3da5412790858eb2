using System.Net;
using TeredoSdk.Testing;
using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Doctor;

/// <summary>The report of a machine: one report becomes one test, and it tells nobody's name.</summary>
public sealed class MachineReportTests
{
    static IEnumerable<TestCaseData> Machines =>
        ((IEnumerable<BrokenWindows>)[.. BrokenWindows.Sound, .. BrokenWindows.Switches, .. BrokenWindows.Clients, .. BrokenWindows.Firewalls, .. BrokenWindows.Servers])
            .Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    // The report is that of the machine, redacted. Only the node's own options and the network come from the row.
    [TestCaseSource(nameof(Machines))]
    public async Task Report_Replayed_HasTheSameFindings(object machine)
    {
        var row = (BrokenWindows)machine;
        await using var lab = new Lab();
        lab.StartServer();
        var original = new DoctorMachine(lab, row.Version);
        row.Break(original);
        using var file = await ReportFile.OfAsync(original);
        var replayed = new DoctorMachine(lab, row.Version);
        row.Break(replayed);
        replayed.Replace(FakeWindows.FromReport(file.Path));
        var diagnosis = await replayed.AskAsync();
        Assert.That(diagnosis.Findings.Where(finding => finding.Severity != FindingSeverity.Note).Select(finding => finding.Id), Is.EqualTo(row.Findings),
            () => string.Join('\n', diagnosis.Findings.Select(finding => $"{finding.Severity} {finding.Id}: {finding.Sentence}")));
    }

    [Test]
    public async Task Report_ByDefault_TellsNoNameAndNoAddress()
    {
        await using var lab = new Lab();
        var machine = new DoctorMachine(lab);
        machine.Windows.Addresses =
        [
            new() { Address = IPAddress.Parse("2a02:810d:aaaa:bbbb::77"), InterfaceName = "VPN of Acme Ltd", MtuOctets = 1500 },
            new() { Address = IPAddress.Parse("2002:5bc9:1234::5bc9:1234"), InterfaceName = "6TO4 Adapter", MtuOctets = 1280 },
        ];
        machine.Windows.Adapters = [new() { Name = "VPN of Acme Ltd", Description = "TAP-Windows Adapter V9", IsUp = true }];
        machine.Teredo.Address = IPAddress.Parse("2001:0:c000:201:0:63bf:a436:edcb"); // mapped to 91.201.18.52
        machine.Teredo.Configuration = machine.Teredo.Configuration with { ServerName = "teredo.acme.example" };
        machine.Windows.Missing["ReadTeredoPort"] = @"C:\Users\Erika\x can't be read from 91.201.18.52 by S-1-5-21-111-222-333-1001.";
        machine.Firewall.Plant(new() { Name = "Secret Diary", Description = "of Erika", Grouping = "Diaries", ProgramPath = @"C:\Diary\diary.exe", Enabled = true });
        machine.Firewall.Plant(new() { Name = "Chess for Erika", ProgramPath = @"C:\Users\Erika\Chess\Chess.exe", RemoteAddresses = "91.201.18.0-91.201.18.255", Enabled = true });
        string text = await MachineReport.MakeAsync(new() { Windows = machine.Windows, ProgramPath = DoctorMachine.Program });
        Assert.Multiple(() =>
        {
            foreach (string word in (string[])["Erika", "Diary", "Diaries", "diary.exe", "Acme", "acme", "91.201", "810d", "5bc9", "a436", "S-1-5-21-111", Environment.MachineName])
                Assert.That(text, Does.Not.Contain(word));
            Assert.That(text, Does.Contain("Game.exe").And.Contain("TAP-Windows").And.Contain("Core Networking - Teredo (UDP-In)"), "what it is about");
        });
        string all = await MachineReport.MakeAsync(new() { Windows = machine.Windows, Redact = false });
        Assert.That(all, Does.Contain("Secret Diary").And.Contain("teredo.acme.example").And.Contain("2a02:810d:aaaa:bbbb::77"));
    }

    [Test]
    public async Task Report_HasTheRawAnswers_AndTheTimeOfEachCall()
    {
        await using var lab = new Lab();
        string text = await MachineReport.MakeAsync(new() { Windows = new DoctorMachine(lab).Windows });
        foreach (string part in (string[])["MSFT_NetTeredoConfiguration", "Teredo Parameters", "DisabledComponents", "AddrConfigControl", "\"milliseconds\"", "\"before\"",
            "\"after\"", "0.0.0.0:54321", "\"edgeFilters\"", "\"digest\""])
            Assert.That(text, Does.Contain(part));
    }

    [Test]
    public async Task Probe_WritesSeesAndRemovesADisabledRule()
    {
        await using var lab = new Lab();
        var machine = new DoctorMachine(lab);
        machine.Firewall.RuleLag = 2;
        var before = machine.Firewall.Rules;
        string text = await MachineReport.MakeAsync(new() { Windows = machine.Windows, Probe = true });
        Assert.That(machine.Firewall.Rules, Is.EqualTo(before));
        Assert.That(machine.Windows.Actions, Has.Some.StartsWith("AddRule TeredoSdk probe").And.Some.StartsWith("RemoveRule TeredoSdk probe"));
        Assert.That(text, Does.Contain("\"seenAfterMilliseconds\"").And.Contain("\"isRemoved\": true"));
        machine.Windows.IsElevated = false;
        Assert.That(await MachineReport.MakeAsync(new() { Windows = machine.Windows, Probe = true }), Does.Contain("administrator"));
        Assert.That(machine.Firewall.Rules, Is.EqualTo(before));
    }

    [TestCase("\"isElevated\": true", "\"isElevated\": false", "was changed")]
    [TestCase("\"version\": 1,", "\"version\": 2,", "version 2")]
    [TestCase("teredosdk-machine-report", "something", "no report")]
    [TestCase("{", "[", "no report")]
    [TestCase("\"version\": 1,", "\"version\": 1, \"version\": 1,", "no report")]
    [TestCase("\"version\": 1,", "\"version\": 1.5,", "no report")]
    public async Task File_ThatIsNoSuchReportOrWasChanged_IsRefusedInOneSentence(string old, string @new, string why)
    {
        await using var lab = new Lab();
        using var file = await ReportFile.OfAsync(new DoctorMachine(lab));
        string text = await File.ReadAllTextAsync(file.Path);
        int at = text.IndexOf(old, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file.Path, text[..at] + @new + text[(at + old.Length)..]);
        var refused = Assert.Throws<InvalidDataException>(() => FakeWindows.FromReport(file.Path))!;
        Assert.That(refused.Message, Does.Contain(why).And.Contain("teredo doctor --report").And.Not.Contain("\n"));
    }

    [Test]
    public void File_ThatIsTooLarge_IsRefused()
    {
        using var file = new ReportFile();
        using (var stream = File.Create(file.Path))
            stream.SetLength((64 << 20) + 1); // a hole, which takes no room on the disk
        Assert.That(() => FakeWindows.FromReport(file.Path), Throws.TypeOf<InvalidDataException>().With.Message.Contains("at most"));
    }

    [Test]
    public void Report_OfAnotherSystem_IsRefused()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("This is Windows.");
        Assert.ThrowsAsync<PlatformNotSupportedException>(() => MachineReport.MakeAsync());
    }

    /// <summary>A file in the folder for temporary ones.</summary>
    sealed class ReportFile : IDisposable
    {
        public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"teredosdk-report-{Guid.NewGuid():N}.json");

        public static async Task<ReportFile> OfAsync(DoctorMachine machine)
        {
            var file = new ReportFile();
            var options = new MachineReportOptions { Windows = machine.Windows, ProgramPath = machine.Judged, WakeTimeout = machine.WakePatience };
            await File.WriteAllTextAsync(file.Path, await MachineReport.MakeAsync(options).InTime());
            return file;
        }

        public void Dispose() => File.Delete(Path);
    }
}
