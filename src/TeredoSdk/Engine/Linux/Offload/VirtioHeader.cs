using System.Runtime.InteropServices;

namespace TeredoSdk.Engine.Linux.Offload;

/// <summary>What stands before each packet on a TUN device with IFF_VNET_HDR: struct virtio_net_hdr (linux/virtio_net.h).</summary>
/// <remarks>The fields are in the machine's byte order, because TUNSETVNETLE and TUNSETVNETBE are not used (linux/if_tun.h).</remarks>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
struct VirtioHeader
{
    /// <summary>The size of the header in octets.</summary>
    public const int Size = 10;

    /// <summary>VIRTIO_NET_HDR_F_NEEDS_CSUM: the checksum field holds only the folded sum of the pseudo-header.</summary>
    public const byte NeedsChecksum = 1;

    /// <summary>VIRTIO_NET_HDR_F_DATA_VALID: the checksum has been verified.</summary>
    public const byte DataValid = 2;

    /// <summary>VIRTIO_NET_HDR_GSO_NONE: an ordinary packet.</summary>
    public const byte GsoNone = 0;

    /// <summary>VIRTIO_NET_HDR_GSO_TCPV6: a packet that stands for several segments of TCP over IPv6.</summary>
    public const byte GsoTcpV6 = 4;

    /// <summary>VIRTIO_NET_HDR_GSO_UDP_L4: a packet that stands for several UDP datagrams.</summary>
    public const byte GsoUdpL4 = 5;

    /// <summary>VIRTIO_NET_HDR_GSO_ECN: a bit beside <see cref="GsoTcpV6"/>; the packet has TCP's CWR flag.</summary>
    public const byte GsoEcn = 0x80;

    /// <summary><see cref="NeedsChecksum"/>, <see cref="DataValid"/> or neither.</summary>
    public byte Flags;

    /// <summary>What the packet stands for.</summary>
    public byte GsoType;

    /// <summary>The length of all headers, in octets. The kernel sets it as a hint only.</summary>
    public ushort HeaderLength;

    /// <summary>The length of each segment's payload but the last's, in octets.</summary>
    public ushort GsoSize;

    /// <summary>Where the octets begin that the checksum covers: the offset of the transport header in the packet.</summary>
    public ushort ChecksumStart;

    /// <summary>The offset of the checksum field, from <see cref="ChecksumStart"/>.</summary>
    public ushort ChecksumOffset;
}
