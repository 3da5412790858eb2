namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Repeatable randomness: the same seed gives the same nonces, flags, ports and jitter.</summary>
sealed class SeededRandom(int seed) : IRandomSource
{
    readonly Random _random = new(seed);

    public void Fill(Span<byte> octets) => _random.NextBytes(octets);
}
