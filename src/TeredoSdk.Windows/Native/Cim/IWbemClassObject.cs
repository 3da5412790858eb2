using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Native.Cim;

/// <summary>An instance of a CIM class. Declared up to the last method that is called. wbemcli.h.</summary>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Utf16)]
[Guid("dc12a681-737f-11cf-884d-00aa004b2e24")]
partial interface IWbemClassObject
{
    [PreserveSig]
    int GetQualifierSet(nint qualifiers);

    [PreserveSig]
    int Get(string name, int flags, out ComVariant value, out int type, out int flavour);

    [PreserveSig]
    int Put(string name, int flags, in ComVariant value, int type);

    [PreserveSig]
    int Delete(string name);

    [PreserveSig]
    int GetNames(string? qualifierName, int flags, nint qualifierValue, nint names);

    [PreserveSig]
    int BeginEnumeration(int flags);

    [PreserveSig]
    int Next(int flags, nint name, nint value, nint type, nint flavour);

    [PreserveSig]
    int EndEnumeration();

    [PreserveSig]
    int GetPropertyQualifierSet(string property, nint qualifiers);

    [PreserveSig]
    int Clone(nint copy);

    [PreserveSig]
    int GetObjectText(int flags, [MarshalUsing(typeof(BStrStringMarshaller))] out string? text);
}
