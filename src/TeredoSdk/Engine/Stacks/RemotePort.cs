using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks;

/// <summary>A peer's address and port as a value.</summary>
readonly record struct RemotePort(IPv6Address Address, ushort Port)
{
    // sockaddr_in6, on every system: family 16 | port 16, network order | flow 32 | address 128 | scope 32
    const int PortOffset = 2, AddressOffset = 8;

    /// <summary>The size of .NET's form for socket calls, in octets.</summary>
    public const int SocketAddressOctets = 28;

    public static RemotePort From(IPEndPoint endPoint) => new(IPv6Address.FromIPAddress(endPoint.Address), (ushort)endPoint.Port);

    /// <summary>Reads .NET's form for socket calls.</summary>
    /// <returns>False when it is not an IPv6 end point, or its port is 0.</returns>
    public static bool TryRead(SocketAddress address, out RemotePort remote)
    {
        remote = default;
        if (address.Family != AddressFamily.InterNetworkV6 || address.Size < SocketAddressOctets)
            return false;
        var octets = address.Buffer.Span;
        remote = new(IPv6Address.Read(octets[AddressOffset..]), BinaryPrimitives.ReadUInt16BigEndian(octets[PortOffset..]));
        return remote.Port != 0;
    }

    /// <summary>Writes .NET's form for socket calls.</summary>
    /// <param name="address">An address of the family <see cref="AddressFamily.InterNetworkV6"/>.</param>
    public void Write(SocketAddress address)
    {
        address.Size = SocketAddressOctets;
        var octets = address.Buffer.Span[PortOffset..SocketAddressOctets];
        octets.Clear(); // no flow, no scope
        BinaryPrimitives.WriteUInt16BigEndian(octets, Port);
        Address.Write(octets[(AddressOffset - PortOffset)..]);
    }

    /// <summary>Makes the .NET form. Allocates.</summary>
    public IPEndPoint ToIPEndPoint() => new(Address.ToIPAddress(), Port);
}
