using System.Runtime.Versioning;
using TeredoSdk.Windows.Native.NetFwTypeLib;

namespace TeredoSdk.Windows.Native.Firewall;

/// <summary>Reads all properties of a firewall rule.</summary>
[SupportedOSPlatform("windows")]
static class RuleReader
{
    public static FirewallRule Read(INetFwRule3 rule) => new()
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
        EdgeTraversal = (EdgeTraversal)rule.GetEdgeTraversalOptions(),
        Action = (FirewallAction)rule.GetAction(),
        LocalAppPackageId = Text(rule.GetLocalAppPackageId()),
        LocalUserOwner = Text(rule.GetLocalUserOwner()),
        LocalUserAuthorizedList = Text(rule.GetLocalUserAuthorizedList()),
        RemoteUserAuthorizedList = Text(rule.GetRemoteUserAuthorizedList()),
        RemoteMachineAuthorizedList = Text(rule.GetRemoteMachineAuthorizedList()),
        SecureFlags = rule.GetSecureFlags(),
    };

    static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;

    static string? Limit(string? text) => text is "*" ? null : Text(text);

    static string? InterfaceTypes(string? types) => "All".Equals(types, StringComparison.OrdinalIgnoreCase) ? null : Text(types);
}
