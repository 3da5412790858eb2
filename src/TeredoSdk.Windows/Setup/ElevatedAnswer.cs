using System.Globalization;

namespace TeredoSdk.Windows.Setup;

/// <summary>The lines by which the process with an administrator's rights tells how it goes on. Nothing is believed of them but what a person is shown.</summary>
static class ElevatedAnswer
{
    const string Step = "step", Failure = "failure";

    public static string Of(int step, SetupOutcome outcome) => string.Create(CultureInfo.InvariantCulture, $"{Step}\t{step}\t{outcome}");

    public static string Of(TeredoException failure) => $"{Failure}\t{failure.Error}\t{failure.Message.ReplaceLineEndings(" ")}";

    /// <summary>Reads a line: the progress, or the failure; neither for a line that is none.</summary>
    public static (SetupProgress? Progress, TeredoException? Failure) Read(string line, IReadOnlyList<SetupStep> steps) => line.Split('\t', 3) switch
    {
        [Step, var number, var word] when int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < steps.Count
            && Enum.TryParse<SetupOutcome>(word, out var outcome) => (new() { Step = steps[index], Outcome = outcome }, null),
        [Failure, var name, var sentence] when Enum.TryParse<TeredoError>(name, out var error) => (null, new(error, sentence)),
        _ => (null, null),
    };
}
