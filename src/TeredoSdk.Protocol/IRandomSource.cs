using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TeredoSdk.Protocol;

/// <summary>The source of a core's nonces, flags, ports and jitter.</summary>
/// <remarks>RFC 5991 §4 and RFC 6081 §7 demand unpredictable values, so production code uses <see cref="CryptographicRandom"/>.</remarks>
public interface IRandomSource
{
    /// <summary>Fills the buffer with random octets.</summary>
    void Fill(Span<byte> octets);
}

/// <summary>The operating system's cryptographic random generator. Safe for any number of threads.</summary>
public sealed class CryptographicRandom : IRandomSource
{
    /// <summary>The one instance.</summary>
    public static CryptographicRandom Instance { get; } = new();

    CryptographicRandom()
    {
    }

    /// <inheritdoc/>
    public void Fill(Span<byte> octets) => RandomNumberGenerator.Fill(octets);
}

static class RandomSourceExtensions
{
    public static ulong NextUInt64(this IRandomSource random)
    {
        Span<byte> octets = stackalloc byte[8];
        random.Fill(octets);
        return BinaryPrimitives.ReadUInt64LittleEndian(octets);
    }

    /// <summary>A random number other than 0, which RFC 6081 uses for "no nonce".</summary>
    public static uint NextNonce(this IRandomSource random)
    {
        uint nonce;
        do
            nonce = (uint)random.NextUInt64();
        while (nonce == 0);
        return nonce;
    }

    /// <summary>A random time between the two, uniformly distributed.</summary>
    public static TimeSpan NextBetween(this IRandomSource random, TimeSpan least, TimeSpan most) =>
        least + (most - least) * ((random.NextUInt64() >> 11) * (1.0 / (1UL << 53)));

    /// <summary>A random port of the dynamic range 49152 to 65535 (RFC 6335 §6).</summary>
    public static ushort NextPort(this IRandomSource random) => (ushort)(0xC000 | random.NextUInt64() & 0x3FFF);
}
