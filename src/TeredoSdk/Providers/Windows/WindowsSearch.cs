using TeredoSdk.Protocol;
using TeredoSdk.Providers.Interface;
using TeredoSdk.Windows;

namespace TeredoSdk.Providers.Windows;

/// <summary>Finds the interface that has Windows' Teredo address.</summary>
static class WindowsSearch
{
    /// <summary>That interface, a tunnel before any other, or the reason why there is none.</summary>
    public static TeredoInterface? Find(IWindowsSystem windows, out string problem)
    {
        var addresses = windows.ReadAddresses();
        problem = addresses.Reason ?? "No interface of this machine has a Teredo address (2001::/32).";
        foreach (var found in (addresses.ValueOrDefault ?? []).Where(IsTeredo).OrderByDescending(found => found.IsTunnel))
            if (TeredoAddress.TryCreate(Ipv6Address.FromIPAddress(found.Address), out var address))
                return new(found.InterfaceName, found.InterfaceIndex, found.MtuOctets, address);
        return null;
    }

    /// <summary>Whether the machine has a global IPv6 address beside Teredo's.</summary>
    public static bool HasNativeIPv6(IWindowsSystem windows) =>
        (windows.ReadAddresses().ValueOrDefault ?? []).Any(found => !IsTeredo(found) && IsNative(Ipv6Address.FromIPAddress(found.Address)));

    // 6to4 (2002::/16) is a tunnel, too.
    static bool IsNative(Ipv6Address address) => address.IsGlobalUnicast && address.ToIPAddress().GetAddressBytes() is not [0x20, 0x02, ..];

    static bool IsTeredo(WindowsAddress found) => found.Address.IsIPv6Teredo;
}
