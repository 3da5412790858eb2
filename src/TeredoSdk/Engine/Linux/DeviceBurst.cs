using TeredoSdk.Engine.Linux.Offload;
using TeredoSdk.Machine.Bursts;

namespace TeredoSdk.Engine.Linux;

/// <summary>Where a packet of a device lies, and what it stands for.</summary>
/// <param name="Offset">Its start in the memory of the burst, in octets.</param>
/// <param name="Length">Its length in octets, which may be far beyond the MTU.</param>
/// <param name="Header">How it is cut into packets.</param>
readonly record struct DevicePacket(int Offset, int Length, VirtioHeader Header);

/// <summary>Packets that the kernel handed over together.</summary>
readonly unsafe ref struct DeviceBurst(byte* memory, ReadOnlySpan<DevicePacket> packets)
{
    readonly byte* _memory = memory;

    public ReadOnlySpan<DevicePacket> Packets { get; } = packets;

    /// <summary>The octets of a packet.</summary>
    public ReadOnlySpan<byte> this[in DevicePacket packet] => new(_memory + packet.Offset, packet.Length);

    /// <summary>Adds what a packet stands for to a batch, as one group.</summary>
    /// <returns>False when the packet makes no sense, or the batch has too little room.</returns>
    public bool TryCut(in DevicePacket packet, DatagramBatch batch) =>
        Segmenter.TryCut(packet.Header, _memory + packet.Offset, packet.Length, batch);
}

/// <summary>Takes packets from a device. Called by one thread at a time; the octets are valid only during the call.</summary>
delegate void DeviceHandler(in DeviceBurst burst);
