using System.Net;
using System.Net.Sockets;
using TeredoSdk.Engine;
using TeredoSdk.Protocol;

namespace TeredoSdk.Sockets;

/// <summary>The end points that callers hand in.</summary>
static class EndPoints
{
    /// <exception cref="ArgumentException">It is not an IPv6 one, or its port is 0.</exception>
    public static void Check(IPEndPoint endPoint, string parameter)
    {
        ArgumentNullException.ThrowIfNull(endPoint, parameter);
        if (endPoint.AddressFamily != AddressFamily.InterNetworkV6 || endPoint.Port == 0)
            throw new ArgumentException($"{parameter} is {endPoint}; expected an IPv6 address and a port of 1 to 65535.", parameter);
    }

    /// <summary>Why nothing can be sent to an address over Teredo, or null.</summary>
    /// <remarks>Whatever provides the address: what a peer or a name server says never leads to this machine itself or its LAN.</remarks>
    public static TeredoException? RefusalOf(IPAddress address) =>
        IPv6Address.FromIPAddress(address).IsGlobalUnicast ? null : Problems.DestinationNotAllowed($"{address}", "not global");
}
