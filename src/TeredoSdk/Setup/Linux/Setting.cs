namespace TeredoSdk.Setup.Linux;

/// <summary>
/// One thing of the machine that a setup sets and a removal sets back: a file, an enabled unit, a rule. Its value is a text; null is its absence.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="subject">Which one of its kind, for people and for the record.</param>
abstract class Setting(LinuxMachine machine, string subject)
{
    protected LinuxMachine Machine => machine;

    /// <summary>The name of the kind in the record.</summary>
    public abstract string Kind { get; }

    public string Subject => subject;

    /// <summary>What setting a value does, as a sentence for people.</summary>
    public abstract string Describe(string? value);

    /// <summary>The present value.</summary>
    /// <exception cref="TeredoException">It can't be read.</exception>
    public abstract Task<string?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Sets a value, whatever the present one is.</summary>
    /// <exception cref="TeredoException">It can't be set.</exception>
    public abstract Task WriteAsync(string? value, CancellationToken cancellationToken);

    /// <summary>Whether a value bears the mark of a setup, even when no record knows of it.</summary>
    public virtual bool IsMarked(string? value) => false;

    /// <summary>Whether setting the value once more has an effect, because something before it in the plan changes.</summary>
    public virtual bool FollowsOthers => false;

    public bool IsFor(SettingRecord record) => record.Kind == Kind && record.Subject == subject;
}
