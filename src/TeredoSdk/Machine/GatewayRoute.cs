using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;

namespace TeredoSdk.Machine;

/// <summary>A gateway and the link that it is on.</summary>
/// <param name="Address">The gateway's address on the link.</param>
/// <param name="Link">The subnet of our own interface.</param>
readonly record struct LocalGateway(IPv4Address Address, IPv4Subnet Link);

/// <summary>Finds the gateway, which is the next hop of the default route.</summary>
static class GatewayRoute
{
    const string LinuxRoutes = "/proc/net/route";

    /// <param name="local">An address of this machine. The default route of its interface is used.</param>
    /// <param name="named">The gateway to use instead of the default route's next hop, or null.</param>
    /// <param name="log">The log, for failures.</param>
    /// <returns>Null when the interface has no default route, and no gateway is named.</returns>
    public static LocalGateway? Find(IPv4Address local, IPv4Address? named, ILogger log)
    {
        if (local.IsLoopback)
            return null;
        return NetworkInterfaces.Read(interfaces => new Found(FindAt(interfaces, local, named)), log)?.Gateway
            ?? (named is { } gateway ? new(gateway, new(gateway, 32)) : null);
    }

    /// <summary>Finds the gateway in Linux' route table. Columns: interface, destination, next hop, flags, two numbers, metric, mask.</summary>
    public static IPv4Address? FindInTable(IEnumerable<string> lines, string interfaceName)
    {
        const uint viaGateway = 2; // RTF_GATEWAY
        (uint Metric, IPv4Address Gateway)? best = null;
        foreach (string line in lines)
        {
            string[] columns = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length < 8 || columns[0] != interfaceName || ReadHex(columns[1]) != 0 || ReadHex(columns[7]) != 0
                || ReadHex(columns[3]) is not { } flags || (flags & viaGateway) == 0 || ReadHex(columns[2]) is not { } nextHop
                || !uint.TryParse(columns[6], NumberStyles.None, CultureInfo.InvariantCulture, out uint metric))
                continue;
            if (best is null || metric < best.Value.Metric) // the table prints addresses in the machine's byte order
                best = (metric, IPv4Address.Read(BitConverter.GetBytes(nextHop)));
        }
        return best?.Gateway;
    }

    static LocalGateway? FindAt(IEnumerable<NetworkInterface> interfaces, IPv4Address local, IPv4Address? named)
    {
        foreach (var networkInterface in interfaces)
        {
            var properties = networkInterface.GetIPProperties();
            if (properties.UnicastAddresses.FirstOrDefault(unicast => unicast.Address.Equals(local.ToIPAddress())) is not { } own)
                continue;
            var link = new IPv4Subnet(local, own.PrefixLength is > 0 and <= 32 ? own.PrefixLength : 32);
            return (named ?? NextHopOf(networkInterface, properties)) is { } gateway ? new(gateway, link) : null;
        }
        return null;
    }

    static IPv4Address? NextHopOf(NetworkInterface networkInterface, IPInterfaceProperties properties)
    {
        if (OperatingSystem.IsLinux()) // on Linux, .NET lists the next hops of all routes
            return FindInTable(File.ReadLines(LinuxRoutes), networkInterface.Name);
        var gateway = properties.GatewayAddresses.Select(gateway => gateway.Address).FirstOrDefault(IsIPv4);
        return gateway is null ? null : IPv4Address.FromIPAddress(gateway);
    }

    static bool IsIPv4(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork;

    static uint? ReadHex(string text) =>
        uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint number) ? number : null;

    sealed record Found(LocalGateway? Gateway);
}
