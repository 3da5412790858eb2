using System.Security.Cryptography;
using System.Text;

namespace TeredoSdk.Setup.Linux;

/// <summary>One step of a setup.</summary>
public sealed record ServiceStep
{
    /// <summary>What the step does, as a sentence for the user.</summary>
    public required string Sentence { get; init; }

    /// <summary>Whether there is nothing to do.</summary>
    public required bool IsSatisfied { get; init; }
}

/// <summary>The outcome of a step.</summary>
public enum ServiceStepOutcome
{
    /// <summary>There was nothing to do.</summary>
    Satisfied,
    /// <summary>The step was done and read back.</summary>
    Applied,
    /// <summary>The step was done and then undone, because a later step failed or the caller gave up.</summary>
    Undone,
}

/// <summary>The progress of a setup.</summary>
public sealed record ServiceProgress
{
    /// <summary>The step that ended.</summary>
    public required ServiceStep Step { get; init; }

    /// <summary>The step's outcome.</summary>
    public required ServiceStepOutcome Outcome { get; init; }
}

/// <summary>
/// The steps that a setup or removal of a service will take, in order. Making and reading the plan changes nothing and needs no rights.
/// <see cref="ApplyAsync"/> needs root. Safe for any number of threads, but a plan is applied only once.
/// </summary>
public sealed class ServicePlan
{
    readonly ServiceRecordFile _file;
    readonly IReadOnlyList<SettingChange> _changes;
    readonly ServiceRecord? _former;
    readonly string? _formerText, _machine;

    internal ServicePlan(LinuxMachine machine, ServiceRecordFile file, string? formerText, ServiceRecord? former, IReadOnlyList<SettingChange> changes)
    {
        (_file, _formerText, _former, _changes) = (file, formerText, former, changes);
        (IsElevated, _machine) = (machine.IsElevated, machine.Identity);
        Steps = [.. changes.Select(change => change.Step)];
    }

    /// <summary>The steps in order.</summary>
    public IReadOnlyList<ServiceStep> Steps { get; }

    /// <summary>What the plan does not do, leaves alone, or could not read.</summary>
    public IReadOnlyList<Finding> Findings { get; internal init; } = [];

    /// <summary>Whether every step is done already.</summary>
    public bool IsSatisfied => Steps.All(step => step.IsSatisfied) && !HasUnusableRecord && !IsRecordStale;

    /// <summary>Whether, once the plan is applied, all that was asked for is in force: no finding is a warning or an error.</summary>
    public bool IsComplete => Findings.All(finding => finding.Severity == FindingSeverity.Note);

    /// <summary>Whether this process had root's rights when the plan was made. Without them the firewall's rules can't all be read.</summary>
    public bool IsElevated { get; }

    /// <summary>The command line that applies the plan, for a terminal of a user who may become root.</summary>
    public required string ElevatedCommand { get; init; }

    /// <summary>
    /// A digest of the machine, of the steps, and of all that they write. Two plans with the same digest change the same; a plan that is made without root's
    /// rights can have another one, because then not all can be read.
    /// </summary>
    public string Digest => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', _changes.Select(change =>
        $"{change.Step.Sentence}\0{change.IsSatisfied}\0{change.After}").Prepend(_machine)))));

    internal bool HasUnusableRecord { get; init; }

    // Restored by hand: only the record is left.
    bool IsRecordStale => _changes.Any(change => change.IsRestoration && _former?.Find(change.Setting) is not null);

    /// <summary>
    /// Applies the steps one by one, reads each back, and keeps a record of the former state. When a step fails, or the caller gives up, the completed
    /// steps are undone. When the process dies, the record has what it left behind, and a new setup or a removal continues from there.
    /// </summary>
    /// <param name="progress">Is told of each step when it ends, or null.</param>
    /// <param name="cancellationToken">Gives up; completed steps are undone.</param>
    /// <exception cref="TeredoException">
    /// Rights are missing (<see cref="TeredoError.AccessDenied"/>), or something changed since the plan was made (<see cref="TeredoError.SetupFailed"/>):
    /// nothing was changed. Or a step failed, and the steps before it are undone. Where undoing fails, too, the record keeps what is left to undo. A new
    /// plan can be made and applied.
    /// </exception>
    /// <exception cref="OperationCanceledException">The caller gave up, and the completed steps are undone.</exception>
    public async Task ApplyAsync(IProgress<ServiceProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (IsSatisfied)
        {
            foreach (var step in Steps)
                progress?.Report(new() { Step = step, Outcome = ServiceStepOutcome.Satisfied });
            return;
        }
        if (!IsElevated)
            throw new TeredoException(TeredoError.AccessDenied, $"This needs root's rights; nothing was changed. Run: {ElevatedCommand}");
        using var others = _file.Lock();
        if (_file.ReadText() != _formerText)
            throw new TeredoException(TeredoError.SetupFailed, "Another setup of this service was applied after the plan was made. Make a new plan.");
        if (HasUnusableRecord)
            _file.SetAside();
        await new SettingRun(_file, progress).RunAsync(_former, _changes, cancellationToken).ConfigureAwait(false);
    }
}
