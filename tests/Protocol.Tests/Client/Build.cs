using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Builders of packets and UDP payloads.</summary>
static class Build
{
    /// <summary>An IPv6 packet with a UDP datagram.</summary>
    public static byte[] Udp(IPv6Address source, IPv6Address destination, int payloadOctets = 12, ushort sourcePort = 4242, ushort destinationPort = 4242)
    {
        byte[] payload = new byte[payloadOctets];
        for (int i = 0; i < payload.Length; i++)
            payload[i] = (byte)(i * 7 + 1);
        byte[] packet = new byte[48 + payloadOctets];
        UdpDatagram.WritePacket(packet, source, sourcePort, destination, destinationPort, payload);
        return packet;
    }

    /// <summary>A bubble with trailers behind it.</summary>
    public static byte[] Bubble(IPv6Address source, IPv6Address destination, params byte[][] trailers) =>
        BubbleWithHopLimit(255, source, destination, trailers);

    public static byte[] BubbleWithHopLimit(byte hopLimit, IPv6Address source, IPv6Address destination, params byte[][] trailers)
    {
        byte[] packet = new byte[Protocol.Wire.Bubble.Size];
        Protocol.Wire.Bubble.Write(packet, source, destination, hopLimit);
        return [.. packet, .. trailers.SelectMany(t => t)];
    }

    public static byte[] Nonce(uint nonce) => [TrailerType.Nonce, 4, (byte)(nonce >> 24), (byte)(nonce >> 16), (byte)(nonce >> 8), (byte)nonce];

    public static byte[] RandomPort(ushort port) => [TrailerType.RandomPort, 2, (byte)(port >> 8), (byte)port];

    public static byte[] NeighborDiscovery(NeighborDiscoveryType type) => [TrailerType.NeighborDiscovery, 4, (byte)type, 0, 0, 0];

    public static byte[] AlternateAddresses(params IPv4Endpoint[] endpoints)
    {
        byte[] octets = new byte[4 + 6 * endpoints.Length];
        TrailerSet.WriteAlternateAddresses(octets, endpoints);
        return octets;
    }

    /// <summary>A packet as a server forwards it: behind an origin indication.</summary>
    public static byte[] WithOrigin(IPv4Endpoint origin, byte[] packet)
    {
        byte[] octets = new byte[OriginIndication.Size];
        OriginIndication.Write(octets, origin);
        return [.. octets, .. packet];
    }

    public static byte[] EchoRequest(IPv6Address source, IPv6Address destination, ushort identifier = 1, ushort sequence = 1, params byte[] data) =>
        Echo(Icmpv6Type.EchoRequest, source, destination, identifier, sequence, data);

    public static byte[] EchoReply(IPv6Address source, IPv6Address destination, ushort identifier, ushort sequence, params byte[] data) =>
        Echo(Icmpv6Type.EchoReply, source, destination, identifier, sequence, data);

    /// <summary>The right reply to an Echo Request that the client sent.</summary>
    public static byte[] EchoReplyTo(SentDatagram request)
    {
        var (identifier, sequence, data) = request.Echo;
        return Echo(Icmpv6Type.EchoReply, request.InnerDestination, request.InnerSource, identifier, sequence, data);
    }

    static byte[] Echo(Icmpv6Type type, IPv6Address source, IPv6Address destination, ushort identifier, ushort sequence, byte[] data)
    {
        byte[] packet = new byte[48 + data.Length];
        EchoMessage.WritePacket(packet, type, source, destination, identifier, sequence, data);
        return packet;
    }
}
