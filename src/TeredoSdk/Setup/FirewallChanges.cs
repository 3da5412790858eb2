using TeredoSdk.Windows;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Setup;

/// <summary>The changes of the firewall that a setup or a removal needs. Where the firewall can't be asked there are none, and a warning.</summary>
/// <param name="windows">The system.</param>
/// <param name="warnings">Where the warnings go.</param>
sealed class FirewallChanges(IWindowsSystem windows, List<string> warnings)
{
    readonly RuleStore _store = RuleStore.Of(windows.Firewall);

    /// <summary>The rules that are wanted, and those of an earlier setup that are not wanted any longer.</summary>
    /// <exception cref="TeredoException">The program does not exist, or a rule for it is not valid.</exception>
    public List<SetupChange> ToSetUp(TeredoSetupOptions options, SetupRecord? record)
    {
        // What an earlier setup of the application switched on stays on until it is removed.
        bool needsTeredo = options.EnableTeredo || record is { NeedsTeredo: true };
        try
        {
            var request = options.ToRequest();
            request.OpenTeredoPort = needsTeredo && LacksTeredoPort();
            return [.. new TeredoFirewall(windows).Plan(request).Select(ToChange)];
        }
        catch (TeredoException e) when (e.Error == TeredoError.FirewallUnavailable)
        {
            LeaveOut(e.Message);
            return [];
        }
    }

    /// <summary>What gives rules back what they had before a setup, the last first.</summary>
    public List<SetupChange> ToRestore(IReadOnlyList<RuleRecord> records)
    {
        List<SetupChange> changes = [];
        if (records.Count == 0 || Read() is not { } rules)
            return changes;
        foreach (var record in records.Reverse())
        {
            FirewallRule[] found = [.. rules.Where(rule => record.IsFor(rule.Name))];
            var current = found.FirstOrDefault();
            if (found.Length > 1 || (current != record.Before && current is not null && !record.IsOwnWork(current)))
                warnings.Add($"The firewall rule '{record.Name}' was changed by somebody else since the setup, and is left alone. "
                    + "Remove it by hand if nobody needs it.");
            else if (current is null && record is { Before: not null, IsRemoved: false })
                warnings.Add($"The firewall rule '{record.Name}' was removed by somebody else since the setup, and stays so.");
            else
                changes.Add(new RuleChange(_store, record.Name, current, record.Before) { IsRestoration = true });
        }
        return changes;
    }

    /// <summary>What removes the SDK's own rules for an application, without knowing what was there before.</summary>
    public List<SetupChange> ToRemove(string application)
    {
        List<SetupChange> changes = [];
        var rules = Read() ?? [];
        foreach (var own in rules.Where(rule => ExceptionRules.IsOwn(rule, application)).GroupBy(rule => rule.Name, StringComparer.OrdinalIgnoreCase))
        {
            if (rules.Any(rule => rule.Name.Equals(own.Key, StringComparison.OrdinalIgnoreCase) && !ExceptionRules.IsOwn(rule, null)))
                warnings.Add($"Somebody else has a firewall rule '{own.Key}', too, which the firewall can't tell apart: both are left alone.");
            else
                changes.Add(new RuleChange(_store, own.Key, own.First(), null, own.Count() - 1));
        }
        return changes;
    }

    RuleChange ToChange(FirewallChange step) =>
        new(_store, step.Rule.Name, step.Previous, step.Kind == FirewallChangeKind.Remove ? null : step.Rule, step.Surplus);

    // Windows has a rule for it, unless somebody took it away. One of ours does not count: it goes with its application.
    bool LacksTeredoPort() => windows.Firewall.ReadRules().TryGet(out var rules)
        && !rules.Any(rule => FirewallExceptions.IsTeredoPort(rule) && !ExceptionRules.IsOwn(rule, null));

    IReadOnlyList<FirewallRule>? Read()
    {
        var rules = _store.Read();
        if (!rules.IsKnown)
            LeaveOut(rules.Reason!);
        return rules.ValueOrDefault;
    }

    void LeaveOut(string reason) =>
        warnings.Add($"The firewall can't be asked, so its rules are left out: {reason} Run this again when that is mended.");
}
