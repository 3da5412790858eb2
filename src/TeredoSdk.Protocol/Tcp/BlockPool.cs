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

    static readonly Lock Choosing = new();
    static readonly WeakReference<BlockPool> Current = new(new());

    readonly Lock _gate = new();
    readonly Stack<byte[]> _blocks = new();

    /// <summary>The pool. It stays the same one as long as somebody holds it.</summary>
    public static BlockPool Take()
    {
        lock (Choosing)
        {
            if (!Current.TryGetTarget(out var pool))
                Current.SetTarget(pool = new());
            return pool;
        }
    }

    public byte[] Rent()
    {
        lock (_gate)
            if (_blocks.TryPop(out byte[]? block))
                return block;
        return GC.AllocateUninitializedArray<byte>(BlockOctets);
    }

    public void Return(byte[] block)
    {
        lock (_gate)
            if (_blocks.Count < Most)
                _blocks.Push(block);
    }
}
