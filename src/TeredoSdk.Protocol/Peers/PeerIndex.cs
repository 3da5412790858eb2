using System.Numerics;

namespace TeredoSdk.Protocol.Peers;

/// <summary>What a <see cref="PeerIndex{TKey}"/> finds entries by.</summary>
interface IPeerKey
{
    static abstract IPv6Address Of(in PeerEntry entry);
}

/// <summary>The peer's address.</summary>
readonly struct AddressKey : IPeerKey
{
    public static IPv6Address Of(in PeerEntry entry) => entry.Address;
}

/// <summary>Who owns the peer's address: an IPv4 address or, for a native peer, a /64.</summary>
readonly struct OwnerKey : IPeerKey
{
    public static IPv6Address Of(in PeerEntry entry) => Of(entry.Address);

    // A native address is never in 2001::/32, so the two kinds of keys differ.
    public static IPv6Address Of(IPv6Address address) =>
        address.IsTeredo ? new((ulong)TeredoAddress.Prefix << 32, (uint)address.Low) : new(address.High, 0);
}

/// <summary>Finds the number of an entry by a key. A hash table with linear probing; removal shifts entries back; at most half full.</summary>
/// <remarks>
/// A slot has 32 bits. The low bits, as many as the capacity needs, hold the entry's number plus one; 0 means empty. The other bits hold a part of
/// the hash, so that a probe seldom reads the memory of a wrong entry.
/// </remarks>
sealed class PeerIndex<TKey> where TKey : struct, IPeerKey
{
    const int MinSlots = 16;

    readonly uint _numberMask;
    readonly AddressHash _hash;
    uint[] _slots = new uint[MinSlots];
    int _count;

    public PeerIndex(int capacity, IRandomSource random)
    {
        _numberMask = uint.MaxValue >> BitOperations.LeadingZeroCount((uint)capacity);
        _hash = new(random);
    }

    ulong Hash(IPv6Address address) => _hash.Hash(address);

    // The home slot uses bits of the upper half of the hash, and the tag the top bits of the lower half, so that the two do not share bits.
    static int HomeOf(ulong hash, uint[] slots) => (int)((hash >> 32) & (uint)(slots.Length - 1));
    uint TagOf(ulong hash) => (uint)hash & ~_numberMask;

    public int Find(IPv6Address key, PeerEntry[] entries)
    {
        var slots = _slots;
        ulong hash = Hash(key);
        uint tag = TagOf(hash), mask = _numberMask;
        for (int at = HomeOf(hash, slots); ; at = (at + 1) & (slots.Length - 1))
        {
            uint slot = slots[at];
            if (slot == 0)
                return -1;
            int number = (int)(slot & mask) - 1;
            if ((slot & ~mask) == tag && TKey.Of(entries[number]) == key)
                return number;
        }
    }

    public void Add(int number, PeerEntry[] entries)
    {
        if (++_count * 2 > _slots.Length)
            Grow(entries);
        Insert(_slots, Hash(TKey.Of(entries[number])), number);
    }

    public void Remove(int number, PeerEntry[] entries)
    {
        var slots = _slots;
        int mask = slots.Length - 1, hole = HomeOf(Hash(TKey.Of(entries[number])), slots);
        while ((slots[hole] & _numberMask) != number + 1)
            hole = (hole + 1) & mask;
        // Later entries move back into the hole, unless that would put an entry before its home slot.
        for (int at = (hole + 1) & mask; slots[at] != 0; at = (at + 1) & mask)
        {
            int home = HomeOf(Hash(TKey.Of(entries[(int)(slots[at] & _numberMask) - 1])), slots);
            if (((at - home) & mask) < ((at - hole) & mask))
                continue;
            slots[hole] = slots[at];
            hole = at;
        }
        slots[hole] = 0;
        _count--;
    }

    /// <summary>Makes another entry with the same key the one that is found.</summary>
    public void Replace(int number, int by, PeerEntry[] entries)
    {
        var slots = _slots;
        ulong hash = Hash(TKey.Of(entries[number]));
        int at = HomeOf(hash, slots);
        while ((slots[at] & _numberMask) != number + 1)
            at = (at + 1) & (slots.Length - 1);
        slots[at] = TagOf(hash) | (uint)(by + 1);
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
                Insert(larger, Hash(TKey.Of(entries[(int)(slot & _numberMask) - 1])), (int)(slot & _numberMask) - 1);
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
