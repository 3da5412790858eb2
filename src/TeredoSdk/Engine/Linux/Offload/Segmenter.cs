using System.Buffers.Binary;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Linux.Offload;

/// <summary>Cuts what the kernel hands over by a TUN device with IFF_VNET_HDR into the packets that it stands for.</summary>
/// <remarks>
/// The kernel leaves to us what a network card does otherwise: to cut long packets into segments (TUN_F_TSO6, TUN_F_USO6) and to complete checksums
/// (TUN_F_CSUM). Stateless and allocation-free.
/// </remarks>
static unsafe class Segmenter
{
    /// <summary>Adds the packets to a batch, as one group. Payloads stay where they are, so the packet must stay until the batch is sent.</summary>
    /// <param name="header">What the kernel wrote before the packet.</param>
    /// <param name="packet">The packet. The checksum of one that is not cut is completed in place.</param>
    /// <param name="length">The length of the packet in octets.</param>
    /// <param name="batch">Takes the packets.</param>
    /// <returns>False when header and packet make no sense or the batch has too little room. Nothing is added and nothing is changed then.</returns>
    public static bool TryCut(in VirtioHeader header, byte* packet, int length, DatagramBatch batch)
    {
        switch (header.GsoType)
        {
            case VirtioHeader.GsoNone:
                return TryAddWhole(header, packet, length, batch);
            case VirtioHeader.GsoTcpV6 or VirtioHeader.GsoTcpV6 | VirtioHeader.GsoEcn:
                if (!IsSound(header, packet, length, NextHeader.Tcp, TcpField.MinHeaderSize, TcpField.Checksum))
                    return false;
                int headerLength = TcpField.HeaderLength(new(packet + header.ChecksumStart, TcpField.MinHeaderSize));
                return headerLength >= TcpField.MinHeaderSize
                    && Cut.TryPlan(header, packet, length, headerLength, batch.Room, out var segments)
                    && AddSegments(segments, batch);
            case VirtioHeader.GsoUdpL4:
                return IsSound(header, packet, length, NextHeader.Udp, UdpDatagram.HeaderSize, UdpField.Checksum)
                    && BinaryPrimitives.ReadUInt16BigEndian(new(packet + header.ChecksumStart + UdpField.Length, 2)) == length - header.ChecksumStart
                    && Cut.TryPlan(header, packet, length, UdpDatagram.HeaderSize, batch.Room, out var datagrams)
                    && AddDatagrams(datagrams, batch);
            default:
                return false;
        }
    }

    static bool TryAddWhole(in VirtioHeader header, byte* packet, int length, DatagramBatch batch)
    {
        if (length is <= 0 or > DatagramBatch.MaxDatagramOctets || batch.Room == 0)
            return false;
        if ((header.Flags & VirtioHeader.NeedsChecksum) != 0)
        {
            int start = header.ChecksumStart, field = start + header.ChecksumOffset;
            if (start < IPv6Packet.HeaderSize || field + 2 > length)
                return false;
            // The field holds the pseudo-header's sum already (linux/virtio_net.h), so it is summed as it is.
            ushort checksum = (ushort)~InternetChecksum.Fold(InternetChecksum.Sum(new(packet + start, length - start)));
            BinaryPrimitives.WriteUInt16BigEndian(new(packet + field, 2), header.ChecksumOffset == UdpField.Checksum ? NotZero(checksum) : checksum);
        }
        batch.Begin(length, new(packet, length));
        batch.Add(0, packet, length);
        return true;
    }

    /// <summary>Whether all that the kernel says of a packet to cut is true of it.</summary>
    static bool IsSound(in VirtioHeader header, byte* packet, int length, byte protocol, int minHeaderSize, int checksumOffset) =>
        (header.Flags & VirtioHeader.NeedsChecksum) != 0
        && header.ChecksumOffset == checksumOffset
        && header.GsoSize != 0
        && header.ChecksumStart + minHeaderSize <= length
        && IPv6Packet.TryParse(new(packet, length), out var ip)
        && ip.Length == length
        && IsTransportAt(ip, header.ChecksumStart, protocol);

    /// <summary>Whether the extension headers end with a header of the protocol just there.</summary>
    static bool IsTransportAt(in IPv6Packet packet, int start, byte protocol)
    {
        byte next = packet.NextHeader;
        int at = IPv6Packet.HeaderSize;
        while (at < start && next is NextHeader.HopByHop or NextHeader.DestinationOptions or NextHeader.Routing)
        {
            var extension = packet.Octets[at..];
            next = extension[0];
            at += (extension[1] + 1) * 8; // RFC 8200 §4.3 to §4.6
        }
        return at == start && next == protocol;
    }

    static bool AddSegments(in Cut cut, DatagramBatch batch)
    {
        var tcp = cut.Transport;
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(tcp[TcpField.Sequence..]);
        byte flags = tcp[TcpField.Flags];
        // The sum of what is the same in each segment: all but length, sequence number, flags and payload.
        ulong constant = cut.PseudoHeaderSum(TcpField.Checksum)
            + InternetChecksum.Sum(tcp[..TcpField.Sequence])
            + InternetChecksum.Sum(tcp[TcpField.Acknowledgment..TcpField.DataOffset])
            + InternetChecksum.Sum(tcp[TcpField.Window..TcpField.Checksum])
            + InternetChecksum.Sum(tcp[TcpField.UrgentPointer..]);
        batch.Begin(cut.SegmentLength, cut.Whole);
        for (int at = 0; at < cut.PayloadLength; at += cut.Size)
        {
            var segment = cut.Add(at, batch, out int transportLength, out ulong payloadSum);
            byte own = flags;
            if (at + cut.Size < cut.PayloadLength)
                own &= unchecked((byte)~(TcpField.Fin | TcpField.Push)); // RFC 9293 §3.1: they stand behind all the data
            if (at > 0)
                own &= unchecked((byte)~TcpField.Cwr); // RFC 3168 §6.1.2: it stands on one packet only
            uint ownSequence = sequence + (uint)at;
            ulong sum = constant + payloadSum + (uint)transportLength + (ownSequence >> 16) + (ownSequence & 0xFFFF)
                + (uint)(tcp[TcpField.DataOffset] << 8 | own);
            BinaryPrimitives.WriteUInt32BigEndian(segment[TcpField.Sequence..], ownSequence);
            segment[TcpField.Flags] = own;
            BinaryPrimitives.WriteUInt16BigEndian(segment[TcpField.Checksum..], (ushort)~InternetChecksum.Fold(sum));
        }
        return true;
    }

    static bool AddDatagrams(in Cut cut, DatagramBatch batch)
    {
        ulong constant = cut.PseudoHeaderSum(UdpField.Checksum) + InternetChecksum.Sum(cut.Transport[..UdpField.Length]);
        batch.Begin(cut.SegmentLength, cut.Whole);
        for (int at = 0; at < cut.PayloadLength; at += cut.Size)
        {
            var datagram = cut.Add(at, batch, out int length, out ulong payloadSum);
            ulong sum = constant + payloadSum + 2 * (uint)length; // once in the pseudo-header, once in the header
            BinaryPrimitives.WriteUInt16BigEndian(datagram[UdpField.Length..], (ushort)length);
            BinaryPrimitives.WriteUInt16BigEndian(datagram[UdpField.Checksum..], NotZero(~InternetChecksum.Fold(sum)));
        }
        return true;
    }

    /// <summary>RFC 768: a UDP checksum of 0 would mean that there is none. No other protocol's is all ones.</summary>
    static ushort NotZero(int checksum) => (ushort)checksum == 0 ? (ushort)0xFFFF : (ushort)checksum;

    /// <summary>A packet that is to be cut.</summary>
    readonly struct Cut
    {
        readonly byte* _packet;
        readonly int _start; // of the transport header
        readonly int _headerLength; // of all headers

        /// <summary>The length of each segment's payload but the last's, in octets.</summary>
        public readonly int Size;

        /// <summary>The length of all payload, in octets.</summary>
        public readonly int PayloadLength;

        Cut(byte* packet, int start, int headerLength, int size, int payloadLength)
        {
            _packet = packet;
            (_start, _headerLength, Size, PayloadLength) = (start, headerLength, size, payloadLength);
        }

        /// <summary>The transport header.</summary>
        public ReadOnlySpan<byte> Transport => new(_packet + _start, _headerLength - _start);

        /// <summary>The packet itself.</summary>
        public Piece Whole => new(_packet, _headerLength + PayloadLength);

        /// <summary>The length of each packet but the last, in octets.</summary>
        public int SegmentLength => _headerLength + Math.Min(Size, PayloadLength);

        public static bool TryPlan(in VirtioHeader header, byte* packet, int length, int transportHeaderLength, int room, out Cut cut)
        {
            int headerLength = header.ChecksumStart + transportHeaderLength, payloadLength = length - headerLength;
            cut = new(packet, header.ChecksumStart, headerLength, header.GsoSize, payloadLength);
            return headerLength <= DatagramBatch.HeaderOctets
                && payloadLength > 0
                && cut.SegmentLength <= DatagramBatch.MaxDatagramOctets
                && (payloadLength + header.GsoSize - 1) / header.GsoSize <= room;
        }

        /// <summary>The sum of the pseudo-header without the length (RFC 8200 §8.1).</summary>
        /// <remarks>The kernel's sum is used, because it knows the final destination of a packet with a routing header.</remarks>
        public ulong PseudoHeaderSum(int checksumOffset)
        {
            int length = _headerLength - _start + PayloadLength;
            ulong sum = BinaryPrimitives.ReadUInt16BigEndian(Transport[checksumOffset..]);
            return sum + (ushort)~length; // RFC 1624 §3: to subtract is to add the complement
        }

        /// <summary>Adds one packet with a copy of the headers, in which the IPv6 payload length is right already.</summary>
        /// <returns>The copy of the transport header.</returns>
        public Span<byte> Add(int at, DatagramBatch batch, out int transportLength, out ulong payloadSum)
        {
            int length = Math.Min(Size, PayloadLength - at);
            var payload = _packet + _headerLength + at;
            var header = new Span<byte>(batch.Add(_headerLength, payload, length), _headerLength);
            new ReadOnlySpan<byte>(_packet, _headerLength).CopyTo(header);
            BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)(_headerLength - IPv6Packet.HeaderSize + length));
            transportLength = _headerLength - _start + length;
            payloadSum = InternetChecksum.Sum(new(payload, length));
            return header[_start..];
        }
    }
}
