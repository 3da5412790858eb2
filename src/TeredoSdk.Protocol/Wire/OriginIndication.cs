using System.Buffers.Binary;

namespace TeredoSdk.Protocol.Wire;

/// <summary>The origin indication: eight octets that a server puts before a packet that it forwards or answers.</summary>
/// <remarks>
/// Source: RFC 4380 §5.1.1. It has a meaning only from the client's own server. It is a view, and valid only as long as the datagram that it was
/// parsed from.
/// </remarks>
public readonly ref struct OriginIndication
{
    // indicator 00 00 | port, inverted | IPv4 address, inverted

    /// <summary>The size on the wire, in octets.</summary>
    public const int Size = 8;

    readonly ReadOnlySpan<byte> _octets; // exactly Size long, because only TryParse makes one

    OriginIndication(ReadOnlySpan<byte> octets) => _octets = octets;

    /// <summary>The endpoint that the server saw as the sender.</summary>
    public IPv4Endpoint MappedEndpoint => new( // §5.1.1: port and address are inverted, so that no NAT rewrites them
        new(~BinaryPrimitives.ReadUInt32BigEndian(_octets[4..])), (ushort)~BinaryPrimitives.ReadUInt16BigEndian(_octets[2..]));

    /// <summary>The octets as they are in the datagram.</summary>
    public ReadOnlySpan<byte> Octets => _octets;

    /// <summary>Parses the origin indication at the start of a buffer, which may be longer.</summary>
    /// <returns>False when the octets do not start with a whole origin indication.</returns>
    public static bool TryParse(ReadOnlySpan<byte> octets, out OriginIndication origin)
    {
        bool found = octets.Length >= Size && octets[0] == 0 && octets[1] == 0;
        origin = found ? new(octets[..Size]) : default;
        return found;
    }

    /// <summary>Writes an origin indication.</summary>
    /// <returns>The number of octets written, <see cref="Size"/>.</returns>
    public static int Write(Span<byte> octets, IPv4Endpoint mapped)
    {
        BinaryPrimitives.WriteUInt16BigEndian(octets, 0);
        BinaryPrimitives.WriteUInt16BigEndian(octets[2..], (ushort)~mapped.Port);
        BinaryPrimitives.WriteUInt32BigEndian(octets[4..], ~mapped.Address.Value);
        return Size;
    }
}
