using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Native.Cim;

/// <summary>A CIM namespace. Declared up to the last method that is called. wbemcli.h.</summary>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("9556dc99-828c-11cf-a37e-00aa003240c7")]
partial interface IWbemServices
{
    [PreserveSig]
    int OpenNamespace(string name, int flags, nint context, nint services, nint result);

    [PreserveSig]
    int CancelAsyncCall(nint sink);

    [PreserveSig]
    int QueryObjectSink(int flags, nint sink);

    [PreserveSig]
    int GetObject(string path, int flags, nint context, nint instance, nint result);

    [PreserveSig]
    int GetObjectAsync(string path, int flags, nint context, nint sink);

    [PreserveSig]
    int PutClass(nint type, int flags, nint context, nint result);

    [PreserveSig]
    int PutClassAsync(nint type, int flags, nint context, nint sink);

    [PreserveSig]
    int DeleteClass(string name, int flags, nint context, nint result);

    [PreserveSig]
    int DeleteClassAsync(string name, int flags, nint context, nint sink);

    [PreserveSig]
    int CreateClassEnum(string superclass, int flags, nint context, nint enumeration);

    [PreserveSig]
    int CreateClassEnumAsync(string superclass, int flags, nint context, nint sink);

    [PreserveSig]
    int PutInstance(IWbemClassObject instance, int flags, nint context, nint result);

    [PreserveSig]
    int PutInstanceAsync(nint instance, int flags, nint context, nint sink);

    [PreserveSig]
    int DeleteInstance(string path, int flags, nint context, nint result);

    [PreserveSig]
    int DeleteInstanceAsync(string path, int flags, nint context, nint sink);

    [PreserveSig]
    int CreateInstanceEnum(string type, int flags, nint context, out nint enumeration);
}
