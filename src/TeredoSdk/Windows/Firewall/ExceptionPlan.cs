namespace TeredoSdk.Windows.Firewall;

/// <summary>The steps from the rules that are there to those that are wanted.</summary>
static class ExceptionPlan
{
    /// <summary>First what makes the wanted rules, so that nobody is kept out meanwhile, then what removes the application's others.</summary>
    /// <exception cref="TeredoException">Somebody else's rule has such a name.</exception>
    public static IReadOnlyList<FirewallChange> Of(FirewallExceptionRequest request, IReadOnlyList<FirewallRule> wanted,
        IReadOnlyList<FirewallRule> rules) =>
        // A request for the Teredo port alone says nothing of the program's rules.
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
        if (step.Kind == FirewallChangeKind.Remove)
        {
            foreach (var rule in store.Require().Where(rule => HasName(rule, step.Rule.Name)))
                store.Remove(rule);
            return;
        }
        // Which of several rules of one name a removal hits, and whether it hits all, is the system's choice: what is left is looked at.
        for (int i = 0; i < step.Surplus; i++)
            store.Remove(step.Previous!);
        var current = step.Surplus == 0 ? step.Previous : store.Require().FirstOrDefault(rule => HasName(rule, step.Rule.Name));
        if (current is null)
            store.Add(step.Rule);
        else if (!RuleComparison.AreEqual(step.Rule, current))
            store.Update(step.Rule, current);
    }

    /// <exception cref="TeredoException">
    /// <see cref="TeredoError.SetupFailed"/>: a rule is missing, doubled, not what was written, or still there.
    /// </exception>
    public static void Verify(IReadOnlyList<FirewallChange> plan, IReadOnlyList<FirewallRule> rules)
    {
        foreach (var step in plan)
        {
            FirewallRule[] found = [.. rules.Where(rule => HasName(rule, step.Rule.Name))];
            string? problem = step.Kind == FirewallChangeKind.Remove ? RemovalProblem(found) : Problem(step.Rule, found);
            if (problem is not null)
                throw new TeredoException(TeredoError.SetupFailed, $"The firewall {problem}: "
                    + "look whether another program or a policy manages this firewall, and try again.");
        }
    }

    static string? RemovalProblem(FirewallRule[] found) =>
        found is [var rule, ..] ? $"removed the rule '{rule.Name}', but it is still there" : null;

    static string? Problem(FirewallRule wanted, FirewallRule[] found) => found.Length switch
    {
        0 => $"took the rule '{wanted.Name}', but it is not there afterwards",
        1 => RuleComparison.Differences(wanted, found[0]) is not { Count: > 0 } differences ? null
            : $"took the rule '{wanted.Name}', but it reads back otherwise ({string.Join(", ", differences)})",
        _ => $"took the rule '{wanted.Name}', but it is there {found.Length} times afterwards",
    };

    static bool HasName(FirewallRule rule, string name) => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
