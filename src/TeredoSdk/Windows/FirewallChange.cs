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
/// <param name="Kind">What the step does.</param>
/// <param name="Rule">The rule as it will be or, for a removal, the rule that is removed.</param>
/// <param name="Previous">The existing rule; null when there is none.</param>
/// <param name="Surplus">How many further rules of the SDK's group have the same name; the step removes them.</param>
public sealed record FirewallChange(FirewallChangeKind Kind, FirewallRule Rule, FirewallRule? Previous, int Surplus = 0);
