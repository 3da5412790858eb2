using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Machine;

/// <summary>The IPv4 network of this machine, through System.Net.</summary>
sealed class SystemNetwork(ILogger log) : IHostNetwork
{
    readonly Dictionary<Action, (NetworkAddressChangedEventHandler Addresses, NetworkAvailabilityChangedEventHandler Routes)> _handlers = [];

    public event Action? Changed
    {
        add
        {
            if (value is null)
                return;
            NetworkAddressChangedEventHandler addresses = (_, _) => value();
            NetworkAvailabilityChangedEventHandler routes = (_, _) => value(); // on Linux, changes of IPv6 addresses and routes raise only this event
            lock (_handlers)
                _handlers[value] = (addresses, routes);
            NetworkChange.NetworkAddressChanged += addresses;
            NetworkChange.NetworkAvailabilityChanged += routes;
        }
        remove
        {
            lock (_handlers)
            {
                if (value is null || !_handlers.Remove(value, out var handlers))
                    return;
                NetworkChange.NetworkAddressChanged -= handlers.Addresses;
                NetworkChange.NetworkAvailabilityChanged -= handlers.Routes;
            }
        }
    }

    public NetworkState Describe(IPv4Address server)
    {
        var local = FindLocalAddress(server);
        List<IPv4Subnet> subnets = [];
        bool native = false;
        try
        {
            LookAtInterfaces(subnets, ref native);
        }
        catch (NetworkInformationException e)
        {
            Log.InterfacesUnknown(log, e.Message); // a sandbox may forbid it; the path to the server is enough
        }
        return new() { HasIPv4 = local is not null, LocalAddress = local ?? default, AttachedSubnets = subnets, HasNativeIPv6 = native };
    }

    public IUdpTransport Open(IPv4Endpoint local, DatagramHandler handler) => new SocketTransport(local, handler, log);

    static void LookAtInterfaces(List<IPv4Subnet> subnets, ref bool native)
    {
        foreach (var networkInterface in NetworkInterface.GetAllNetworkInterfaces())
        {
            if (networkInterface.OperationalStatus is not (OperationalStatus.Up or OperationalStatus.Unknown))
                continue;
            var properties = networkInterface.GetIPProperties();
            foreach (var unicast in properties.UnicastAddresses)
            {
                if (unicast.Address.AddressFamily == AddressFamily.InterNetwork && unicast.PrefixLength is >= 1 and <= 32)
                    subnets.Add(new(IPv4Address.FromIPAddress(unicast.Address), unicast.PrefixLength));
                else if (unicast.Address.AddressFamily == AddressFamily.InterNetworkV6 && IsNative(IPv6Address.FromIPAddress(unicast.Address)))
                    native |= DefaultRoute.LeadsOver(networkInterface.Name, properties);
            }
        }
    }

    // RFC 4380 §5.5. Unique local and 6to4 addresses do not count.
    static bool IsNative(IPv6Address address) => address is { IsNative: true, Is6to4: false };

    // Returns the address of the interface that leads to the server. Connecting a UDP socket sends nothing.
    static IPv4Address? FindLocalAddress(IPv4Address server)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(new IPv4Endpoint(server, Protocol.Wire.TeredoPorts.Server).ToIPEndPoint());
            return IPv4Address.FromIPAddress(((System.Net.IPEndPoint)socket.LocalEndPoint!).Address);
        }
        catch (SocketException)
        {
            return null; // there is no route
        }
    }
}
