using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace TeredoSdk.Windows.Native.IpHelper;

/// <summary>Functions of iphlpapi.dll, named as in netioapi.h.</summary>
[SupportedOSPlatform("windows")]
static unsafe partial class IpHelperApi
{
    public const ushort AF_INET6 = 23;                                                         // ws2def.h
    public const int NO_ERROR = 0, ERROR_NOT_READY = 21, ERROR_NOT_SUPPORTED = 50, ERROR_IO_PENDING = 997;   // winerror.h

    [LibraryImport("iphlpapi")]
    public static partial int NotifyStableUnicastIpAddressTable(
        ushort family, out nint table, delegate* unmanaged<nint, nint, void> callback, nint context, out MibNotification notification);

    [LibraryImport("iphlpapi")]
    public static partial void FreeMibTable(nint table);

    [LibraryImport("iphlpapi")]
    public static partial int GetTeredoPort(out ushort port);

    [LibraryImport("iphlpapi")]
    public static partial int NotifyTeredoPortChange(
        delegate* unmanaged<nint, ushort, int, void> callback, nint context, byte initialNotification, out MibNotification notification);

    [LibraryImport("iphlpapi")]
    public static partial int CancelMibChangeNotify2(nint notification);
}

/// <summary>A subscription to notifications. Its own callback must not dispose it: the system would wait for itself.</summary>
[SupportedOSPlatform("windows")]
sealed class MibNotification : SafeHandleZeroOrMinusOneIsInvalid
{
    public MibNotification() : base(ownsHandle: true)
    {
    }

    protected override bool ReleaseHandle() => IpHelperApi.CancelMibChangeNotify2(handle) == IpHelperApi.NO_ERROR;
}
