using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>The ports that are open for all programs in the XP-era firewall.</summary>
/// <remarks>netfw.h: INetFwOpenPorts. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("c0e9d7fa-e07e-430a-b19a-090ce82d92e2")]
partial interface INetFwOpenPorts : IDispatch
{
    int GetCount();

    void Add(INetFwOpenPort port);

    void Remove(int portNumber, NET_FW_IP_PROTOCOL_ ipProtocol);

    [PreserveSig]
    int Item(int portNumber, NET_FW_IP_PROTOCOL_ ipProtocol, out INetFwOpenPort? openPort);

    nint GetNewEnum();
}
