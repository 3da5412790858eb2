namespace TeredoSdk.Windows.Setup;

/// <summary>A change of the machine that can be undone. It implements a step of a plan.</summary>
abstract class SetupChange
{
    /// <summary>The step as the caller sees it.</summary>
    public abstract SetupStep Step { get; }

    /// <summary>Checks that the machine is as it was when the plan was made.</summary>
    /// <exception cref="TeredoException">Another program or user changed it.</exception>
    public abstract Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Returns the record to write before the change. A later removal can undo the change with it, even if this process dies halfway.
    /// </summary>
    public virtual SetupRecord Announce(SetupRecord record) => record;

    /// <summary>Returns the record to keep after the change.</summary>
    public virtual SetupRecord Conclude(SetupRecord record) => record;

    /// <summary>Makes the change and reads it back.</summary>
    /// <exception cref="TeredoException">The change can't be made, or it reads back differently.</exception>
    public abstract Task ApplyAsync(CancellationToken cancellationToken);

    /// <summary>Undoes the change, also when only a part of it was made, and reads the result back.</summary>
    /// <exception cref="TeredoException">The change can't be undone.</exception>
    public abstract Task UndoAsync();
}
