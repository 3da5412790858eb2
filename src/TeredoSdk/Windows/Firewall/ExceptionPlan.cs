namespace TeredoSdk.Windows.Firewall;

/// <summary>The steps from the rules that are there to those that are wanted.</summary>
static class ExceptionPlan
{
    /// <exception cref="TeredoException">Somebody else's rule has the name.</exception>
    public static FirewallChange Step(FirewallRule wanted, IReadOnlyList<FirewallRule> rules)
    {
        RequireNoOther(wanted.Name, rules);
        FirewallRule[] found = [.. rules.Where(rule => HasName(rule, wanted.Name))];
        if (found.Length == 0)
            return new(FirewallChangeKind.Add, wanted, null);
        var previous = found.FirstOrDefault(rule => RuleComparison.AreEqual(wanted, rule)) ?? found[0];
        bool isDone = found.Length == 1 && RuleComparison.AreEqual(wanted, previous);
        return new(isDone ? FirewallChangeKind.Keep : FirewallChangeKind.Update, wanted, previous, found.Length - 1);
    }

    /// <summary>The firewall finds rules by name only, so one that somebody else has can't be used.</summary>
    /// <exception cref="TeredoException">Somebody else's rule has the name.</exception>
    public static void RequireNoOther(string name, IReadOnlyList<FirewallRule> rules)
    {
        if (rules.FirstOrDefault(rule => HasName(rule, name) && !ExceptionRules.IsOwn(rule, null)) is { } other)
            throw new TeredoException(TeredoError.InvalidFirewallRule, $"A firewall rule '{other.Name}' "
                + $"{(other.Grouping is { } group ? $"of the group '{group}'" : "without a group")} is somebody else's and is left alone: "
                + "choose another application name, or rename that rule.");
    }

    public static void Apply(FirewallChange step, RuleStore store)
    {
        // Which of several rules of one name a removal hits, and whether it hits all, is the system's choice: what is left is looked at.
        for (int i = 0; i < step.Surplus; i++)
            store.Remove(step.Previous!);
        var current = step.Surplus == 0 ? step.Previous : store.Require().FirstOrDefault(rule => HasName(rule, step.Rule.Name));
        if (current is null)
            store.Add(step.Rule);
        else if (!RuleComparison.AreEqual(step.Rule, current))
            store.Update(step.Rule, current);
    }

    /// <exception cref="TeredoException"><see cref="TeredoError.SetupFailed"/>: a rule is missing, doubled, or not what was written.</exception>
    public static void Verify(IReadOnlyList<FirewallChange> plan, IReadOnlyList<FirewallRule> rules)
    {
        foreach (var wanted in plan.Select(step => step.Rule))
        {
            FirewallRule[] found = [.. rules.Where(rule => HasName(rule, wanted.Name))];
            string? problem = found.Length switch
            {
                0 => "is not there afterwards",
                1 => RuleComparison.Differences(wanted, found[0]) is not { Count: > 0 } differences ? null
                    : $"reads back otherwise ({string.Join(", ", differences)})",
                _ => $"is there {found.Length} times afterwards",
            };
            if (problem is not null)
                throw new TeredoException(TeredoError.SetupFailed, $"The firewall took the rule '{wanted.Name}', but it {problem}: "
                    + "look whether another program or a policy manages this firewall, and try again.");
        }
    }

    static bool HasName(FirewallRule rule, string name) => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
