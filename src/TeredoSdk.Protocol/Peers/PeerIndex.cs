using System.Numerics;

namespace TeredoSdk.Protocol.Peers;

/// <summary>Finds the number of an entry by its address. A hash table with linear probing; removal shifts entries back; at most half full.</summary>
/// <remarks>
/// A slot has 32 bits. The low bits, as many as the capacity needs, hold the entry's number plus one; 0 means empty. The other bits hold a part of
/// the hash, so that a probe seldom reads the memory of a wrong entry.
/// </remarks>
sealed class PeerIndex
{
    const int MinSlots = 16;

    readonly uint _numberMask;
    readonly ulong _key0, _key1, _key2;
    uint[] _slots = new uint[MinSlots];
    int _count;

    public PeerIndex(int capacity, IRandomSource random)
    {
        _numberMask = uint.MaxValue >> BitOperations.LeadingZeroCount((uint)capacity);
        _key0 = random.NextUInt64();
        _key1 = random.NextUInt64();
        _key2 = random.NextUInt64() | 1;
    }

    // Strangers choose the addresses. The keys of the hash are random, so that strangers can't choose the slots (RFC 4380 §7.3.3).
    ulong Hash(IPv6Address address)
    {
        ulong high = Math.BigMul(address.High ^ _key0, address.Low ^ _key1, out ulong low);
        ulong folded = high ^ low;
        return (folded ^ folded >> 32) * _key2;
    }

    // The home slot uses bits of the upper half of the hash, and the tag the top bits of the lower half, so that the two do not share bits.
    static int HomeOf(ulong hash, uint[] slots) => (int)((hash >> 32) & (uint)(slots.Length - 1));
    uint TagOf(ulong hash) => (uint)hash & ~_numberMask;

    public int Find(IPv6Address address, PeerEntry[] entries)
    {
        var slots = _slots;
        ulong hash = Hash(address);
        uint tag = TagOf(hash), mask = _numberMask;
        for (int at = HomeOf(hash, slots); ; at = (at + 1) & (slots.Length - 1))
        {
            uint slot = slots[at];
            if (slot == 0)
                return -1;
            int number = (int)(slot & mask) - 1;
            if ((slot & ~mask) == tag && entries[number].Address == address)
                return number;
        }
    }

    public void Add(int number, PeerEntry[] entries)
    {
        if (++_count * 2 > _slots.Length)
            Grow(entries);
        Insert(_slots, Hash(entries[number].Address), number);
    }

    public void Remove(int number, PeerEntry[] entries)
    {
        var slots = _slots;
        int mask = slots.Length - 1, hole = HomeOf(Hash(entries[number].Address), slots);
        while ((slots[hole] & _numberMask) != number + 1)
            hole = (hole + 1) & mask;
        // Later entries move back into the hole, unless that would put an entry before its home slot.
        for (int at = (hole + 1) & mask; slots[at] != 0; at = (at + 1) & mask)
        {
            int home = HomeOf(Hash(entries[(int)(slots[at] & _numberMask) - 1].Address), slots);
            if (((at - home) & mask) < ((at - hole) & mask))
                continue;
            slots[hole] = slots[at];
            hole = at;
        }
        slots[hole] = 0;
        _count--;
    }

    public void Clear()
    {
        _slots = new uint[MinSlots];
        _count = 0;
    }

    void Grow(PeerEntry[] entries)
    {
        var larger = new uint[_slots.Length * 2];
        foreach (uint slot in _slots)
            if (slot != 0)
                Insert(larger, Hash(entries[(int)(slot & _numberMask) - 1].Address), (int)(slot & _numberMask) - 1);
        _slots = larger;
    }

    void Insert(uint[] slots, ulong hash, int number)
    {
        int at = HomeOf(hash, slots);
        while (slots[at] != 0)
            at = (at + 1) & (slots.Length - 1);
        slots[at] = TagOf(hash) | (uint)(number + 1);
    }
}
