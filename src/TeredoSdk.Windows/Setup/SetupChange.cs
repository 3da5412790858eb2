namespace TeredoSdk.Windows.Setup;

/// <summary>A change of the machine that can be undone. It implements a step of a plan.</summary>
abstract class SetupChange
{
    /// <summary>The step as the caller sees it.</summary>
    public abstract SetupStep Step { get; }

    /// <summary>The firewall rules that the change replaces.</summary>
    public virtual IReadOnlyList<FirewallRule> Replaced => Step.RuleBefore is { } rule ? [rule] : [];

    /// <summary>The firewall rules that the change makes.</summary>
    public virtual IReadOnlyList<FirewallRule> Made => Step.RuleAfter is { } rule ? [rule] : [];

    /// <summary>What the person should know of the change that was made; null for nothing.</summary>
    public virtual Finding? Reservation => null;

    /// <summary>Checks that the machine is as it was when the plan was made.</summary>
    /// <exception cref="TeredoException">Another program or user changed it.</exception>
    public abstract Task CheckAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Returns the record to write before the change. A later removal can undo the change with it, even if this process dies halfway.
    /// </summary>
    public virtual SetupRecord Announce(SetupRecord record) => record;

    /// <summary>Returns the record when there is nothing to do.</summary>
    public virtual SetupRecord Note(SetupRecord record) => record;

    /// <summary>Returns the record to keep after the change.</summary>
    public virtual SetupRecord Conclude(SetupRecord record) => record;

    /// <summary>Makes the change and reads it back.</summary>
    /// <exception cref="TeredoException">The change can't be made, or it reads back differently.</exception>
    public abstract Task ApplyAsync(CancellationToken cancellationToken);

    /// <summary>Undoes the change, also when only a part of it was made, and reads the result back.</summary>
    /// <exception cref="TeredoException">The change can't be undone.</exception>
    public abstract Task UndoAsync();
}
