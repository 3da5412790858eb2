using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>Adds, changes or removes a rule of the firewall.</summary>
/// <param name="store">The firewall's rules.</param>
/// <param name="name">The rule's name.</param>
/// <param name="before">The present rule, or null.</param>
/// <param name="after">The new rule, or null to remove it.</param>
/// <param name="surplus">How many further rules of the SDK have the name. They are removed, too, and never restored.</param>
sealed class RuleChange(RuleStore store, string name, FirewallRule? before, FirewallRule? after, int surplus = 0) : SetupChange
{
    /// <summary>Whether the change restores the rule as it was before the first setup. The record then no longer needs the rule.</summary>
    public bool IsRestoration { get; init; }

    public override SetupStep Step { get; } = new()
    {
        Kind = before is null ? SetupStepKind.AddRule : after is null ? SetupStepKind.RemoveRule : SetupStepKind.ChangeRule,
        Sentence = Describe(name, before, after, surplus),
        IsSatisfied = before == after && surplus == 0,
        RuleBefore = before,
        RuleAfter = after,
    };

    public override SetupRecord Announce(SetupRecord record) => IsRestoration ? record : record.WithRule(name, before, after);

    public override SetupRecord Conclude(SetupRecord record) => IsRestoration ? record.WithoutRule(name) : record;

    public override Task CheckAsync(CancellationToken cancellationToken)
    {
        var found = Find();
        bool isAsPlanned = found.Length == (before is null ? 0 : 1 + surplus) && (before is null || found.Contains(before));
        return isAsPlanned ? Task.CompletedTask : throw new TeredoException(TeredoError.SetupFailed,
            $"The firewall rule '{name}' was changed by another program or user after the plan was made. Make a new plan.");
    }

    public override Task ApplyAsync(CancellationToken cancellationToken)
    {
        Write(before, after, surplus);
        return Task.CompletedTask;
    }

    public override Task UndoAsync()
    {
        var found = Find();
        if (found.FirstOrDefault() is var current && current != before)
            Write(current, before, Math.Max(0, found.Length - 1));
        return Task.CompletedTask;
    }

    static string Describe(string name, FirewallRule? before, FirewallRule? after, int surplus) => (before, after) switch
    {
        (null, null) => $"The firewall rule '{name}' is gone already.",
        (null, _) =>
            $"Add the firewall rule '{name}': {after.Protocol.ToString().ToUpperInvariant()} to {Target(after)} is allowed{ThroughTunnel(after)}.",
        (_, null) => $"Remove the firewall rule '{name}'.",
        _ when surplus > 0 => $"Replace the {surplus + 1} firewall rules '{name}' by one.",
        _ when before == after => $"The firewall rule '{name}' is already as it should be.",
        _ => $"Change the firewall rule '{name}': {string.Join(", ", RuleComparison.Differences(after, before))}.",
    };

    static string Target(FirewallRule rule) =>
        (rule.LocalPorts is { } ports ? $"port {ports} of " : "") + (rule.ProgramPath ?? rule.ServiceName ?? "any program");

    static string ThroughTunnel(FirewallRule rule) => rule.EdgeTraversal switch
    {
        EdgeTraversal.Allow => ", also through Teredo",
        EdgeTraversal.DeferToApp => ", also through Teredo while the program's socket is open to strangers",
        _ => "",
    };

    FirewallRule[] Find() => [.. store.Require().Where(rule => rule.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];

    void Write(FirewallRule? current, FirewallRule? target, int doubles)
    {
        var kind = target is null ? FirewallChangeKind.Remove : current is null ? FirewallChangeKind.Add : FirewallChangeKind.Update;
        var step = new FirewallChange { Kind = kind, Rule = target ?? current!, Previous = current, Surplus = doubles };
        ExceptionPlan.Apply(step, store);
        ExceptionPlan.Verify([step], store.Require());
    }
}
