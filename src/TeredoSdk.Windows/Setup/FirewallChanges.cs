using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>Finds the firewall changes for a setup or a removal. When the firewall can't be read, there are none, and a warning says so.</summary>
sealed class FirewallChanges
{
    readonly IWindowsSystem _windows;
    readonly TimeProvider _time;
    readonly List<Finding> _findings;

    FirewallChanges(IWindowsSystem windows, TimeProvider time, List<Finding> findings) =>
        (_windows, _time, _findings) = (windows, time, findings);

    /// <summary>All rules, read once; or the reason why they can't be read.</summary>
    public Reading<IReadOnlyList<FirewallRule>> Rules { get; private set; }

    /// <summary>Whether rules were left out, because the firewall could not be read.</summary>
    public bool IsIncomplete { get; private set; }

    /// <summary>Whether rules are left to the user, because somebody else changed them.</summary>
    public bool HasLeftovers { get; private set; }

    /// <summary>Reads the rules, once for all.</summary>
    /// <param name="windows">The system.</param>
    /// <param name="time">The clock for the wait until a rule is seen.</param>
    /// <param name="record">The record of the application, or null: its rules that were never seen are looked for again.</param>
    /// <param name="findings">Receives what is left as it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<FirewallChanges> ReadAsync(IWindowsSystem windows, TimeProvider time, SetupRecord? record, List<Finding> findings,
        CancellationToken cancellationToken)
    {
        var changes = new FirewallChanges(windows, time, findings);
        changes.Rules = windows.Firewall.ReadRules();
        foreach (var unseen in record?.Rules.Where(rule => rule.IsUnseen) ?? [])
        {
            if (changes.Rules.TryGet(out var rules) && !rules.Any(rule => unseen.IsFor(rule.Name))
                && await windows.Firewall.AwaitRuleAsync(unseen.Name, rule => rule is not null, time, cancellationToken).ConfigureAwait(false) is { } late)
                changes.Rules = Reading.Of<IReadOnlyList<FirewallRule>>([.. rules, late]);
        }
        return changes;
    }

    /// <summary>Adds the wanted rules, and removes rules of an earlier setup that are no longer wanted.</summary>
    /// <exception cref="TeredoException">The program does not exist, or a rule for it is not valid.</exception>
    public List<SetupChange> ToSetUp(TeredoSetupOptions options, SetupRecord? record, IReadOnlyList<SetupRecord> others, bool isRecordLost)
    {
        // When an earlier setup of the application switched Teredo on, Teredo stays on until the application is removed.
        bool needsTeredo = options.EnableTeredo || record is { NeedsTeredo: true };
        try
        {
            var request = options.ToRequest();
            request.OpenTeredoPort = needsTeredo && LacksTeredoPort();
            return [
                .. new TeredoFirewall(_windows).PlanFor(request, () => Rules.Require(), others.SelectMany(other => other.Rules).Select(rule => rule.Name))
                    .Select(step => ToChange(step, isRecordLost)),
                .. BlockChange.ToDisable(_windows, _time, Rules.Require(), options.ProgramPath),
            ];
        }
        catch (TeredoException e) when (e.Error == TeredoError.FirewallUnavailable)
        {
            LeaveOut(e.Message);
            return [];
        }
    }

    /// <summary>Restores the rules as they were before a setup, the last changed first.</summary>
    public List<SetupChange> ToRestore(IReadOnlyList<RuleRecord> records, IReadOnlyList<BlockRecord> blocks)
    {
        List<SetupChange> changes = [];
        if (records.Count + blocks.Count == 0 || Read() is not { } rules)
            return changes;
        changes.AddRange(blocks.Select(block => BlockChange.ToRestore(_windows.Firewall, _time, rules, block, _findings)).OfType<SetupChange>());
        foreach (var record in records.Reverse())
        {
            FirewallRule[] found = [.. rules.Where(rule => record.IsFor(rule.Name))];
            var current = found.FirstOrDefault();
            if (!found.All(record.IsOwnWork))
            {
                HasLeftovers = true;
                _findings.Add(SetupFindings.RuleChanged(record.Name));
            }
            else if (current is null && record is { Before: not null, IsRemoved: false })
                _findings.Add(SetupFindings.RuleRemoved(record.Name));
            else
                changes.Add(new RuleChange(_windows.Firewall, _time, record.Name, current, record.Before, Math.Max(0, found.Length - 1),
                    unseen: current is null && record.IsUnseen ? record.Made[^1] : null)
                {
                    IsRestoration = true,
                });
        }
        return changes;
    }

    /// <summary>
    /// Removes the SDK's own rules of a program that are in no record, such as those that it made when it ran. What was before them is not known.
    /// </summary>
    public List<SetupChange> ToRemove(TeredoSetupOptions options, IReadOnlyList<RuleRecord> recorded)
    {
        List<SetupChange> changes = [];
        var rules = Rules.IsKnown || recorded.Count == 0 ? Read() ?? [] : [];
        var application = new ApplicationRules(_windows, options.Name, options.ProgramPath, rules);
        foreach (var own in rules.Where(IsUnrecorded).GroupBy(rule => rule.Name, StringComparer.OrdinalIgnoreCase))
        {
            if (rules.Any(rule => rule.Name.Equals(own.Key, StringComparison.OrdinalIgnoreCase) && !IsUnrecorded(rule)))
            {
                HasLeftovers = true;
                _findings.Add(SetupFindings.RuleShared(own.Key));
            }
            else
                changes.Add(new RuleChange(_windows.Firewall, _time, own.Key, own.First(), null, own.Count() - 1) { IsRestoration = true });
        }
        return changes;

        bool IsUnrecorded(FirewallRule rule) => ExceptionRules.IsOwn(rule, null) && !recorded.Any(record => record.IsFor(rule.Name))
            && (rule.ProgramPath is { } path ? ApplicationRules.AreSame(_windows, path, options.ProgramPath) : application.OwnsWithoutProgram(rule));
    }

    /// <summary>The program to which records or rules of the application's name belong, when that is another one; null otherwise.</summary>
    public string? FindOther(TeredoSetupOptions options, IReadOnlyList<SetupRecord> others) =>
        others.Where(other => other.Name.Equals(options.Name, StringComparison.OrdinalIgnoreCase)).Select(other => other.ProgramPath)
            .Concat((Rules.ValueOrDefault ?? []).Where(rule => ExceptionRules.IsOwn(rule, options.Name)).Select(rule => rule.ProgramPath).OfType<string>())
            .FirstOrDefault();

    RuleChange ToChange(FirewallChange step, bool isRecordLost) =>
        new(_windows.Firewall, _time, step.Rule.Name, step.Previous, step.Kind == FirewallChangeKind.Remove ? null : step.Rule, step.Surplus) { IsRecordLost = isRecordLost };

    // Windows has its own rule for the port, unless somebody removed it. A rule of the SDK does not count, because it goes with its application.
    bool LacksTeredoPort() => Rules.TryGet(out var rules)
        && !rules.Any(rule => ExceptionRules.IsTeredoPort(rule) && !ExceptionRules.IsOwn(rule, null));

    IReadOnlyList<FirewallRule>? Read()
    {
        if (!Rules.IsKnown)
            LeaveOut(Rules.Reason!);
        return Rules.ValueOrDefault;
    }

    void LeaveOut(string reason)
    {
        IsIncomplete = true;
        _findings.Add(SetupFindings.FirewallNotRead(reason));
    }
}
