using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>The firewalls of other vendors (Windows 7 and later).</summary>
/// <remarks>netfw.h: INetFwProducts. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("39eb36e0-2097-40bd-8af2-63a13b525362")]
partial interface INetFwProducts : IDispatch
{
    int GetCount();

    nint Register(INetFwProduct product);

    INetFwProduct Item(int index);

    nint GetNewEnum();
}
