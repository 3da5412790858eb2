using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>The policy of the XP-era firewall.</summary>
/// <remarks>netfw.h: INetFwPolicy. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("d46d2478-9ac9-4008-9dc7-5563ce5536cc")]
partial interface INetFwPolicy : IDispatch
{
    INetFwProfile GetCurrentProfile();

    INetFwProfile GetProfileByType(int profileType);
}
