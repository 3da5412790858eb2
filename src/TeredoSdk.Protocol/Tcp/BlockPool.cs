namespace TeredoSdk.Protocol.Tcp;

/// <summary>Blocks of memory that rings share. Safe for any number of threads.</summary>
/// <remarks>
/// Who holds blocks holds the pool. When nobody does, the garbage collector may take it with all its blocks: so idle connections cost little, and busy ones
/// allocate nothing. The runtime's own pool drops most of what one thread gives back at once.
/// </remarks>
sealed class BlockPool
{
    /// <summary>The size of a block in octets.</summary>
    public const int BlockOctets = 1 << 14;

    const int Most = 512; // 8 MiB: two connections with all that each may buffer

    static WeakReference<BlockPool> _current = new(new());

    readonly byte[]?[] _blocks = new byte[Most][];
    int _count; // of the blocks; while others rent and return, a little more or less

    /// <summary>The pool. It stays the same one as long as somebody holds it.</summary>
    public static BlockPool Take()
    {
        while (true)
        {
            var known = _current;
            if (known.TryGetTarget(out var pool))
                return pool;
            pool = new();
            if (Interlocked.CompareExchange(ref _current, new(pool), known) == known)
                return pool;
        }
    }

    // No lock, for the core waits for nobody. A block belongs to who exchanged it. Where two meet, a block more is made, or one goes to the garbage collector.
    public byte[] Rent()
    {
        int index = Interlocked.Decrement(ref _count);
        if ((uint)index < Most && Interlocked.Exchange(ref _blocks[index], null) is { } block)
            return block;
        if (index < 0)
            Interlocked.Increment(ref _count);
        return GC.AllocateUninitializedArray<byte>(BlockOctets);
    }

    public void Return(byte[] block)
    {
        int index = Interlocked.Increment(ref _count) - 1;
        if ((uint)index < Most)
            Interlocked.Exchange(ref _blocks[index], block);
        else
            Interlocked.Decrement(ref _count);
    }
}
