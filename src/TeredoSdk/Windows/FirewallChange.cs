namespace TeredoSdk.Windows;

/// <summary>What a plan does with a rule.</summary>
public enum FirewallChangeKind
{
    /// <summary>Nothing: it is there as it should be.</summary>
    Keep,
    /// <summary>It is made.</summary>
    Add,
    /// <summary>It is there, and becomes what it should be.</summary>
    Update,
    /// <summary>It is one of the SDK's own for this application that is not wanted any longer, and goes.</summary>
    Remove,
}

/// <summary>One step of a plan for the firewall.</summary>
public sealed record FirewallChange
{
    /// <summary>What is done.</summary>
    public required FirewallChangeKind Kind { get; init; }

    /// <summary>The rule as it shall be, or the one that goes.</summary>
    public required FirewallRule Rule { get; init; }

    /// <summary>The rule as it is now; null when there is none.</summary>
    public FirewallRule? Previous { get; init; }

    /// <summary>How many more rules of the SDK's group have that name; the step removes them.</summary>
    public int Surplus { get; init; }
}
