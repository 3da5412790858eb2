using System.Buffers.Binary;
using TeredoSdk.Protocol;

namespace TeredoSdk.Machine;

/// <summary>Writes a classic pcap file of raw IP packets (link type 101), for Wireshark and tcpdump. Not thread-safe.</summary>
/// <remarks>Source: draft-ietf-opsawg-pcap. Datagrams get the IPv4 and UDP headers that they have on the wire.</remarks>
sealed class PcapFile
{
    const int FileHeaderSize = 24, RecordHeaderSize = 16, IPv4HeaderSize = 20, UdpHeaderSize = 8, MaxPacketOctets = 65_535;
    const byte UdpProtocol = 17;

    readonly Stream _stream;
    readonly byte[] _record = new byte[RecordHeaderSize + MaxPacketOctets];
    ushort _identification;

    /// <summary>Starts a file by writing its header.</summary>
    /// <param name="stream">The stream to write to; the caller closes it.</param>
    public PcapFile(Stream stream)
    {
        _stream = stream;
        // magic 32 (a1b2c3d4: microseconds) | version 2.4 | zone 32 | accuracy 32 | snapshot length 32 | link type 32
        Span<byte> header = stackalloc byte[FileHeaderSize];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2_C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], MaxPacketOctets);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 101); // LINKTYPE_RAW
        _stream.Write(header);
    }

    /// <summary>Writes an IP packet. A packet of more than 65,535 octets is left out.</summary>
    /// <param name="time">The time of the packet, since the epoch of the file.</param>
    /// <param name="packet">The packet, from its IP header on.</param>
    public void WritePacket(TimeSpan time, ReadOnlySpan<byte> packet)
    {
        if (packet.Length > MaxPacketOctets)
            return;
        packet.CopyTo(_record.AsSpan(RecordHeaderSize));
        WriteRecord(time, packet.Length);
    }

    /// <summary>Writes a UDP datagram.</summary>
    public void WriteDatagram(TimeSpan time, IPv4Endpoint source, IPv4Endpoint target, byte ttl, ReadOnlySpan<byte> payload)
    {
        int length = IPv4HeaderSize + UdpHeaderSize + payload.Length;
        if (length > MaxPacketOctets)
            return;
        var packet = _record.AsSpan(RecordHeaderSize, length);
        packet[..(IPv4HeaderSize + UdpHeaderSize)].Clear();
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], _identification++);
        packet[8] = ttl;
        packet[9] = UdpProtocol;
        source.Address.Write(packet[12..]);
        target.Address.Write(packet[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)~Fold(Sum(packet[..IPv4HeaderSize])));

        var udp = packet[IPv4HeaderSize..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], target.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        payload.CopyTo(udp[UdpHeaderSize..]);
        // RFC 768: the pseudo-header has both addresses, the protocol and the length; a checksum of 0 is sent as all ones.
        var checksum = (ushort)~Fold(Sum(packet[12..20]) + UdpProtocol + (uint)udp.Length + Sum(udp));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? (ushort)0xFFFF : checksum);
        WriteRecord(time, length);
    }

    void WriteRecord(TimeSpan time, int length)
    {
        long microseconds = time.Ticks / TimeSpan.TicksPerMicrosecond;
        BinaryPrimitives.WriteUInt32LittleEndian(_record, (uint)(microseconds / 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(_record.AsSpan(4), (uint)(microseconds % 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(_record.AsSpan(8), (uint)length);
        BinaryPrimitives.WriteUInt32LittleEndian(_record.AsSpan(12), (uint)length);
        _stream.Write(_record.AsSpan(0, RecordHeaderSize + length));
    }

    static uint Sum(ReadOnlySpan<byte> octets)
    {
        uint sum = 0;
        for (int at = 0; at < octets.Length; at++)
            sum += at % 2 == 0 ? (uint)octets[at] << 8 : octets[at];
        return sum;
    }

    static ushort Fold(uint sum)
    {
        while (sum > 0xFFFF)
            sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)sum;
    }
}
