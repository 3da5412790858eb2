namespace TeredoSdk.Setup;

/// <summary>What becomes of the record when the steps are done.</summary>
enum PlanEnd
{
    /// <summary>There is none, and none is made.</summary>
    NoRecord,
    /// <summary>It stays for a removal.</summary>
    KeepRecord,
    /// <summary>What it tells of is undone.</summary>
    DeleteRecord,
}

/// <summary>Steps that are being applied: each is written into the record first, and all are undone when one fails.</summary>
/// <param name="records">Where the record lies.</param>
/// <param name="progress">Told of each step, or null.</param>
sealed class SetupRun(SetupRecords records, IProgress<SetupProgress>? progress)
{
    readonly Stack<SetupChange> _made = [];

    /// <summary>Applies the changes of a plan.</summary>
    /// <param name="former">The record as it is, or null.</param>
    /// <param name="first">The record to begin with.</param>
    /// <param name="changes">The changes in their order.</param>
    /// <param name="end">What becomes of the record.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RunAsync(SetupRecord? former, SetupRecord first, IReadOnlyList<SetupChange> changes, PlanEnd end,
        CancellationToken cancellationToken)
    {
        try
        {
            var record = first;
            foreach (var change in changes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await change.CheckAsync(cancellationToken).ConfigureAwait(false);
                if (!change.Step.IsSatisfied)
                    record = await MakeAsync(change, record, end, cancellationToken).ConfigureAwait(false);
                progress?.Report(new()
                {
                    Step = change.Step,
                    Outcome = change.Step.IsSatisfied ? SetupOutcome.Satisfied : SetupOutcome.Applied,
                });
            }
            cancellationToken.ThrowIfCancellationRequested();
            Keep(record, end);
        }
        catch (Exception e)
        {
            var problems = await UndoAsync().ConfigureAwait(false);
            if (problems.Count == 0)
                Restore(former, first.Name);
            else
                throw new TeredoException(TeredoError.SetupFailed,
                    $"{e.Message} Not all of what was done before could be undone: {string.Join(" ", problems)} "
                    + $"The record is kept: run the removal of '{first.Name}' when that is mended.", e);
            if (e is TeredoException failure)
                throw new TeredoException(failure.Error, $"{failure.Message} All that was done is undone.", failure);
            throw;
        }
    }

    async Task<SetupRecord> MakeAsync(SetupChange change, SetupRecord record, PlanEnd end, CancellationToken cancellationToken)
    {
        record = change.Announce(record);
        if (end != PlanEnd.NoRecord)
            records.Write(record);
        _made.Push(change);
        await change.ApplyAsync(cancellationToken).ConfigureAwait(false);
        return change.Conclude(record);
    }

    void Keep(SetupRecord record, PlanEnd end)
    {
        if (end == PlanEnd.KeepRecord)
            records.Write(record);
        else if (end == PlanEnd.DeleteRecord)
            records.Delete(record.Name);
    }

    async Task<IReadOnlyList<string>> UndoAsync()
    {
        List<string> problems = [];
        while (_made.TryPop(out var change))
        {
            try
            {
                await change.UndoAsync().ConfigureAwait(false);
                progress?.Report(new() { Step = change.Step, Outcome = SetupOutcome.Undone });
            }
            catch (Exception e)
            {
                problems.Add(e.Message);
            }
        }
        return problems;
    }

    // Failing at this is worth no second sentence: a record that tells of changes which were undone is harmless.
    void Restore(SetupRecord? former, string name)
    {
        try
        {
            if (former is null)
                records.Delete(name);
            else
                records.Write(former);
        }
        catch (TeredoException)
        {
        }
    }
}
