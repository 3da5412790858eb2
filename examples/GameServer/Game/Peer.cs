using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Protocol;

namespace GameServer.Game;

/// <summary>Sends a datagram. Like any UDP datagram it may get lost.</summary>
delegate void Send(Peer to, ReadOnlySpan<byte> datagram);

/// <summary>Fills octets with random ones: unpredictable ones in a real game, the same each time in a test.</summary>
delegate void Fill(Span<byte> octets);

/// <summary>A peer's address and port, as a value that needs no memory of its own.</summary>
readonly record struct Peer(IPv6Address Address, ushort Port)
{
    const int PortAt = 2, AddressAt = 8; // struct sockaddr_in6

    public static SocketAddress NewSocketAddress() => new IPEndPoint(IPAddress.IPv6Any, 0).Serialize();

    public static Peer Read(SocketAddress from) =>
        new(IPv6Address.Read(from.Buffer.Span[AddressAt..]), BinaryPrimitives.ReadUInt16BigEndian(from.Buffer.Span[PortAt..]));

    public static Peer From(IPEndPoint endPoint) => endPoint.AddressFamily == AddressFamily.InterNetworkV6
        ? new(IPv6Address.FromIPAddress(endPoint.Address), (ushort)endPoint.Port)
        : throw new FormatException($"'{endPoint}' is not an IPv6 end point; expected [ADDRESS]:PORT.");

    /// <param name="to">Made by <see cref="NewSocketAddress"/>.</param>
    public void Write(SocketAddress to)
    {
        Address.Write(to.Buffer.Span[AddressAt..]);
        BinaryPrimitives.WriteUInt16BigEndian(to.Buffer.Span[PortAt..], Port);
    }

    /// <summary>What the address tells about the peer's network.</summary>
    public string Network => !TeredoAddress.TryCreate(Address, out var teredo) ? "native IPv6"
        : $"NAT {teredo.MappedEndpoint}, server {teredo.Server}";

    public override string ToString() => $"[{Address}]:{Port}";
}

/// <summary>Who is banned: an IPv4 end point (one NAT mapping, so one program), an IPv4 address, or a /64 of native IPv6.</summary>
readonly record struct Origin(ulong Network, uint Port)
{
    const uint Any = 0x1_0000, Native = 0x2_0000;

    /// <summary>The narrowest that a peer cannot leave by taking another UDP port of its own.</summary>
    public static Origin EndPointOf(IPv6Address address) => TeredoAddress.TryCreate(address, out var teredo)
        ? new(teredo.MappedEndpoint.Address.Value, teredo.MappedEndpoint.Port) : AddressOf(address);

    /// <summary>Everybody behind the same NAT, or in the same native network.</summary>
    public static Origin AddressOf(IPv6Address address) => TeredoAddress.TryCreate(address, out var teredo)
        ? new(teredo.MappedEndpoint.Address.Value, Any) : new(address.High, Native);
}
