using System.Runtime.InteropServices;
using TeredoSdk.Protocol;

namespace TeredoSdk.Engine.Linux;

/// <summary>Packets of a device that wait to be sent, those to each peer in a line of their own.</summary>
/// <remarks>
/// A TUN device that is full drops what comes last, whoever's it is, and never makes a sender wait. So peers are served in turn here, each by the same number of
/// octets (deficit round robin), and where there is no room the longest line loses its oldest packet. Used by the device's thread.
/// </remarks>
sealed unsafe class PeerLines : IDisposable
{
    const int None = -1;
    const int Turn = 65536; // octets; a message of the kernel's holds as many, and the packets of a turn make one

    readonly int _slotOctets;
    readonly Slot[] _slots;
    readonly Line[] _lines; // as many as there are slots, so there is always one
    readonly Stack<int> _freeSlots, _freeLines;
    readonly Dictionary<IPv6Address, int> _lineOf;
    readonly Queue<int> _order; // whose turn it is
    readonly byte* _memory;
    int _next; // the slot for the next packet

    /// <param name="capacity">How many packets may wait.</param>
    /// <param name="packetOctets">How long a packet may be.</param>
    public PeerLines(int capacity, int packetOctets)
    {
        _slotOctets = (packetOctets + 7) & ~7;
        (_slots, _lines) = (new Slot[capacity + 1], new Line[capacity + 1]);
        (_freeSlots, _freeLines) = (new(Enumerable.Range(0, capacity + 1)), new(Enumerable.Range(0, capacity + 1)));
        (_lineOf, _order) = (new(capacity + 1), new(capacity + 1));
        _memory = (byte*)NativeMemory.Alloc((nuint)(capacity + 1), (nuint)_slotOctets); // pages that are never written to take no memory
        _next = _freeSlots.Pop();
    }

    /// <summary>Where the packets are.</summary>
    public byte* Memory => _memory;

    /// <summary>Where the next packet has to be read to, as an offset in the memory.</summary>
    public int NextOffset => _next * _slotOctets;

    /// <summary>To how many peers packets wait.</summary>
    public int PeerCount => _order.Count;

    /// <summary>How many packets lost their place to others.</summary>
    public long Dropped { get; private set; }

    /// <summary>Appends the packet that was read to <see cref="NextOffset"/>.</summary>
    public void Add(in DevicePacket packet, IPv6Address peer)
    {
        int slot = _next;
        _slots[slot] = new() { Packet = packet, Next = None };
        if (!_lineOf.TryGetValue(peer, out int index))
        {
            _lineOf.Add(peer, index = _freeLines.Pop());
            _order.Enqueue(index);
            _lines[index] = new() { Peer = peer, First = slot, Credit = Turn };
        }
        else
            _slots[_lines[index].Last].Next = slot;
        ref var line = ref _lines[index];
        line.Last = slot;
        line.Octets += packet.Length;
        if (_freeSlots.Count == 0)
            DropOldest();
        _next = _freeSlots.Pop();
    }

    /// <summary>Takes packets whose turn it is. Their octets stay until the next packet is added.</summary>
    /// <param name="packets">Gets the packets.</param>
    /// <param name="octets">After so many octets no further packet is taken.</param>
    /// <returns>How many packets there are; 0 when none waits.</returns>
    public int Take(Span<DevicePacket> packets, int octets)
    {
        int count = 0;
        while (count < packets.Length && octets > 0 && _order.TryPeek(out int index))
        {
            ref var line = ref _lines[index];
            if (line.Credit < _slots[line.First].Packet.Length)
            {
                line.Credit += Turn;
                _order.Enqueue(_order.Dequeue());
                continue;
            }
            var packet = packets[count++] = Pop(ref line);
            line.Credit -= packet.Length;
            octets -= packet.Length;
            if (line.First == None)
                Free(_order.Dequeue());
        }
        return count;
    }

    public void Dispose() => NativeMemory.Free(_memory);

    void DropOldest()
    {
        int longest = _order.Peek();
        foreach (int index in _order)
            if (_lines[index].Octets > _lines[longest].Octets)
                longest = index;
        Pop(ref _lines[longest]);
        Dropped++;
        if (_lines[longest].First != None)
            return;
        for (int i = _order.Count; i > 0; i--)
            if (_order.Dequeue() is var index && index != longest)
                _order.Enqueue(index);
        Free(longest);
    }

    DevicePacket Pop(ref Line line)
    {
        int slot = line.First;
        var packet = _slots[slot].Packet;
        line.First = _slots[slot].Next;
        line.Octets -= packet.Length;
        _freeSlots.Push(slot);
        return packet;
    }

    void Free(int line)
    {
        _lineOf.Remove(_lines[line].Peer);
        _freeLines.Push(line);
    }

    struct Slot
    {
        public DevicePacket Packet;
        public int Next;
    }

    struct Line
    {
        public IPv6Address Peer;
        public int First, Last, Octets;
        public int Credit; // in octets
    }
}
