using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Linux;

/// <summary>Collects what the packets of a device are cut into, and sends it together. Used by the device's thread.</summary>
/// <param name="send">Sends a batch.</param>
/// <param name="refused">Is told of a packet that was not sent, and why.</param>
sealed class PacketSender(Action<DatagramBatch> send, PacketSender.Refusal refused)
{
    readonly DatagramBatch _batch = new();

    /// <summary>Takes a packet that was not sent. A packet may stand for many, of which the first one counts.</summary>
    public delegate void Refusal(ReadOnlySpan<byte> packet, DropReason reason);

    /// <summary>Adds a packet of a burst; <see cref="Flush"/> must follow before the burst ends.</summary>
    public void Add(in DeviceBurst burst, in DevicePacket packet)
    {
        if (burst.TryCut(packet, _batch))
            return;
        Flush(); // perhaps there was too little room
        if (!burst.TryCut(packet, _batch))
            refused(burst[packet], DropReason.MalformedTransport);
    }

    public void Flush()
    {
        if (_batch.Count == 0)
            return;
        send(_batch);
        foreach (ref var group in _batch.Groups)
            if (group.Refused != DropReason.None)
                refused(group.Whole.Octets, group.Refused);
        _batch.Clear();
    }
}
