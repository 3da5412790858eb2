namespace TeredoSdk.Windows;

/// <summary>What a step of a plan does with a rule.</summary>
public enum FirewallChangeKind
{
    /// <summary>Nothing: the rule exists as wanted.</summary>
    Keep,
    /// <summary>The rule is added.</summary>
    Add,
    /// <summary>The rule exists, and is changed to be as wanted.</summary>
    Update,
    /// <summary>The rule is one of the SDK's own for this application and no longer wanted; it is removed.</summary>
    Remove,
}

/// <summary>One step of a plan for the firewall.</summary>
public sealed record FirewallChange
{
    internal FirewallChange()
    {
    }

    /// <summary>What the step does.</summary>
    public required FirewallChangeKind Kind { get; init; }

    /// <summary>The rule as it will be or, for a removal, the rule that is removed.</summary>
    public required FirewallRule Rule { get; init; }

    /// <summary>The existing rule; null when there is none.</summary>
    public FirewallRule? Previous { get; init; }

    /// <summary>How many further rules of the SDK's group have the same name; the step removes them.</summary>
    public int Surplus { get; init; }
}
