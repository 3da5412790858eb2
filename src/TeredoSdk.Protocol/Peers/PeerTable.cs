namespace TeredoSdk.Protocol.Peers;

/// <summary>
/// The peers of a client or relay (RFC 4380 §5.2, §5.4). The table limits the number of peers, of untrusted peers, of strangers, and of peers per
/// owner: an IPv4 address or, for native peers, a /64.
/// </summary>
/// <remarks>
/// An index belongs to its entry until the entry is removed; then another entry may get it. PeerTable.Eviction.cs says which entries make room for
/// others. <see cref="Sweep"/> removes entries without a packet for 600 s.
/// </remarks>
sealed partial class PeerTable
{
    public static readonly TimeSpan Validity = TimeSpan.FromSeconds(30);  // RFC 4380 §5.2.4
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(600); // not in the RFC
    static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(60);    // every entry is looked at so often
    const int MaxSwept = 4096;                                            // entries that one sweep looks at

    struct Chain
    {
        public int Head = -1, Tail = -1, Count;

        public Chain()
        {
        }
    }

    readonly int _capacity, _maxUntrusted, _maxStrangers;
    readonly PeerIndex<AddressKey> _index;
    readonly PeerIndex<OwnerKey> _owners; // finds one entry of each owner; NextOfOwner leads to the others
    readonly Chain[] _chains = [new(), new(), new(), new(), new(), new()]; // see ChainOf
    PeerEntry[] _entries;
    int _free = -1, _top, _swept; // head of the chain of removed entries; number of entries used so far; where the sweep goes on

    /// <param name="capacity">The largest number of entries, at least 1. A quarter is kept for those that the host wants.</param>
    /// <param name="maxUntrusted">The largest number of untrusted entries that <see cref="Add"/> allows.</param>
    /// <param name="random">Seeds the hashes.</param>
    public PeerTable(int capacity, int maxUntrusted, IRandomSource random)
    {
        _capacity = capacity;
        _maxUntrusted = maxUntrusted;
        _maxStrangers = capacity - capacity / WantedShare;
        _index = new(capacity, random);
        _owners = new(capacity, random);
        _entries = new PeerEntry[Math.Min(capacity, 16)];
    }

    public int Count => UntrustedCount + _chains[1].Count + _chains[3].Count + _chains[5].Count;

    public int UntrustedCount => _chains[0].Count + _chains[2].Count + _chains[4].Count;

    /// <summary>Called with the index of an entry before it is removed, for any reason.</summary>
    public Action<int>? Removing { get; set; }

    /// <summary>When <see cref="Sweep"/> is due; null without entries.</summary>
    public Instant? SweepAt { get; private set; }

    /// <summary>Returns an entry; the reference is valid until the next <see cref="Add"/>.</summary>
    public ref PeerEntry this[int index] => ref _entries[index];

    /// <returns>The index of the address's entry, or -1.</returns>
    public int Find(IPv6Address address) => _index.Find(address, _entries);

    /// <summary>Whether there is a Teredo peer at an IPv4 address.</summary>
    public bool HasPeerAt(IPv4Address address) => _owners.Find(OwnerKey.Of(new TeredoAddress(default, default, new(address, 0))), _entries) >= 0;

    /// <summary>Makes an entry for a peer that was not heard yet.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="address">The address, which must not be in the table.</param>
    /// <param name="kind">Why the peer comes. A verified one is trusted from the start.</param>
    /// <param name="index">The index, or -1.</param>
    /// <returns>None, or why there is no room.</returns>
    public DropReason Add(Instant now, IPv6Address address, Newcomer kind, out int index)
    {
        index = -1;
        if (!MakeRoomOfOwner(now, OwnerKey.Of(address), kind))
            return DropReason.PeerAddressFull;
        if (!MakeRoom(now, kind))
            return DropReason.PeerTableFull;
        index = TakeFree();
        _entries[index] = new()
        {
            Address = address,
            LastReceived = now - Validity, // RFC 4380 §5.2.3
            LastSent = now - Validity,     // RFC 4380 §5.2.3
            Flags = kind switch
            {
                Newcomer.Verified => PeerFlags.Trusted,
                Newcomer.Wanted => PeerFlags.Wanted | PeerFlags.Used,
                _ => PeerFlags.None,
            },
            Contact = -1,
        };
        Append(index, now);
        _index.Add(index, _entries);
        AddToOwner(index);
        SweepAt ??= now + NextSweep();
        return DropReason.None;
    }

    /// <summary>Marks an entry as trusted.</summary>
    public void Trust(int index) => Mark(index, PeerFlags.Trusted);

    /// <summary>Marks an entry as untrusted. The number of untrusted entries may exceed the limit in this way.</summary>
    public void Distrust(int index) => Mark(index, PeerFlags.None);

    /// <summary>Marks all entries as untrusted.</summary>
    public void DistrustAll()
    {
        for (int chain = 1; chain < _chains.Length; chain += 2)
            while (_chains[chain].Count > 0)
                Distrust(_chains[chain].Head);
    }

    /// <summary>
    /// Notes that a packet of the host waits for a peer. The host wants the peer, unless it only answers a stranger, which is gone perhaps.
    /// </summary>
    public void Want(Instant now, int index) =>
        Change(index, _entries[index].Has(PeerFlags.Answered) ? PeerFlags.Used : PeerFlags.Wanted | PeerFlags.Used, now);

    /// <summary>Marks an entry as one in use.</summary>
    public void Use(Instant now, int index) => Change(index, PeerFlags.Used, now);

    /// <summary>Notes that the host's packet goes to a peer.</summary>
    public void NoteSent(Instant now, int index)
    {
        ref var entry = ref _entries[index];
        if (!entry.Has(PeerFlags.Used))
            NoteSentToStranger(now, index);
        entry.LastSent = now;
    }

    // Anybody can draw an answer to a forged source. So a stranger's entry is in use only when the stranger was heard after an answer.
    void NoteSentToStranger(Instant now, int index)
    {
        ref var entry = ref _entries[index];
        if (entry.Has(PeerFlags.Answered) && entry.LastReceived >= entry.LastSent)
            Use(now, index);
        entry.Flags |= PeerFlags.Answered;
    }

    public void Remove(int index)
    {
        Removing?.Invoke(index);
        _index.Remove(index, _entries);
        RemoveFromOwner(index);
        Unlink(index);
        ref var entry = ref _entries[index];
        entry.Address = default;
        entry.Next = _free;
        _free = index;
    }

    /// <summary>Removes all entries and releases their memory.</summary>
    public void Clear()
    {
        foreach (ref var chain in _chains.AsSpan())
            while (chain.Count > 0)
                Remove(chain.Head);
        _index.Clear();
        _owners.Clear();
        _entries = new PeerEntry[Math.Min(_capacity, 16)];
        (_free, _top, SweepAt) = (-1, 0, null);
    }

    /// <summary>
    /// Removes entries without a packet for 600 s, if it is time for that. Entries with a contact stay: their timers end the contact first.
    /// </summary>
    public void Sweep(Instant now)
    {
        if (!(SweepAt <= now))
            return;
        for (int looks = Math.Min(_top, MaxSwept); looks > 0; looks--)
        {
            _swept = _swept + 1 < _top ? _swept + 1 : 0;
            ref var entry = ref _entries[_swept];
            if (!entry.Address.IsUnspecified && entry.Contact < 0 && now - entry.LastPacket >= Lifetime)
                Remove(_swept);
        }
        SweepAt = Count > 0 ? now + NextSweep() : null;
    }

    // A large table is looked at in parts.
    TimeSpan NextSweep() => _top > MaxSwept ? SweepInterval * ((double)MaxSwept / _top) : SweepInterval;

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

    void AddToOwner(int index)
    {
        int first = _owners.Find(OwnerKey.Of(_entries[index]), _entries);
        if (first < 0)
        {
            _entries[index].NextOfOwner = -1;
            _owners.Add(index, _entries);
            return;
        }
        _entries[index].NextOfOwner = _entries[first].NextOfOwner;
        _entries[first].NextOfOwner = index;
    }

    void RemoveFromOwner(int index)
    {
        int at = _owners.Find(OwnerKey.Of(_entries[index]), _entries), next = _entries[index].NextOfOwner;
        if (at == index && next < 0)
            _owners.Remove(index, _entries);
        else if (at == index)
            _owners.Replace(index, next, _entries);
        else
        {
            while (_entries[at].NextOfOwner != index)
                at = _entries[at].NextOfOwner;
            _entries[at].NextOfOwner = next;
        }
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

    void Change(int index, PeerFlags flags, Instant now)
    {
        if ((_entries[index].Flags & flags) == flags)
            return;
        Unlink(index);
        _entries[index].Flags |= flags;
        Append(index, now);
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

    // Untrusted and trusted strangers that were never used, then those in use, then the peers that the host wants.
    ref Chain ChainOf(in PeerEntry entry) =>
        ref _chains[(entry.Has(PeerFlags.Wanted) ? 4 : entry.Has(PeerFlags.Used) ? 2 : 0) + (entry.IsTrusted ? 1 : 0)];

    // 32 bits with units of about 0.1 s are enough for the order of queued entries, and keep an entry at 64 octets.
    static uint Stamp(Instant instant) => (uint)(instant.SinceStart.Ticks >> 20);
    static bool WasHeardSinceQueued(in PeerEntry entry) => (int)(Stamp(entry.LastReceived) - entry.Queued) > 0;
}
