using System.Buffers.Binary;

namespace TeredoSdk.Testing;

/// <summary>Writes datagrams as a classic pcap file of raw IPv4 packets (link type 101), which Wireshark and tcpdump read.</summary>
/// <remarks>Times count from the start of the simulation, to the microsecond. One caller at a time.</remarks>
public sealed class PcapWriter
{
    const int FileHeaderSize = 24, RecordHeaderSize = 16, IPv4HeaderSize = 20, UdpHeaderSize = 8;
    const byte UdpProtocol = 17;

    readonly Stream _stream;
    ushort _identification;

    /// <summary>Starts a pcap file.</summary>
    /// <param name="stream">Where to write, which the caller closes. The file header is written at once.</param>
    public PcapWriter(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        _stream = stream;
        // magic 32 (a1b2c3d4: microseconds) | version 2.4 | zone 32 | accuracy 32 | snapshot length 32 | link type 32
        Span<byte> header = stackalloc byte[FileHeaderSize];
        header.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header, 0xA1B2_C3D4);
        BinaryPrimitives.WriteUInt16LittleEndian(header[4..], 2);
        BinaryPrimitives.WriteUInt16LittleEndian(header[6..], 4);
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], 65_535);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 101); // LINKTYPE_RAW
        _stream.Write(header);
    }

    /// <summary>Writes a datagram with the IPv4 and UDP headers that it would have had.</summary>
    public void Write(in SimulatedDatagram datagram)
    {
        int size = datagram.Size;
        byte[] record = new byte[RecordHeaderSize + size];
        long microseconds = datagram.Time.SinceStart.Ticks / TimeSpan.TicksPerMicrosecond;
        BinaryPrimitives.WriteUInt32LittleEndian(record, (uint)(microseconds / 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), (uint)(microseconds % 1_000_000));
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), (uint)size);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12), (uint)size);
        WritePacket(record.AsSpan(RecordHeaderSize), datagram);
        _stream.Write(record);
    }

    void WritePacket(Span<byte> packet, in SimulatedDatagram datagram)
    {
        packet[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(packet[2..], (ushort)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], _identification++);
        packet[8] = datagram.Ttl;
        packet[9] = UdpProtocol;
        datagram.Source.Address.Write(packet[12..]);
        datagram.Target.Address.Write(packet[16..]);
        BinaryPrimitives.WriteUInt16BigEndian(packet[10..], (ushort)~Fold(Sum(packet[..IPv4HeaderSize])));

        var udp = packet[IPv4HeaderSize..];
        BinaryPrimitives.WriteUInt16BigEndian(udp, datagram.Source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], datagram.Target.Port);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        datagram.Payload.Span.CopyTo(udp[UdpHeaderSize..]);
        // RFC 768: the pseudo-header is both addresses, the protocol and the length; a checksum of 0 is sent as all ones.
        var checksum = (ushort)~Fold(Sum(packet[12..20]) + UdpProtocol + (uint)udp.Length + Sum(udp));
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], checksum == 0 ? (ushort)0xFFFF : checksum);
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
