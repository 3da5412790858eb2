using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>A profile of the XP-era firewall.</summary>
/// <remarks>netfw.h: INetFwProfile. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("174a0dda-e9f9-449d-993b-21ab667ca456")]
partial interface INetFwProfile : IDispatch
{
    NET_FW_PROFILE_TYPE_ GetType();

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetFirewallEnabled();

    void SetFirewallEnabled([MarshalAs(UnmanagedType.VariantBool)] bool value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetExceptionsNotAllowed();

    void SetExceptionsNotAllowed([MarshalAs(UnmanagedType.VariantBool)] bool value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetNotificationsDisabled();

    void SetNotificationsDisabled([MarshalAs(UnmanagedType.VariantBool)] bool value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetUnicastResponsesToMulticastBroadcastDisabled();

    void SetUnicastResponsesToMulticastBroadcastDisabled([MarshalAs(UnmanagedType.VariantBool)] bool value);

    nint GetRemoteAdminSettings();

    nint GetIcmpSettings();

    INetFwOpenPorts GetGloballyOpenPorts();

    nint GetServices();

    nint GetAuthorizedApplications();
}
