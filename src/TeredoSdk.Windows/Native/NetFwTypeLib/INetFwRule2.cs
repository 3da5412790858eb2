using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>A rule that can leave edge traversal to the application or the user (Windows 7 and later).</summary>
/// <remarks>netfw.h: INetFwRule2. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("9c27c8da-189b-4dde-89f7-8b39a316782c")]
partial interface INetFwRule2 : INetFwRule
{
    int GetEdgeTraversalOptions();

    void SetEdgeTraversalOptions(int value);
}
