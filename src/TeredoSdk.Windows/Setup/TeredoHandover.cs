namespace TeredoSdk.Windows.Setup;

/// <summary>
/// Moves the former settings of Windows' Teredo from the record of a removed application to that of another application that needs Teredo. The other
/// record is written first: when a process dies in between, both records have the settings, which does no harm.
/// </summary>
/// <remarks>This is the last change of a removal, so that the removed application's record has the settings until no other step can fail.</remarks>
/// <param name="records">The records.</param>
/// <param name="heir">The record of the other application.</param>
/// <param name="teredo">The removed application's record of Teredo.</param>
sealed class TeredoHandover(SetupRecords records, SetupRecord heir, TeredoRecord teredo) : SetupChange
{
    SetupRecord? _former;

    public override SetupStep Step { get; } = new()
    {
        Kind = SetupStepKind.KeepTeredo,
        Sentence = $"Windows' Teredo stays on for '{heir.Name}', whose removal restores its settings.",
        IsSatisfied = false,
    };

    /// <summary>
    /// Finds another application that needs Teredo, when an application that changed it is removed. Null when Teredo can be restored.
    /// </summary>
    /// <param name="others">The records of the other applications.</param>
    /// <param name="teredo">The removed application's record of Teredo.</param>
    public static SetupRecord? FindHeir(IReadOnlyList<SetupRecord> others, TeredoRecord teredo)
    {
        SetupRecord[] needing = [.. others.Where(other => other.NeedsTeredo)];
        // When the removed application found settings that another one had made, restoring them leaves Teredo on.
        return needing.Any(other => other.Teredo?.HasMade(teredo.Before) == true) ? null : needing.FirstOrDefault();
    }

    public override SetupRecord Conclude(SetupRecord record) => record with { Teredo = null };

    // No check is needed: the lock keeps other setups from changing records, and the plan was checked when the run began.
    public override Task CheckAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task ApplyAsync(CancellationToken cancellationToken)
    {
        _former = records.Read(heir.Name, heir.ProgramPath)!;
        records.Write(_former with { Teredo = teredo.FollowedBy(_former.Teredo) });
        return Task.CompletedTask;
    }

    public override Task UndoAsync()
    {
        if (_former is not null)
            records.Write(_former);
        return Task.CompletedTask;
    }
}
