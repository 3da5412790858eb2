using TeredoSdk.Protocol;

namespace TeredoSdk.Fuzz;

/// <summary>Repeatable randomness for a core: the same seed gives the same nonces, flags, ports and jitter.</summary>
public sealed class SeededRandom(int seed) : IRandomSource
{
    readonly Random _random = new(seed);

    /// <inheritdoc/>
    public void Fill(Span<byte> octets) => _random.NextBytes(octets);
}
