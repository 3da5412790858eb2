using System.Numerics;

namespace TeredoSdk.Protocol;

/// <summary>Spreads keys over the sets of a table. Strangers choose the keys, so the seed is random: they can't choose the sets.</summary>
readonly struct SetHash
{
    readonly ulong _seed, _multiplier;
    readonly int _shift;

    /// <param name="sets">The number of sets, a power of two, at least 2.</param>
    /// <param name="random">Draws the seed.</param>
    public SetHash(int sets, IRandomSource random)
    {
        _seed = random.NextUInt64();
        _multiplier = random.NextUInt64() | 1;
        _shift = 64 - BitOperations.Log2((uint)sets);
    }

    /// <summary>The number of a key's set.</summary>
    public int Hash(ulong key)
    {
        // Mixed twice: with one round, some multipliers put keys that follow each other into one set.
        ulong hash = (key ^ _seed) * _multiplier;
        hash = (hash ^ hash >> 32) * 0x9E37_79B9_7F4A_7C15;
        hash = (hash ^ hash >> 29) * _multiplier;
        return (int)(hash >> _shift); // the top bits
    }
}
