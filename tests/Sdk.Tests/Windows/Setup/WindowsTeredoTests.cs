using TeredoSdk.Windows;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>The report of Windows without a node.</summary>
public sealed class WindowsTeredoTests
{
    [Test]
    public async Task Report_WhileTeredoIsOff_SaysWhyAndWakesNothing()
    {
        using var machine = new SetupMachine();
        machine.Windows.IsElevated = false;
        var report = await WindowsTeredo.ReadReportAsync(machine.Windows);
        Assert.Multiple(() =>
        {
            Assert.That(report.Type, Is.EqualTo(TeredoType.Default));
            Assert.That(report.State, Is.EqualTo(TeredoClientState.Inactive));
            Assert.That(report.Findings.Select(finding => finding.Sentence), Has.Some.Contains("does not switch it on by default"));
            Assert.That(report.Services, Has.Count.EqualTo(3));
            Assert.That(report.NotKnown, Is.Not.Empty);
            Assert.That(machine.Windows.WakeCalls, Is.Zero);
            Assert.That(machine.Windows.Actions, Is.Empty);
        });
    }

    [Test]
    public async Task Report_OfAnotherProgram_JudgesThatProgram()
    {
        using var machine = new SetupMachine();
        await machine.SetUpAsync();
        machine.Windows.ProgramPath = @"C:\Tools\teredo.exe"; // has no rule
        Assert.That((await WindowsTeredo.ReadReportAsync(machine.Windows)).LetsStrangersIn, Is.False);
        Assert.That((await WindowsTeredo.ReadReportAsync(machine.Windows, SetupMachine.Program)).LetsStrangersIn, Is.True);
        Assert.That(machine.Windows.Actions.Where(action => !action.StartsWith("AddRule", StringComparison.Ordinal)), Is.Empty, "it only reads");
    }

    [Test]
    public void Report_OfAnotherSystem_IsRefused()
    {
        if (OperatingSystem.IsWindows())
            Assert.Ignore("This is Windows.");
        Assert.ThrowsAsync<PlatformNotSupportedException>(() => WindowsTeredo.ReadReportAsync());
    }
}
