using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Native.Com;

/// <summary>The base of dual interfaces (oaidl.h). It is never called; it fills the four slots before an interface's own methods.</summary>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper)]
[Guid("00020400-0000-0000-c000-000000000046")]
partial interface IDispatch
{
    [PreserveSig]
    int GetTypeInfoCount(out uint count);

    [PreserveSig]
    int GetTypeInfo(uint index, uint locale, out nint typeInfo);

    [PreserveSig]
    int GetIDsOfNames(in Guid interfaceId, nint names, uint count, uint locale, nint ids);

    [PreserveSig]
    int Invoke(int id, in Guid interfaceId, uint locale, ushort flags, nint parameters, nint result, nint exception, nint argumentError);
}
