using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Native.Cim;

/// <summary>Connects to a CIM namespace. wbemcli.h.</summary>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("dc12a687-737f-11cf-884d-00aa004b2e24")]
partial interface IWbemLocator
{
    [PreserveSig]
    int ConnectServer(string networkResource, string? user, string? password, string? locale, int securityFlags, string? authority, nint context,
        out nint services);
}
