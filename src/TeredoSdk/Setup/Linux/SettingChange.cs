namespace TeredoSdk.Setup.Linux;

/// <summary>A change of a setting from the value that a plan found to another one.</summary>
/// <param name="Setting">The setting.</param>
/// <param name="Before">The value that the plan found.</param>
/// <param name="After">The value that it shall have.</param>
/// <param name="IsSatisfied">Whether there is nothing to do.</param>
/// <param name="IsRestoration">Whether a setup's change is taken back: the record then no longer needs the setting.</param>
sealed record SettingChange(Setting Setting, string? Before, string? After, bool IsSatisfied, bool IsRestoration)
{
    public ServiceStep Step { get; } = new() { Sentence = Setting.Describe(After), IsSatisfied = IsSatisfied };
}

/// <summary>
/// Applies changes. Each is written into the record before it is made, so that a process that dies leaves nothing that a removal does not know. When a
/// change fails, the changes before it are undone.
/// </summary>
/// <param name="file">The record's file.</param>
/// <param name="progress">Is told of each step, or null.</param>
sealed class SettingRun(ServiceRecordFile file, IProgress<ServiceProgress>? progress)
{
    readonly Stack<SettingChange> _made = [];

    /// <param name="former">The present record, or null.</param>
    /// <param name="changes">The changes in order.</param>
    /// <param name="cancellationToken">Gives up; what was done is undone.</param>
    public async Task RunAsync(ServiceRecord? former, IReadOnlyList<SettingChange> changes, CancellationToken cancellationToken)
    {
        var record = former ?? file.Empty;
        try
        {
            foreach (var change in changes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await CheckAsync(change, cancellationToken).ConfigureAwait(false);
                if (!change.IsSatisfied)
                    record = await MakeAsync(change, record, cancellationToken).ConfigureAwait(false);
                if (change.IsRestoration)
                    record = record.Without(change.Setting);
                progress?.Report(new() { Step = change.Step, Outcome = change.IsSatisfied ? ServiceStepOutcome.Satisfied : ServiceStepOutcome.Applied });
            }
            cancellationToken.ThrowIfCancellationRequested();
            file.Write(record);
        }
        catch (Exception e)
        {
            var problems = await UndoAsync(former).ConfigureAwait(false);
            if (problems.Count > 0)
                throw new TeredoException(TeredoError.SetupFailed, $"{e.Message} Not all earlier steps could be undone: {string.Join(" ", problems)} The "
                    + "record is kept. Solve these problems, then run the removal.", e);
            if (e is TeredoException failure)
                throw new TeredoException(failure.Error, $"{failure.Message} All completed steps were undone.", failure);
            throw;
        }
    }

    static async Task CheckAsync(SettingChange change, CancellationToken cancellationToken)
    {
        if (await change.Setting.ReadAsync(cancellationToken).ConfigureAwait(false) != change.Before)
            throw new TeredoException(TeredoError.SetupFailed, $"Another program or user was quicker: {change.Setting.Kind} {change.Setting.Subject} is no "
                + "longer as it was when the plan was made. Make a new plan.");
    }

    async Task<ServiceRecord> MakeAsync(SettingChange change, ServiceRecord record, CancellationToken cancellationToken)
    {
        if (!change.IsRestoration)
        {
            // What bears our mark, and is in no record, is what a lost record had made. Nothing was there before it.
            string? before = change.Setting.IsMarked(change.Before) ? null : change.Before;
            record = record.With(change.Setting, before, change.After);
            file.Write(record);
        }
        _made.Push(change);
        await change.Setting.WriteAsync(change.After, cancellationToken).ConfigureAwait(false);
        if (await change.Setting.ReadAsync(cancellationToken).ConfigureAwait(false) != change.After)
            throw new TeredoException(TeredoError.SetupFailed, $"This step had no effect: {change.Step.Sentence}");
        return record;
    }

    // The last change first; but what runs runs again only when all that it needs is as it was.
    async Task<IReadOnlyList<string>> UndoAsync(ServiceRecord? former)
    {
        List<string> problems = [];
        foreach (var change in _made.OrderBy(change => change.Setting.FollowsOthers && change.Before is not null).ToArray())
        {
            try
            {
                await change.Setting.WriteAsync(change.Before, CancellationToken.None).ConfigureAwait(false);
                progress?.Report(new() { Step = change.Step, Outcome = ServiceStepOutcome.Undone });
            }
            catch (Exception e)
            {
                problems.Add(e.Message);
            }
        }
        try
        {
            if (problems.Count == 0)
                file.Write(former ?? file.Empty);
        }
        catch (TeredoException)
        {
            // A record of changes that were undone does no harm.
        }
        return problems;
    }
}
