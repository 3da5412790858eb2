using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Setup;

/// <summary>What happens to the record after the steps.</summary>
enum PlanEnd
{
    /// <summary>There is no record, and none is made.</summary>
    NoRecord,
    /// <summary>The record is kept for a removal.</summary>
    KeepRecord,
    /// <summary>The record is deleted, because the changes in it are undone.</summary>
    DeleteRecord,
}

/// <summary>Applies steps. Each step is written into the record before it is made, and all steps are undone when one fails.</summary>
/// <param name="records">The folder of the records.</param>
/// <param name="time">The clock for time-outs.</param>
/// <param name="progress">Is told of each step, or null.</param>
sealed class SetupRun(SetupRecords records, TimeProvider time, IProgress<SetupProgress>? progress)
{
    // No step begins without rights, so to ask for them would not help.
    const string Refused = "Windows refused a step although this process has an administrator's rights: a policy or a security product forbids it. Ask whoever "
        + "manages this machine.";

    readonly Stack<SetupChange> _made = [];
    SetupChange? _unfinished;

    /// <summary>Applies the changes of a plan.</summary>
    /// <param name="former">The present record, or null.</param>
    /// <param name="first">The record to begin with.</param>
    /// <param name="changes">The changes in order.</param>
    /// <param name="end">What happens to the record.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What the person should know of what was applied.</returns>
    public async Task<IReadOnlyList<Finding>> RunAsync(SetupRecord? former, SetupRecord first, IReadOnlyList<SetupChange> changes, PlanEnd end,
        CancellationToken cancellationToken)
    {
        var abandoned = AbandonedCalls.Collect();
        try
        {
            var record = first;
            foreach (var change in changes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await PatientCall.RunAsync(() => change.CheckAsync(cancellationToken), time, cancellationToken).ConfigureAwait(false);
                record = change.Step.IsSatisfied ? change.Note(record)
                    : await MakeAsync(change, record, end, cancellationToken).ConfigureAwait(false);
                progress?.Report(new()
                {
                    Step = change.Step,
                    Outcome = change.Step.IsSatisfied ? SetupOutcome.Satisfied : SetupOutcome.Applied,
                    Finding = change.Reservation,
                });
            }
            cancellationToken.ThrowIfCancellationRequested();
            Keep(record, end);
            return [.. changes.Select(change => change.Reservation).OfType<Finding>()];
        }
        catch (Exception e)
        {
            var problems = await UndoAsync(abandoned).ConfigureAwait(false);
            if (problems.Count > 0)
                throw SetupFindings.NotUndone(first.Name, e.Message, problems).ToException(e);
            Restore(former, first);
            if (e is TeredoException failure)
                throw new TeredoException(failure.Error, $"{(failure.Error == TeredoError.AccessDenied ? Refused : failure.Message)} All completed steps were undone.",
                    failure);
            throw;
        }
    }

    async Task<SetupRecord> MakeAsync(SetupChange change, SetupRecord record, PlanEnd end, CancellationToken cancellationToken)
    {
        record = change.Announce(record);
        if (end != PlanEnd.NoRecord)
            records.Write(record);
        _made.Push(change);
        _unfinished = change;
        // A change that has begun is not left alone when the caller gives up: what undoes it must come after it.
        await PatientCall.RunAsync(() => change.ApplyAsync(cancellationToken), time, CancellationToken.None).ConfigureAwait(false);
        _unfinished = null;
        return change.Conclude(record);
    }

    void Keep(SetupRecord record, PlanEnd end)
    {
        if (end == PlanEnd.KeepRecord)
            records.Write(record);
        else if (end == PlanEnd.DeleteRecord)
            records.Delete(record.Name, record.ProgramPath);
    }

    async Task<IReadOnlyList<string>> UndoAsync(AbandonedCalls abandoned)
    {
        List<string> problems = [];
        if (_unfinished is not null && !await abandoned.HaveEndedAsync(time).ConfigureAwait(false))
            problems.Add($"Windows may still do this, since it has not answered yet: {_made.Pop().Step.Sentence}");
        while (_made.TryPop(out var change))
        {
            try
            {
                await PatientCall.RunAsync(change.UndoAsync, time, CancellationToken.None).ConfigureAwait(false);
                progress?.Report(new() { Step = change.Step, Outcome = SetupOutcome.Undone });
            }
            catch (Exception e)
            {
                problems.Add(e.Message);
            }
        }
        return problems;
    }

    // A failure here is not reported: a record of changes that were undone does no harm.
    void Restore(SetupRecord? former, SetupRecord first)
    {
        try
        {
            if (former is null)
                records.Delete(first.Name, first.ProgramPath);
            else
                records.Write(former);
        }
        catch (TeredoException)
        {
        }
    }
}
