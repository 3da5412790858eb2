using System.Buffers.Binary;
using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>A deterministic random generator: the same seed gives the same numbers on every machine and in every version of .NET.</summary>
/// <remarks>SplitMix64. It is predictable, so use it only for tests. Calls must not overlap.</remarks>
public sealed class SimulatedRandom : IRandomSource
{
    readonly ulong _seed;
    ulong _state;

    /// <summary>Makes a generator.</summary>
    /// <param name="seed">Determines all numbers.</param>
    public SimulatedRandom(ulong seed) => _seed = _state = seed;

    /// <summary>Makes a generator whose numbers do not depend on the further use of this one.</summary>
    /// <param name="stream">The number of the generator: equal numbers give equal generators.</param>
    public SimulatedRandom Derive(ulong stream) => new(Mix(_seed ^ Mix(stream + 0x9E37_79B9_7F4A_7C15)));

    /// <summary>A number with 64 random bits.</summary>
    public ulong NextUInt64() => Mix(_state += 0x9E37_79B9_7F4A_7C15);

    /// <summary>A number from 0 to <paramref name="bound"/> - 1.</summary>
    /// <param name="bound">How many numbers there are to choose from; at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bound is less than 1.</exception>
    public int Next(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bound, 1);
        return (int)((UInt128)NextUInt64() * (uint)bound >> 64);
    }

    /// <summary>A number from 0 (included) to 1 (excluded).</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>
    /// True with the given probability. For 0 and 1 it draws no number, so that a switched-off feature does not change other choices.
    /// </summary>
    public bool Chance(double probability) => probability >= 1 || (probability > 0 && NextDouble() < probability);

    /// <inheritdoc/>
    public void Fill(Span<byte> octets)
    {
        Span<byte> block = stackalloc byte[8];
        while (octets.Length > 0)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(block, NextUInt64());
            int count = Math.Min(8, octets.Length);
            block[..count].CopyTo(octets);
            octets = octets[count..];
        }
    }

    static ulong Mix(ulong z)
    {
        z = (z ^ z >> 30) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ z >> 27) * 0x94D0_49BB_1331_11EB;
        return z ^ z >> 31;
    }
}
