using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using TeredoSdk.Windows.Native.Com;

namespace TeredoSdk.Windows.Native.NetFwTypeLib;

/// <summary>A firewall of another vendor.</summary>
/// <remarks>netfw.h: INetFwProduct. The methods are in vtable order; GetX and SetX stand for get_X and put_X.</remarks>
[GeneratedComInterface(Options = ComInterfaceOptions.ComObjectWrapper, StringMarshalling = StringMarshalling.Custom,
    StringMarshallingCustomType = typeof(BStrStringMarshaller))]
[Guid("71881699-18f4-458b-b892-3ffce5e07f75")]
partial interface INetFwProduct : IDispatch
{
    ComVariant GetRuleCategories();

    void SetRuleCategories(ComVariant value);

    string? GetDisplayName();

    void SetDisplayName(string? value);

    string? GetPathToSignedProductExe();
}
