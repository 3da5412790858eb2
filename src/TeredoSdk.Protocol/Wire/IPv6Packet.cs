using System.Buffers.Binary;

namespace TeredoSdk.Protocol.Wire;

/// <summary>The values of IPv6's next header field that this library uses.</summary>
public static class NextHeader
{
    /// <summary>TCP.</summary>
    public const byte Tcp = 6;
    /// <summary>UDP.</summary>
    public const byte Udp = 17;
    /// <summary>The routing extension header (RFC 8200 §4.4).</summary>
    public const byte Routing = 43;
    /// <summary>The fragment extension header (RFC 8200 §4.5).</summary>
    public const byte Fragment = 44;
    /// <summary>ICMPv6 (RFC 4443).</summary>
    public const byte Icmpv6 = 58;
    /// <summary>Nothing follows (RFC 8200 §4.7). Together with an empty payload, this makes a bubble.</summary>
    public const byte None = 59;
    /// <summary>Hop-by-hop options (RFC 8200 §4.3).</summary>
    public const byte HopByHop = 0;
    /// <summary>Destination options (RFC 8200 §4.6).</summary>
    public const byte DestinationOptions = 60;
}

/// <summary>An IPv6 packet: its header of 40 octets and its payload.</summary>
/// <remarks>Source: RFC 8200 §3. It is a view, and valid only as long as the octets that it was parsed from.</remarks>
public readonly ref struct IPv6Packet
{
    // version 4, traffic class 8, flow label 20 | payload length 16, next header 8, hop limit 8 | source 128 | destination 128

    /// <summary>The size of the fixed header, in octets.</summary>
    public const int HeaderSize = 40;

    readonly ReadOnlySpan<byte> _octets; // exactly HeaderSize + payload length long, because only TryParse makes one

    IPv6Packet(ReadOnlySpan<byte> octets) => _octets = octets;

    /// <summary>The whole packet, without octets that follow it in the buffer.</summary>
    public ReadOnlySpan<byte> Octets => _octets;

    /// <summary>The length of the whole packet, in octets.</summary>
    public int Length => _octets.Length;

    /// <summary>The protocol after the header; see <see cref="Wire.NextHeader"/>.</summary>
    public byte NextHeader => _octets[6];

    /// <summary>The hop limit.</summary>
    public byte HopLimit => _octets[7];

    /// <summary>The source address.</summary>
    public IPv6Address Source => IPv6Address.Read(_octets[8..]);

    /// <summary>The destination address.</summary>
    public IPv6Address Destination => IPv6Address.Read(_octets[24..]);

    /// <summary>The octets after the header.</summary>
    public ReadOnlySpan<byte> Payload => _octets[HeaderSize..];

    /// <summary>Whether this is a bubble: next header 59 and an empty payload (RFC 4380 §2.8).</summary>
    public bool IsBubble => NextHeader == Wire.NextHeader.None && _octets.Length == HeaderSize;

    /// <summary>
    /// Whether a routing header of type 0 is among the packet's extension headers. RFC 6169 §2.3.3 demands that such source-routed packets are
    /// discarded.
    /// </summary>
    public bool HasSourceRoute
    {
        get
        {
            byte next = NextHeader;
            int at = HeaderSize;
            while (IsExtension(next) && at + 8 <= _octets.Length)
            {
                var header = _octets[at..];
                if (next == Wire.NextHeader.Routing && header[2] == 0)
                    return true;
                if (next == Wire.NextHeader.Fragment && (header[2] != 0 || header[3] >> 3 != 0))
                    return false; // not the first fragment, so no further headers follow
                at += next == Wire.NextHeader.Fragment ? 8 : (header[1] + 1) * 8; // RFC 8200 §4.5: a fragment header has no length field
                next = header[0];
            }
            return false;
        }
    }

    static bool IsExtension(byte next) =>
        next is Wire.NextHeader.HopByHop or Wire.NextHeader.DestinationOptions or Wire.NextHeader.Routing or Wire.NextHeader.Fragment;

    /// <summary>Parses the packet at the start of a buffer, which may be longer.</summary>
    /// <returns>False when the version is not 6 or the buffer is shorter than the header says.</returns>
    public static bool TryParse(ReadOnlySpan<byte> octets, out IPv6Packet packet)
    {
        packet = default;
        if (octets.Length < HeaderSize || octets[0] >> 4 != 6)
            return false;
        int length = HeaderSize + BinaryPrimitives.ReadUInt16BigEndian(octets[4..]);
        if (length > octets.Length)
            return false;
        packet = new(octets[..length]);
        return true;
    }

    /// <summary>Writes a header with traffic class and flow label 0.</summary>
    /// <param name="octets">The destination buffer; at least <see cref="HeaderSize"/> long.</param>
    /// <param name="payloadLength">The length of the payload, in octets: 0 to 65,535.</param>
    /// <param name="nextHeader">The protocol of the payload.</param>
    /// <param name="hopLimit">The hop limit.</param>
    /// <param name="source">The source address.</param>
    /// <param name="destination">The destination address.</param>
    /// <returns>The number of octets written, <see cref="HeaderSize"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short, or the payload is too long for the header.</exception>
    public static int WriteHeader(Span<byte> octets, int payloadLength, byte nextHeader, byte hopLimit, IPv6Address source, IPv6Address destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)payloadLength, ushort.MaxValue, nameof(payloadLength));
        BinaryPrimitives.WriteUInt32BigEndian(octets, 0x6000_0000);
        BinaryPrimitives.WriteUInt16BigEndian(octets[4..], (ushort)payloadLength);
        octets[6] = nextHeader;
        octets[7] = hopLimit;
        source.Write(octets[8..]);
        destination.Write(octets[24..]);
        return HeaderSize;
    }
}

/// <summary>A bubble: an IPv6 header with next header 59 and no payload, which opens or refreshes a NAT's mapping.</summary>
public static class Bubble
{
    /// <summary>The size of a bubble without trailers, in octets.</summary>
    public const int Size = IPv6Packet.HeaderSize;

    /// <summary>The hop limit of ordinary bubbles. RFC 4380 does not specify it, and it is ignored on receipt.</summary>
    public const byte HopLimit = 255;

    /// <summary>The hop limit of local discovery bubbles (RFC 4380 §5.2.8).</summary>
    public const byte DiscoveryHopLimit = 1;

    /// <summary>Writes a bubble (RFC 4380 §2.8).</summary>
    /// <returns>The number of octets written, <see cref="Size"/>.</returns>
    public static int Write(Span<byte> octets, IPv6Address source, IPv6Address destination, byte hopLimit = HopLimit) =>
        IPv6Packet.WriteHeader(octets, 0, NextHeader.None, hopLimit, source, destination);
}
