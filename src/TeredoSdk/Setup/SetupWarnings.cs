using TeredoSdk.Windows;
using TeredoSdk.Windows.Firewall;

namespace TeredoSdk.Setup;

/// <summary>What stands in the way of an application although its setup is as planned: nothing that a setup changes.</summary>
static class SetupWarnings
{
    /// <summary>What keeps Teredo off.</summary>
    public static IEnumerable<string> OfTeredo(TeredoSwitches switches, bool enablesTeredo)
    {
        foreach (var obstacle in switches.Obstacles)
        {
            if (!TeredoChange.IsMendedByEnabling(obstacle))
                yield return enablesTeredo ? $"Windows' Teredo can't be switched on now, so that is left out. {obstacle.Problem}" : obstacle.Problem;
            else if (!enablesTeredo)
                yield return $"{obstacle.Problem} {nameof(TeredoSetupOptions.EnableTeredo)} makes that a part of the setup.";
        }
    }

    /// <summary>What overrides the rules once they are as planned.</summary>
    public static IEnumerable<string> OfFirewall(IWindowsSystem windows, TeredoSetupOptions options, IReadOnlyList<SetupStep> steps)
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

    // What overrules all rules is among the other warnings.
    static IEnumerable<string> OfBlocks(EffectivePolicy policy, TeredoSetupOptions options) => policy.Overruled() is not null ? []
        : ExceptionRules.Traffic(options.ToRequest())
            .Select(each => policy.Judge(ExceptionCheck.To(options.ProgramPath, each.Protocol, each.Port, options.EdgeTraversal), "look into it"))
            .Select(check => check.Problem).OfType<string>().Distinct();
}
