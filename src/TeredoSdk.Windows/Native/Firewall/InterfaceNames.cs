using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Firewall;

/// <summary>The interface names of a rule. INetFwRule has an array of variants with strings; the SDK has one text with semicolons.</summary>
[SupportedOSPlatform("windows")]
static partial class InterfaceNames
{
    const VarEnum ArrayOfVariants = VarEnum.VT_ARRAY | VarEnum.VT_VARIANT;

    /// <param name="names">The value from the rule; this method disposes it.</param>
    public static string? Read(ComVariant names)
    {
        // Not "using": ComVariant can't free arrays.
        try
        {
            return names.VarType == ArrayOfVariants ? Join(names.GetRawDataRef<nint>()) : null;
        }
        finally
        {
            _ = VariantClear(ref names);
        }
    }

    public static void Write(string? names, Action<ComVariant> write)
    {
        var value = names is null ? default : ComVariant.CreateRaw(ArrayOfVariants, Split(names));
        try
        {
            write(value);
        }
        finally
        {
            _ = VariantClear(ref value);
        }
    }

    static string? Join(nint array)
    {
        Marshal.ThrowExceptionForHR(SafeArrayGetLBound(array, 1, out int first));
        Marshal.ThrowExceptionForHR(SafeArrayGetUBound(array, 1, out int last));
        List<string> names = [];
        for (int i = first; i <= last; i++)
        {
            Marshal.ThrowExceptionForHR(SafeArrayGetElement(array, in i, out var name));
            using (name)
            {
                if (name.VarType == VarEnum.VT_BSTR && name.As<string>() is { Length: > 0 } text)
                    names.Add(text);
            }
        }
        return names.Count == 0 ? null : string.Join(';', names);
    }

    static nint Split(string text)
    {
        string[] names = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        nint array = SafeArrayCreateVector((ushort)VarEnum.VT_VARIANT, 0, (uint)names.Length);
        for (int i = 0; i < names.Length; i++)
        {
            using var name = ComVariant.Create(names[i]);
            Marshal.ThrowExceptionForHR(SafeArrayPutElement(array, in i, in name));
        }
        return array;
    }

    [LibraryImport("oleaut32")]
    private static partial nint SafeArrayCreateVector(ushort type, int first, uint count);

    [LibraryImport("oleaut32")]
    private static partial int SafeArrayPutElement(nint array, in int index, in ComVariant element);

    [LibraryImport("oleaut32")]
    private static partial int SafeArrayGetElement(nint array, in int index, out ComVariant element);

    [LibraryImport("oleaut32")]
    private static partial int SafeArrayGetLBound(nint array, uint dimension, out int bound);

    [LibraryImport("oleaut32")]
    private static partial int SafeArrayGetUBound(nint array, uint dimension, out int bound);

    [LibraryImport("oleaut32")]
    private static partial int VariantClear(ref ComVariant variant);
}
