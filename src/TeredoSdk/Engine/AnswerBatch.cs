using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TeredoSdk.Machine;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine;

/// <summary>What a core wrote while it took a burst: datagrams, which are sent together, and packets for the native internet.</summary>
/// <remarks>Not safe for several threads.</remarks>
sealed unsafe class AnswerBatch
{
    /// <summary>How long each may be, in octets.</summary>
    public const int MaxOctets = 1500;

    readonly DatagramBatch _batch = new();
    readonly List<(int Index, int Length)> _native = [];
    readonly byte[] _memory = GC.AllocateUninitializedArray<byte>(DatagramBatch.Capacity * MaxOctets, pinned: true);
    int _count;

    /// <summary>Whether a further one finds room.</summary>
    public bool HasRoom => _count < DatagramBatch.Capacity;

    /// <summary>Where the next one is written.</summary>
    public Span<byte> Next => At(_count, MaxOctets);

    /// <summary>Adds the datagram that was written to <see cref="Next"/>.</summary>
    public void Add(int length, IPv4Endpoint target, IUdpTransport? transport)
    {
        var octets = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory)) + _count++ * MaxOctets;
        _batch.Begin(length, new(octets, length));
        _batch.Add(0, octets, length);
        ref var group = ref _batch.Groups[^1];
        (group.Target, group.Transport) = (target, transport);
    }

    /// <summary>Adds the packet for the native internet that was written to <see cref="Next"/>.</summary>
    public void AddNative(int length) => _native.Add((_count++, length));

    /// <summary>Sends everything, and empties the batch.</summary>
    public void Send(NativeSender? native)
    {
        _batch.Send();
        foreach (var (index, length) in _native)
            native?.Send(At(index, length));
        _batch.Clear();
        _native.Clear();
        _count = 0;
    }

    Span<byte> At(int index, int length) => _memory.AsSpan(index * MaxOctets, length);
}
