namespace TeredoSdk.Cli.Tests;

/// <summary>The exit codes of the command that was started as root, told apart from those of what starts it (sudo, pkexec).</summary>
[Platform("Linux")]
public sealed class PlanElevationTests
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(3)]
    [TestCase(31)]
    [TestCase(128)]
    [TestCase(143)]
    [TestCase(159)]
    public async Task CodeOfTheCommand_ComesBack(int code) => Assert.That(await RunAsync(PlanElevation.CodeOfRoot(code)), Is.EqualTo(code));

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(31)]
    [TestCase(64)]
    [TestCase(100)]
    [TestCase(126)] // pkexec: the dialog was dismissed
    [TestCase(127)]
    [TestCase(159)]
    [TestCase(192)]
    public void AnotherCode_IsARefusal(int code)
    {
        var refusal = Assert.CatchAsync<TeredoException>(() => RunAsync(code))!;
        Assert.That((refusal.Error, refusal.Message), Is.EqualTo((TeredoError.ConsentRefused, "The question for root's rights was not answered with a consent; nothing was changed.")));
    }

    // "$1" has to come through: the program alone is not the line.
    static Task<int?> RunAsync(int code) => PlanElevation.RunAsRootAsync(["sh", "-c", "exit $1", "sh", $"{code}"]);
}
