namespace TeredoSdk.Setup;

/// <summary>
/// What Windows' Teredo was before goes from the record of an application that is removed to that of another one that needs Teredo. The other record
/// is written first, and twice is as good as once: a process that dies in between leaves it in both.
/// </summary>
/// <remarks>The last change of a removal, so that the own record has it until nothing can fail any longer.</remarks>
/// <param name="records">The records.</param>
/// <param name="heir">The record of the other application.</param>
/// <param name="teredo">What the application that is removed knows of Teredo.</param>
sealed class TeredoHandover(SetupRecords records, SetupRecord heir, TeredoRecord teredo) : SetupChange
{
    SetupRecord? _former;

    public override SetupStep Step { get; } = new()
    {
        Kind = SetupStepKind.KeepTeredo,
        Sentence = $"Windows' Teredo stays on for '{heir.Name}', whose removal sets it as it was before.",
        IsSatisfied = false,
    };

    /// <summary>Who needs Teredo when an application is removed that changed it; null when Teredo can be given back what it was.</summary>
    /// <param name="others">The records of the other applications.</param>
    /// <param name="teredo">What the application knows of Teredo.</param>
    public static SetupRecord? FindHeir(IReadOnlyList<SetupRecord> others, TeredoRecord teredo)
    {
        SetupRecord[] needing = [.. others.Where(other => other.NeedsTeredo)];
        // Where another one made what this one found, Teredo goes back to that, and is on.
        return needing.Any(other => other.Teredo?.HasMade(teredo.Before) == true) ? null : needing.FirstOrDefault();
    }

    public override SetupRecord Conclude(SetupRecord record) => record with { Teredo = null };

    // Nobody else changes a record during a setup, and the plan was checked when that began.
    public override Task CheckAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Task ApplyAsync(CancellationToken cancellationToken)
    {
        _former = records.Read(heir.Name)!;
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
