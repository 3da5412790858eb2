using System.Buffers.Binary;

namespace TeredoSdk.Protocol.Wire;

/// <summary>Protocol numbers of IPv6's next header field that this library looks at.</summary>
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
    /// <summary>Nothing follows (RFC 8200 §4.7): a bubble, when there is no payload either.</summary>
    public const byte None = 59;
    /// <summary>Hop-by-hop options (RFC 8200 §4.3).</summary>
    public const byte HopByHop = 0;
    /// <summary>Destination options (RFC 8200 §4.6).</summary>
    public const byte DestinationOptions = 60;
}

/// <summary>An IPv6 packet: its header of 40 octets and exactly its payload.</summary>
/// <remarks>Source: RFC 8200 §3. Valid only while the octets it was parsed from are.</remarks>
public readonly ref struct IPv6Packet
{
    // version 4, traffic class 8, flow label 20 | payload length 16, next header 8, hop limit 8 | source 128 | destination 128

    /// <summary>Size of the fixed header, in octets.</summary>
    public const int HeaderSize = 40;

    readonly ReadOnlySpan<byte> _octets; // exactly HeaderSize + payload length long, because only TryParse makes one

    IPv6Packet(ReadOnlySpan<byte> octets) => _octets = octets;

    /// <summary>The whole packet, without anything that followed it.</summary>
    public ReadOnlySpan<byte> Octets => _octets;

    /// <summary>Length of the whole packet, in octets.</summary>
    public int Length => _octets.Length;

    /// <summary>The protocol of what follows the header; see <see cref="Wire.NextHeader"/>.</summary>
    public byte NextHeader => _octets[6];

    /// <summary>The hop limit.</summary>
    public byte HopLimit => _octets[7];

    /// <summary>The source address.</summary>
    public IPv6Address Source => IPv6Address.Read(_octets[8..]);

    /// <summary>The destination address.</summary>
    public IPv6Address Destination => IPv6Address.Read(_octets[24..]);

    /// <summary>What follows the header.</summary>
    public ReadOnlySpan<byte> Payload => _octets[HeaderSize..];

    /// <summary>Whether this is a bubble: next header 59 and no payload (RFC 4380 §2.8).</summary>
    public bool IsBubble => NextHeader == Wire.NextHeader.None && _octets.Length == HeaderSize;

    /// <summary>
    /// Whether the packet carries a routing header of type 0 in its chain of extension headers, source routing that RFC 6169
    /// §2.3.3 wants discarded.
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
                    return false; // not the first fragment: what follows is the middle of something
                at += next == Wire.NextHeader.Fragment ? 8 : (header[1] + 1) * 8; // RFC 8200 §4.5: a fragment header has no length
                next = header[0];
            }
            return false;
        }
    }

    static bool IsExtension(byte next) =>
        next is Wire.NextHeader.HopByHop or Wire.NextHeader.DestinationOptions or Wire.NextHeader.Routing or Wire.NextHeader.Fragment;

    /// <summary>Parses the packet at the start of a buffer, which may hold more.</summary>
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
    /// <param name="octets">Where to write; at least <see cref="HeaderSize"/> long.</param>
    /// <param name="payloadLength">Length of what follows, in octets: 0 to 65,535.</param>
    /// <param name="nextHeader">The protocol of what follows.</param>
    /// <param name="hopLimit">The hop limit.</param>
    /// <param name="source">The source address.</param>
    /// <param name="destination">The destination address.</param>
    /// <returns>The octets written, <see cref="HeaderSize"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The buffer is too short, or the payload longer than the header can say.</exception>
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

/// <summary>The bubble: an IPv6 header without payload, next header 59, that opens or refreshes a NAT's mapping.</summary>
public static class Bubble
{
    /// <summary>Size of a bubble without trailers, in octets.</summary>
    public const int Size = IPv6Packet.HeaderSize;

    /// <summary>The hop limit of ordinary bubbles: not specified by RFC 4380, ignored on receipt.</summary>
    public const byte HopLimit = 255;

    /// <summary>The hop limit of local discovery bubbles (RFC 4380 §5.2.8).</summary>
    public const byte DiscoveryHopLimit = 1;

    /// <summary>Writes a bubble (RFC 4380 §2.8).</summary>
    /// <returns>The octets written, <see cref="Size"/>.</returns>
    public static int Write(Span<byte> octets, IPv6Address source, IPv6Address destination, byte hopLimit = HopLimit) =>
        IPv6Packet.WriteHeader(octets, 0, NextHeader.None, hopLimit, source, destination);
}
