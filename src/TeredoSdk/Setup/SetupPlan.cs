using TeredoSdk.Windows;

namespace TeredoSdk.Setup;

/// <summary>
/// What would be done to the machine, in order, and nothing of it done yet. Reading it needs no rights; <see cref="ApplyAsync"/> needs an
/// administrator's when <see cref="NeedsElevation"/> says so. Safe for any number of threads, but for applying it, which is done once.
/// </summary>
public sealed class SetupPlan
{
    readonly SetupRecord _empty;
    readonly SetupRecords _records;
    readonly IReadOnlyList<SetupChange> _changes;
    readonly PlanEnd _end;

    internal SetupPlan(SetupRecord empty, IWindowsSystem? windows, SetupRecords records, IReadOnlyList<SetupChange> changes, PlanEnd end)
    {
        (_empty, _records, _changes, _end) = (empty, records, changes, end);
        Steps = [.. changes.Select(change => change.Step)];
        IsElevated = windows?.IsElevated ?? false;
    }

    /// <summary>The steps in their order. Empty where there is nothing to set up: on systems other than Windows.</summary>
    public IReadOnlyList<SetupStep> Steps { get; }

    /// <summary>What stands in the way beyond the plan, or is worth knowing: sentences with advice.</summary>
    public IReadOnlyList<string> Warnings { get; internal init; } = [];

    /// <summary>Whether every step stands already.</summary>
    public bool IsSatisfied => Steps.All(step => step.IsSatisfied);

    /// <summary>Whether applying it needs an administrator's rights.</summary>
    public bool NeedsElevation => !IsSatisfied || _end == PlanEnd.DeleteRecord || IsNews;

    /// <summary>Whether this process had those rights when the plan was made.</summary>
    public bool IsElevated { get; }

    /// <summary>The command line that applies it, for an administrator's terminal.</summary>
    public required string ElevatedCommand { get; init; }

    /// <summary>Whether the application needs Windows' Teredo from now on; null for as before.</summary>
    internal bool? NeedsTeredo { get; init; }

    /// <summary>Whether the record does not say that yet.</summary>
    internal bool IsNews { get; init; }

    /// <summary>Whether the records say what they said when the plan was made, as far as it rests on them.</summary>
    internal Func<bool> StillHolds { get; init; } = () => true;

    /// <summary>The exception of a plan that rights are missing for.</summary>
    internal TeredoException AccessDenied => new(TeredoError.AccessDenied,
        $"The setup of '{_empty.Name}' needs an administrator's rights; nothing was changed. In an administrator's terminal, run: {ElevatedCommand}");

    /// <summary>
    /// Applies the steps one by one, reads each back, and keeps a record of what was there before. When a step fails, or the caller gives up, those
    /// before it are undone. What a process that dies leaves behind is in the record: a new setup or a removal goes on from there.
    /// </summary>
    /// <param name="progress">Told of each step as it ends, or null.</param>
    /// <param name="cancellationToken">Gives up: what was done is undone.</param>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or another setup was applied since the plan was made
    /// (<see cref="TeredoError.SetupFailed"/>): nothing was changed. Or a step failed, with the error of what it did; the message says which and why, and
    /// what was done is undone (where that fails, too: <see cref="TeredoError.SetupFailed"/>, and the record keeps what is left to undo). A new plan can
    /// be made and applied.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up, and what was done is undone.</exception>
    public async Task ApplyAsync(IProgress<SetupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (NeedsElevation && !IsElevated)
            throw AccessDenied;
        if (!NeedsElevation && (_end == PlanEnd.NoRecord || !IsElevated))
        {
            foreach (var step in Steps)
                progress?.Report(new() { Step = step, Outcome = SetupOutcome.Satisfied });
            return;
        }
        using var others = _records.Lock(_empty.Name);
        if (!StillHolds())
            throw new TeredoException(TeredoError.SetupFailed, $"'{_empty.Name}', or another application that needs Windows' Teredo, was set up or "
                + "removed after the plan was made. Make a new plan.");
        var former = _records.Read(_empty.Name);
        var first = former ?? _empty;
        first = first with { NeedsTeredo = NeedsTeredo ?? first.NeedsTeredo };
        await new SetupRun(_records, progress).RunAsync(former, first, _changes, _end, cancellationToken).ConfigureAwait(false);
    }
}
