using TeredoSdk.Protocol;

namespace TeredoSdk.Windows;

/// <summary>What the addresses of a Windows machine say.</summary>
static class WindowsAddresses
{
    /// <summary>The Teredo address, that of a tunnel before any other, or null.</summary>
    public static WindowsAddress? FindTeredo(IReadOnlyList<WindowsAddress> addresses) =>
        addresses.Where(found => found.Address.IsIPv6Teredo).OrderByDescending(found => found.IsTunnel).FirstOrDefault();

    /// <summary>Whether the machine has a native address.</summary>
    public static bool HasNative(IWindowsSystem windows) => (windows.ReadAddresses().ValueOrDefault ?? []).Any(IsNative);

    /// <summary>Whether it is a global IPv6 address that is neither Teredo's nor 6to4's.</summary>
    public static bool IsNative(WindowsAddress found) =>
        IPv6Address.FromIPAddress(found.Address) is { IsGlobalUnicast: true, IsTeredo: false, Is6to4: false };
}
