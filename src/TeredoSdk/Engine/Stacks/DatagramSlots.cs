using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Memory for datagrams that are sent or received together. Each slot has room in front for the headers of IPv6 and UDP.</summary>
/// <remarks>The memory is pinned, so that system calls read it where it is. Not safe for several threads.</remarks>
sealed unsafe class DatagramSlots
{
    /// <summary>The longest payload of a datagram, in octets: the MTU (RFC 4380 §5.1.2) less the headers.</summary>
    public const int PayloadOctets = RouterAdvertisement.DefaultMtuOctets - HeaderOctets;

    const int HeaderOctets = IPv6Packet.HeaderSize + UdpDatagram.HeaderSize, SlotOctets = RouterAdvertisement.DefaultMtuOctets;

    readonly byte[] _memory;
    readonly (RemotePort Remote, int Length)[] _slots;
    DatagramBatch? _batch;
    SocketAddress? _scratch;

    public DatagramSlots(int capacity)
    {
        _memory = GC.AllocateUninitializedArray<byte>(capacity * SlotOctets, pinned: true);
        _slots = new (RemotePort, int)[capacity];
    }

    public int Capacity => _slots.Length;

    public int Count { get; private set; }

    /// <summary>The payload in a slot.</summary>
    public Memory<byte> this[int index] => PayloadOf(index, LengthOf(index));

    /// <summary>The memory in which the next datagram can be received. There must be a free slot.</summary>
    public Memory<byte> Next => PayloadOf(Count, PayloadOctets);

    /// <summary>A peer's address in the form of socket calls, for the call that uses the slots.</summary>
    public SocketAddress Scratch => _scratch ??= new(AddressFamily.InterNetworkV6);

    /// <summary>Whether there is a free slot.</summary>
    public bool HasRoom => Count < Capacity;

    public RemotePort RemoteOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _slots[index].Remote;
    }

    public void Add(RemotePort remote, ReadOnlySpan<byte> payload)
    {
        payload.CopyTo(Next.Span);
        Add(remote, payload.Length);
    }

    /// <summary>Takes what was received in <see cref="Next"/>.</summary>
    public void Add(RemotePort remote, int length) => _slots[Count++] = (remote, length);

    public void Clear() => Count = 0;

    /// <summary>Makes packets of the datagrams and groups them by peer, in their order.</summary>
    /// <param name="source">The source address.</param>
    /// <param name="sourcePort">The source port.</param>
    /// <returns>The packets that leave this machine; those to the source itself are left out. Valid until the next call.</returns>
    public DatagramBatch Wrap(IPv6Address source, ushort sourcePort)
    {
        var batch = _batch ??= new(Capacity, headerOctets: 0);
        batch.Clear();
        var to = default(IPv6Address);
        int segment = 0, last = 0;
        for (int i = 0; i < Count; i++)
        {
            var remote = _slots[i].Remote;
            var octets = _memory.AsSpan(i * SlotOctets, HeaderOctets + _slots[i].Length);
            UdpDatagram.WritePacket(octets, source, sourcePort, remote.Address, remote.Port, octets[HeaderOctets..]);
            if (remote.Address == source)
                continue;
            byte* start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(octets)); // the array is pinned
            if (remote.Address != to || last != segment || octets.Length > segment)
            {
                batch.Begin(octets.Length, new(start, octets.Length));
                (to, segment) = (remote.Address, octets.Length);
            }
            batch.Add(0, start, octets.Length);
            last = octets.Length;
        }
        return batch;
    }

    /// <summary>The whole packet in a slot, after <see cref="Wrap"/>.</summary>
    public ReadOnlySpan<byte> PacketIn(int index) => _memory.AsSpan(index * SlotOctets, HeaderOctets + _slots[index].Length);

    Memory<byte> PayloadOf(int index, int length) => _memory.AsMemory(index * SlotOctets + HeaderOctets, length);

    int LengthOf(int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _slots[index].Length;
    }
}
