using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Com;

/// <summary>Goes through a collection (oaidl.h).</summary>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper)]
[Guid("00020404-0000-0000-c000-000000000046")]
partial interface IEnumVARIANT
{
    /// <param name="count">How many are wanted; always 1 here.</param>
    /// <param name="item">The next one; the caller disposes of it.</param>
    /// <param name="fetched">How many there were.</param>
    /// <returns>0, or 1 (S_FALSE) at the end.</returns>
    [PreserveSig]
    int Next(uint count, out ComVariant item, out uint fetched);

    [PreserveSig]
    int Skip(uint count);

    [PreserveSig]
    int Reset();

    [PreserveSig]
    int Clone(out nint copy);
}
