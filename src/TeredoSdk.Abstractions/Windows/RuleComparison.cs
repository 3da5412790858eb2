namespace TeredoSdk.Windows;

/// <summary>Compares all members of rules as Windows does: names, paths and keywords without case, and paths as <see cref="Expand"/> makes them.</summary>
static class RuleComparison
{
    const FirewallProfiles EveryKnownProfile = FirewallProfiles.Domain | FirewallProfiles.Private | FirewallProfiles.Public;

    static readonly char[] Separators = ['\\', '/'];

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
    /// Whether each member of a rule equals that member of one of the other rules. The system changes a rule one member at a time, so a change that
    /// is interrupted leaves such a mixture.
    /// </summary>
    public static bool IsMixture(FirewallRule rule, IReadOnlyList<FirewallRule> rules) =>
        Members.All(member => rules.Any(other => Equals(member.Value(rule), member.Value(other))));

    /// <summary>Whether a rule equals another one, or only lets less in: a user disabled it, or narrowed its networks, addresses or the tunnel.</summary>
    public static bool IsNarrowed(FirewallRule rule, FirewallRule made) =>
        Members.All(member => Equals(member.Value(rule), member.Value(made)) || IsNarrower(member.Name, rule, made, member.Value(made) is null));

    static bool IsNarrower(string member, FirewallRule rule, FirewallRule made, bool isAny) => member switch
    {
        nameof(FirewallRule.Enabled) => !rule.Enabled,
        nameof(FirewallRule.Profiles) => (Whole(rule.Profiles) & ~Whole(made.Profiles)) == 0,
        nameof(FirewallRule.EdgeTraversal) => rule.EdgeTraversal == EdgeTraversal.Deny || made.EdgeTraversal == EdgeTraversal.Allow,
        nameof(FirewallRule.Description) => true, // lets nothing in
        nameof(FirewallRule.SecureFlags) => made.SecureFlags == 0,
        nameof(FirewallRule.Name) or nameof(FirewallRule.Grouping) or nameof(FirewallRule.ProgramPath) => false,
        _ => isAny,
    };

    /// <returns>The differences, such as "LocalPorts is '80' instead of '443'".</returns>
    public static IReadOnlyList<string> Differences(FirewallRule wanted, FirewallRule found) =>
        [.. Members.Where(member => !Equals(member.Value(wanted), member.Value(found)))
            .Select(member => $"{member.Name} is '{member.Value(found)}' instead of '{member.Value(wanted)}'")];

    public static bool SamePath(string one, string other) => Expand(one).Equals(Expand(other), StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// A path with its variables such as %ProgramFiles% replaced and, when it is a full path, written as Windows itself would: with single backslashes,
    /// without "." and "..", and without the dots and spaces at its end that Windows ignores. The system alone knows
    /// short names (8.3) and junctions: <see cref="IWindowsSystem.FinalPathOf"/>.
    /// </summary>
    public static string Expand(string path)
    {
        string full = Environment.ExpandEnvironmentVariables(path);
        bool isDrive = full is [_, ':', '\\' or '/', ..], isShare = full is ['\\', '\\', not ('?' or '.'), ..];
        if (!isDrive && !isShare)
            return full;
        const int Root = 2; // the drive, or the two backslashes before the server
        List<string> parts = [];
        foreach (string part in full[Root..].Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > (isShare ? Root : 0)) // never above the share, which is a server and a name
                parts.RemoveAt(parts.Count - 1);
            else if (part is not ("." or ".."))
                parts.Add(part);
        }
        return full[..Root] + (isDrive ? "\\" : "") + string.Join('\\', parts).TrimEnd('.', ' ');
    }

    static string? Folded(string? text) => text?.ToUpperInvariant();

    // Systems return different values for "all profiles", so the profiles that exist today count as all, with or without future ones.
    static FirewallProfiles Whole(FirewallProfiles profiles) => profiles.HasFlag(EveryKnownProfile) ? FirewallProfiles.All : profiles;
}
