namespace TeredoSdk.Protocol.Peers;

/// <remarks>
/// <para>
/// Which entries make room for others. First within the owner, exactly: it has at most 64 entries. Of those never used, at most 16 are untrusted, and
/// at most 48 trusted, so that forged packets leave room for claims. Then in the whole table: at most half of it is untrusted, at most half trusted
/// and never used, and what the host wants has a quarter to itself.
/// </para>
/// <para>
/// The order is: untrusted entries never used; stale trusted ones never used; stale ones in use, first those of strangers. A fresh trusted entry in
/// use is never evicted (RFC 4380 §7.3.3). One that was never used, whose source may be forged, gives way to what the host wants and, after all
/// others, to a verified newcomer.
/// </para>
/// </remarks>
sealed partial class PeerTable
{
    public const int MaxPerOwner = 64;         // for one IPv4 address, which may be a carrier's NAT, or a /64; not in the RFC
    public const int MaxStrangersPerOwner = 16; // untrusted and never used; not in the RFC
    public const int WantedShare = 4;          // the part of the table that is kept for peers that the host wants: a quarter
    const int MaxCandidates = 8;               // entries of a chain that one Add looks at, so that a flood costs little

    // The chains, in the order of ChainOf.
    const int Unverified = 0, Unused = 1, UntrustedInUse = 2, InUse = 3, UntrustedWanted = 4, Wanted = 5;

    // Looks at all entries of the owner, at most 64, and at none of another owner.
    bool MakeRoomOfOwner(Instant now, IPv6Address owner, Newcomer kind)
    {
        bool verified = kind == Newcomer.Verified;
        int count = 0, alike = 0, victim = -1, rank = int.MaxValue, oldest = -1; // alike: never used, and trusted or not as the newcomer
        for (int at = _owners.Find(owner, _entries); at >= 0; at = _entries[at].NextOfOwner)
        {
            count++;
            ref var entry = ref _entries[at];
            if (!entry.Has(PeerFlags.Used) && entry.IsTrusted == verified)
            {
                alike++;
                if (oldest < 0 || GoesBefore(entry, _entries[oldest]))
                    oldest = at;
            }
            int own = RankOf(now, at, kind);
            if (own < rank || (own == rank && victim >= 0 && GoesBefore(entry, _entries[victim])))
                (victim, rank) = (at, own);
        }
        if (kind != Newcomer.Wanted && alike >= (verified ? MaxPerOwner - MaxStrangersPerOwner : MaxStrangersPerOwner))
            victim = oldest;
        else if (count < MaxPerOwner)
            return true;
        if (victim >= 0)
            Remove(victim);
        return victim >= 0;
    }

    // Who was answered may be about to speak again.
    static bool GoesBefore(in PeerEntry entry, in PeerEntry other) => entry.Has(PeerFlags.Answered) == other.Has(PeerFlags.Answered)
        ? entry.LastReceived < other.LastReceived : other.Has(PeerFlags.Answered);

    // The lower, the sooner an entry gives way; MaxValue for never.
    int RankOf(Instant now, int index, Newcomer kind)
    {
        ref var entry = ref _entries[index];
        bool fresh = entry.IsFresh(now);
        if (!entry.Has(PeerFlags.Used))
            return !entry.IsTrusted ? 0 : !fresh ? 1 : kind switch { Newcomer.Wanted => 2, Newcomer.Verified => 5, _ => int.MaxValue };
        bool busy = entry.IsTrusted ? fresh : WasQueuedLately(index, now) && kind != Newcomer.Wanted; // an exchange of the host may be under way
        return busy ? int.MaxValue : entry.Has(PeerFlags.Wanted) ? 4 : 3;
    }

    bool MakeRoom(Instant now, Newcomer kind)
    {
        bool full = Count >= _capacity;
        bool crowded = kind != Newcomer.Wanted && Count - _chains[UntrustedWanted].Count - _chains[Wanted].Count >= _maxStrangers;
        if (kind != Newcomer.Verified && UntrustedCount >= _maxUntrusted)
            return EvictOldest(now, Unverified) || EvictOldest(now, UntrustedInUse) || (kind == Newcomer.Wanted && EvictOldest(now, UntrustedWanted));
        if (kind == Newcomer.Verified && _chains[Unused].Count >= _capacity / 2)
            return EvictStale(now, Unused) || EvictOldest(now, Unused);
        if (!full && !crowded)
            return true;
        // A stranger of the last 30 s may still get an answer to its bubbles, so stale trusted entries that were never used go before it.
        if (EvictOld(now, Unverified) || EvictStale(now, Unused) || EvictOldest(now, Unverified))
            return true;
        if (kind == Newcomer.Wanted && EvictOldest(now, Unused))
            return true;
        if (EvictOld(now, UntrustedInUse) || EvictStale(now, InUse) || (full && (EvictOld(now, UntrustedWanted) || EvictStale(now, Wanted))))
            return true;
        return kind == Newcomer.Verified && EvictOldest(now, Unused);
    }

    // Evicts an untrusted entry, unless the oldest one is of the last 30 s: the host may have an exchange with it.
    bool EvictOld(Instant now, int chain) => _chains[chain].Count > 0 && !WasQueuedLately(_chains[chain].Head, now) && EvictOldest(now, chain);

    bool WasQueuedLately(int index, Instant now) => (int)(Stamp(now - Validity) - _entries[index].Queued) < 0;

    // The order of a chain is that of the last look at an entry, not of its last packet, because receiving does not touch the chains. An entry that
    // was heard since then, or that the host has answered, moves to the end when its turn comes.
    bool EvictOldest(Instant now, int chain)
    {
        if (_chains[chain].Count == 0)
            return false;
        for (int looks = 0; looks < MaxCandidates; looks++)
        {
            ref var entry = ref _entries[_chains[chain].Head];
            if (!WasHeardSinceQueued(entry) && !entry.Has(PeerFlags.Answered))
                break;
            MoveToTail(_chains[chain].Head, now);
        }
        Remove(_chains[chain].Head);
        return true;
    }

    // Evicts a trusted entry that was not heard for 30 s: of those that one call looks at, the one that was silent longest.
    bool EvictStale(Instant now, int chain)
    {
        int stale = -1;
        for (int looks = Math.Min(MaxCandidates, _chains[chain].Count); looks > 0; looks--)
        {
            int index = _chains[chain].Head;
            ref var entry = ref _entries[index];
            bool later = stale >= 0 && entry.LastReceived >= _entries[stale].LastReceived;
            if (!entry.IsFresh(now) && !later)
                stale = index;
            MoveToTail(index, now);
        }
        if (stale >= 0)
            Remove(stale);
        return stale >= 0;
    }
}
