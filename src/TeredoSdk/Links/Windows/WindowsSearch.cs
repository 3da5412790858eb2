using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Windows;

namespace TeredoSdk.Links.Windows;

/// <summary>Finds the interface that has Windows' Teredo address.</summary>
static class WindowsSearch
{
    /// <summary>That interface, a tunnel before any other, or null.</summary>
    /// <param name="windows">The system.</param>
    /// <param name="unreadable">Why the addresses can't be read; null when they can, and then none is one of Teredo (2001::/32).</param>
    public static TeredoInterface? Find(IWindowsSystem windows, out string? unreadable)
    {
        var addresses = windows.ReadAddresses();
        unreadable = addresses.Reason;
        foreach (var found in (addresses.ValueOrDefault ?? []).Where(IsTeredo).OrderByDescending(found => found.IsTunnel))
            if (TeredoAddress.TryCreate(IPv6Address.FromIPAddress(found.Address), out var address))
                return new(found.InterfaceName, found.InterfaceIndex, found.MtuOctets, address);
        return null;
    }

    /// <summary>Whether the machine has a global IPv6 address that is neither Teredo's nor 6to4's.</summary>
    public static bool HasNativeIPv6(IWindowsSystem windows) => (windows.ReadAddresses().ValueOrDefault ?? []).Any(IsNative);

    /// <inheritdoc cref="HasNativeIPv6"/>
    public static bool IsNative(WindowsAddress found) =>
        IPv6Address.FromIPAddress(found.Address) is { IsGlobalUnicast: true, IsTeredo: false, Is6to4: false };

    static bool IsTeredo(WindowsAddress found) => found.Address.IsIPv6Teredo;
}
