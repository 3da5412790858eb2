using System.Net;
using System.Net.Sockets;
using TeredoSdk.Links;

namespace TeredoSdk.Tests;

/// <summary>A link whose address is that of loopback.</summary>
sealed class SocketOwner : ISocketOwner
{
    public Action Closed { get; init; } = () => { };

    public IPAddress? Address => IPAddress.IPv6Loopback;

    public void HandleOpened(OpenSocket socket)
    {
        // Nothing is held.
    }

    public void HandleClosed(OpenSocket socket) => Closed();

    /// <summary>A socket at a free port of the address.</summary>
    public static Socket Bound(SocketType type, ProtocolType protocol)
    {
        var socket = new Socket(AddressFamily.InterNetworkV6, type, protocol);
        socket.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        return socket;
    }
}
