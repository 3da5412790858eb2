using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Activation;

namespace TeredoSdk.Links.Windows;

/// <summary>Finds the interface that has Windows' Teredo address.</summary>
static class WindowsSearch
{
    /// <summary>Returns that interface, or null. A tunnel is preferred to other interfaces.</summary>
    /// <param name="windows">The system.</param>
    /// <param name="unreadable">
    /// Why the addresses can't be read. Null when they can be read; then no result means that no address is in 2001::/32.
    /// </param>
    public static TeredoInterface? Find(IWindowsSystem windows, out Finding? unreadable)
    {
        var addresses = windows.ReadAddresses();
        unreadable = addresses.Finding;
        return WindowsAddresses.FindTeredo(addresses.ValueOrDefault ?? []) is { } found
            && TeredoAddress.TryCreate(IPv6Address.FromIPAddress(found.Address), out var address)
            ? new(found.InterfaceName, found.InterfaceIndex, found.MtuOctets, address) : null;
    }
}
