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
    bool GetFirewallEnabled(NET_FW_PROFILE_TYPE2_ profileType);

    void SetFirewallEnabled(NET_FW_PROFILE_TYPE2_ profileType, [MarshalAs(UnmanagedType.VariantBool)] bool value);

    ComVariant GetExcludedInterfaces(NET_FW_PROFILE_TYPE2_ profileType);

    void SetExcludedInterfaces(NET_FW_PROFILE_TYPE2_ profileType, ComVariant value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetBlockAllInboundTraffic(NET_FW_PROFILE_TYPE2_ profileType);

    void SetBlockAllInboundTraffic(NET_FW_PROFILE_TYPE2_ profileType, [MarshalAs(UnmanagedType.VariantBool)] bool value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetNotificationsDisabled(NET_FW_PROFILE_TYPE2_ profileType);

    void SetNotificationsDisabled(NET_FW_PROFILE_TYPE2_ profileType, [MarshalAs(UnmanagedType.VariantBool)] bool value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetUnicastResponsesToMulticastBroadcastDisabled(NET_FW_PROFILE_TYPE2_ profileType);

    void SetUnicastResponsesToMulticastBroadcastDisabled(NET_FW_PROFILE_TYPE2_ profileType, [MarshalAs(UnmanagedType.VariantBool)] bool value);

    INetFwRules GetRules();

    nint GetServiceRestriction();

    void EnableRuleGroup(int profileTypesBitmask, string? group, [MarshalAs(UnmanagedType.VariantBool)] bool enable);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool IsRuleGroupEnabled(int profileTypesBitmask, string? group);

    void RestoreLocalFirewallDefaults();

    NET_FW_ACTION_ GetDefaultInboundAction(NET_FW_PROFILE_TYPE2_ profileType);

    void SetDefaultInboundAction(NET_FW_PROFILE_TYPE2_ profileType, NET_FW_ACTION_ value);

    NET_FW_ACTION_ GetDefaultOutboundAction(NET_FW_PROFILE_TYPE2_ profileType);

    void SetDefaultOutboundAction(NET_FW_PROFILE_TYPE2_ profileType, NET_FW_ACTION_ value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetIsRuleGroupCurrentlyEnabled(string? group);

    NET_FW_MODIFY_STATE_ GetLocalPolicyModifyState();
}
