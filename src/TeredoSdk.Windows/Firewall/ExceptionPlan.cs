namespace TeredoSdk.Windows.Firewall;

/// <summary>Plans the steps from the existing rules to the wanted rules.</summary>
static class ExceptionPlan
{
    /// <summary>
    /// The steps that add rules come first, so that no traffic is blocked meanwhile; then come the removals of the application's other rules.
    /// </summary>
    /// <exception cref="TeredoException">A rule that is not the SDK's own has one of the names.</exception>
    public static IReadOnlyList<FirewallChange> Of(FirewallExceptionRequest request, IReadOnlyList<FirewallRule> wanted,
        IReadOnlyList<FirewallRule> rules) =>
        // A request for the Teredo port alone does not touch the program's rules.
        [.. wanted.Select(rule => Step(rule, rules)), .. request.ProgramPath is null ? [] : Removals(request.Name, wanted, rules)];

    static IEnumerable<FirewallChange> Removals(string application, IReadOnlyList<FirewallRule> wanted, IReadOnlyList<FirewallRule> rules)
    {
        var unwanted = rules.Where(rule => ExceptionRules.IsOwn(rule, application) && !wanted.Any(other => HasName(rule, other.Name)));
        foreach (var own in unwanted.GroupBy(rule => rule.Name, StringComparer.OrdinalIgnoreCase))
        {
            RequireNoOther(own.Key, rules);
            yield return new() { Kind = FirewallChangeKind.Remove, Rule = own.First(), Previous = own.First(), Surplus = own.Count() - 1 };
        }
    }

    static FirewallChange Step(FirewallRule wanted, IReadOnlyList<FirewallRule> rules)
    {
        RequireNoOther(wanted.Name, rules);
        FirewallRule[] found = [.. rules.Where(rule => HasName(rule, wanted.Name))];
        if (found.Length == 0)
            return new() { Kind = FirewallChangeKind.Add, Rule = wanted };
        var previous = found.FirstOrDefault(rule => RuleComparison.AreEqual(wanted, rule)) ?? found[0];
        bool isDone = found.Length == 1 && RuleComparison.AreEqual(wanted, previous);
        return new()
        {
            Kind = isDone ? FirewallChangeKind.Keep : FirewallChangeKind.Update,
            Rule = wanted,
            Previous = previous,
            Surplus = found.Length - 1,
        };
    }

    /// <summary>Checks that a name is free. The firewall finds rules by name only, so a name that another rule has can't be used.</summary>
    /// <exception cref="TeredoException">A rule that is not the SDK's own has the name.</exception>
    public static void RequireNoOther(string name, IReadOnlyList<FirewallRule> rules)
    {
        if (rules.FirstOrDefault(rule => HasName(rule, name) && !ExceptionRules.IsOwn(rule, null)) is { } other)
            throw new TeredoException(TeredoError.InvalidFirewallRule, $"A firewall rule '{other.Name}' "
                + $"{(other.Grouping is { } group ? $"of the group '{group}'" : "without a group")} belongs to another program and is left alone: "
                + "choose another application name, or rename that rule.");
    }

    public static void Apply(FirewallChange step, RuleStore store)
    {
        if (step.Kind == FirewallChangeKind.Remove)
        {
            foreach (var rule in store.Require().Where(rule => HasName(rule, step.Rule.Name)))
                store.Remove(rule);
            return;
        }
        // When several rules have one name, the system chooses which of them a removal hits. So the remaining rules are read again.
        for (int i = 0; i < step.Surplus; i++)
            store.Remove(step.Previous!);
        var current = step.Surplus == 0 ? step.Previous : store.Require().FirstOrDefault(rule => HasName(rule, step.Rule.Name));
        if (current is null)
            store.Add(step.Rule);
        else if (!RuleComparison.AreEqual(step.Rule, current))
            store.Update(step.Rule, current);
    }

    /// <exception cref="TeredoException">
    /// <see cref="TeredoError.SetupFailed"/>: a rule is missing, exists twice, differs from what was written, or was not removed.
    /// </exception>
    public static void Verify(IReadOnlyList<FirewallChange> plan, IReadOnlyList<FirewallRule> rules)
    {
        foreach (var step in plan)
        {
            FirewallRule[] found = [.. rules.Where(rule => HasName(rule, step.Rule.Name))];
            string? problem = step.Kind == FirewallChangeKind.Remove ? RemovalProblem(found) : Problem(step.Rule, found);
            if (problem is not null)
                throw new TeredoException(TeredoError.SetupFailed, $"The firewall {problem}: "
                    + "check whether another program or a policy manages this firewall, and try again.");
        }
    }

    static string? RemovalProblem(FirewallRule[] found) =>
        found is [var rule, ..] ? $"removed the rule '{rule.Name}', but the rule still exists" : null;

    static string? Problem(FirewallRule wanted, FirewallRule[] found) => found.Length switch
    {
        0 => $"accepted the rule '{wanted.Name}', but the rule does not exist afterwards",
        1 => RuleComparison.Differences(wanted, found[0]) is not { Count: > 0 } differences ? null
            : $"accepted the rule '{wanted.Name}', but the rule reads back differently ({string.Join(", ", differences)})",
        _ => $"accepted the rule '{wanted.Name}', but the rule exists {found.Length} times afterwards",
    };

    static bool HasName(FirewallRule rule, string name) => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
