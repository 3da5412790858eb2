using System.Buffers;

namespace TeredoSdk.Protocol.Tcp;

/// <summary>How many blocks several rings hold together.</summary>
/// <param name="mostOctets">How many they should hold at most, in octets.</param>
sealed class BlockBudget(long mostOctets)
{
    public long Octets { get; private set; }

    /// <summary>Whether they hold as much as they should.</summary>
    public bool IsSpent => Octets >= mostOctets;

    /// <summary>Whether they hold half of it.</summary>
    public bool IsHalfSpent => Octets >= mostOctets / 2;

    public void Take() => Octets += BlockPool.BlockOctets;

    public void GiveBack() => Octets -= BlockPool.BlockOctets;
}

/// <summary>The octets of a stream between two positions, in blocks that are borrowed when octets come and given back when the octets go.</summary>
/// <remarks>An empty ring holds no memory. Octets may be written at any position behind the first, so gaps are possible.</remarks>
/// <param name="budget">Counts the blocks; null: nobody does.</param>
struct BlockRing(BlockBudget? budget)
{
    const int BlockBits = 14;
    public const int BlockOctets = BlockPool.BlockOctets;

    BlockPool? _pool;    // held while there are blocks
    byte[]?[]? _blocks;  // a power of two long; the block of a position is at its number, modulo the length
    long _first, _count; // the number of the first block, and how many there may be

    /// <summary>Writes octets at a position.</summary>
    public void Write(long position, ReadOnlySpan<byte> octets)
    {
        if (octets.IsEmpty)
            return;
        Reserve(position, octets.Length);
        while (!octets.IsEmpty)
        {
            int at = (int)position & (BlockOctets - 1), length = Math.Min(octets.Length, BlockOctets - at);
            ref var block = ref _blocks![(position >> BlockBits) & (_blocks.Length - 1)];
            if (block is null)
            {
                block = (_pool ??= BlockPool.Take()).Rent();
                budget?.Take();
            }
            octets[..length].CopyTo(block.AsSpan(at));
            octets = octets[length..];
            position += length;
        }
    }

    /// <summary>Copies octets that were written.</summary>
    public readonly void CopyTo(long position, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int at = (int)position & (BlockOctets - 1), length = Math.Min(destination.Length, BlockOctets - at);
            _blocks![(position >> BlockBits) & (_blocks.Length - 1)].AsSpan(at, length).CopyTo(destination);
            destination = destination[length..];
            position += length;
        }
    }

    /// <summary>Forgets what is before a position. The blocks stay for what comes next, until the ring is empty.</summary>
    public void Release(long position)
    {
        long end = Math.Min(position >> BlockBits, _first + _count);
        if (end > _first)
            (_first, _count) = (end, _first + _count - end);
        if (_count == 0)
            Clear();
    }

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        _count = 0;
        if (_blocks is null)
            return;
        foreach (ref var block in _blocks.AsSpan())
            GiveBack(ref block);
        ArrayPool<byte[]?>.Shared.Return(_blocks);
        (_blocks, _pool) = (null, null);
    }

    readonly void GiveBack(ref byte[]? block)
    {
        if (block is null)
            return;
        _pool!.Return(block);
        budget?.GiveBack();
        block = null;
    }

    void Reserve(long position, int length)
    {
        long start = position >> BlockBits, end = (position + length - 1 >> BlockBits) + 1;
        if (_count == 0)
            _first = start;
        else
            start = Math.Min(start, _first);
        long needed = Math.Max(end, _first + _count) - start;
        if (_blocks is null || needed > _blocks.Length)
            Grow((int)needed, start);
        (_first, _count) = (start, needed);
    }

    void Grow(int needed, long start)
    {
        var blocks = ArrayPool<byte[]?>.Shared.Rent((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(needed, 16)));
        Array.Clear(blocks);
        for (long number = _first; number < _first + _count; number++)
            (blocks[number & (blocks.Length - 1)], _blocks![number & (_blocks.Length - 1)]) = (_blocks[number & (_blocks.Length - 1)], null);
        if (_blocks is not null)
        {
            foreach (ref var spare in _blocks.AsSpan())
                GiveBack(ref spare);
            ArrayPool<byte[]?>.Shared.Return(_blocks);
        }
        _blocks = blocks;
    }
}
