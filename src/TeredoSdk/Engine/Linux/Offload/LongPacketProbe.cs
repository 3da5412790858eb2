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
    const int PayloadOctets = 64;

    /// <summary>Whether the kernel took the packet.</summary>
    public static bool IsTaken(SafeFileHandle tun, bool isTcp)
    {
        int transport = isTcp ? TcpField.MinHeaderSize : UdpDatagram.HeaderSize;
        byte* packets = stackalloc byte[2 * DatagramBatch.HeaderOctets + 2 * PayloadOctets];
        var coalescer = new Coalescer(isTcp, !isTcp);
        int length = IPv6Packet.HeaderSize + transport + PayloadOctets;
        for (int i = 0; i < 2; i++)
        {
            Write(new(packets + i * length, length), isTcp, transport, i * PayloadOctets);
            coalescer.Add(packets + i * length, length);
        }
        var writer = new Writer(tun);
        coalescer.Flush(writer);
        return writer.IsTaken;
    }

    static void Write(Span<byte> packet, bool isTcp, int transportOctets, int sequence)
    {
        packet.Clear();
        var loopback = IPv6Address.FromIPAddress(IPAddress.IPv6Loopback);
        byte protocol = isTcp ? NextHeader.Tcp : NextHeader.Udp;
        if (!isTcp)
        {
            UdpDatagram.WritePacket(packet, loopback, 9, loopback, 9, packet[(IPv6Packet.HeaderSize + transportOctets)..], hopLimit: 1);
            return;
        }
        IPv6Packet.WriteHeader(packet, packet.Length - IPv6Packet.HeaderSize, protocol, 1, loopback, loopback);
        var tcp = packet[IPv6Packet.HeaderSize..];
        (tcp[1], tcp[3], tcp[7]) = (9, 9, (byte)sequence);                     // the discard port
        (tcp[TcpField.DataOffset], tcp[TcpField.Flags]) = (5 << 4, TcpField.Ack);
        ushort checksum = InternetChecksum.Compute(loopback, loopback, protocol, tcp);
        (tcp[TcpField.Checksum], tcp[TcpField.Checksum + 1]) = ((byte)(checksum >> 8), (byte)checksum);
    }

    sealed class Writer(SafeFileHandle tun) : IPacketWriter
    {
        public bool IsTaken { get; private set; }

        public void Write(in VirtioHeader header, Piece* pieces, int count) => IsTaken = DeviceWriter.TryWrite(tun, header, pieces, count);
    }
}
