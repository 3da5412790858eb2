using TeredoSdk.Windows;

namespace TeredoSdk.Setup;

/// <summary>What stands in the way of an application although its setup is as planned: nothing that a setup changes.</summary>
static class SetupWarnings
{
    public static IEnumerable<string> Find(IWindowsSystem windows, TeredoSwitches switches, bool enablesTeredo) =>
        [.. OfTeredo(switches, enablesTeredo), .. OfFirewall(windows.Firewall), .. OfProducts(windows.Firewall)];

    static IEnumerable<string> OfTeredo(TeredoSwitches switches, bool enablesTeredo)
    {
        foreach (var obstacle in switches.Obstacles)
        {
            if (!TeredoChange.IsMendedByEnabling(obstacle))
                yield return enablesTeredo ? $"Windows' Teredo can't be switched on now, so that is left out. {obstacle.Problem}" : obstacle.Problem;
            else if (!enablesTeredo)
                yield return $"{obstacle.Problem} {nameof(TeredoSetupOptions.EnableTeredo)} makes that a part of the setup.";
        }
    }

    static IEnumerable<string> OfFirewall(IWindowsFirewall firewall)
    {
        if (!firewall.ReadStatus().TryGet(out var status))
            yield break;
        foreach (var profile in status.Active)
        {
            if (!profile.Enabled)
                yield return $"The firewall is off on {profile.Profile} networks. Teredo may refuse to work without one: netsh advfirewall set currentprofile state on.";
            else if (profile.BlocksAllInbound)
                yield return $"The firewall blocks all that comes in on {profile.Profile} networks, whatever its rules say. Clear \"Block all incoming connections\" there.";
        }
        if (status.ModifyState == FirewallModifyState.GroupPolicyOverride)
            yield return "A group policy overrides this machine's own firewall rules. Ask whoever administers it for a rule by policy.";
        else if (status.ModifyState == FirewallModifyState.InboundBlocked && !status.Active.Any(profile => profile.BlocksAllInbound))
            yield return "The firewall blocks all that comes in, whatever its rules say. Clear \"Block all incoming connections\" in its settings.";
    }

    static IEnumerable<string> OfProducts(IWindowsFirewall firewall) =>
        (firewall.ReadProducts().ValueOrDefault ?? []).Select(product => $"{product} is registered as a firewall, too, and has rules of its own: allow the program there.");
}
