using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>The firewall of Windows XP SP2.</summary>
/// <remarks>netfw.h: INetFwMgr. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("f7898af5-cac4-4632-a2ec-da06e5111af2")]
partial interface INetFwMgr : IDispatch
{
    INetFwPolicy GetLocalPolicy();

    int GetCurrentProfileType();

    void RestoreDefaults();

    void IsPortAllowed(
        string? imageFileName, int ipVersion, int portNumber, string? localAddress, NET_FW_IP_PROTOCOL_ ipProtocol,
        out ComVariant allowed, out ComVariant restricted);

    void IsIcmpTypeAllowed(int ipVersion, string? localAddress, byte type, out ComVariant allowed, out ComVariant restricted);
}
