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

    /// <summary>Warns of conditions that override the rules of the plan.</summary>
    public static IEnumerable<Finding> OfFirewall(IWindowsSystem windows, TeredoSetupOptions options, IReadOnlyList<SetupStep> steps)
    {
        var firewall = windows.Firewall;
        var status = firewall.ReadStatus().ValueOrDefault;
        var rules = RuleStore.Of(firewall).Read().ValueOrDefault;
        IReadOnlyList<FirewallRule>? planned = rules is null ? null
            : [.. rules.Where(rule => !steps.Any(step => rule == step.RuleBefore)), .. steps.Select(step => step.RuleAfter).OfType<FirewallRule>()];
        var warnings = WindowsWarnings.Find(planned, status, windows.ReadFirewallHealth(), windows.ReadAddresses().ValueOrDefault,
            firewall.ReadProducts().ValueOrDefault);
        return status is null || planned is null ? warnings : warnings.Concat(OfBlocks(new(status, planned), options));
    }

    // Conditions that override all rules are left out here, because the other warnings contain them.
    static IEnumerable<Finding> OfBlocks(EffectivePolicy policy, TeredoSetupOptions options) => policy.Overruled() is not null ? []
        : ExceptionRules.Traffic(options.ToRequest())
            .Select(each => policy.Judge(ExceptionCheck.To(options.ProgramPath, each.Protocol, each.Port, options.EdgeTraversal), fix: null))
            .Select(check => check.Finding).OfType<Finding>().Distinct();
}
