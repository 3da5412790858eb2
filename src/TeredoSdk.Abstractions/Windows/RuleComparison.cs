namespace TeredoSdk.Windows;

/// <summary>Compares rules in full, as Windows does: names, paths and keywords without case, variables in paths expanded.</summary>
static class RuleComparison
{
    const FirewallProfiles EveryKnownProfile = FirewallProfiles.Domain | FirewallProfiles.Private | FirewallProfiles.Public;

    static readonly (string Name, Func<FirewallRule, object?> Value)[] Members =
    [
        (nameof(FirewallRule.Name), rule => Folded(rule.Name)),
        (nameof(FirewallRule.Description), rule => rule.Description),
        (nameof(FirewallRule.Grouping), rule => Folded(rule.Grouping)),
        (nameof(FirewallRule.ProgramPath), rule => Folded(Expand(rule.ProgramPath ?? ""))),
        (nameof(FirewallRule.ServiceName), rule => Folded(rule.ServiceName)),
        (nameof(FirewallRule.Protocol), rule => rule.Protocol),
        (nameof(FirewallRule.LocalPorts), rule => Folded(rule.LocalPorts)),
        (nameof(FirewallRule.RemotePorts), rule => Folded(rule.RemotePorts)),
        (nameof(FirewallRule.LocalAddresses), rule => Folded(rule.LocalAddresses)),
        (nameof(FirewallRule.RemoteAddresses), rule => Folded(rule.RemoteAddresses)),
        (nameof(FirewallRule.IcmpTypesAndCodes), rule => Folded(rule.IcmpTypesAndCodes)),
        (nameof(FirewallRule.Direction), rule => rule.Direction),
        (nameof(FirewallRule.Interfaces), rule => Folded(rule.Interfaces)),
        (nameof(FirewallRule.InterfaceTypes), rule => Folded(rule.InterfaceTypes)),
        (nameof(FirewallRule.Enabled), rule => rule.Enabled),
        (nameof(FirewallRule.Profiles), rule => Whole(rule.Profiles)),
        (nameof(FirewallRule.EdgeTraversal), rule => rule.EdgeTraversal),
        (nameof(FirewallRule.Action), rule => rule.Action),
        (nameof(FirewallRule.LocalAppPackageId), rule => Folded(rule.LocalAppPackageId)),
        (nameof(FirewallRule.LocalUserOwner), rule => Folded(rule.LocalUserOwner)),
        (nameof(FirewallRule.LocalUserAuthorizedList), rule => Folded(rule.LocalUserAuthorizedList)),
        (nameof(FirewallRule.RemoteUserAuthorizedList), rule => Folded(rule.RemoteUserAuthorizedList)),
        (nameof(FirewallRule.RemoteMachineAuthorizedList), rule => Folded(rule.RemoteMachineAuthorizedList)),
        (nameof(FirewallRule.SecureFlags), rule => rule.SecureFlags),
    ];

    public static bool AreEqual(FirewallRule one, FirewallRule other) => Members.All(member => Equals(member.Value(one), member.Value(other)));

    /// <summary>
    /// Whether each member is that of one of some rules: the system changes a rule member by member, so a change that is cut short leaves a mixture.
    /// </summary>
    public static bool IsMixture(FirewallRule rule, IReadOnlyList<FirewallRule> rules) =>
        Members.All(member => rules.Any(other => Equals(member.Value(rule), member.Value(other))));

    /// <returns>What differs, such as "LocalPorts is '80' instead of '443'".</returns>
    public static IReadOnlyList<string> Differences(FirewallRule wanted, FirewallRule found) =>
        [.. Members.Where(member => !Equals(member.Value(wanted), member.Value(found)))
            .Select(member => $"{member.Name} is '{member.Value(found)}' instead of '{member.Value(wanted)}'")];

    public static bool SamePath(string one, string other) => Expand(one).Equals(Expand(other), StringComparison.OrdinalIgnoreCase);

    /// <summary>A path with its variables such as %ProgramFiles% replaced.</summary>
    public static string Expand(string path) => Environment.ExpandEnvironmentVariables(path);

    static string? Folded(string? text) => text?.ToUpperInvariant();

    // The profiles that exist are all, whether or not those to come are asked for: what systems give back for "all" differs.
    static FirewallProfiles Whole(FirewallProfiles profiles) => profiles.HasFlag(EveryKnownProfile) ? FirewallProfiles.All : profiles;
}
