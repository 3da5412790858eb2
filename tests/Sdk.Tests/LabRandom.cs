using System.Globalization;
using TeredoSdk.Protocol;

namespace TeredoSdk.Tests;

/// <summary>
/// What is random in a lab: the same each time, so that a lab is the same each time. Another seed (the number in the variable TEREDOSDK_SEED) gives other
/// ports, nonces, flags, jitter and hashes.
/// </summary>
/// <remarks>Each node and server has its own, so that one's draws do not depend on when another draws. Safe for any number of threads.</remarks>
sealed class LabRandom(int stream) : IRandomSource
{
    const int Fixed = 4380;

    static readonly int Seed = int.TryParse(Environment.GetEnvironmentVariable("TEREDOSDK_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out int seed)
        ? seed : Fixed;

    readonly Lock _gate = new();
    readonly Random _random = new(HashOf(Seed, stream));

    public void Fill(Span<byte> octets)
    {
        lock (_gate)
            _random.NextBytes(octets);
    }

    // HashCode's own seed is another one in each process.
    static int HashOf(int seed, int stream) => unchecked(seed * 1_000_003 + stream);
}
