using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>A rule (Windows Vista and later).</summary>
/// <remarks>netfw.h: INetFwRule. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("af230d27-baba-4e42-aced-f524f22cfce2")]
partial interface INetFwRule : IDispatch
{
    string? GetName();

    void SetName(string? value);

    string? GetDescription();

    void SetDescription(string? value);

    string? GetApplicationName();

    void SetApplicationName(string? value);

    string? GetServiceName();

    void SetServiceName(string? value);

    int GetProtocol();

    void SetProtocol(int value);

    string? GetLocalPorts();

    void SetLocalPorts(string? value);

    string? GetRemotePorts();

    void SetRemotePorts(string? value);

    string? GetLocalAddresses();

    void SetLocalAddresses(string? value);

    string? GetRemoteAddresses();

    void SetRemoteAddresses(string? value);

    string? GetIcmpTypesAndCodes();

    void SetIcmpTypesAndCodes(string? value);

    NET_FW_RULE_DIRECTION_ GetDirection();

    void SetDirection(NET_FW_RULE_DIRECTION_ value);

    ComVariant GetInterfaces();

    void SetInterfaces(ComVariant value);

    string? GetInterfaceTypes();

    void SetInterfaceTypes(string? value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetEnabled();

    void SetEnabled([MarshalAs(UnmanagedType.VariantBool)] bool value);

    string? GetGrouping();

    void SetGrouping(string? value);

    int GetProfiles();

    void SetProfiles(int value);

    [return: MarshalAs(UnmanagedType.VariantBool)]
    bool GetEdgeTraversal();

    void SetEdgeTraversal([MarshalAs(UnmanagedType.VariantBool)] bool value);

    NET_FW_ACTION_ GetAction();

    void SetAction(NET_FW_ACTION_ value);
}
