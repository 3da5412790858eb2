using System.Globalization;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace TeredoSdk.Machine;

/// <summary>Tells whether an interface has an IPv6 default route.</summary>
static class DefaultRoute
{
    const string LinuxTable = "/proc/net/ipv6_route";
    const int Reject = 0x0200; // linux/route.h: RTF_REJECT

    /// <param name="name">The interface's name.</param>
    /// <param name="properties">The properties that System.Net has of the interface; the only source on systems other than Linux.</param>
    public static bool LeadsOver(string name, IPInterfaceProperties properties)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return File.ReadLines(LinuxTable).Any(route => IsDefault(route, name));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A sandbox may have no /proc.
        }
        return properties.GatewayAddresses.Any(gateway => gateway.Address.AddressFamily == AddressFamily.InterNetworkV6);
    }

    // net/ipv6/route.c: destination, its length, source, its length, next hop, metric, references, uses, flags, device; all numbers are hexadecimal.
    internal static bool IsDefault(string route, string name) =>
        route.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var destination, "00", _, _, _, _, _, _, var flags, var device]
            && device == name && destination.All(digit => digit == '0')
            && int.TryParse(flags, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int bits) && (bits & Reject) == 0;
}
