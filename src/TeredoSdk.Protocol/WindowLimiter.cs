namespace TeredoSdk.Protocol;

/// <summary>So many per key in a fixed window that starts with the first, in fixed memory and without allocation.</summary>
/// <remarks>A table of four-way sets, seeded like <see cref="RateLimiter"/>; a new key takes the cell whose window started first.</remarks>
sealed class WindowLimiter(int limit, TimeSpan window, IRandomSource random)
{
    const int Sets = 1024, Ways = 4;

    struct Cell
    {
        public ulong Key;
        public Instant Start;
        public int Count;
    }

    readonly Cell[] _cells = new Cell[Sets * Ways];
    readonly ulong _seed = random.NextUInt64(), _multiplier = random.NextUInt64() | 1;

    /// <summary>Takes one for the key if its window allows it.</summary>
    public bool TryTake(Instant now, ulong key)
    {
        ref var cell = ref Find(key, out bool found);
        if (!found || now - cell.Start >= window)
            cell = new() { Key = key, Start = now };
        if (cell.Count >= limit)
            return false;
        cell.Count++;
        return true;
    }

    /// <summary>Whether one was taken for the key in its current window.</summary>
    public bool Contains(Instant now, ulong key)
    {
        ref var cell = ref Find(key, out bool found);
        return found && now - cell.Start < window;
    }

    ref Cell Find(ulong key, out bool found)
    {
        var set = _cells.AsSpan((int)(((key ^ _seed) * _multiplier) >> 54) * Ways, Ways); // the top ten bits choose a set
        ref var oldest = ref set[0];
        foreach (ref var cell in set)
        {
            if (cell.Count > 0 && cell.Key == key)
            {
                found = true;
                return ref cell;
            }
            if (cell.Count == 0 || (oldest.Count > 0 && cell.Start < oldest.Start))
                oldest = ref cell;
        }
        found = false;
        return ref oldest;
    }
}
