using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace TeredoSdk.Windows.Native.IpHelper;

/// <summary>Gives a Teredo client traffic, so that it does not go dormant for want of it ("Implementing the Teredo Security Model": an hour).</summary>
static class TeredoTraffic
{
    const ushort ServicePort = 3544; // RFC 4380 §2.7

    /// <summary>
    /// Sends one octet to a Teredo address that belongs to nobody but the client's own server: the address that a client would have there whose mapped
    /// endpoint is the server's own. At most one bubble follows, to that server, which drops it.
    /// </summary>
    public static Reading<bool> Send(IPAddress address)
    {
        if (!TeredoAddress.TryCreate(IPv6Address.FromIPAddress(address), out var own))
            return Reading.Unknown<bool>($"{address} is no Teredo address, so no traffic can be sent from it.");
        try
        {
            using var socket = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp) { DualMode = false };
            socket.Bind(new IPEndPoint(address, 0));
            socket.SendTo([0], new IPEndPoint(Target(own).ToIPAddress(), ServicePort));
            return Reading.Of(true);
        }
        catch (SocketException e)
        {
            return Reading.Unknown<bool>($"Nothing can be sent from {address}: {e.Message}");
        }
    }

    static TeredoAddress Target(TeredoAddress own) => new(own.Server, TeredoFlags.None, new(own.Server, ServicePort));
}
