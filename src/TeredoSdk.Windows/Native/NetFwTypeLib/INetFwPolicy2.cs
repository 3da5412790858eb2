using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>The firewall (Windows Vista and later).</summary>
/// <remarks>netfw.h: INetFwPolicy2. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("98325047-c671-4174-8d81-defcd3f03186")]
partial interface INetFwPolicy2 : IDispatch
{
    int GetCurrentProfileTypes();

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetFirewallEnabled(FirewallProfiles profileType);

    void SetFirewallEnabled(FirewallProfiles profileType, [MarshalAs(UnmanagedType.VariantBool)] bool value);

    ComVariant GetExcludedInterfaces(FirewallProfiles profileType);

    void SetExcludedInterfaces(FirewallProfiles profileType, ComVariant value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetBlockAllInboundTraffic(FirewallProfiles profileType);

    void SetBlockAllInboundTraffic(FirewallProfiles profileType, [MarshalAs(UnmanagedType.VariantBool)] bool value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetNotificationsDisabled(FirewallProfiles profileType);

    void SetNotificationsDisabled(FirewallProfiles profileType, [MarshalAs(UnmanagedType.VariantBool)] bool value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetUnicastResponsesToMulticastBroadcastDisabled(FirewallProfiles profileType);

    void SetUnicastResponsesToMulticastBroadcastDisabled(FirewallProfiles profileType, [MarshalAs(UnmanagedType.VariantBool)] bool value);

    INetFwRules GetRules();

    nint GetServiceRestriction();

    void EnableRuleGroup(int profileTypesBitmask, string? group, [MarshalAs(UnmanagedType.VariantBool)] bool enable);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool IsRuleGroupEnabled(int profileTypesBitmask, string? group);

    void RestoreLocalFirewallDefaults();

    FirewallAction GetDefaultInboundAction(FirewallProfiles profileType);

    void SetDefaultInboundAction(FirewallProfiles profileType, FirewallAction value);

    FirewallAction GetDefaultOutboundAction(FirewallProfiles profileType);

    void SetDefaultOutboundAction(FirewallProfiles profileType, FirewallAction value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetIsRuleGroupCurrentlyEnabled(string? group);

    FirewallModifyState GetLocalPolicyModifyState();
}
