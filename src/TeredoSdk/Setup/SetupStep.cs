using TeredoSdk.Windows;

namespace TeredoSdk.Setup;

/// <summary>What a step of a setup does.</summary>
public enum SetupStepKind
{
    /// <summary>Adds a rule to the firewall.</summary>
    AddRule,
    /// <summary>Changes a rule of the firewall that is the SDK's own.</summary>
    ChangeRule,
    /// <summary>Removes a rule of the firewall that is the SDK's own.</summary>
    RemoveRule,
    /// <summary>Switches Windows' Teredo on, or gives it another server.</summary>
    EnableTeredo,
    /// <summary>Gives Windows' Teredo the settings back that it had.</summary>
    RestoreTeredo,
    /// <summary>Leaves Windows' Teredo on for another application, whose removal then gives the settings back.</summary>
    KeepTeredo,
}

/// <summary>One step of a setup: what it does, what is there before and what there will be.</summary>
public sealed record SetupStep
{
    /// <summary>What it does.</summary>
    public required SetupStepKind Kind { get; init; }

    /// <summary>The same as a sentence for a person.</summary>
    public required string Sentence { get; init; }

    /// <summary>Whether there is nothing to do: it stands already.</summary>
    public required bool IsSatisfied { get; init; }

    /// <summary>The rule as it is now, or null when there is none.</summary>
    public FirewallRule? RuleBefore { get; init; }

    /// <summary>The rule as it will be, or null when there will be none.</summary>
    public FirewallRule? RuleAfter { get; init; }

    /// <summary>The settings of Windows' Teredo as they are now.</summary>
    public TeredoConfiguration? TeredoBefore { get; init; }

    /// <summary>The settings of Windows' Teredo that will be there; null members stay as they are.</summary>
    public TeredoConfiguration? TeredoAfter { get; init; }
}

/// <summary>What became of a step.</summary>
public enum SetupOutcome
{
    /// <summary>There was nothing to do.</summary>
    Satisfied,
    /// <summary>It was done, and read back.</summary>
    Applied,
    /// <summary>It was done and taken back, since a later step failed or the caller gave up.</summary>
    Undone,
}

/// <summary>How far a setup is.</summary>
public sealed record SetupProgress
{
    /// <summary>The step.</summary>
    public required SetupStep Step { get; init; }

    /// <summary>What became of it.</summary>
    public required SetupOutcome Outcome { get; init; }
}
