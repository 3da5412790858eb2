using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Machine.Linux;

/// <summary>Asks the kernel which way a packet would go, by its routes and rules, and what the link address of the next hop is.</summary>
[SupportedOSPlatform("linux")]
static class NextHop
{
    const int MaxAnswerOctets = 4096, RouteMessageOctets = 12, NeighbourMessageOctets = 12, LinkAddressOctets = 6;
    const ushort DiscardPort = 9; // RFC 863

    /// <summary>The next hop towards a destination; null when it is not known, or has no link address of 48 bits.</summary>
    public static NetworkGateway? Find(IPv4Address destination)
    {
        try
        {
            using var socket = Netlink.Open();
            Span<byte> buffer = stackalloc byte[MaxAnswerOctets];
            return FindRoute(socket, destination, buffer, out int device) is { } next && FindLinkAddress(socket, next, device, buffer) is { } link
                ? new() { Address = next, LinkAddress = link } : null;
        }
        catch (Win32Exception)
        {
            return null; // a sandbox may forbid it
        }
    }

    /// <summary>Has the kernel ask for the link address of the next hop, by an empty datagram to its discard port.</summary>
    public static void Provoke(IPv4Address destination)
    {
        try
        {
            using var netlink = Netlink.Open();
            if (FindRoute(netlink, destination, stackalloc byte[MaxAnswerOctets], out _) is not { } next)
                return;
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            socket.SendTo([], new IPv4Endpoint(next, DiscardPort).ToIPEndPoint());
        }
        catch (Win32Exception) // a SocketException is one, too
        {
            // Then the address is learnt when the first packet goes there.
        }
    }

    // struct rtmsg: see InterfaceControl.
    internal static byte[] RouteQuestion(IPv4Address destination) =>
        [Libc.AF_INET, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. Netlink.Attribute(Libc.RTA_DST, Octets(destination))];

    // struct ndmsg, linux/neighbour.h: family 8 | padding 24 | index 32 | state 16 | flags 8 | type 8
    internal static byte[] NeighbourQuestion(IPv4Address neighbour, int device) =>
        [Libc.AF_INET, 0, 0, 0, .. BitConverter.GetBytes(device), 0, 0, 0, 0, .. Netlink.Attribute(Libc.NDA_DST, Octets(neighbour))];

    // Without a gateway, the destination itself is on the link.
    static IPv4Address? FindRoute(SafeFileHandle socket, IPv4Address destination, Span<byte> buffer, out int device)
    {
        var answer = Netlink.Ask(socket, Libc.RTM_GETROUTE, 0, RouteQuestion(destination), buffer);
        device = 0;
        if (Netlink.TypeOf(answer) != Libc.RTM_NEWROUTE)
            return null;
        var attributes = answer[(Libc.NLMSG_HDRLEN + RouteMessageOctets)..];
        var output = Netlink.Find(attributes, Libc.RTA_OIF);
        if (output.Length != sizeof(int))
            return null;
        device = BitConverter.ToInt32(output);
        var gateway = Netlink.Find(attributes, Libc.RTA_GATEWAY);
        return gateway.Length == sizeof(uint) ? IPv4Address.Read(gateway) : destination;
    }

    static ulong? FindLinkAddress(SafeFileHandle socket, IPv4Address neighbour, int device, Span<byte> buffer)
    {
        var answer = Netlink.Ask(socket, Libc.RTM_GETNEIGH, 0, NeighbourQuestion(neighbour, device), buffer);
        if (Netlink.TypeOf(answer) != Libc.RTM_NEWNEIGH)
            return null; // the kernel has not asked for it yet, or it is too old to tell a single one
        var link = Netlink.Find(answer[(Libc.NLMSG_HDRLEN + NeighbourMessageOctets)..], Libc.NDA_LLADDR);
        if (link.Length != LinkAddressOctets)
            return null;
        ulong number = 0;
        foreach (byte octet in link)
            number = (number << 8) | octet;
        return number == 0 ? null : number;
    }

    static byte[] Octets(IPv4Address address)
    {
        byte[] octets = new byte[sizeof(uint)];
        address.Write(octets);
        return octets;
    }
}
