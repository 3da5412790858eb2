using System.Buffers.Binary;
using System.Runtime.InteropServices;
using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Tests.Linux.Offload;

/// <summary>Makes packets for the tests of cutting and joining, and takes super-packets apart as the kernel does.</summary>
static class OffloadPackets
{
    public const byte Fin = 1, Syn = 2, Psh = 8, Ack = 16, Urg = 32, Ece = 64, Cwr = 128;

    public static readonly IPv6Address Source = IPv6Address.Parse("2001:0:c000:201:0:efff:34ff:8efe", null);
    public static readonly IPv6Address Destination = IPv6Address.Parse("2001:0:c000:202:ffff:1234:5678:9abc", null);

    /// <summary>RFC 7323 §3.2: two no-operations, then the timestamps option.</summary>
    public static byte[] Timestamps(uint value, uint echo = 7)
    {
        byte[] options = [1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(options.AsSpan(4), value);
        BinaryPrimitives.WriteUInt32BigEndian(options.AsSpan(8), echo);
        return options;
    }

    /// <summary>Octets that differ from place to place, so that a wrong order shows in the sum.</summary>
    public static byte[] Payload(int length, int seed = 0)
    {
        byte[] payload = new byte[length];
        new Random(seed).NextBytes(payload);
        return payload;
    }

    public static byte[] Tcp(uint sequence, byte[] payload, byte flags = Ack, byte[]? options = null, ushort port = 1000, ushort window = 500,
        uint acknowledgment = 99, byte[]? extensions = null, byte firstExtension = NextHeader.DestinationOptions)
    {
        options ??= [];
        byte[] tcp = new byte[20 + options.Length + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, port);
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(2), 443);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(4), sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp.AsSpan(8), acknowledgment);
        tcp[12] = (byte)((20 + options.Length) / 4 << 4);
        tcp[13] = flags;
        BinaryPrimitives.WriteUInt16BigEndian(tcp.AsSpan(14), window);
        options.CopyTo(tcp, 20);
        payload.CopyTo(tcp, 20 + options.Length);
        return Packet(NextHeader.Tcp, tcp, extensions ?? [], firstExtension);
    }

    public static byte[] Udp(byte[] payload, ushort port = 1000, byte[]? extensions = null, byte firstExtension = NextHeader.DestinationOptions)
    {
        byte[] udp = new byte[8 + payload.Length];
        BinaryPrimitives.WriteUInt16BigEndian(udp, port);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(2), 443);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(4), (ushort)udp.Length);
        payload.CopyTo(udp, 8);
        return Packet(NextHeader.Udp, udp, extensions ?? [], firstExtension);
    }

    /// <summary>A destination options header of 8 or more octets that says TCP or UDP follows.</summary>
    public static byte[] Extension(byte next, int length = 8)
    {
        byte[] header = new byte[length];
        (header[0], header[1], header[2], header[3]) = (next, (byte)(length / 8 - 1), 1, (byte)(length - 4)); // RFC 8200 §4.2: PadN
        return header;
    }

    static byte[] Packet(byte protocol, byte[] transport, byte[] extensions, byte firstExtension)
    {
        byte[] packet = new byte[40 + extensions.Length + transport.Length];
        IPv6Packet.WriteHeader(packet, packet.Length - 40, extensions.Length > 0 ? firstExtension : protocol, 64, Source, Destination);
        extensions.CopyTo(packet, 40);
        transport.CopyTo(packet, 40 + extensions.Length);
        SetChecksum(packet, 40 + extensions.Length);
        return packet;
    }

    static int ChecksumAt(byte[] packet, int start) => start + (IsTcp(packet, start) ? 16 : 6);

    /// <summary>Whether TCP begins at the offset; else it is UDP.</summary>
    static bool IsTcp(byte[] packet, int start) => (start == 40 ? packet[6] : packet[LastExtension(packet, start)]) == NextHeader.Tcp;

    static int LastExtension(byte[] packet, int start)
    {
        int at = 40;
        while (at + (packet[at + 1] + 1) * 8 < start)
            at += (packet[at + 1] + 1) * 8;
        return at;
    }

    /// <summary>Makes the checksum right.</summary>
    public static byte[] SetChecksum(byte[] packet, int start = 40)
    {
        int field = ChecksumAt(packet, start);
        packet.AsSpan(field, 2).Clear();
        byte protocol = IsTcp(packet, start) ? NextHeader.Tcp : NextHeader.Udp;
        var (source, destination) = (IPv6Address.Read(packet.AsSpan(8)), IPv6Address.Read(packet.AsSpan(24)));
        ushort checksum = InternetChecksum.Compute(source, destination, protocol, packet.AsSpan(start));
        if (protocol == NextHeader.Udp && checksum == 0)
            checksum = 0xFFFF;
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(field), checksum);
        return packet;
    }

    /// <summary>Writes what the kernel leaves in the checksum field: the sum of the pseudo-header.</summary>
    public static byte[] SetPseudoHeaderSum(byte[] packet, int start = 40)
    {
        byte protocol = IsTcp(packet, start) ? NextHeader.Tcp : NextHeader.Udp;
        uint sum = protocol + (uint)(packet.Length - start);
        for (int at = 8; at < 40; at += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(at));
        while (sum > 0xFFFF)
            sum = (sum & 0xFFFF) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(ChecksumAt(packet, start)), (ushort)sum);
        return packet;
    }

    public static bool HasRightChecksum(byte[] packet, int start = 40) =>
        InternetChecksum.Verify(IPv6Address.Read(packet.AsSpan(8)), IPv6Address.Read(packet.AsSpan(24)),
            IsTcp(packet, start) ? NextHeader.Tcp : NextHeader.Udp, packet.AsSpan(start))
        && (IsTcp(packet, start) || BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(start + 6)) != 0);

    /// <summary>The header with which the kernel hands over a super-packet.</summary>
    public static VirtioHeader Header(byte[] superPacket, int gsoSize, int start = 40) => new()
    {
        Flags = VirtioHeader.NeedsChecksum,
        GsoType = IsTcp(superPacket, start) ? VirtioHeader.GsoTcpV6 : VirtioHeader.GsoUdpL4,
        GsoSize = (ushort)gsoSize,
        ChecksumStart = (ushort)start,
        ChecksumOffset = (ushort)(IsTcp(superPacket, start) ? 16 : 6),
    };

    /// <summary>Takes a super-packet apart, slowly.</summary>
    public static List<byte[]> TakeApart(VirtioHeader header, byte[] packet)
    {
        if (header.GsoType == VirtioHeader.GsoNone)
            return [packet];
        int start = header.ChecksumStart;
        bool isTcp = IsTcp(packet, start);
        int headers = start + (isTcp ? packet[start + 12] / 16 * 4 : 8);
        var payloads = packet.Skip(headers).Chunk(header.GsoSize).ToList();
        List<byte[]> parts = [];
        for (int i = 0; i < payloads.Count; i++)
        {
            byte[] part = [.. packet[..headers], .. payloads[i]];
            BinaryPrimitives.WriteUInt16BigEndian(part.AsSpan(4), (ushort)(part.Length - 40));
            if (isTcp)
            {
                uint sequence = BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(start + 4));
                BinaryPrimitives.WriteUInt32BigEndian(part.AsSpan(start + 4), unchecked(sequence + (uint)(i * header.GsoSize)));
                if (i > 0)
                    part[start + 13] &= 255 - Cwr;
                if (i < payloads.Count - 1)
                    part[start + 13] &= 255 - Fin - Psh;
            }
            else
                BinaryPrimitives.WriteUInt16BigEndian(part.AsSpan(start + 4), (ushort)(part.Length - start));
            parts.Add(SetChecksum(part, start));
        }
        return parts;
    }
}

/// <summary>Native memory for packets.</summary>
sealed unsafe class PacketArena(int size = 1 << 20) : IDisposable
{
    readonly byte* _start = (byte*)NativeMemory.Alloc((nuint)size);
    int _used;

    /// <summary>Copies a packet into the memory.</summary>
    public byte* Put(byte[] packet)
    {
        Assert.That(_used + packet.Length, Is.LessThanOrEqualTo(size), "the arena is full");
        byte* place = _start + _used;
        packet.CopyTo(new Span<byte>(place, packet.Length));
        _used += packet.Length;
        return place;
    }

    public bool Contains(byte* place) => place >= _start && place < _start + size;

    public ReadOnlySpan<byte> Octets => new(_start, _used);

    public void Clear() => _used = 0;

    public void Dispose() => NativeMemory.Free(_start);
}

/// <summary>Keeps what a coalescer writes.</summary>
sealed unsafe class PacketList(PacketArena received) : IPacketWriter
{
    public List<(VirtioHeader Header, byte[] Packet)> Written { get; } = [];

    /// <summary>How many packets each of what was written stands for.</summary>
    public IEnumerable<int> Counts => Written.Select(one => OffloadPackets.TakeApart(one.Header, one.Packet).Count);

    /// <summary>The packets that the kernel makes of it.</summary>
    public List<byte[]> Parts => Written.SelectMany(one => OffloadPackets.TakeApart(one.Header, one.Packet)).ToList();

    public void Write(in VirtioHeader header, Piece* pieces, int count)
    {
        Assert.That(count, Is.InRange(1, Coalescer.MaxPieces));
        Assert.That(received.Contains(pieces[0].Start), Is.EqualTo(count == 1), "a rewritten header lies elsewhere, all else where it was received");
        List<byte> packet = [];
        for (int i = 0; i < count; i++)
            packet.AddRange(pieces[i].Octets);
        Written.Add((header, packet.ToArray()));
    }
}
