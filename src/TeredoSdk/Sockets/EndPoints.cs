using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine;
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

    /// <summary>The exception for an address that packets must not be sent to over Teredo, or null.</summary>
    /// <remarks>The origin of the address does not matter: neither a peer nor a name server can direct packets to this machine or its LAN.</remarks>
    public static TeredoException? RefusalOf(IPAddress address) =>
        IPv6Address.FromIPAddress(address).IsGlobalUnicast ? null : Problems.DestinationNotAllowed($"{address}", "not global");
}
