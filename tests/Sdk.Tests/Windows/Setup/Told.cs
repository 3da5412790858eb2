using TeredoSdk.Windows.Setup;

namespace TeredoSdk.Tests.Windows.Setup;

/// <summary>Progress as it is told, at once; something may be done on it.</summary>
sealed class Told(Action<SetupProgress>? then = null) : IProgress<SetupProgress>
{
    readonly List<SetupProgress> _all = [];

    public IEnumerable<SetupOutcome> Outcomes => _all.Select(progress => progress.Outcome);

    public void Report(SetupProgress value)
    {
        _all.Add(value);
        then?.Invoke(value);
    }
}
