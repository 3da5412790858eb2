using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;

namespace TeredoSdk.Machine;

/// <summary>Reads the IPv6 interfaces of this machine through System.Net.</summary>
sealed class SystemInterfaces(ILogger log) : IInterfaceTable
{
    const int AnyPort = 9; // nothing is sent there

    public IReadOnlyList<InterfaceCandidate> List() => NetworkInterfaces.Read(interfaces =>
    {
        List<InterfaceCandidate> candidates = [];
        foreach (var networkInterface in interfaces)
            if (networkInterface.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown) // the state of a TUN device is Unknown
                Add(candidates, networkInterface);
        return candidates;
    }, log) ?? [];

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
            // The interface has no IPv6, or has just been removed.
        }
    }
}
