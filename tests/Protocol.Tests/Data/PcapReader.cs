using System.Buffers.Binary;

namespace TeredoSdk.Protocol.Tests.Data;

/// <summary>One frame of a capture.</summary>
/// <param name="Number">Its number, from 1, as other tools count.</param>
/// <param name="Time">The time since the first frame.</param>
/// <param name="Udp">The UDP datagram, when the frame holds one over IPv4.</param>
/// <param name="IPv6">The IPv6 packet, when the frame holds one.</param>
public sealed record CapturedFrame(int Number, TimeSpan Time, CapturedDatagram? Udp, byte[]? IPv6);

/// <summary>A UDP datagram over IPv4 with the fields of its outer header.</summary>
public sealed record CapturedDatagram(IPv4Endpoint Source, IPv4Endpoint Destination, byte Ttl, byte Tos, bool DontFragment, byte[] Payload);

/// <summary>Reads classic pcap files with Ethernet frames; frames that are neither UDP over IPv4 nor IPv6 keep both parts null.</summary>
public static class PcapReader
{
    const int FileHeader = 24, RecordHeader = 16, EthernetHeader = 14;

    public static IReadOnlyList<CapturedFrame> Read(string path)
    {
        ReadOnlySpan<byte> file = File.ReadAllBytes(path);
        if (BinaryPrimitives.ReadUInt32LittleEndian(file) != 0xA1B2C3D4 || BinaryPrimitives.ReadUInt32LittleEndian(file[20..]) is not (1 or 101))
            throw new InvalidDataException($"{path} is no little-endian pcap file with microseconds and Ethernet or raw frames.");
        int linkHeader = BinaryPrimitives.ReadUInt32LittleEndian(file[20..]) == 1 ? EthernetHeader : 0;
        List<CapturedFrame> frames = [];
        TimeSpan? first = null;
        for (var rest = file[FileHeader..]; rest.Length > 0;)
        {
            var time = TimeSpan.FromSeconds(BinaryPrimitives.ReadUInt32LittleEndian(rest))
                + TimeSpan.FromMicroseconds(BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]));
            int length = BinaryPrimitives.ReadInt32LittleEndian(rest[8..]);
            var packet = rest.Slice(RecordHeader + linkHeader, length - linkHeader);
            first ??= time;
            frames.Add(new(frames.Count + 1, time - first.Value, ReadUdp(packet), ReadIPv6(packet)));
            rest = rest[(RecordHeader + length)..];
        }
        return frames;
    }

    static CapturedDatagram? ReadUdp(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < 28 || packet[0] >> 4 != 4 || packet[9] != 17)
            return null;
        var udp = packet[((packet[0] & 15) * 4)..];
        return new(
            new(IPv4Address.Read(packet[12..]), BinaryPrimitives.ReadUInt16BigEndian(udp)),
            new(IPv4Address.Read(packet[16..]), BinaryPrimitives.ReadUInt16BigEndian(udp[2..])),
            Ttl: packet[8], Tos: packet[1], DontFragment: (packet[6] & 0x40) != 0,
            udp[8..BinaryPrimitives.ReadUInt16BigEndian(udp[4..])].ToArray());
    }

    static byte[]? ReadIPv6(ReadOnlySpan<byte> packet) => packet.Length >= 40 && packet[0] >> 4 == 6
        ? packet[..(40 + BinaryPrimitives.ReadUInt16BigEndian(packet[4..]))].ToArray()
        : null;
}
