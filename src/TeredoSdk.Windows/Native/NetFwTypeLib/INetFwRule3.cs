using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>A rule for app packages and users (Windows 8 and later).</summary>
/// <remarks>netfw.h: INetFwRule3. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("b21563ff-d696-4222-ab46-4e89b73ab34a")]
partial interface INetFwRule3 : INetFwRule2
{
    string? GetLocalAppPackageId();

    void SetLocalAppPackageId(string? value);

    string? GetLocalUserOwner();

    void SetLocalUserOwner(string? value);

    string? GetLocalUserAuthorizedList();

    void SetLocalUserAuthorizedList(string? value);

    string? GetRemoteUserAuthorizedList();

    void SetRemoteUserAuthorizedList(string? value);

    string? GetRemoteMachineAuthorizedList();

    void SetRemoteMachineAuthorizedList(string? value);

    int GetSecureFlags();

    void SetSecureFlags(int value);
}
