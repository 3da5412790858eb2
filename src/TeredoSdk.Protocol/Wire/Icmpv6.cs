using System.Buffers.Binary;

namespace TeredoSdk.Protocol.Wire;

/// <summary>The ICMPv6 message types that this library uses.</summary>
public enum Icmpv6Type : byte
{
    /// <summary>Destination Unreachable (RFC 4443 §3.1).</summary>
    DestinationUnreachable = 1,
    /// <summary>Packet Too Big (RFC 4443 §3.2).</summary>
    PacketTooBig = 2,
    /// <summary>Time Exceeded (RFC 4443 §3.3).</summary>
    TimeExceeded = 3,
    /// <summary>Echo Request (RFC 4443 §4.1).</summary>
    EchoRequest = 128,
    /// <summary>Echo Reply (RFC 4443 §4.2).</summary>
    EchoReply = 129,
    /// <summary>Router Solicitation (RFC 4861 §4.1).</summary>
    RouterSolicitation = 133,
    /// <summary>Router Advertisement (RFC 4861 §4.2).</summary>
    RouterAdvertisement = 134,
    /// <summary>Neighbor Solicitation (RFC 4861 §4.3).</summary>
    NeighborSolicitation = 135,
    /// <summary>Neighbor Advertisement (RFC 4861 §4.4).</summary>
    NeighborAdvertisement = 136,
}

/// <summary>An ICMPv6 message with a verified checksum.</summary>
/// <remarks>Source: RFC 4443 §2.1. It is a view, and valid only as long as the octets that it was parsed from.</remarks>
public readonly ref struct Icmpv6Message
{
    /// <summary>The size of the fixed header (type, code, checksum), in octets.</summary>
    public const int HeaderSize = 4;

    readonly ReadOnlySpan<byte> _octets; // at least HeaderSize long, because only TryParse makes one

    Icmpv6Message(ReadOnlySpan<byte> octets) => _octets = octets;

    /// <summary>The message type.</summary>
    public Icmpv6Type Type => (Icmpv6Type)_octets[0];

    /// <summary>The code within the type.</summary>
    public byte Code => _octets[1];

    /// <summary>The whole message.</summary>
    public ReadOnlySpan<byte> Octets => _octets;

    /// <summary>Whether this is an error message: a type below 128 (RFC 4443 §2.1).</summary>
    public bool IsError => _octets[0] < 128;

    /// <summary>Parses the payload of an IPv6 packet whose next header is ICMPv6, and verifies its checksum.</summary>
    /// <returns>False when the packet is not ICMPv6, is cut short, or has a wrong checksum.</returns>
    public static bool TryParse(in IPv6Packet packet, out Icmpv6Message message)
    {
        var octets = packet.Payload;
        bool valid = packet.NextHeader == NextHeader.Icmpv6 && octets.Length >= HeaderSize
            && InternetChecksum.Verify(packet.Source, packet.Destination, NextHeader.Icmpv6, octets);
        message = valid ? new(octets) : default;
        return valid;
    }

    /// <summary>Writes the checksum of a packet whose IPv6 header and ICMPv6 message are already written.</summary>
    internal static void WriteChecksum(Span<byte> packet)
    {
        var message = packet[IPv6Packet.HeaderSize..];
        message[2] = message[3] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], InternetChecksum.Compute(
            IPv6Address.Read(packet[8..]), IPv6Address.Read(packet[24..]), NextHeader.Icmpv6, message));
    }
}

/// <summary>An ICMPv6 Echo Request or Echo Reply.</summary>
/// <remarks>Source: RFC 4443 §4. It is a view, and valid only as long as the octets that it was parsed from.</remarks>
public readonly ref struct EchoMessage
{
    /// <summary>The size of the message without data, in octets.</summary>
    public const int HeaderSize = 8;

    readonly ReadOnlySpan<byte> _octets; // at least HeaderSize long, because only TryParse makes one

    EchoMessage(ReadOnlySpan<byte> octets) => _octets = octets;

    /// <summary>Whether this is a reply.</summary>
    public bool IsReply => _octets[0] == (byte)Icmpv6Type.EchoReply;

    /// <summary>The identifier.</summary>
    public ushort Identifier => BinaryPrimitives.ReadUInt16BigEndian(_octets[4..]);

    /// <summary>The sequence number.</summary>
    public ushort Sequence => BinaryPrimitives.ReadUInt16BigEndian(_octets[6..]);

    /// <summary>The data.</summary>
    public ReadOnlySpan<byte> Data => _octets[HeaderSize..];

    /// <summary>Reads an ICMPv6 message as an echo message.</summary>
    /// <returns>False when the message is not an echo message, or is cut short.</returns>
    public static bool TryParse(in Icmpv6Message message, out EchoMessage echo)
    {
        bool valid = message.Type is Icmpv6Type.EchoRequest or Icmpv6Type.EchoReply && message.Octets.Length >= HeaderSize && message.Code == 0;
        echo = valid ? new(message.Octets) : default;
        return valid;
    }

    /// <summary>Writes a whole IPv6 packet with an echo message.</summary>
    /// <param name="octets">The destination buffer: 48 octets longer than the data.</param>
    /// <param name="type">Echo Request or Echo Reply.</param>
    /// <param name="source">The source address.</param>
    /// <param name="destination">The destination address.</param>
    /// <param name="identifier">The identifier.</param>
    /// <param name="sequence">The sequence number.</param>
    /// <param name="data">The data.</param>
    /// <param name="hopLimit">The hop limit.</param>
    /// <returns>The number of octets written.</returns>
    public static int WritePacket(Span<byte> octets, Icmpv6Type type, IPv6Address source, IPv6Address destination,
        ushort identifier, ushort sequence, ReadOnlySpan<byte> data, byte hopLimit = 64)
    {
        int size = IPv6Packet.HeaderSize + HeaderSize + data.Length;
        IPv6Packet.WriteHeader(octets, HeaderSize + data.Length, NextHeader.Icmpv6, hopLimit, source, destination);
        var message = octets[IPv6Packet.HeaderSize..size];
        message[0] = (byte)type;
        message[1] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], identifier);
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], sequence);
        data.CopyTo(message[HeaderSize..]);
        Icmpv6Message.WriteChecksum(octets[..size]);
        return size;
    }
}

/// <summary>ICMPv6 error messages.</summary>
public static class Icmpv6Error
{
    /// <summary>The code "address unreachable" of Destination Unreachable (RFC 4443 §3.1).</summary>
    public const byte AddressUnreachable = 3;

    /// <summary>The largest packet of an error message, in octets: the smallest IPv6 MTU (RFC 4443 §2.4 c).</summary>
    public const int MaximumPacketSize = 1280;

    /// <summary>
    /// Whether an error may be sent for a packet. No error may be sent for an ICMPv6 error or redirect, a bubble, or a packet with a multicast or
    /// unspecified source or a multicast destination (RFC 4443 §2.4 e).
    /// </summary>
    public static bool MayAnswer(in IPv6Packet packet) =>
        !packet.IsBubble && !packet.Source.IsMulticast && !packet.Source.IsUnspecified && !packet.Destination.IsMulticast
        && !(packet.NextHeader == NextHeader.Icmpv6 && packet.Payload.Length > 0 && packet.Payload[0] is < 128 or Redirect);

    const byte Redirect = 137; // RFC 4861 §4.5

    /// <summary>Writes a whole IPv6 packet with an error message that quotes another packet.</summary>
    /// <param name="octets">The destination buffer: 48 octets longer than the quoted packet, and at most 1280.</param>
    /// <param name="type">The type, for example Destination Unreachable.</param>
    /// <param name="code">The code within the type.</param>
    /// <param name="parameter">The 32 bits after the checksum: the MTU for Packet Too Big, otherwise 0.</param>
    /// <param name="source">The source address of the error.</param>
    /// <param name="destination">The destination of the error: the quoted packet's source.</param>
    /// <param name="quoted">The packet that caused the error. The error quotes as much of it as fits.</param>
    /// <returns>The number of octets written.</returns>
    public static int WritePacket(Span<byte> octets, Icmpv6Type type, byte code, uint parameter,
        IPv6Address source, IPv6Address destination, ReadOnlySpan<byte> quoted)
    {
        const int headers = IPv6Packet.HeaderSize + 8;
        quoted = quoted[..Math.Min(quoted.Length, MaximumPacketSize - headers)];
        int size = headers + quoted.Length;
        IPv6Packet.WriteHeader(octets, size - IPv6Packet.HeaderSize, NextHeader.Icmpv6, 64, source, destination);
        octets[40] = (byte)type;
        octets[41] = code;
        BinaryPrimitives.WriteUInt32BigEndian(octets[44..], parameter);
        quoted.CopyTo(octets[headers..]);
        Icmpv6Message.WriteChecksum(octets[..size]);
        return size;
    }
}
