using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>A port that is open for all programs in the XP-era firewall.</summary>
/// <remarks>netfw.h: INetFwOpenPort. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("e0483ba0-47ff-4d9c-a6d6-7741d0b195f7")]
partial interface INetFwOpenPort : IDispatch
{
    string? GetName();

    void SetName(string? value);

    int GetIpVersion();

    void SetIpVersion(int value);

    NET_FW_IP_PROTOCOL_ GetProtocol();

    void SetProtocol(NET_FW_IP_PROTOCOL_ value);

    int GetPort();

    void SetPort(int value);

    int GetScope();

    void SetScope(int value);

    string? GetRemoteAddresses();

    void SetRemoteAddresses(string? value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetEnabled();

    void SetEnabled([MarshalAs(UnmanagedType.VariantBool)] bool value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetBuiltIn();
}
