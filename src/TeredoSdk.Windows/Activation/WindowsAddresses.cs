using TeredoSdk.Protocol;

namespace TeredoSdk.Windows.Activation;

/// <summary>Evaluates the addresses of a Windows machine.</summary>
static class WindowsAddresses
{
    /// <summary>Finds the Teredo address, or returns null. An address of a tunnel is preferred.</summary>
    public static WindowsAddress? FindTeredo(IReadOnlyList<WindowsAddress> addresses) =>
        addresses.Where(found => found.Address.IsIPv6Teredo).OrderByDescending(found => found.IsTunnel).FirstOrDefault();

    /// <summary>Whether the machine has a native IPv6 address.</summary>
    public static bool HasNative(IWindowsSystem windows) => (windows.ReadAddresses().ValueOrDefault ?? []).Any(IsNative);

    /// <summary>Whether an address is a global IPv6 address that is neither a Teredo nor a 6to4 address.</summary>
    public static bool IsNative(WindowsAddress found) =>
        IPv6Address.FromIPAddress(found.Address) is { IsGlobalUnicast: true, IsTeredo: false, Is6to4: false };
}
