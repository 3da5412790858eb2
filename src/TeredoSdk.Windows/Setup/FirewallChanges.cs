using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>Finds the firewall changes for a setup or a removal. When the firewall can't be read, there are none, and a warning says so.</summary>
/// <param name="windows">The system.</param>
/// <param name="findings">Receives what is left as it is.</param>
sealed class FirewallChanges(IWindowsSystem windows, List<Finding> findings)
{
    readonly RuleStore _store = RuleStore.Of(windows.Firewall);

    /// <summary>Whether rules were left out, because the firewall could not be read.</summary>
    public bool IsIncomplete { get; private set; }

    /// <summary>Adds the wanted rules, and removes rules of an earlier setup that are no longer wanted.</summary>
    /// <exception cref="TeredoException">The program does not exist, or a rule for it is not valid.</exception>
    public List<SetupChange> ToSetUp(TeredoSetupOptions options, SetupRecord? record)
    {
        // When an earlier setup of the application switched Teredo on, Teredo stays on until the application is removed.
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

    /// <summary>Restores the rules as they were before a setup, the last changed first.</summary>
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
                findings.Add(SetupFindings.RuleChanged(record.Name));
            else if (current is null && record is { Before: not null, IsRemoved: false })
                findings.Add(SetupFindings.RuleRemoved(record.Name));
            else
                changes.Add(new RuleChange(_store, record.Name, current, record.Before) { IsRestoration = true });
        }
        return changes;
    }

    /// <summary>Removes the SDK's own rules for an application. It does not restore earlier rules, because there is no record of them.</summary>
    public List<SetupChange> ToRemove(string application)
    {
        List<SetupChange> changes = [];
        var rules = Read() ?? [];
        foreach (var own in rules.Where(rule => ExceptionRules.IsOwn(rule, application)).GroupBy(rule => rule.Name, StringComparer.OrdinalIgnoreCase))
        {
            if (rules.Any(rule => rule.Name.Equals(own.Key, StringComparison.OrdinalIgnoreCase) && !ExceptionRules.IsOwn(rule, null)))
                findings.Add(SetupFindings.RuleShared(own.Key));
            else
                changes.Add(new RuleChange(_store, own.Key, own.First(), null, own.Count() - 1));
        }
        return changes;
    }

    RuleChange ToChange(FirewallChange step) =>
        new(_store, step.Rule.Name, step.Previous, step.Kind == FirewallChangeKind.Remove ? null : step.Rule, step.Surplus);

    // Windows has its own rule for the port, unless somebody removed it. A rule of the SDK does not count, because it goes with its application.
    bool LacksTeredoPort() => windows.Firewall.ReadRules().TryGet(out var rules)
        && !rules.Any(rule => FirewallExceptions.IsTeredoPort(rule) && !ExceptionRules.IsOwn(rule, null));

    IReadOnlyList<FirewallRule>? Read()
    {
        var rules = _store.Read();
        if (!rules.IsKnown)
            LeaveOut(rules.Reason!);
        return rules.ValueOrDefault;
    }

    void LeaveOut(string reason)
    {
        IsIncomplete = true;
        findings.Add(SetupFindings.FirewallNotRead(reason));
    }
}
