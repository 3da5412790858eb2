using TeredoSdk.Windows.Doctor;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Windows.Setup;

/// <summary>Warnings about obstacles that a setup does not remove, for a machine on which the plan has been applied.</summary>
static class SetupWarnings
{
    /// <summary>Warns of switches that keep Teredo off.</summary>
    public static IEnumerable<Finding> OfTeredo(TeredoSwitches switches, bool enablesTeredo)
    {
        foreach (var obstacle in switches.Obstacles)
        {
            if (!TeredoChange.IsMendedByEnabling(obstacle))
                yield return enablesTeredo ? SetupFindings.LeftOut(obstacle) : obstacle;
            else if (!enablesTeredo)
                yield return SetupFindings.CanBeEnabled(obstacle);
        }
    }

    /// <summary>Warns of conditions that override the rules of the plan, and tells whether these rules will be in force.</summary>
    public static (IReadOnlyList<Finding> Findings, bool IsInForce) OfFirewall(IWindowsSystem windows, IReadOnlyList<FirewallRule>? rules, TeredoSetupOptions options,
        IReadOnlyList<SetupChange> changes)
    {
        var firewall = windows.Firewall;
        var status = firewall.ReadStatus().ValueOrDefault;
        IReadOnlyList<FirewallRule>? planned = rules is null ? null
            : [.. rules.Where(rule => !changes.Any(change => change.Replaced.Contains(rule))), .. changes.SelectMany(change => change.Made)];
        var warnings = WindowsWarnings.Find(planned, status, windows.ReadFirewallHealth(), windows.ReadAddresses().ValueOrDefault,
            firewall.ReadProducts().ValueOrDefault);
        if (status is null || planned is null)
            return ([.. warnings], false);
        var policy = new EffectivePolicy(status, planned);
        Finding[] blocks = [.. OfBlocks(policy, options, ApplicationRules.PathOf(windows, options.ProgramPath))];
        return ([.. warnings.Concat(blocks)], policy.Overruled() is null && blocks.Length == 0);
    }

    // Conditions that override all rules are left out here, because the other warnings contain them.
    static IEnumerable<Finding> OfBlocks(EffectivePolicy policy, TeredoSetupOptions options, string program) => policy.Overruled() is not null ? []
        : ExceptionRules.Traffic(options.ToRequest())
            .Select(each => policy.Judge(ExceptionCheck.To(program, each.Protocol, each.Port, options.EdgeTraversal), fix: null))
            .Select(check => check.Finding).OfType<Finding>().Distinct();
}
