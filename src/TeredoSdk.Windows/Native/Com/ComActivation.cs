using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;
using System.Runtime.Versioning;

namespace TeredoSdk.Windows.Native.Com;

/// <summary>Makes COM objects without the runtime's built-in COM. Used only on the <see cref="ComThread"/>.</summary>
[SupportedOSPlatform("windows")]
static partial class ComActivation
{
    const uint CLSCTX_INPROC_SERVER = 1; // wtypesbase.h

    static readonly Guid IUnknown = new("00000000-0000-0000-c000-000000000046");
    static readonly StrategyBasedComWrappers Wrappers = new();

    /// <summary>Makes an object of an in-process class.</summary>
    /// <exception cref="COMException">The class is not registered or fails to start; some error codes come as other types of exceptions.</exception>
    /// <exception cref="InvalidCastException">The object lacks the interface.</exception>
    public static T Create<T>(Guid classId) where T : class
    {
        Marshal.ThrowExceptionForHR(CoCreateInstance(in classId, 0, CLSCTX_INPROC_SERVER, in IUnknown, out nint instance));
        return Take<T>(instance);
    }

    /// <summary>Wraps a pointer to an interface and takes over its reference.</summary>
    /// <exception cref="InvalidCastException">The object lacks the interface.</exception>
    public static T Take<T>(nint instance) where T : class
    {
        if (instance == 0)
            throw new InvalidCastException($"COM returned no object; expected an {typeof(T).Name}.");
        try
        {
            // "as", not a cast: a failed cast raises a second native exception, which some systems (Wine) do not survive.
            return Wrappers.GetOrCreateObjectForComInstance(instance, CreateObjectFlags.None) as T
                ?? throw new InvalidCastException($"The COM object is not an {typeof(T).Name}.");
        }
        finally
        {
            Marshal.Release(instance);
        }
    }

    [LibraryImport("ole32")]
    private static partial int CoCreateInstance(in Guid classId, nint outer, uint context, in Guid interfaceId, out nint instance);
}
