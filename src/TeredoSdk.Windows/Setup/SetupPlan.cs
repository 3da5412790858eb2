namespace TeredoSdk.Windows.Setup;

/// <summary>
/// The steps that a setup or removal will take, in order. Making and reading the plan changes nothing and needs no rights.
/// <see cref="ApplyAsync"/> needs an administrator when <see cref="NeedsElevation"/> is true. Safe for any number of threads, but a plan is
/// applied only once.
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

    /// <summary>The steps in order. Empty on systems other than Windows, where there is nothing to set up.</summary>
    public IReadOnlyList<SetupStep> Steps { get; }

    /// <summary>Obstacles that the plan does not remove, what it leaves as it is, and other facts that the user should know.</summary>
    public IReadOnlyList<Finding> Findings { get; internal init; } = [];

    /// <summary>Whether every step is done already.</summary>
    public bool IsSatisfied => Steps.All(step => step.IsSatisfied);

    /// <summary>
    /// Whether, once the plan is applied, all that was asked for is in force. When it is not, the findings say why: a switch or a policy keeps Teredo
    /// off, the firewall can't be read or overrides the rules, or a removal leaves a rule that somebody else changed. Solve that, then make and apply
    /// a new plan.
    /// </summary>
    public bool IsComplete { get; internal init; } = true;

    /// <summary>Whether applying the plan needs an administrator's rights.</summary>
    public bool NeedsElevation => !IsSatisfied || _end == PlanEnd.DeleteRecord || IsNews;

    /// <summary>Whether this process had those rights when the plan was made.</summary>
    public bool IsElevated { get; }

    /// <summary>
    /// Whether <see cref="ApplyElevatedAsync"/> can show a prompt: on Windows, in a session with a person, in a process with an executable of its own.
    /// </summary>
    public bool CanElevate => ElevationRequest.OfThisProcess(this) is { Obstacle: null };

    /// <summary>
    /// What the person should know before a prompt, or null: that users without rights can change the program that would run with an administrator's.
    /// </summary>
    public Finding? ElevationWarning => ElevationRequest.OfThisProcess(this)?.Warning;

    /// <summary>The command line that applies the plan, for an administrator's terminal.</summary>
    public string ElevatedCommand { get; internal init; } = "";

    /// <summary>What was asked for, with a full path.</summary>
    internal (bool IsRemoval, TeredoSetupOptions Options) Request { get; init; }

    /// <summary>A digest of all that is confirmed with the plan.</summary>
    internal string Digest => ElevationRequest.DigestOf(_records.Machine, Request.IsRemoval, Request.Options, Steps);

    /// <summary>Whether the application needs Windows' Teredo from now on; null leaves that as it is in the record.</summary>
    internal bool? NeedsTeredo { get; init; }

    /// <summary>Whether the record changes even if no step does: it does not contain this need yet, or it is damaged and renamed.</summary>
    internal bool IsNews { get; init; }

    /// <summary>The clock for waits and time-outs.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether the plan still agrees with the records, as far as it depends on them.</summary>
    internal Func<bool> StillHolds { get; init; } = () => true;

    /// <summary>The exception for a plan that needs more rights.</summary>
    internal TeredoException AccessDenied => Denied("");

    /// <summary>The exception for a plan that needs more rights, with what stands in the way of them.</summary>
    internal TeredoException Denied(string obstacle) => new(TeredoError.AccessDenied, $"The setup of '{_empty.Name}' needs an administrator's rights; "
        + $"nothing was changed. {(obstacle.Length == 0 ? "" : $"{obstacle} ")}In an administrator's terminal, run: {ElevatedCommand}");

    /// <summary>
    /// Applies the steps one by one, reads each back, and keeps a record of the former state. When a step fails, or the caller gives up, the
    /// completed steps are undone. When the process dies, the record has what it left behind, and a new setup or a removal continues from there.
    /// </summary>
    /// <param name="progress">Is told of each step when it ends, or null.</param>
    /// <param name="cancellationToken">Gives up; completed steps are undone.</param>
    /// <returns>
    /// What the person should know of the steps that were applied, besides <see cref="Findings"/>; mostly nothing. It says when a change may last until the
    /// next start of Windows only (<see cref="FindingIds.TeredoMayNotLast"/>).
    /// </returns>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or another setup was applied since the plan was made
    /// (<see cref="TeredoError.SetupFailed"/>): nothing was changed. Or a step failed, with that step's error; the message names the step and the cause,
    /// and the steps before it are undone. Where undoing fails, too, the error is <see cref="TeredoError.SetupFailed"/>, and the record keeps what is
    /// left to undo. A new plan can be made and applied.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up, and the completed steps are undone.</exception>
    public async Task<IReadOnlyList<Finding>> ApplyAsync(IProgress<SetupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (NeedsElevation && !IsElevated)
            throw AccessDenied;
        if (!NeedsElevation && (_end == PlanEnd.NoRecord || !IsElevated))
        {
            foreach (var step in Steps)
                progress?.Report(new() { Step = step, Outcome = SetupOutcome.Satisfied });
            return [];
        }
        using var others = _records.Lock(_empty.Name);
        if (!StillHolds())
            throw new TeredoException(TeredoError.SetupFailed, $"'{_empty.Name}', or another application that needs Windows' Teredo, was set up or "
                + "removed after the plan was made. Make a new plan.");
        var former = _records.ReadOrSetAside(_empty.Name, _empty.ProgramPath);
        var first = former ?? _empty;
        first = first with { NeedsTeredo = NeedsTeredo ?? first.NeedsTeredo };
        return await new SetupRun(_records, Time, progress).RunAsync(former, first, _changes, _end, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Applies the plan with an administrator's rights: starts the executable of this process a second time, after one prompt of Windows (UAC), and waits
    /// for it. That executable must call <see cref="TeredoSetup.TryRunElevated"/> first in its Main. With rights already, or where nothing needs them, this
    /// is <see cref="ApplyAsync"/>.
    /// </summary>
    /// <remarks>
    /// The other process gets what was asked for as arguments, makes the plan itself, and changes nothing when it is not the plan that was confirmed. Paths
    /// are fixed before the prompt, which another user may confirm. No window is shown but the prompt. Show <see cref="ElevationWarning"/> before.
    /// </remarks>
    /// <param name="progress">Is told of each step when it ends, or null.</param>
    /// <param name="cancellationToken">Gives up; the other process then undoes what it did, when it reports its next step.</param>
    /// <returns>As of <see cref="ApplyAsync"/>.</returns>
    /// <exception cref="TeredoException">
    /// The prompt was refused (<see cref="TeredoError.ConsentRefused"/>), or none can be shown (<see cref="TeredoError.AccessDenied"/>): nothing was changed.
    /// The plan is another one with an administrator's rights (<see cref="TeredoError.SetupFailed"/>): nothing was changed, and the message has the steps.
    /// Or what <see cref="ApplyAsync"/> throws.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public Task<IReadOnlyList<Finding>> ApplyElevatedAsync(IProgress<SetupProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!NeedsElevation || IsElevated)
            return ApplyAsync(progress, cancellationToken);
        return ElevationRequest.OfThisProcess(this) is { } request ? request.ApplyAsync(progress, cancellationToken)
            : throw Denied("Only Windows has such a prompt.");
    }
}
