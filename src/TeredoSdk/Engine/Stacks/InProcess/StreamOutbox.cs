using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>Trains of segments that are sent together. The memory is pinned, so that system calls read it where it is. Not safe for several threads.</summary>
sealed unsafe class StreamOutbox
{
    // So many octets fit into one call of the kernel: it takes 64 KB. No connection makes packets shorter than the least one within a train.
    const int TrainOctets = 51 * 1280, LeastPacketOctets = 148, TrainPackets = TrainOctets / LeastPacketOctets, Trains = 4;

    readonly byte[] _memory = GC.AllocateUninitializedArray<byte>(Trains * TrainOctets, pinned: true);
    readonly DatagramBatch _batch = new(headerOctets: 0);
    int _used;

    public bool IsEmpty => _used == 0;

    /// <summary>Whether there is room for a further train, whatever its length.</summary>
    public bool HasRoom => _memory.Length - _used >= TrainOctets && _batch.Room >= TrainPackets;

    /// <summary>Where the next train is written.</summary>
    public Span<byte> Next => _memory.AsSpan(_used, TrainOctets);

    /// <summary>Adds the train that was written to <see cref="Next"/>.</summary>
    /// <param name="length">Its length in octets.</param>
    /// <param name="segmentSize">The length of each packet but the last, in octets.</param>
    public void Add(int length, int segmentSize)
    {
        byte* at = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory)) + _used;
        int first = Math.Min(segmentSize, length);
        _batch.Begin(first, new(at, first));
        _used += length;
        for (; length > 0; at += segmentSize, length -= segmentSize)
            _batch.Add(0, at, Math.Min(segmentSize, length));
    }

    /// <summary>Sends everything. Who waits for a peer that can't be reached is told.</summary>
    public void Send(in StackContext context)
    {
        var noted = default(IPv6Address);
        foreach (ref var group in _batch.Groups)
            if (DestinationOf(group) is var destination && destination != noted)
                context.Guard.NoteContact(noted = destination);
        context.Driver.Send(_batch);
        foreach (ref var group in _batch.Groups)
            if (group.Refused != DropReason.None)
                context.Refuse(group.Whole.Octets, group.Refused);
    }

    public void Clear()
    {
        _batch.Clear();
        _used = 0;
    }

    static IPv6Address DestinationOf(in DatagramBatch.Group group) => IPv6Address.Read(group.Whole.Octets[24..]);
}
