using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>
/// Disables the rules that block the program since Windows' own prompt was cancelled, or restores them. They share one name, by which the firewall can't
/// change each: all of them are removed and written anew.
/// </summary>
/// <param name="firewall">The firewall.</param>
/// <param name="time">The clock for the wait until a change is seen.</param>
/// <param name="before">The present rules of that name; empty when an interrupted change left none.</param>
/// <param name="after">The new rules of that name.</param>
/// <param name="isRestoration">Whether the rules become what they were before the first setup.</param>
sealed class BlockChange(IWindowsFirewall firewall, TimeProvider time, IReadOnlyList<FirewallRule> before, IReadOnlyList<FirewallRule> after, bool isRestoration)
    : SetupChange
{
    string Name => after[0].Name;

    public override SetupStep Step { get; } = new()
    {
        Kind = isRestoration ? SetupStepKind.RestoreBlock : SetupStepKind.DisableBlock,
        Sentence = isRestoration ? $"Restore the {after.Count} firewall rules '{after[0].Name}', which block the program, as they were before."
            : $"Disable the {after.Count} firewall rules '{after[0].Name}': Windows made them when its own question at the program's first listen was "
                + "cancelled, and they block whatever another rule allows.",
        IsSatisfied = IsSame(before, after),
        RuleBefore = before.Count > 0 ? before[0] : null,
        RuleAfter = after[0],
    };

    public override IReadOnlyList<FirewallRule> Replaced => before;

    public override IReadOnlyList<FirewallRule> Made => after;

    /// <summary>Finds the rules to disable. Rules that share their name with something else are left alone.</summary>
    public static IEnumerable<BlockChange> ToDisable(
        IWindowsSystem windows, TimeProvider time, IReadOnlyList<FirewallRule> rules, string program) =>
        rules.Where(rule => rule.Enabled && IsOfCancelledPrompt(windows, rule, program)).GroupBy(rule => rule.Name, StringComparer.OrdinalIgnoreCase)
            .Select(blocks => rules.Where(rule => rule.Name.Equals(blocks.Key, StringComparison.OrdinalIgnoreCase)).ToArray())
            .Where(named => named.All(rule => IsOfCancelledPrompt(windows, rule, program)))
            .Select(named => new BlockChange(windows.Firewall, time, named, [.. named.Select(rule => rule with { Enabled = false })], isRestoration: false));

    /// <summary>Makes the change that restores the rules, unless somebody else changed them.</summary>
    public static BlockChange? ToRestore(IWindowsFirewall firewall, TimeProvider time, IReadOnlyList<FirewallRule> rules, BlockRecord record, List<Finding> findings)
    {
        FirewallRule[] found = [.. rules.Where(rule => record.IsFor(rule.Name))];
        bool isOwnWork = found.All(rule => record.Before.Any(before => rule == before || rule == before with { Enabled = false }));
        if (isOwnWork && (found.Length == record.Before.Count || record.IsPending))
            return new(firewall, time, found, record.Before, isRestoration: true);
        findings.Add(SetupFindings.BlocksChanged(record.Name));
        return null;
    }

    public override SetupRecord Announce(SetupRecord record) => record.WithBlocks(Name, before, isPending: true);

    public override SetupRecord Conclude(SetupRecord record) =>
        isRestoration ? record.WithoutBlocks(Name) : record.WithBlocks(Name, before, isPending: false);

    public override Task CheckAsync(CancellationToken cancellationToken)
    {
        var found = firewall.RequireRule(Name);
        return found is null ? before.Count == 0 ? Task.CompletedTask : throw Changed()
            : before.Contains(found) ? Task.CompletedTask : throw Changed();
    }

    public override Task ApplyAsync(CancellationToken cancellationToken) => ReplaceAsync(after, cancellationToken);

    public override Task UndoAsync() => ReplaceAsync(before, CancellationToken.None);

    // No other rule has the name, as the plan found.
    async Task ReplaceAsync(IReadOnlyList<FirewallRule> target, CancellationToken cancellationToken)
    {
        for (int i = 0; i < Math.Max(before.Count, after.Count); i++)
            firewall.Remove(Name); // by the name, whether the rule is seen or not
        foreach (var rule in target)
            firewall.Add(rule);
        var found = await firewall.AwaitRuleAsync(Name, IsThere, time, cancellationToken).ConfigureAwait(false);
        if (!IsThere(found))
            throw new TeredoException(TeredoError.SetupFailed, $"The firewall accepted the rules '{Name}', but they read back differently: "
                + "check whether another program or a policy manages this firewall, and try again.");

        bool IsThere(FirewallRule? rule) => rule is null ? target.Count == 0 : target.Contains(rule);
    }

    static bool IsOfCancelledPrompt(IWindowsSystem windows, FirewallRule rule, string program) =>
        ExceptionRules.IsOfCancelledPrompt(rule) && ApplicationRules.AreSame(windows, rule.ProgramPath!, program);

    static bool IsSame(IReadOnlyList<FirewallRule> one, IReadOnlyList<FirewallRule> other) => one.Count == other.Count && one.All(other.Contains);

    TeredoException Changed() => new(TeredoError.SetupFailed,
        $"The firewall rules '{Name}' were changed by another program or user after the plan was made. Make a new plan.");
}
