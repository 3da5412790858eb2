using System.Diagnostics;

namespace TeredoSdk.Cli.Tests;

/// <summary>What these tests start can be signalled, whoever started them.</summary>
[Platform("Linux")]
public class SignalTests
{
    [Test]
    public async Task Program_OfARunnerThatIgnoresSignals_IgnoresNone() =>
        Assert.That(await IgnoredSignals.OfAsync(ProgramStart.Of("grep", IgnoredSignals.Question)), Is.EqualTo(IgnoredSignals.None));

    [Test]
    public async Task Program_StartedByItself_InheritsWhatTheRunnerIgnores() =>
        Assert.That(await IgnoredSignals.OfAsync(new ProcessStartInfo("grep", IgnoredSignals.Question)), Is.Not.EqualTo(IgnoredSignals.None));
}
