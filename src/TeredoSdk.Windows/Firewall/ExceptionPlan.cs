using TeredoSdk.Windows.Doctor;

namespace TeredoSdk.Windows.Firewall;

/// <summary>Plans the steps from the existing rules to the wanted rules, makes them, and reads them back.</summary>
static class ExceptionPlan
{
    // How long a change may take to be seen. The page of INetFwRule speaks of "a small time lag" and gives no number.
    static readonly TimeSpan Lag = TimeSpan.FromSeconds(5), LookInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The steps that add rules come first, so that no traffic is blocked meanwhile; then come the removals of the application's other rules.
    /// </summary>
    /// <param name="wanted">The wanted rules.</param>
    /// <param name="rules">All rules.</param>
    /// <param name="application">Tells the application's other rules; null for a request without a program, which does not touch them.</param>
    /// <exception cref="TeredoException">A rule that is not the SDK's own has one of the names.</exception>
    public static IReadOnlyList<FirewallChange> Of(IReadOnlyList<FirewallRule> wanted, IReadOnlyList<FirewallRule> rules, ApplicationRules? application) =>
        [.. wanted.Select(rule => Step(rule, rules)), .. application is null ? [] : Removals(application, wanted, rules)];

    static IEnumerable<FirewallChange> Removals(ApplicationRules application, IReadOnlyList<FirewallRule> wanted, IReadOnlyList<FirewallRule> rules)
    {
        var unwanted = rules.Where(rule => application.Owns(rule) && !wanted.Any(other => HasName(rule, other.Name)));
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

    /// <summary>Makes a step. It reads rules by their name, and never the whole list.</summary>
    public static void Apply(FirewallChange step, IWindowsFirewall firewall)
    {
        // When several rules have one name, no page says which a removal takes, or whether all (INetFwRules::Remove). So what is left is read again.
        int unwanted = step.Kind == FirewallChangeKind.Remove ? step.Surplus + 1 : step.Surplus;
        for (int i = 0; i < unwanted && firewall.RequireRule(step.Rule.Name) is { } rule; i++)
            firewall.Remove(rule.Name);
        if (step.Kind == FirewallChangeKind.Remove)
            return;
        var current = step.Surplus == 0 ? step.Previous : firewall.RequireRule(step.Rule.Name);
        if (current is null)
            firewall.Add(step.Rule);
        else if (!RuleComparison.AreEqual(step.Rule, current))
            firewall.Update(step.Rule);
    }

    /// <summary>Reads the rule of a step back, again for some seconds until it is as wanted.</summary>
    /// <exception cref="TeredoException">
    /// <see cref="TeredoError.SetupFailed"/>: the rule is missing, differs from what was written, or was not removed.
    /// </exception>
    public static async Task VerifyAsync(FirewallChange step, IWindowsFirewall firewall, TimeProvider time, CancellationToken cancellationToken)
    {
        var wanted = step.Kind == FirewallChangeKind.Remove ? null : step.Rule;
        var found = await firewall.AwaitRuleAsync(step.Rule.Name, rule => Problem(step.Rule.Name, wanted, rule) is null, time, cancellationToken)
            .ConfigureAwait(false);
        if (Problem(step.Rule.Name, wanted, found) is { } problem)
            throw new TeredoException(TeredoError.SetupFailed, $"The firewall {problem}: "
                + "check whether another program or a policy manages this firewall, and try again.");
    }

    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public static T Require<T>(this Reading<T> reading) => reading.IsKnown ? reading.Value : throw FirewallFindings.NotRead(reading.Finding!).ToException();

    /// <summary>Reads one of the rules of a name; null when none is seen.</summary>
    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public static FirewallRule? RequireRule(this IWindowsFirewall firewall, string name) => firewall.ReadRule(name).Require();

    /// <summary>Reads one of the rules of a name, again for some seconds until it is as expected, because a change is seen after a lag.</summary>
    /// <returns>What was seen last.</returns>
    /// <exception cref="TeredoException"><see cref="TeredoError.FirewallUnavailable"/>.</exception>
    public static async Task<FirewallRule?> AwaitRuleAsync(
        this IWindowsFirewall firewall, string name, Func<FirewallRule?, bool> isExpected, TimeProvider time, CancellationToken cancellationToken)
    {
        long start = time.GetTimestamp();
        while (true)
        {
            var rule = firewall.RequireRule(name);
            if (isExpected(rule) || time.GetElapsedTime(start) >= Lag)
                return rule;
            await Task.Delay(LookInterval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    static string? Problem(string name, FirewallRule? wanted, FirewallRule? found) => (wanted, found) switch
    {
        (null, null) => null,
        (null, _) => $"removed the rule '{name}', but the rule still exists",
        (_, null) => $"accepted the rule '{name}', but the rule does not exist afterwards",
        _ => RuleComparison.Differences(wanted, found) is { Count: > 0 } differences
            ? $"accepted the rule '{name}', but the rule reads back differently ({string.Join(", ", differences)})" : null,
    };

    static bool HasName(FirewallRule rule, string name) => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase);
}
