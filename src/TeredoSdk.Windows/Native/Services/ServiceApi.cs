using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Windows.Native.Services;

/// <summary>Functions of the service control manager in advapi32.dll, named as in winsvc.h.</summary>
[SupportedOSPlatform("windows")]
static unsafe partial class ServiceApi
{
    public const uint SC_MANAGER_CONNECT = 1;
    public const uint SERVICE_QUERY_CONFIG = 1, SERVICE_CHANGE_CONFIG = 2, SERVICE_QUERY_STATUS = 4, SERVICE_START = 0x10;
    public const uint SERVICE_NO_CHANGE = 0xFFFFFFFF, SERVICE_DEMAND_START = 3, SERVICE_DISABLED = 4;
    public const uint SERVICE_STOPPED = 1, SERVICE_RUNNING = 4;
    public const int SC_STATUS_PROCESS_INFO = 0;
    public const int ERROR_SERVICE_DATABASE_LOCKED = 1055, ERROR_SERVICE_ALREADY_RUNNING = 1056, ERROR_SERVICE_DOES_NOT_EXIST = 1060; // winerror.h

    /// <summary>SERVICE_STATUS_PROCESS.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Status
    {
        public uint ServiceType;
        public uint CurrentState;
        public uint ControlsAccepted;
        public uint Win32ExitCode;
        public uint ServiceSpecificExitCode;
        public uint CheckPoint;
        public uint WaitHint;
        public uint ProcessId;
        public uint ServiceFlags;
    }

    /// <summary>The start of QUERY_SERVICE_CONFIGW; later fields are not used.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Configuration
    {
        public uint ServiceType;
        public uint StartType;
    }

    [LibraryImport("advapi32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    public static partial ServiceHandle OpenSCManagerW(string? machine, string? database, uint access);

    [LibraryImport("advapi32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    public static partial ServiceHandle OpenServiceW(ServiceHandle manager, string name, uint access);

    [LibraryImport("advapi32", SetLastError = true)]
    public static partial int QueryServiceStatusEx(ServiceHandle service, int level, out Status status, int size, out int needed);

    [LibraryImport("advapi32", SetLastError = true)]
    public static partial int QueryServiceConfigW(ServiceHandle service, Configuration* configuration, int size, out int needed);

    [LibraryImport("advapi32", SetLastError = true)]
    public static partial int ChangeServiceConfigW(ServiceHandle service, uint serviceType, uint startType, uint errorControl, nint path, nint group,
        nint tag, nint dependencies, nint account, nint password, nint displayName);

    [LibraryImport("advapi32", SetLastError = true)]
    public static partial int StartServiceW(ServiceHandle service, int argumentCount, nint arguments);

    [LibraryImport("advapi32")]
    public static partial int CloseServiceHandle(nint handle);
}

/// <summary>A service, or the service control manager.</summary>
[SupportedOSPlatform("windows")]
sealed class ServiceHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public ServiceHandle() : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle() => ServiceApi.CloseServiceHandle(handle) != 0;
}
