using System.Buffers.Binary;

namespace TeredoSdk.Protocol.Wire;

/// <summary>A UDP datagram inside an IPv6 packet.</summary>
/// <remarks>Source: RFC 768, RFC 8200 §8.1. It is a view, and valid only as long as the octets that it was parsed from.</remarks>
public readonly ref struct UdpDatagram
{
    /// <summary>The size of the header, in octets.</summary>
    public const int HeaderSize = 8;

    readonly ReadOnlySpan<byte> _octets; // exactly as long as its length field says, because only TryParse makes one

    UdpDatagram(ReadOnlySpan<byte> octets) => _octets = octets;

    /// <summary>The source port.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_octets);

    /// <summary>The destination port.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_octets[2..]);

    /// <summary>The datagram's payload.</summary>
    public ReadOnlySpan<byte> Payload => _octets[HeaderSize..];

    /// <summary>Parses the payload of an IPv6 packet whose next header is UDP, and verifies its checksum.</summary>
    /// <returns>False when the datagram is cut short, has a wrong checksum, or has none, which IPv6 forbids.</returns>
    public static bool TryParse(in IPv6Packet packet, out UdpDatagram datagram)
    {
        datagram = default;
        var octets = packet.Payload;
        if (packet.NextHeader != NextHeader.Udp || octets.Length < HeaderSize)
            return false;
        int length = BinaryPrimitives.ReadUInt16BigEndian(octets[4..]);
        if (length < HeaderSize || length > octets.Length || BinaryPrimitives.ReadUInt16BigEndian(octets[6..]) == 0)
            return false;
        if (!InternetChecksum.Verify(packet.Source, packet.Destination, NextHeader.Udp, octets[..length]))
            return false;
        datagram = new(octets[..length]);
        return true;
    }

    /// <summary>Writes a whole IPv6 packet with a UDP datagram.</summary>
    /// <param name="octets">The destination buffer: 48 octets longer than the payload.</param>
    /// <param name="source">The source address.</param>
    /// <param name="sourcePort">The source port.</param>
    /// <param name="destination">The destination address.</param>
    /// <param name="destinationPort">The destination port.</param>
    /// <param name="payload">The datagram's payload; it may already be at its place in <paramref name="octets"/>.</param>
    /// <param name="hopLimit">The hop limit.</param>
    /// <returns>The number of octets written.</returns>
    public static int WritePacket(Span<byte> octets, IPv6Address source, ushort sourcePort, IPv6Address destination, ushort destinationPort,
        ReadOnlySpan<byte> payload, byte hopLimit = 64)
    {
        int length = HeaderSize + payload.Length;
        IPv6Packet.WriteHeader(octets, length, NextHeader.Udp, hopLimit, source, destination);
        var segment = octets.Slice(IPv6Packet.HeaderSize, length);
        BinaryPrimitives.WriteUInt16BigEndian(segment, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(segment[2..], destinationPort);
        BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(segment[6..], 0);
        payload.CopyTo(segment[HeaderSize..]);
        ushort checksum = InternetChecksum.Compute(source, destination, NextHeader.Udp, segment);
        BinaryPrimitives.WriteUInt16BigEndian(segment[6..], checksum == 0 ? (ushort)0xFFFF : checksum); // RFC 768: 0 means none
        return IPv6Packet.HeaderSize + length;
    }
}
