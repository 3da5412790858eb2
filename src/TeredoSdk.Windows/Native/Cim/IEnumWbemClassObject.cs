using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Native.Cim;

/// <summary>Enumerates the instances of a CIM class. Declared up to the last method that is called. wbemcli.h.</summary>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper)]
[Guid("027947e1-d731-11ce-a357-000000000001")]
partial interface IEnumWbemClassObject
{
    [PreserveSig]
    int Reset();

    [PreserveSig]
    int Next(int timeoutMilliseconds, uint wanted, out nint instance, out uint count);
}
