using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;
using TeredoSdk.Telemetry;

namespace TeredoSdk.Engine;

/// <summary>Sends whole IPv6 packets, with any source address, to the native internet. The raw socket for this needs CAP_NET_RAW on Linux.</summary>
sealed class NativeSender : IDisposable
{
    readonly Socket _socket;
    readonly ILogger _log;

    NativeSender(Socket socket, ILogger log) => (_socket, _log) = (socket, log);

    /// <returns>The sender, or null; then <paramref name="problem"/> says why.</returns>
    public static NativeSender? TryOpen(IPv4Address server, ILogger log, out string? problem)
    {
        problem = null;
        if (IPAddress.IsLoopback(server.ToIPAddress()))
            problem = "A server on a loopback address can't forward to native IPv6.";
        else if (!OperatingSystem.IsLinux())
            problem = "Forwarding to native IPv6 works on Linux only.";
        if (problem is not null)
            return null;
        try
        {
            return new(new(AddressFamily.InterNetworkV6, SocketType.Raw, ProtocolType.Raw), log); // the packets include their IPv6 headers
        }
        catch (SocketException e)
        {
            problem = $"Forwarding to native IPv6 needs CAP_NET_RAW ({e.Message}): run this as root, or give the program file the capability "
                + "(setcap cap_net_raw+ep FILE). Without it clients of this server can't reach native hosts.";
            return null;
        }
    }

    /// <summary>Sends a packet. A failure is a lost packet, never an exception.</summary>
    public void Send(ReadOnlySpan<byte> octets)
    {
        if (!IPv6Packet.TryParse(octets, out var packet))
            return;
        try
        {
            _socket.SendTo(octets, SocketFlags.None, new IPEndPoint(packet.Destination.ToIPAddress(), 0));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Log.NativeSendFailed(_log, packet.Destination, e.Message); // no route, for example
        }
    }

    public void Dispose() => _socket.Dispose();
}
