using System.Numerics;

namespace TeredoSdk.Protocol.Peers;

/// <summary>What is known of a peer, one bit each.</summary>
[Flags]
enum PeerFlags : ushort
{
    None = 0,
    /// <summary>The mapping is verified (RFC 4380 §5.2). Set and cleared by the table only.</summary>
    Trusted = 1,
    /// <summary>The peer's direct packets come from another endpoint than its address embeds (RFC 6081 §5.3.1).</summary>
    SymmetricPeer = 2,
    /// <summary>Packets came to the service port (RFC 6081 §5.4.1).</summary>
    ReceivedOnPrimary = 4,
    /// <summary>Packets came to this peer's random port (RFC 6081 §5.4.1).</summary>
    ReceivedOnRandom = 8,
    /// <summary>The host has sent it a packet, or wants to: it is no mere claim.</summary>
    Used = 16,
    /// <summary>It did not answer neighbor discovery trailers (RFC 6081 §5.7).</summary>
    IgnoresSolicitations = 32,
    /// <summary>It is trusted but cannot verify us before it sent us its nonce: packets of the host wait for that.</summary>
    AwaitsNonce = 64,
    /// <summary>What a new mapping decides anew.</summary>
    PathDependent = SymmetricPeer | ReceivedOnPrimary | ReceivedOnRandom | AwaitsNonce,
}

/// <summary>The part of a peer's state that the fast path needs.</summary>
struct PeerEntry
{
    /// <summary>Its IPv6 address; all 128 bits count.</summary>
    public IPv6Address Address;
    /// <summary>When its last packet came directly.</summary>
    public Instant LastReceived;
    /// <summary>When the last packet of the host went to it.</summary>
    public Instant LastSent;
    /// <summary>Where it sends from, once known.</summary>
    public IPv4Endpoint Mapping;
    /// <summary>Which of our ports it is reached from, as <see cref="LocalPort.Id"/>.</summary>
    public ushort Via;
    public PeerFlags Flags;
    /// <summary>The number of the state that only an exchange in progress needs, or -1.</summary>
    public int Contact;
    internal int Previous, Next;
    internal IPv4Address Owner;
    internal uint Queued;

    public readonly bool IsTrusted => (Flags & PeerFlags.Trusted) != 0;
    /// <summary>Whether the peer was heard in the last 30 s, so that a trusted one may be used (RFC 4380 §5.2.4).</summary>
    public readonly bool IsFresh(Instant now) => now - LastReceived < PeerTable.Validity;
    /// <summary>Whether packets may go straight to it: trusted, and fresh (RFC 4380 §5.2.4 case 1).</summary>
    public readonly bool IsUsable(Instant now) => IsTrusted && IsFresh(now);
    public readonly bool Has(PeerFlags flag) => (Flags & flag) != 0;
}

/// <summary>The peers of a client or relay (RFC 4380 §5.2, §5.4): bounded in number, in untrusted ones, and per IPv4 address.</summary>
/// <remarks>
/// An index names its entry until it is removed, and may then name another. When the table is full a new entry takes the place
/// of the oldest untrusted one (but in its first 30 s only if there is none of the next kind), else of a trusted one that was not
/// heard for 30 s, else, if it is trusted itself, of a trusted one that the host never sent to. Entries in use are never evicted
/// (RFC 4380 §7.3.3).
/// </remarks>
sealed class PeerTable
{
    public static readonly TimeSpan Validity = TimeSpan.FromSeconds(30); // RFC 4380 §5.2.4
    public const int MaxPerOwner = 64; // not in the RFC: what one IPv4 address, which may be a carrier's NAT, can take
    const int MaxCandidates = 8;       // what one Add looks at, so that a flood stays cheap
    const int MinBuckets = 1024;

    struct Chain
    {
        public int Head, Tail, Count;
    }

    readonly int _capacity, _maxUntrusted;
    readonly PeerIndex _index;
    readonly byte[] _ownerCounts; // by a hash of the owner: two that share a bucket share its limit
    readonly ulong _ownerKey;
    PeerEntry[] _entries;
    Chain _trusted = new() { Head = -1, Tail = -1 }, _untrusted = new() { Head = -1, Tail = -1 };
    int _free = -1, _top; // a chain of removed entries through Next, and the entries used so far

    /// <param name="capacity">The most entries, at least 1.</param>
    /// <param name="maxUntrusted">The most untrusted entries that <see cref="Add"/> makes.</param>
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

    /// <summary>Called with the index of an entry that is about to be removed, by whatever means.</summary>
    public Action<int>? Removing { get; set; }

    /// <summary>An entry; the reference is valid until the next <see cref="Add"/>.</summary>
    public ref PeerEntry this[int index] => ref _entries[index];

    /// <returns>The index of the address's entry, or -1.</returns>
    public int Find(IPv6Address address) => _index.Find(address, _entries);

    /// <summary>Makes an entry that was never heard.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="address">The address, which must not be in the table.</param>
    /// <param name="owner">The IPv4 address that the peer's address embeds, or default for a native peer: no limit per owner.</param>
    /// <param name="trusted">Whether it is trusted from the start.</param>
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

    /// <summary>Marks an entry as untrusted; their number may exceed the limit this way.</summary>
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

    /// <summary>Removes all entries and gives their memory back.</summary>
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
        // A trusted peer that went stale is worth less than an untrusted one whose bubbles are still under way.
        if (!tooManyUntrusted && (untrusted < 0 || WasQueuedLately(untrusted, now)) && EvictTrusted(now, evenFresh: trusted && untrusted < 0))
            return true;
        if (untrusted >= 0)
            Remove(untrusted);
        return untrusted >= 0;
    }

    bool WasQueuedLately(int index, Instant now) => (int)(Stamp(now - Validity) - _entries[index].Queued) < 0;

    // The chains are in the order of the last look, not of the last packet: receiving does not touch them. An entry that was
    // heard since, or that the host sends to, goes to the end when its turn comes.
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

    // 32 bits of about a tenth of a second each suffice to put a queued entry in order, and keep the entry at 64 octets.
    static uint Stamp(Instant instant) => (uint)(instant.SinceStart.Ticks >> 20);
    static bool WasHeardSinceQueued(in PeerEntry entry) => (int)(Stamp(entry.LastReceived) - entry.Queued) > 0;
}
