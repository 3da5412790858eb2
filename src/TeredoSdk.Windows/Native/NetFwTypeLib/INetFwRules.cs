using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>All rules (Windows Vista and later).</summary>
/// <remarks>netfw.h: INetFwRules. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("9c4c6277-5027-441e-afae-ca1f542da009")]
partial interface INetFwRules : IDispatch
{
    int GetCount();

    void Add(INetFwRule rule);

    void Remove(string? name);

    [PreserveSig]
    int Item(string? name, out INetFwRule? rule);

    nint GetNewEnum();
}
