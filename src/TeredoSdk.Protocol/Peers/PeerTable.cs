using System.Numerics;

namespace TeredoSdk.Protocol.Peers;

/// <summary>Facts about a peer, one bit each.</summary>
[Flags]
enum PeerFlags : ushort
{
    None = 0,
    /// <summary>The peer's mapping is verified (RFC 4380 §5.2). Only the table sets and clears this flag.</summary>
    Trusted = 1,
    /// <summary>The peer's direct packets come from another endpoint than the one in its address (RFC 6081 §5.3.1).</summary>
    SymmetricPeer = 2,
    /// <summary>Packets came to the service port (RFC 6081 §5.4.1).</summary>
    ReceivedOnPrimary = 4,
    /// <summary>Packets came to this peer's random port (RFC 6081 §5.4.1).</summary>
    ReceivedOnRandom = 8,
    /// <summary>The host has sent the peer a packet, or has one waiting. So the peer is not just an address that a stranger claimed.</summary>
    Used = 16,
    /// <summary>The peer did not answer neighbor discovery trailers (RFC 6081 §5.7).</summary>
    IgnoresSolicitations = 32,
    /// <summary>The peer is trusted, but can't verify us before we get its nonce. Packets of the host wait for that.</summary>
    AwaitsNonce = 64,
    /// <summary>The flags that a new mapping resets.</summary>
    PathDependent = SymmetricPeer | ReceivedOnPrimary | ReceivedOnRandom | AwaitsNonce,
}

/// <summary>The part of a peer's state that the fast path needs.</summary>
struct PeerEntry
{
    /// <summary>The peer's IPv6 address; all 128 bits are compared.</summary>
    public IPv6Address Address;
    /// <summary>When the peer's last direct packet came.</summary>
    public Instant LastReceived;
    /// <summary>When the host's last packet went to the peer.</summary>
    public Instant LastSent;
    /// <summary>The endpoint that the peer sends from, once known.</summary>
    public IPv4Endpoint Mapping;
    /// <summary>The port of ours that reaches the peer, as <see cref="LocalPort.Id"/>.</summary>
    public ushort Via;
    public PeerFlags Flags;
    /// <summary>The number of the peer's contact, which only an exchange needs; -1 without one.</summary>
    public int Contact;
    internal int Previous, Next;
    internal IPv4Address Owner;
    internal uint Queued;

    public readonly bool IsTrusted => (Flags & PeerFlags.Trusted) != 0;
    /// <summary>Whether a packet of the peer came in the last 30 s (RFC 4380 §5.2.4).</summary>
    public readonly bool IsFresh(Instant now) => now - LastReceived < PeerTable.Validity;
    /// <summary>Whether packets may be sent to the peer at once: it is trusted and fresh (RFC 4380 §5.2.4 case 1).</summary>
    public readonly bool IsUsable(Instant now) => IsTrusted && IsFresh(now);
    public readonly bool Has(PeerFlags flag) => (Flags & flag) != 0;
}

/// <summary>
/// The peers of a client or relay (RFC 4380 §5.2, §5.4). The table limits the number of peers, of untrusted peers, and of peers per IPv4 address.
/// </summary>
/// <remarks>
/// An index belongs to its entry until the entry is removed; then another entry may get it. When the table is full, a new entry evicts one of these,
/// in this order: the oldest untrusted entry that is older than 30 s; a trusted entry that was not heard for 30 s; the oldest untrusted entry; and,
/// if the new entry is trusted, a trusted entry that the host never sent to. Entries in use are never evicted (RFC 4380 §7.3.3).
/// </remarks>
sealed class PeerTable
{
    public static readonly TimeSpan Validity = TimeSpan.FromSeconds(30); // RFC 4380 §5.2.4
    public const int MaxPerOwner = 64; // for one IPv4 address, which may be a carrier's NAT; not in the RFC
    const int MaxCandidates = 8;       // entries that one Add looks at, so that a flood costs little
    const int MinBuckets = 1024;

    struct Chain
    {
        public int Head, Tail, Count;
    }

    readonly int _capacity, _maxUntrusted;
    readonly PeerIndex _index;
    readonly byte[] _ownerCounts; // by a hash of the owner; owners in one bucket share its limit
    readonly ulong _ownerKey;
    PeerEntry[] _entries;
    Chain _trusted = new() { Head = -1, Tail = -1 }, _untrusted = new() { Head = -1, Tail = -1 };
    int _free = -1, _top; // head of the chain of removed entries; number of entries used so far

    /// <param name="capacity">The largest number of entries, at least 1.</param>
    /// <param name="maxUntrusted">The largest number of untrusted entries that <see cref="Add"/> allows.</param>
    /// <param name="random">Seeds the hashes.</param>
    public PeerTable(int capacity, int maxUntrusted, IRandomSource random)
    {
        _capacity = capacity;
        _maxUntrusted = maxUntrusted;
        _index = new(capacity, random);
        _ownerCounts = new byte[Math.Max(MinBuckets, (int)BitOperations.RoundUpToPowerOf2((uint)capacity))];
        _ownerKey = random.NextUInt64() | 1;
        _entries = new PeerEntry[Math.Min(capacity, 16)];
    }

    public int Count => _trusted.Count + _untrusted.Count;

    public int UntrustedCount => _untrusted.Count;

    /// <summary>Called with the index of an entry before it is removed, for any reason.</summary>
    public Action<int>? Removing { get; set; }

    /// <summary>Returns an entry; the reference is valid until the next <see cref="Add"/>.</summary>
    public ref PeerEntry this[int index] => ref _entries[index];

    /// <returns>The index of the address's entry, or -1.</returns>
    public int Find(IPv6Address address) => _index.Find(address, _entries);

    /// <summary>Makes an entry for a peer that was not heard yet.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="address">The address, which must not be in the table.</param>
    /// <param name="owner">The IPv4 address in the peer's address. Default for a native peer, for which there is no limit per owner.</param>
    /// <param name="trusted">Whether the peer is trusted from the start.</param>
    /// <returns>The index, or -1 when there is no room or the owner has <see cref="MaxPerOwner"/> entries.</returns>
    public int Add(Instant now, IPv6Address address, IPv4Address owner, bool trusted)
    {
        if (!owner.IsUnspecified && OwnerCount(owner) >= MaxPerOwner)
            return -1;
        if (!MakeRoom(now, trusted))
            return -1;
        int index = TakeFree();
        _entries[index] = new()
        {
            Address = address,
            LastReceived = now - Validity, // RFC 4380 §5.2.3
            LastSent = now - Validity,     // RFC 4380 §5.2.3
            Flags = trusted ? PeerFlags.Trusted : PeerFlags.None,
            Contact = -1,
            Owner = owner,
        };
        Append(index, now);
        _index.Add(index, _entries);
        if (!owner.IsUnspecified)
            OwnerCount(owner)++;
        return index;
    }

    /// <summary>Marks an entry as trusted.</summary>
    public void Trust(int index) => Mark(index, PeerFlags.Trusted);

    /// <summary>Marks an entry as untrusted. The number of untrusted entries may exceed the limit in this way.</summary>
    public void Distrust(int index) => Mark(index, PeerFlags.None);

    /// <summary>Marks all entries as untrusted.</summary>
    public void DistrustAll()
    {
        while (_trusted.Count > 0)
            Distrust(_trusted.Head);
    }

    public void Remove(int index)
    {
        Removing?.Invoke(index);
        ref var entry = ref _entries[index];
        _index.Remove(index, _entries);
        Unlink(index);
        if (!entry.Owner.IsUnspecified)
            OwnerCount(entry.Owner)--;
        entry.Next = _free;
        _free = index;
    }

    /// <summary>Removes all entries and releases their memory.</summary>
    public void Clear()
    {
        while (_untrusted.Count > 0)
            Remove(_untrusted.Head);
        while (_trusted.Count > 0)
            Remove(_trusted.Head);
        _index.Clear();
        _entries = new PeerEntry[Math.Min(_capacity, 16)];
        (_free, _top) = (-1, 0);
    }

    ref byte OwnerCount(IPv4Address owner) =>
        ref _ownerCounts[(int)((owner.Value * _ownerKey) >> 32) & (_ownerCounts.Length - 1)];

    int TakeFree()
    {
        if (_free < 0)
        {
            if (_top == _entries.Length)
                Array.Resize(ref _entries, (int)Math.Min(_capacity, _entries.Length * 2L));
            return _top++;
        }
        int index = _free;
        _free = _entries[index].Next;
        return index;
    }

    bool MakeRoom(Instant now, bool trusted)
    {
        bool full = Count >= _capacity, tooManyUntrusted = !trusted && _untrusted.Count >= _maxUntrusted;
        if (!full && !tooManyUntrusted)
            return true;
        int untrusted = _untrusted.Count > 0 ? OldestUntrusted(now) : -1;
        // An untrusted entry that was queued recently may still get an answer to its bubbles, so a stale trusted entry goes first.
        if (!tooManyUntrusted && (untrusted < 0 || WasQueuedLately(untrusted, now)) && EvictTrusted(now, evenFresh: trusted && untrusted < 0))
            return true;
        if (untrusted >= 0)
            Remove(untrusted);
        return untrusted >= 0;
    }

    bool WasQueuedLately(int index, Instant now) => (int)(Stamp(now - Validity) - _entries[index].Queued) < 0;

    // The order of a chain is that of the last look at an entry, not of its last packet, because receiving does not touch the chains. An entry that
    // was heard since then, or that the host sends to, moves to the end when its turn comes.
    int OldestUntrusted(Instant now)
    {
        for (int looks = 0; looks < MaxCandidates && (WasHeardSinceQueued(_entries[_untrusted.Head])
            || _entries[_untrusted.Head].Has(PeerFlags.Used)); looks++)
            MoveToTail(_untrusted.Head, now);
        return _untrusted.Head;
    }

    bool EvictTrusted(Instant now, bool evenFresh)
    {
        int stale = -1, unused = -1;
        for (int looks = Math.Min(MaxCandidates, _trusted.Count); looks > 0; looks--)
        {
            int index = _trusted.Head;
            ref var entry = ref _entries[index];
            bool fresh = entry.IsFresh(now), heard = WasHeardSinceQueued(entry);
            MoveToTail(index, now);
            if (fresh && !entry.Has(PeerFlags.Used) && unused < 0)
                unused = index;
            if (fresh || (heard && stale >= 0))
                continue;
            stale = index;
            if (!heard)
                break;
        }
        int victim = stale >= 0 ? stale : evenFresh ? unused : -1;
        if (victim >= 0)
            Remove(victim);
        return victim >= 0;
    }

    void Mark(int index, PeerFlags trust)
    {
        ref var entry = ref _entries[index];
        if ((entry.Flags & PeerFlags.Trusted) == trust)
            return;
        Unlink(index);
        entry.Flags ^= PeerFlags.Trusted;
        Append(index, entry.LastReceived);
    }

    void MoveToTail(int index, Instant now)
    {
        Unlink(index);
        Append(index, now);
    }

    void Append(int index, Instant queued)
    {
        ref var entry = ref _entries[index];
        ref var chain = ref ChainOf(entry);
        entry.Queued = Stamp(queued);
        (entry.Previous, entry.Next) = (chain.Tail, -1);
        (chain.Tail < 0 ? ref chain.Head : ref _entries[chain.Tail].Next) = index;
        chain.Tail = index;
        chain.Count++;
    }

    void Unlink(int index)
    {
        ref var entry = ref _entries[index];
        ref var chain = ref ChainOf(entry);
        (entry.Previous < 0 ? ref chain.Head : ref _entries[entry.Previous].Next) = entry.Next;
        (entry.Next < 0 ? ref chain.Tail : ref _entries[entry.Next].Previous) = entry.Previous;
        chain.Count--;
    }

    ref Chain ChainOf(in PeerEntry entry) => ref entry.IsTrusted ? ref _trusted : ref _untrusted;

    // 32 bits with units of about 0.1 s are enough for the order of queued entries, and keep an entry at 64 octets.
    static uint Stamp(Instant instant) => (uint)(instant.SinceStart.Ticks >> 20);
    static bool WasHeardSinceQueued(in PeerEntry entry) => (int)(Stamp(entry.LastReceived) - entry.Queued) > 0;
}
