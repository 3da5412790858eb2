namespace TeredoSdk.Protocol.Peers;

/// <summary>Keeps one deadline for each of many small numbers, and finds the earliest: a binary heap that can also find each number.</summary>
sealed class DeadlineHeap
{
    readonly record struct Entry(Instant At, int Key);

    Entry[] _heap = new Entry[16];
    int[] _positions = []; // by key: position in the heap plus one, or 0

    /// <summary>How many deadlines are set.</summary>
    public int Count { get; private set; }

    /// <summary>Sets or moves the deadline of a key.</summary>
    /// <param name="key">A number of 0 or more. The memory grows with the largest key.</param>
    /// <param name="at">The deadline.</param>
    public void Set(int key, Instant at)
    {
        if (key >= _positions.Length)
            Array.Resize(ref _positions, Math.Max(key + 1, Math.Max(16, _positions.Length * 2)));
        int position = _positions[key] - 1;
        if (position < 0)
        {
            if (Count == _heap.Length)
                Array.Resize(ref _heap, Count * 2);
            position = Count++;
        }
        Settle(position, new(at, key));
    }

    /// <summary>Removes the deadline of a key, if it has one.</summary>
    public void Remove(int key)
    {
        if (key >= _positions.Length || _positions[key] == 0)
            return;
        int position = _positions[key] - 1;
        _positions[key] = 0;
        var last = _heap[--Count];
        if (position < Count)
            Settle(position, last);
    }

    /// <summary>Returns the key with the earliest deadline.</summary>
    /// <returns>False when no deadline is set.</returns>
    public bool TryPeek(out int key, out Instant at)
    {
        (at, key) = Count > 0 ? _heap[0] : default;
        return Count > 0;
    }

    /// <summary>Removes all deadlines.</summary>
    public void Clear()
    {
        Array.Clear(_positions);
        Count = 0;
    }

    // Moves an entry to its place in the heap. The search starts at a position whose present entry may be overwritten.
    void Settle(int position, Entry entry)
    {
        while (position > 0 && entry.At < _heap[(position - 1) / 2].At)
            position = Place(position, _heap[(position - 1) / 2], (position - 1) / 2);
        for (int child = 2 * position + 1; child < Count; child = 2 * position + 1)
        {
            if (child + 1 < Count && _heap[child + 1].At < _heap[child].At)
                child++;
            if (_heap[child].At >= entry.At)
                break;
            position = Place(position, _heap[child], child);
        }
        Place(position, entry, position);
    }

    int Place(int position, Entry entry, int next)
    {
        _heap[position] = entry;
        _positions[entry.Key] = position + 1;
        return next;
    }
}
