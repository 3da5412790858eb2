using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Windows.Native.Filtering;

/// <summary>Functions of fwpuclnt.dll, the Windows Filtering Platform, named as in fwpmu.h.</summary>
[SupportedOSPlatform("windows")]
static unsafe partial class FilteringApi
{
    public const uint RPC_C_AUTHN_DEFAULT = 0xFFFFFFFF; // rpcdce.h

    [LibraryImport("fwpuclnt")]
    public static partial int FwpmEngineOpen0(nint serverName, uint authenticationService, nint identity, nint session, out FilterEngine engine);

    [LibraryImport("fwpuclnt")]
    public static partial int FwpmEngineClose0(nint engine);

    [LibraryImport("fwpuclnt")]
    public static partial int FwpmFilterCreateEnumHandle0(FilterEngine engine, nint template, out nint enumeration);

    [LibraryImport("fwpuclnt")]
    public static partial int FwpmFilterEnum0(FilterEngine engine, nint enumeration, uint wanted, out Filter** entries, out uint count);

    [LibraryImport("fwpuclnt")]
    public static partial int FwpmFilterDestroyEnumHandle0(FilterEngine engine, nint enumeration);

    [LibraryImport("fwpuclnt")]
    public static partial void FwpmFreeMemory0(void** memory);

    [LibraryImport("fwpuclnt")]
    public static partial int FwpmSystemPortsGet0(nint engine, out SystemPortsList* ports);

    [LibraryImport("fwpuclnt")]
    public static partial int FwpmSystemPortsSubscribe0(
        nint engine, nint reserved, delegate* unmanaged<nint, SystemPortsList*, void> callback, nint context,
        out SystemPortsNotification notification);

    [LibraryImport("fwpuclnt")]
    public static partial int FwpmSystemPortsUnsubscribe0(nint engine, nint notification);
}

/// <summary>A session with the filter engine.</summary>
[SupportedOSPlatform("windows")]
sealed class FilterEngine : SafeHandleZeroOrMinusOneIsInvalid
{
    public FilterEngine() : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle() => FilteringApi.FwpmEngineClose0(handle) == 0;
}

/// <summary>A subscription to changes of the system's ports.</summary>
[SupportedOSPlatform("windows")]
sealed class SystemPortsNotification : SafeHandleZeroOrMinusOneIsInvalid
{
    public SystemPortsNotification() : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle() => FilteringApi.FwpmSystemPortsUnsubscribe0(0, handle) == 0;
}
