using System.Net.NetworkInformation;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Windows;
using TeredoSdk.Windows.Activation;

namespace TeredoSdk.Links.Windows;

/// <summary>Finds the interface that has Windows' Teredo address, if the client is awake.</summary>
static class WindowsSearch
{
    /// <summary>
    /// Returns that interface, or null. A tunnel is preferred to other interfaces. The address of a client that sleeps may be listed, too, and so may one
    /// that is not stable yet; neither counts (NotifyStableUnicastIpAddressTable: dial-on-demand interfaces).
    /// </summary>
    /// <param name="windows">The system.</param>
    /// <param name="status">Tells whether the client sleeps.</param>
    /// <param name="unreadable">
    /// Why the addresses can't be read. Null when they can be read; then no result means that no address is in 2001::/32.
    /// </param>
    public static TeredoInterface? Find(IWindowsSystem windows, WindowsStatus status, out Finding? unreadable)
    {
        var addresses = windows.ReadAddresses();
        unreadable = addresses.Finding;
        return WindowsAddresses.FindTeredo(addresses.ValueOrDefault ?? []) is { DadState: null or DuplicateAddressDetectionState.Preferred } found
            && status.Now.State != TeredoClientState.Dormant
            && TeredoAddress.TryCreate(IPv6Address.FromIPAddress(found.Address), out var address)
            ? new(found.InterfaceName, found.InterfaceIndex, found.MtuOctets, address) : null;
    }
}
