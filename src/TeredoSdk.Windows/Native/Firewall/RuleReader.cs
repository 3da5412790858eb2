using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.NetFwTypeLib;

namespace TeredoSdk.Windows.Native.Firewall;

/// <summary>Reads all properties of a firewall rule. A proxy of another apartment may know the first interface of rules only.</summary>
[SupportedOSPlatform("windows")]
static class RuleReader
{
    public static FirewallRule Read(INetFwRule rule) => ReadUsers(rule, new FirewallRule
    {
        Name = rule.GetName() ?? "",
        Description = Text(rule.GetDescription()),
        Grouping = Text(rule.GetGrouping()),
        ProgramPath = Text(rule.GetApplicationName()),
        ServiceName = Text(rule.GetServiceName()),
        Protocol = (FirewallProtocol)rule.GetProtocol(),
        LocalPorts = Limit(rule.GetLocalPorts()),
        RemotePorts = Limit(rule.GetRemotePorts()),
        LocalAddresses = Limit(rule.GetLocalAddresses()),
        RemoteAddresses = Limit(rule.GetRemoteAddresses()),
        IcmpTypesAndCodes = Limit(rule.GetIcmpTypesAndCodes()),
        Direction = (FirewallDirection)rule.GetDirection(),
        Interfaces = InterfaceNames.Read(rule.GetInterfaces()),
        InterfaceTypes = InterfaceTypes(rule.GetInterfaceTypes()),
        Enabled = rule.GetEnabled(),
        Profiles = (FirewallProfiles)rule.GetProfiles(),
        EdgeTraversal = Edge(rule),
        Action = (FirewallAction)rule.GetAction(),
    });

    static FirewallRule ReadUsers(INetFwRule rule, FirewallRule read) => rule is not INetFwRule3 users ? read : read with
    {
        LocalAppPackageId = Text(users.GetLocalAppPackageId()),
        LocalUserOwner = Text(users.GetLocalUserOwner()),
        LocalUserAuthorizedList = Text(users.GetLocalUserAuthorizedList()),
        RemoteUserAuthorizedList = Text(users.GetRemoteUserAuthorizedList()),
        RemoteMachineAuthorizedList = Text(users.GetRemoteMachineAuthorizedList()),
        SecureFlags = users.GetSecureFlags(),
    };

    static EdgeTraversal Edge(INetFwRule rule) =>
        rule is INetFwRule2 edge ? (EdgeTraversal)edge.GetEdgeTraversalOptions()
        : rule.GetEdgeTraversal() ? EdgeTraversal.Allow
        : EdgeTraversal.Deny;

    static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;

    static string? Limit(string? text) => text is "*" ? null : Text(text);

    static string? InterfaceTypes(string? types) => "All".Equals(types, StringComparison.OrdinalIgnoreCase) ? null : Text(types);
}
