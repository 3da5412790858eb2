using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>Adds, changes or removes a rule of the firewall.</summary>
/// <param name="firewall">The firewall.</param>
/// <param name="time">The clock for the wait until a change is seen.</param>
/// <param name="name">The rule's name.</param>
/// <param name="before">The present rule, or null.</param>
/// <param name="after">The new rule, or null to remove it.</param>
/// <param name="surplus">How many further rules of the SDK have the name. They are removed, too, and never restored.</param>
/// <param name="unseen">A rule that a setup added and never saw, when that is removed; null otherwise.</param>
sealed class RuleChange(IWindowsFirewall firewall, TimeProvider time, string name, FirewallRule? before, FirewallRule? after, int surplus = 0, FirewallRule? unseen = null) : SetupChange
{
    /// <summary>Whether the change restores the rule as it was before the first setup. The record then no longer needs the rule.</summary>
    public bool IsRestoration { get; init; }

    /// <summary>Whether the record of an earlier setup was lost. The present rule is then that setup's work, and not what was before.</summary>
    public bool IsRecordLost { get; init; }

    bool _isWritten;

    public override SetupStep Step { get; } = new()
    {
        Kind = after is null ? SetupStepKind.RemoveRule : before is null ? SetupStepKind.AddRule : SetupStepKind.ChangeRule,
        Sentence = unseen is null ? Describe(name, before, after, surplus) : $"Remove the firewall rule '{name}', which the firewall does not show yet.",
        IsSatisfied = before == after && surplus == 0 && unseen is null,
        RuleBefore = before,
        RuleAfter = after,
    };

    public override SetupRecord Announce(SetupRecord record) => IsRestoration ? record : record.WithRule(name, IsRecordLost ? null : before, after);

    // A rule that stood before the first setup stays at the removal.
    public override SetupRecord Note(SetupRecord record) => IsRestoration ? record.WithoutRule(name) : Announce(record);

    public override SetupRecord Conclude(SetupRecord record) => IsRestoration ? record.WithoutRule(name) : record.WithSeen(name);

    public override Task CheckAsync(CancellationToken cancellationToken)
    {
        var found = firewall.RequireRule(name);
        bool isAsPlanned = surplus == 0 ? found == before : found is not null && ExceptionRules.IsOwn(found, null);
        return isAsPlanned ? Task.CompletedTask : throw new TeredoException(TeredoError.SetupFailed,
            $"The firewall rule '{name}' was changed by another program or user after the plan was made. Make a new plan.");
    }

    public override async Task ApplyAsync(CancellationToken cancellationToken)
    {
        if (before is null && after is null)
            firewall.Remove(unseen!.Name);
        await WriteAsync(before, after, surplus, cancellationToken).ConfigureAwait(false);
    }

    public override async Task UndoAsync()
    {
        if (before is null && after is not null)
            await TakeBackAsync(after).ConfigureAwait(false);
        else if (before is not null && firewall.RequireRule(name) is var current && current != before)
            await WriteAsync(current, before, doubles: surplus, CancellationToken.None).ConfigureAwait(false);
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

    async Task WriteAsync(FirewallRule? current, FirewallRule? target, int doubles, CancellationToken cancellationToken)
    {
        var kind = target is null ? FirewallChangeKind.Remove : current is null ? FirewallChangeKind.Add : FirewallChangeKind.Update;
        var rule = target ?? current ?? unseen!;
        var step = new FirewallChange { Kind = kind, Rule = rule, Previous = current, Surplus = doubles };
        ExceptionPlan.Apply(step, firewall);
        _isWritten = true;
        await ExceptionPlan.VerifyAsync(step, firewall, time, cancellationToken).ConfigureAwait(false);
    }

    // Removes the added rule, whether it is seen or not. A rule that was never seen may still be to come, so then the record must stay.
    async Task TakeBackAsync(FirewallRule added)
    {
        if (!_isWritten && firewall.RequireRule(name) is null)
            return; // the firewall refused it
        bool wasSeen = await firewall.AwaitRuleAsync(name, rule => rule is not null, time, CancellationToken.None).ConfigureAwait(false) is not null;
        firewall.Remove(added.Name);
        var step = new FirewallChange { Kind = FirewallChangeKind.Remove, Rule = added, Previous = added };
        await ExceptionPlan.VerifyAsync(step, firewall, time, CancellationToken.None).ConfigureAwait(false);
        if (!wasSeen)
            throw new TeredoException(TeredoError.SetupFailed,
                $"The firewall never showed the rule '{name}' that was added, so it is not sure that the rule is removed.");
    }
}
