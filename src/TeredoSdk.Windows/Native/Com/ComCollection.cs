using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Com;

/// <summary>Reads the objects of a COM collection.</summary>
[SupportedOSPlatform("windows")]
static class ComCollection
{
    /// <param name="enumerator">The pointer that <c>_NewEnum</c> returned. This method takes over its reference.</param>
    /// <returns>The objects that have the interface, in the collection's order.</returns>
    public static IEnumerable<T> Read<T>(nint enumerator) where T : class
    {
        var items = ComActivation.Take<IEnumVARIANT>(enumerator);
        while (true)
        {
            int result = items.Next(1, out var item, out uint fetched);
            Marshal.ThrowExceptionForHR(result);
            if (result != 0 || fetched == 0)
                yield break;
            if (Object(item) is T found)
                yield return found;
        }
    }

    static object? Object(ComVariant item)
    {
        using (item)
        {
            if (item.VarType is not (VarEnum.VT_DISPATCH or VarEnum.VT_UNKNOWN) || item.GetRawDataRef<nint>() is not (not 0 and var instance))
                return null;
            // Take takes over a reference, and the variant also releases its own. So one reference is added.
            Marshal.AddRef(instance);
            return ComActivation.Take<object>(instance);
        }
    }
}
