using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Protocol;

namespace TeredoSdk.Sockets;

/// <summary>Checks the end points that callers hand in.</summary>
static class EndPoints
{
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    public static void Check(IPEndPoint endPoint, string parameter)
    {
        ArgumentNullException.ThrowIfNull(endPoint, parameter);
        if (endPoint.AddressFamily != AddressFamily.InterNetworkV6 || endPoint.Port == 0)
            throw new ArgumentException($"{parameter} is {endPoint}; expected an IPv6 address and a port of 1 to 65535.", parameter);
    }

    /// <summary>Checks an end point in the form of socket calls.</summary>
    /// <returns>The exception for an address that packets must not be sent to over Teredo, or null.</returns>
    /// <exception cref="ArgumentException">The end point is not an IPv6 one, or its port is 0.</exception>
    public static TeredoException? Check(SocketAddress address, string parameter)
    {
        ArgumentNullException.ThrowIfNull(address, parameter);
        return !RemotePort.TryRead(address, out var remote)
            ? throw new ArgumentException($"{parameter} is {address}; expected an IPv6 address and a port of 1 to 65535.", parameter)
            : remote.Address.IsGlobalUnicast ? null : RefusalOf(remote.Address.ToIPAddress());
    }

    /// <exception cref="ArgumentException">The address can't take an IPv6 end point.</exception>
    public static void CheckFamily(SocketAddress address, string parameter)
    {
        ArgumentNullException.ThrowIfNull(address, parameter);
        if (address.Family != AddressFamily.InterNetworkV6 || address.Buffer.Length < RemotePort.SocketAddressOctets)
            throw new ArgumentException($"{parameter} is made for {address.Family}; expected one for IPv6: new SocketAddress(AddressFamily.InterNetworkV6).", parameter);
    }

    /// <summary>The exception for an address that packets must not be sent to over Teredo, or null.</summary>
    /// <remarks>The origin of the address does not matter: neither a peer nor a name server can direct packets to this machine or its LAN.</remarks>
    public static TeredoException? RefusalOf(IPAddress address) =>
        IPv6Address.FromIPAddress(address).IsGlobalUnicast ? null : Problems.DestinationNotAllowed($"{address}", "not global");
}
