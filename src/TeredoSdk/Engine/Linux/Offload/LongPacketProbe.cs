using System.Buffers.Binary;
using System.Net;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Linux.Offload;

/// <summary>Writes a long packet to a TUN device. It is to the loopback address, which the kernel drops on any other device.</summary>
[SupportedOSPlatform("linux")]
static unsafe class LongPacketProbe
{
    const byte PayloadOctets = 64, HopLimit = 1;

    /// <summary>Whether the kernel took the packet.</summary>
    public static bool IsTaken(SafeFileHandle tun, bool isTcp)
    {
        int headers = IPv6Packet.HeaderSize + (isTcp ? TcpField.MinHeaderSize : UdpDatagram.HeaderSize), length = headers + PayloadOctets;
        byte* packet = stackalloc byte[length], next = stackalloc byte[length];
        Write(new(packet, length), isTcp, sequence: 0);
        Write(new(next, length), isTcp, sequence: PayloadOctets);
        var coalescer = new Coalescer(tcp: true, udp: true);
        coalescer.Add(packet, length);
        coalescer.Add(next, length);
        var writer = new Writer(tun);
        coalescer.Flush(writer);
        return writer.IsTaken;
    }

    static void Write(Span<byte> packet, bool isTcp, byte sequence)
    {
        const ushort discard = 9;
        packet.Clear();
        var loopback = IPv6Address.FromIPAddress(IPAddress.IPv6Loopback);
        if (!isTcp)
        {
            UdpDatagram.WritePacket(packet, loopback, discard, loopback, discard, packet[(IPv6Packet.HeaderSize + UdpDatagram.HeaderSize)..], HopLimit);
            return;
        }
        var tcp = packet[IPv6Packet.HeaderSize..];
        IPv6Packet.WriteHeader(packet, tcp.Length, NextHeader.Tcp, HopLimit, loopback, loopback);
        BinaryPrimitives.WriteUInt16BigEndian(tcp, discard);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], discard);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[TcpField.Sequence..], sequence);
        (tcp[TcpField.DataOffset], tcp[TcpField.Flags]) = (TcpField.MinHeaderSize / 4 << 4, TcpField.Ack);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[TcpField.Checksum..], InternetChecksum.Compute(loopback, loopback, NextHeader.Tcp, tcp));
    }

    sealed class Writer(SafeFileHandle tun) : IPacketWriter
    {
        public bool IsTaken { get; private set; }

        public void Write(in VirtioHeader header, Piece* pieces, int count) => IsTaken = DeviceWriter.TryWrite(tun, header, pieces, count);
    }
}
