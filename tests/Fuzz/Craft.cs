using System.Buffers.Binary;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <summary>Datagrams that are right, for the mutator to spoil.</summary>
public static class Craft
{
    /// <summary>A bubble with trailers.</summary>
    public static byte[] BubbleOf(IPv6Address source, IPv6Address destination, params byte[][] trailers)
    {
        byte[] datagram = new byte[Bubble.Size + trailers.Sum(trailer => trailer.Length)];
        int at = Bubble.Write(datagram, source, destination);
        foreach (byte[] trailer in trailers)
        {
            trailer.CopyTo(datagram, at);
            at += trailer.Length;
        }
        return datagram;
    }

    /// <summary>A trailer of any type.</summary>
    public static byte[] Trailer(byte type, params byte[] value) => [type, (byte)value.Length, .. value];

    /// <summary>A nonce trailer.</summary>
    public static byte[] Nonce(uint nonce)
    {
        byte[] octets = new byte[6];
        TrailerSet.WriteNonce(octets, nonce);
        return octets;
    }

    /// <summary>A random port trailer.</summary>
    public static byte[] RandomPort(ushort port) => Trailer(TrailerType.RandomPort, (byte)(port >> 8), (byte)port);

    /// <summary>A neighbor discovery trailer.</summary>
    public static byte[] NeighborDiscovery(int type) => Trailer(TrailerType.NeighborDiscovery, (byte)type, 0, 0, 0);

    /// <summary>An alternate address trailer.</summary>
    public static byte[] Alternates(params IPv4Endpoint[] endpoints)
    {
        byte[] octets = new byte[4 + 6 * endpoints.Length];
        TrailerSet.WriteAlternateAddresses(octets, endpoints);
        return octets;
    }

    /// <summary>A packet behind an origin indication.</summary>
    public static byte[] WithOrigin(IPv4Endpoint origin, byte[] packet)
    {
        byte[] datagram = new byte[OriginIndication.Size + packet.Length];
        OriginIndication.Write(datagram, origin);
        packet.CopyTo(datagram, OriginIndication.Size);
        return datagram;
    }

    /// <summary>A UDP datagram in IPv6.</summary>
    public static byte[] Udp(IPv6Address source, IPv6Address destination, int size)
    {
        byte[] packet = new byte[48 + size];
        UdpDatagram.WritePacket(packet, source, 4242, destination, 4242, new byte[size]);
        return packet;
    }

    /// <summary>An echo message.</summary>
    public static byte[] Echo(Icmpv6Type type, IPv6Address source, IPv6Address destination, ushort identifier, ushort sequence, ReadOnlySpan<byte> data)
    {
        byte[] packet = new byte[48 + data.Length];
        EchoMessage.WritePacket(packet, type, source, destination, identifier, sequence, data);
        return packet;
    }

    /// <summary>A solicitation with a nonce.</summary>
    public static byte[] Solicitation(ulong nonce, bool cone)
    {
        byte[] datagram = new byte[Authentication.MinimumSize + RouterSolicitation.Size];
        Authentication.Write(datagram, nonce);
        RouterSolicitation.Write(datagram.AsSpan(Authentication.MinimumSize),
            cone ? new IPv6Address(0xFE80_0000_0000_0000, 0x8000_FFFF_FFFF_FFFF) : TeredoLinkLocal.Client);
        return datagram;
    }

    /// <summary>A solicitation with a secret (RFC 4380 §5.2.2).</summary>
    public static byte[] Solicitation(ulong nonce, TeredoSecret secret)
    {
        byte[] packet = new byte[RouterSolicitation.Size], header = new byte[512];
        RouterSolicitation.Write(packet, TeredoLinkLocal.Client);
        int size = Authentication.Write(header, nonce, 0, secret.ClientIdentifier.Span, secret.Algorithm, secret.Secret.Span, default, packet);
        return [.. header[..size], .. packet];
    }

    /// <summary>The answer to a solicitation.</summary>
    public static byte[] Advertisement(ulong nonce, IPv4Endpoint mapped, IPv4Address primary, TeredoSecret? secret)
    {
        byte[] packet = new byte[RouterAdvertisement.Size], origin = new byte[OriginIndication.Size], header = new byte[512];
        RouterAdvertisement.Write(packet, primary, TeredoLinkLocal.Client);
        OriginIndication.Write(origin, mapped);
        int size = secret is null ? Authentication.Write(header, nonce)
            : Authentication.Write(header, nonce, 0, secret.ClientIdentifier.Span, secret.Algorithm, secret.Secret.Span, origin, packet);
        return [.. header[..size], .. origin, .. packet];
    }

    /// <summary>A request for a check of reachability (docs/protocol §9.2): an ask without cookie, an order with one.</summary>
    public static byte[] Reflection(IPv6Address source, IPv6Address destination, ReadOnlySpan<byte> cookie, byte step, int size)
    {
        byte[] packet = new byte[size];
        IPv6Packet.WriteHeader(packet, size - IPv6Packet.HeaderSize, NextHeader.Icmpv6, 64, source, destination);
        var body = packet.AsSpan(IPv6Packet.HeaderSize);
        (body[0], body[1], body[38]) = (200, (byte)(cookie.IsEmpty ? 0 : 1), step);
        "TRef"u8.CopyTo(body[4..]);
        body.Slice(8, 8).Fill(7); // the token
        cookie.CopyTo(body[16..]);
        FixChecksum(packet);
        return packet;
    }

    /// <summary>Makes the ICMPv6 checksum right again after a mutation.</summary>
    public static void FixChecksum(Span<byte> packet)
    {
        if (!IPv6Packet.TryParse(packet, out var parsed) || parsed.NextHeader != NextHeader.Icmpv6 || parsed.Payload.Length < 4)
            return;
        var segment = packet[IPv6Packet.HeaderSize..parsed.Length];
        segment[2] = segment[3] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..],
            InternetChecksum.Compute(parsed.Source, parsed.Destination, NextHeader.Icmpv6, segment));
    }
}
