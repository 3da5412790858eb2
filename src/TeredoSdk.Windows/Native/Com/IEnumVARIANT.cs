using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Native.Com;

/// <summary>Enumerates a collection (oaidl.h).</summary>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper)]
[Guid("00020404-0000-0000-c000-000000000046")]
partial interface IEnumVARIANT
{
    /// <param name="count">How many items are wanted; always 1 here.</param>
    /// <param name="item">The next item; the caller disposes it.</param>
    /// <param name="fetched">How many items were returned.</param>
    /// <returns>0, or 1 (S_FALSE) at the end of the collection.</returns>
    [PreserveSig]
    int Next(uint count, out ComVariant item, out uint fetched);

    [PreserveSig]
    int Skip(uint count);

    [PreserveSig]
    int Reset();

    [PreserveSig]
    int Clone(out nint copy);
}
