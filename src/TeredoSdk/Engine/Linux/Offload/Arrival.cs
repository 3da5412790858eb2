using System.Buffers.Binary;
using System.Numerics;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Linux.Offload;

/// <summary>A packet that came through the tunnel, seen as one that may join others: TCP or UDP over IPv6 without extension headers.</summary>
readonly unsafe struct Arrival
{
    Arrival(byte* packet, int length, byte protocol, int headerLength)
    {
        Packet = packet;
        (Length, Protocol, HeaderLength) = (length, protocol, headerLength);
    }

    /// <summary>The whole packet.</summary>
    public byte* Packet { get; }

    /// <summary>The length of the whole packet, in octets.</summary>
    public int Length { get; }

    /// <summary>TCP or UDP; for what is neither, none.</summary>
    public byte Protocol { get; }

    /// <summary>The length of IPv6 and transport header, in octets; 0 for a packet that can not be joined with others.</summary>
    public int HeaderLength { get; }

    /// <summary>Whether it may be part of a joined packet: its flags, lengths and checksum are right for that.</summary>
    public bool CanJoin => HeaderLength != 0;

    /// <summary>The length of the transport's payload, in octets.</summary>
    public int PayloadLength => Length - HeaderLength;

    /// <summary>TCP's sequence number.</summary>
    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(Transport[TcpField.Sequence..]);

    /// <summary>Whether this is a TCP segment that can be joined and has the PSH flag.</summary>
    public bool HasPush => CanJoin && Protocol == NextHeader.Tcp && (Transport[TcpField.Flags] & TcpField.Push) != 0;

    /// <summary>IPv6 and transport header.</summary>
    public ReadOnlySpan<byte> Headers => new(Packet, HeaderLength);

    public Piece Payload => new(Packet + HeaderLength, PayloadLength);

    ReadOnlySpan<byte> Octets => new(Packet, Length);

    ReadOnlySpan<byte> Transport => Octets[IPv6Packet.HeaderSize..];

    /// <summary>A number that is equal for packets of one flow, and seldom for those of two.</summary>
    public ulong Fingerprint
    {
        get
        {
            var addresses = Octets[8..];
            ulong prefixes = BinaryPrimitives.ReadUInt64LittleEndian(addresses)
                ^ BitOperations.RotateLeft(BinaryPrimitives.ReadUInt64LittleEndian(addresses[16..]), 32);
            ulong identifiers = BinaryPrimitives.ReadUInt64LittleEndian(addresses[8..])
                ^ BitOperations.RotateLeft(BinaryPrimitives.ReadUInt64LittleEndian(addresses[24..]), 32);
            ulong ports = BinaryPrimitives.ReadUInt32LittleEndian(addresses[32..]) | (ulong)Protocol << 32;
            ulong mixed = (prefixes * 0x9E37_79B9_7F4A_7C15 ^ identifiers) * 0xC2B2_AE3D_27D4_EB4F ^ ports;
            return (mixed ^ mixed >> 32) * 0x9E37_79B9_7F4A_7C15;
        }
    }

    /// <summary>A packet that belongs to no flow and joins no other.</summary>
    public static Arrival Alone(byte* packet, int length) => new(packet, length, NextHeader.None, 0);

    /// <param name="packet">The packet.</param>
    /// <param name="ip">The same packet, parsed.</param>
    /// <param name="length">Its length in octets; more than that of <paramref name="ip"/> when octets follow the packet.</param>
    /// <param name="mayJoin">Whether the device takes joined packets of the protocol.</param>
    /// <param name="arrival">The packet as one of a flow.</param>
    /// <returns>False when the packet belongs to no flow of TCP or UDP, or does not show to which.</returns>
    public static bool TryParse(byte* packet, in IPv6Packet ip, int length, bool mayJoin, out Arrival arrival)
    {
        arrival = default;
        int headerSize = ip.NextHeader switch
        {
            NextHeader.Tcp => TcpField.MinHeaderSize,
            NextHeader.Udp => UdpDatagram.HeaderSize,
            _ => int.MaxValue,
        };
        var transport = ip.Payload;
        if (transport.Length < headerSize)
            return false;
        bool canJoin = mayJoin
            && length == ip.Length
            && (ip.NextHeader == NextHeader.Tcp ? IsTcpToJoin(transport, out headerSize) : IsUdpToJoin(transport))
            && IsChecksumRight(ip);
        arrival = new(packet, length, ip.NextHeader, canJoin ? IPv6Packet.HeaderSize + headerSize : 0);
        return true;
    }

    /// <summary>Whether all header fields are equal that a joined packet has only once. It is so only for packets of one flow.</summary>
    /// <remarks>Both must be packets that can be joined.</remarks>
    public bool HasHeadersOf(in Arrival other)
    {
        ReadOnlySpan<byte> own = Headers, others = other.Headers;
        if (!own[..4].SequenceEqual(others[..4]) // version, traffic class with ECN (RFC 3168 §5), flow label
            || !own[6..44].SequenceEqual(others[6..44])) // next header, hop limit, addresses, ports
            return false;
        if (Protocol == NextHeader.Udp)
            return true;
        // With the data offset, the lengths of the options are equal, too. The flags can differ in PSH only.
        own = own[IPv6Packet.HeaderSize..];
        others = others[IPv6Packet.HeaderSize..];
        return own[TcpField.Acknowledgment..TcpField.Flags].SequenceEqual(others[TcpField.Acknowledgment..TcpField.Flags])
            && own[TcpField.Window..TcpField.Checksum].SequenceEqual(others[TcpField.Window..TcpField.Checksum])
            && own[TcpField.UrgentPointer..].SequenceEqual(others[TcpField.UrgentPointer..]);
    }

    /// <summary>Whether it goes from one address to the other.</summary>
    public bool IsBetween(IPv6Address source, IPv6Address destination) =>
        IPv6Address.Read(Octets[8..]) == source && IPv6Address.Read(Octets[24..]) == destination;

    static bool IsTcpToJoin(ReadOnlySpan<byte> tcp, out int headerLength)
    {
        headerLength = TcpField.HeaderLength(tcp);
        return (tcp[TcpField.Flags] & ~TcpField.Push) == TcpField.Ack
            && (tcp[TcpField.DataOffset] & 0xF) == 0 // RFC 9293 §3.1: reserved, perhaps flags of tomorrow
            && headerLength >= TcpField.MinHeaderSize
            && tcp.Length > headerLength;
    }

    static bool IsUdpToJoin(ReadOnlySpan<byte> udp) =>
        BinaryPrimitives.ReadUInt16BigEndian(udp[UdpField.Length..]) == udp.Length
        && udp.Length > UdpDatagram.HeaderSize
        && BinaryPrimitives.ReadUInt16BigEndian(udp[UdpField.Checksum..]) != 0; // RFC 8200 §8.1: IPv6 forbids it

    static bool IsChecksumRight(in IPv6Packet ip)
    {
        // The addresses of the pseudo-header (RFC 8200 §8.1) lie just before the segment, so one pass sums both.
        ulong sum = InternetChecksum.Sum(ip.Octets[8..]) + (uint)ip.Payload.Length + ip.NextHeader;
        return InternetChecksum.Fold(sum) == 0xFFFF;
    }
}
