using System.Globalization;
using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Setup;

/// <summary>The lines by which the process with an administrator's rights tells how it goes on. Nothing is believed of them but what a person is shown.</summary>
static class ElevatedAnswer
{
    const string Step = "step", Failure = "failure";

    public static string Of(int step, SetupProgress progress) => string.Create(CultureInfo.InvariantCulture, $"{Step}\t{step}\t{progress.Outcome}")
        + (progress.Finding is { Id: FindingIds.TeredoMayNotLast } ? $"\t{FindingIds.TeredoMayNotLast}" : "");

    public static string Of(TeredoException failure) => $"{Failure}\t{failure.Error}\t{failure.Message.ReplaceLineEndings(" ")}";

    /// <summary>Reads a line: the progress, or the failure; neither for a line that is none.</summary>
    public static (SetupProgress? Progress, TeredoException? Failure) Read(string line, IReadOnlyList<SetupStep> steps) => line.Split('\t', 3) switch
    {
        [Step, var number, var words] when int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < steps.Count
            && words.Split('\t') is [var word, .. [] or [FindingIds.TeredoMayNotLast]] and var all && Enum.TryParse<SetupOutcome>(word, out var outcome)
            => (Progress(steps[index], outcome, mayNotLast: all.Length > 1), null),
        [Failure, var name, var sentence] when Enum.TryParse<TeredoError>(name, out var error) => (null, new(error, sentence)),
        _ => (null, null),
    };

    // Only what is said of the step comes from there, and the words for it from here.
    static SetupProgress Progress(SetupStep step, SetupOutcome outcome, bool mayNotLast) => new()
    {
        Step = step,
        Outcome = outcome,
        Finding = mayNotLast && step.TeredoAfter is { Type: { } type } after ? ClientFindings.MayNotLast(type, after.ServerName) : null,
    };
}
