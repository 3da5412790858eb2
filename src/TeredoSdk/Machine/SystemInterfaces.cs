using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine;

/// <summary>The IPv6 interfaces of this machine, over System.Net.</summary>
sealed class SystemInterfaces(ILogger log) : IInterfaceTable
{
    const int AnyPort = 9; // nothing is sent there

    public IReadOnlyList<InterfaceCandidate> List()
    {
        List<InterfaceCandidate> candidates = [];
        try
        {
            foreach (var networkInterface in NetworkInterface.GetAllNetworkInterfaces())
                if (networkInterface.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown) // a TUN device has no carrier to tell
                    Add(candidates, networkInterface);
        }
        catch (NetworkInformationException e)
        {
            Log.InterfacesUnknown(log, e.Message);
        }
        return candidates;
    }

    public IPAddress? FindSource(IPAddress target)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(target, AnyPort); // sends nothing
            return ((IPEndPoint)socket.LocalEndPoint!).Address;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    static void Add(List<InterfaceCandidate> candidates, NetworkInterface networkInterface)
    {
        try
        {
            var properties = networkInterface.GetIPProperties();
            var ipv6 = properties.GetIPv6Properties();
            foreach (var unicast in properties.UnicastAddresses)
                if (unicast.Address.AddressFamily == AddressFamily.InterNetworkV6)
                    candidates.Add(new(networkInterface.Name, ipv6.Index, ipv6.Mtu, IPv6Address.FromIPAddress(unicast.Address)));
        }
        catch (NetworkInformationException)
        {
            // It has no IPv6, or went away in between.
        }
    }
}
