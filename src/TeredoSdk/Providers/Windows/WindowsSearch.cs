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

    /// <summary>Whether the machine has a global IPv6 address that is no tunnel's.</summary>
    public static bool HasNativeIPv6(IWindowsSystem windows) => (windows.ReadAddresses().ValueOrDefault ?? [])
        .Any(found => Ipv6Address.FromIPAddress(found.Address) is { IsGlobalUnicast: true, IsTeredo: false, Is6to4: false });

    static bool IsTeredo(WindowsAddress found) => found.Address.IsIPv6Teredo;
}
