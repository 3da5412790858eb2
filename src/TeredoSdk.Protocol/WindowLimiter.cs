using System.Runtime.CompilerServices;

namespace TeredoSdk.Protocol;

/// <summary>Limits the events per key in any window of a given length, in fixed memory and without allocation.</summary>
/// <remarks>A table of four-way sets, as in <see cref="RateLimiter"/>. A new key takes the cell of the key that asked longest ago.</remarks>
sealed class WindowLimiter(TimeSpan window, IRandomSource random)
{
    /// <summary>How many events a key may have in a window.</summary>
    public const int Limit = 8;

    const int Sets = 512, Ways = 4;

    struct Cell
    {
        public ulong Key;
        public Times Times; // the times of the last events; the oldest is at Next
        public uint AskedAt; // also set by refusals, so that a key that goes on asking keeps its cell
        public byte Next;
        public bool IsUsed;
    }

    // Milliseconds modulo 2^32, which is 49 days and far longer than any window.
    [InlineArray(Limit)]
    struct Times
    {
        uint _first;
    }

    readonly Cell[] _cells = new Cell[Sets * Ways];
    readonly SetHash _sets = new(Sets, random);
    readonly uint _window = (uint)window.TotalMilliseconds;

    /// <summary>Lets one event of the key pass if there were fewer than the limit in the window that ends now.</summary>
    public bool TryTake(Instant now, ulong key)
    {
        uint time = Milliseconds(now);
        ref var cell = ref Find(time, key, out bool found);
        if (!found)
        {
            cell = new() { Key = key, IsUsed = true };
            ((Span<uint>)cell.Times).Fill(time - _window - 1); // no event in the window
        }
        cell.AskedAt = time;
        if (time - cell.Times[cell.Next] <= _window)
            return false;
        cell.Times[cell.Next] = time;
        cell.Next = (byte)((cell.Next + 1) % Limit);
        return true;
    }

    /// <summary>Whether <see cref="TryTake"/> would let an event of the key pass.</summary>
    public bool HasRoom(Instant now, ulong key)
    {
        uint time = Milliseconds(now);
        ref var cell = ref Find(time, key, out bool found);
        return !found || time - cell.Times[cell.Next] > _window;
    }

    /// <summary>Whether the key had an event in the window that ends now.</summary>
    public bool Contains(Instant now, ulong key)
    {
        uint time = Milliseconds(now);
        ref var cell = ref Find(time, key, out bool found);
        return found && time - cell.Times[(cell.Next + Limit - 1) % Limit] <= _window;
    }

    static uint Milliseconds(Instant instant) => (uint)(instant.SinceStart.Ticks / TimeSpan.TicksPerMillisecond);

    ref Cell Find(uint time, ulong key, out bool found)
    {
        var set = _cells.AsSpan(_sets.Hash(key) * Ways, Ways);
        ref var oldest = ref set[0];
        foreach (ref var cell in set)
        {
            if (cell.IsUsed && cell.Key == key)
            {
                found = true;
                return ref cell;
            }
            if (oldest.IsUsed && (!cell.IsUsed || time - cell.AskedAt > time - oldest.AskedAt))
                oldest = ref cell;
        }
        found = false;
        return ref oldest;
    }
}
