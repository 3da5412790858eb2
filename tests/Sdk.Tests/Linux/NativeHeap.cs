using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace TeredoSdk.Tests.Linux;

/// <summary>The memory that malloc has given out to this process.</summary>
[SupportedOSPlatform("linux")]
static partial class NativeHeap
{
    /// <summary>How many octets are in use.</summary>
    /// <exception cref="EntryPointNotFoundException">This C library does not tell.</exception>
    public static nuint InUse => MallInfo().InUse;

    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial HeapInfo MallInfo();

    // struct mallinfo2, malloc.h: ten numbers, of which the fifth is what lies in mappings of its own, and the eighth what is in use elsewhere.
    unsafe struct HeapInfo
    {
        fixed ulong _numbers[10];

        public readonly nuint InUse => (nuint)(_numbers[4] + _numbers[7]);
    }
}
