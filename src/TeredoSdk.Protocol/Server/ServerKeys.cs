using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Server;

/// <summary>A secret that a server shares with a client (RFC 4380 §5.2.2). Equal ones have equal octets.</summary>
public readonly record struct ServerKey
{
    /// <summary>The secret; not empty, not changed while a server uses it.</summary>
    public required ReadOnlyMemory<byte> Secret { get; init; }

    /// <summary>The keyed hash; HMAC-SHA1 by default.</summary>
    public AuthenticationAlgorithm Algorithm { get; init; }

    /// <summary>Whether the client is told to fetch a new key: a confirmation octet that is not 0 (§5.3.2).</summary>
    public bool ExpiresSoon { get; init; }

    /// <summary>Whether both are the same key. The time that it takes tells nothing about the octets of the secret.</summary>
    public bool Equals(ServerKey other) => Algorithm == other.Algorithm && ExpiresSoon == other.ExpiresSoon
        && CryptographicOperations.FixedTimeEquals(Secret.Span, other.Secret.Span);

    /// <summary>Of everything but the secret.</summary>
    public override int GetHashCode() => HashCode.Combine(Algorithm, ExpiresSoon);
}

/// <summary>Where a server in secure mode finds its clients' secrets.</summary>
/// <remarks>Called for each solicitation with an authentication value, by whoever sends one: answer from memory.</remarks>
public interface IServerKeyStore
{
    /// <summary>Finds a client's secret.</summary>
    /// <param name="clientIdentifier">The identifier as it came, 0 to 255 octets; valid during the call only.</param>
    /// <param name="key">The secret.</param>
    /// <returns>False when the identifier is unknown or its secret no longer valid.</returns>
    bool TryGetKey(ReadOnlySpan<byte> clientIdentifier, out ServerKey key);
}

/// <summary>A key store in memory. Safe for any number of threads, also while a server uses it.</summary>
public sealed class ServerKeyTable : IServerKeyStore
{
    readonly ConcurrentDictionary<byte[], ServerKey> _keys = new(IdentifierComparer.Instance);

    /// <summary>Adds a client's secret, or replaces it.</summary>
    /// <param name="clientIdentifier">The client identifier, at most 255 octets; copied.</param>
    /// <param name="key">The secret; copied.</param>
    /// <exception cref="ArgumentException">The identifier is too long, the secret empty or the algorithm unknown.</exception>
    public void Set(ReadOnlySpan<byte> clientIdentifier, ServerKey key)
    {
        if (clientIdentifier.Length > 255)
            throw new ArgumentException($"The client identifier has {clientIdentifier.Length} octets; expected at most 255.", nameof(clientIdentifier));
        if (key.Secret.IsEmpty)
            throw new ArgumentException("The secret has 0 octets; expected at least 1.", nameof(key));
        if (!Enum.IsDefined(key.Algorithm))
            throw new ArgumentException($"The algorithm is {key.Algorithm}; expected HmacSha1, HmacMd5 or HmacSha256.", nameof(key));
        _keys[clientIdentifier.ToArray()] = key with { Secret = key.Secret.ToArray() };
    }

    /// <summary>Forgets a client's secret.</summary>
    /// <returns>False when the identifier was unknown.</returns>
    public bool Remove(ReadOnlySpan<byte> clientIdentifier) =>
        _keys.GetAlternateLookup<ReadOnlySpan<byte>>().TryRemove(clientIdentifier, out _);

    /// <inheritdoc/>
    public bool TryGetKey(ReadOnlySpan<byte> clientIdentifier, out ServerKey key) =>
        _keys.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(clientIdentifier, out key);

    sealed class IdentifierComparer : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public static readonly IdentifierComparer Instance = new();

        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode([DisallowNull] byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            HashCode hash = default; // seeded per process, so that senders of made-up identifiers cannot aim at one bucket
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
