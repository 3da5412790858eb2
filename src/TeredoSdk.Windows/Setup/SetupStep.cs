namespace TeredoSdk.Windows.Setup;

/// <summary>The kind of a step of a setup.</summary>
public enum SetupStepKind
{
    /// <summary>Adds a firewall rule.</summary>
    AddRule,
    /// <summary>Changes a firewall rule of the SDK.</summary>
    ChangeRule,
    /// <summary>Removes a firewall rule of the SDK.</summary>
    RemoveRule,
    /// <summary>Switches Windows' Teredo on, or sets another server.</summary>
    EnableTeredo,
    /// <summary>Restores the former settings of Windows' Teredo.</summary>
    RestoreTeredo,
    /// <summary>
    /// Leaves Windows' Teredo on, because another application needs it. The removal of that application then restores the settings.
    /// </summary>
    KeepTeredo,
    /// <summary>
    /// Disables firewall rules that block the program because Windows' own prompt at its first listen was cancelled. The removal restores them.
    /// </summary>
    DisableBlock,
    /// <summary>Restores rules that <see cref="DisableBlock"/> disabled.</summary>
    RestoreBlock,
}

/// <summary>One step of a setup, with the state before and after it.</summary>
public sealed record SetupStep
{
    internal SetupStep()
    {
    }

    /// <summary>What the step does.</summary>
    public required SetupStepKind Kind { get; init; }

    /// <summary>What the step does, as a sentence for the user.</summary>
    public required string Sentence { get; init; }

    /// <summary>Whether the step is done already, so that there is nothing to do.</summary>
    public required bool IsSatisfied { get; init; }

    /// <summary>The present rule, or null when there is none.</summary>
    public FirewallRule? RuleBefore { get; init; }

    /// <summary>The rule after the step, or null when there is none then.</summary>
    public FirewallRule? RuleAfter { get; init; }

    /// <summary>The present settings of Windows' Teredo.</summary>
    public TeredoConfiguration? TeredoBefore { get; init; }

    /// <summary>The settings of Windows' Teredo after the step; null members do not change.</summary>
    public TeredoConfiguration? TeredoAfter { get; init; }
}

/// <summary>The outcome of a step.</summary>
public enum SetupOutcome
{
    /// <summary>There was nothing to do.</summary>
    Satisfied,
    /// <summary>The step was done and read back.</summary>
    Applied,
    /// <summary>The step was done and then undone, because a later step failed or the caller gave up.</summary>
    Undone,
}

/// <summary>The progress of a setup.</summary>
public sealed record SetupProgress
{
    internal SetupProgress()
    {
    }

    /// <summary>The step that ended.</summary>
    public required SetupStep Step { get; init; }

    /// <summary>The step's outcome.</summary>
    public required SetupOutcome Outcome { get; init; }

    /// <summary>What the person should know of the step that was applied; null for nothing.</summary>
    internal Finding? Finding { get; init; }
}
