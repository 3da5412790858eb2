using TeredoSdk.Machine.Bursts;

namespace TeredoSdk.Engine.Linux.Offload;

/// <summary>Writes packets to a TUN device with IFF_VNET_HDR.</summary>
unsafe interface IPacketWriter
{
    /// <summary>Writes one packet, which may stand for several.</summary>
    /// <param name="header">What goes before the packet.</param>
    /// <param name="pieces">The packet in pieces, without the virtio header. They are valid only during the call.</param>
    /// <param name="count">How many pieces there are, at least 1 and at most <see cref="Coalescer.MaxPieces"/>.</param>
    void Write(in VirtioHeader header, Piece* pieces, int count);
}
