namespace TeredoSdk.Setup;

/// <summary>A change of the machine that can be taken back: what a step is inside.</summary>
abstract class SetupChange
{
    /// <summary>The step as the caller sees it.</summary>
    public abstract SetupStep Step { get; }

    /// <summary>Makes sure that the machine is as it was when the plan was made.</summary>
    /// <exception cref="TeredoException">Somebody else changed it.</exception>
    public abstract Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>The record before the change is made: what a later removal needs to take it back, also when this process dies halfway.</summary>
    public virtual SetupRecord Announce(SetupRecord record) => record;

    /// <summary>The record once the change is made.</summary>
    public virtual SetupRecord Conclude(SetupRecord record) => record;

    /// <summary>Makes the change and reads it back.</summary>
    /// <exception cref="TeredoException">It can't be made, or did not have its outcome.</exception>
    public abstract Task ApplyAsync(CancellationToken cancellationToken);

    /// <summary>Takes the change back as far as it was made, and reads that back.</summary>
    /// <exception cref="TeredoException">It can't be taken back.</exception>
    public abstract Task UndoAsync();
}
