using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.NetFwTypeLib;

namespace TeredoSdk.Windows.Native.Firewall;

/// <summary>
/// Writes a rule property by property. Windows checks a property of a stored rule and puts it in force at once, so each step must leave a valid
/// rule. Values that the new protocol or direction forbids are therefore cleared first, and values that depend on them are written later.
/// </summary>
/// <param name="rule">The rule in the firewall, or a new one. A proxy of another apartment may know the first interface of rules only.</param>
/// <param name="wanted">The rule's new properties.</param>
/// <param name="previous">The rule's current properties; null for a new rule.</param>
/// <remarks>Source: the remarks of INetFwRule and its properties.</remarks>
[SupportedOSPlatform("windows")]
sealed class RuleWriter(INetFwRule rule, FirewallRule wanted, FirewallRule? previous)
{
    // What the pages of the properties name for "any"; no page says that a null does the same.
    const string Any = "*";

    public void Write()
    {
        if (previous is not null)
            ClearWhatBinds(previous);
        WriteTexts();
        WriteKind();
        WriteLimits();
        WriteUsers();
        if (Differs(each => each.EdgeTraversal))
            WriteEdge(wanted.EdgeTraversal);
        if (Differs(each => each.Action))
            rule.SetAction((NET_FW_ACTION_)wanted.Action);
        if (Differs(each => each.Enabled))
            rule.SetEnabled(wanted.Enabled); // last, so that a new rule is off until it is complete
    }

    // Edge traversal restricts the direction and, when it is left to the user, the ports. Ports and ICMP types restrict the protocol.
    // Keywords among the ports restrict the direction.
    void ClearWhatBinds(FirewallRule stored)
    {
        if (stored.EdgeTraversal != EdgeTraversal.Deny && stored.EdgeTraversal != wanted.EdgeTraversal)
        {
            WriteEdge(EdgeTraversal.Deny);
            previous = stored with { EdgeTraversal = EdgeTraversal.Deny };
        }
        if (stored.Protocol == wanted.Protocol && stored.Direction == wanted.Direction)
            return;
        if (stored.LocalPorts is not null)
            rule.SetLocalPorts(Any);
        if (stored.RemotePorts is not null)
            rule.SetRemotePorts(Any);
        if (stored.IcmpTypesAndCodes is not null)
            rule.SetIcmpTypesAndCodes(Any);
        previous = previous! with { LocalPorts = null, RemotePorts = null, IcmpTypesAndCodes = null };
    }

    void WriteTexts()
    {
        WriteText(each => each.Name, rule.SetName);
        WriteText(each => each.Description, rule.SetDescription);
        WriteText(each => each.Grouping, rule.SetGrouping);
        WriteText(each => each.ProgramPath, rule.SetApplicationName);
        WriteText(each => each.ServiceName, rule.SetServiceName);
    }

    void WriteKind()
    {
        if (Differs(each => each.Protocol))
            rule.SetProtocol((int)wanted.Protocol);
        if (Differs(each => each.Direction))
            rule.SetDirection((NET_FW_RULE_DIRECTION_)wanted.Direction);
    }

    void WriteLimits()
    {
        WriteText(each => each.LocalPorts, rule.SetLocalPorts, Any);
        WriteText(each => each.RemotePorts, rule.SetRemotePorts, Any);
        WriteText(each => each.IcmpTypesAndCodes, rule.SetIcmpTypesAndCodes, Any);
        WriteText(each => each.LocalAddresses, rule.SetLocalAddresses, Any);
        WriteText(each => each.RemoteAddresses, rule.SetRemoteAddresses, Any);
        WriteText(each => each.InterfaceTypes, rule.SetInterfaceTypes, any: "All");
        WriteText(each => each.Interfaces, names => InterfaceNames.Write(names, rule.SetInterfaces));
        if (Differs(each => each.Profiles))
            rule.SetProfiles((int)wanted.Profiles);
    }

    void WriteUsers()
    {
        if (rule is INetFwRule3 users)
        {
            WriteText(each => each.LocalAppPackageId, users.SetLocalAppPackageId);
            WriteText(each => each.LocalUserOwner, users.SetLocalUserOwner);
            WriteText(each => each.LocalUserAuthorizedList, users.SetLocalUserAuthorizedList);
            WriteText(each => each.RemoteUserAuthorizedList, users.SetRemoteUserAuthorizedList);
            WriteText(each => each.RemoteMachineAuthorizedList, users.SetRemoteMachineAuthorizedList);
            if ((previous?.SecureFlags ?? 0) != wanted.SecureFlags)
                users.SetSecureFlags(wanted.SecureFlags);
        }
        else if (NeedsUsers(wanted))
        {
            throw new TeredoException(TeredoError.NotSupported,
                $"The rule '{wanted.Name}' names users or an app package, which this firewall's rules do not take: leave them out.");
        }
    }

    void WriteEdge(EdgeTraversal edge)
    {
        if (rule is INetFwRule2 options)
            options.SetEdgeTraversalOptions((int)edge);
        else if (edge is EdgeTraversal.Allow or EdgeTraversal.Deny)
            rule.SetEdgeTraversal(edge == EdgeTraversal.Allow);
        else
            throw new TeredoException(TeredoError.NotSupported,
                $"This firewall's rules can't defer edge traversal to the application or the user: set {EdgeTraversal.Allow} in the rule '{wanted.Name}'.");
    }

    static bool NeedsUsers(FirewallRule rule) =>
        rule.SecureFlags != 0 || rule is not
        {
            LocalAppPackageId: null, LocalUserOwner: null, LocalUserAuthorizedList: null,
            RemoteUserAuthorizedList: null, RemoteMachineAuthorizedList: null,
        };

    bool Differs<T>(Func<FirewallRule, T> property) =>
        previous is null || !EqualityComparer<T>.Default.Equals(property(previous), property(wanted));

    void WriteText(Func<FirewallRule, string?> property, Action<string?> write, string? any = null)
    {
        string? value = property(wanted);
        if (value != (previous is null ? null : property(previous)))
            write(value ?? any);
    }
}
