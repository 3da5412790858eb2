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
/// <param name="Kind">What is done.</param>
/// <param name="Rule">The rule as it shall be, or the one that goes.</param>
/// <param name="Previous">The rule as it is now; null when there is none.</param>
/// <param name="Surplus">How many more rules of the SDK's group have that name; the step removes them.</param>
public sealed record FirewallChange(FirewallChangeKind Kind, FirewallRule Rule, FirewallRule? Previous, int Surplus = 0);
