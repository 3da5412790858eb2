using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Server;

/// <summary>A secret that a server shares with a client (RFC 4380 §5.2.2). Two are equal when their octets and settings are equal.</summary>
public readonly record struct ServerKey
{
    /// <summary>The secret. It must not be empty, and must not change while a server uses it.</summary>
    public required ReadOnlyMemory<byte> Secret { get; init; }

    /// <summary>The keyed hash; HMAC-SHA1 by default.</summary>
    public AuthenticationAlgorithm Algorithm { get; init; }

    /// <summary>Whether the server tells the client to fetch a new key, with a confirmation octet other than 0 (§5.3.2).</summary>
    public bool ExpiresSoon { get; init; }

    /// <summary>Whether both keys are equal. The comparison takes the same time whatever the octets of the secret are.</summary>
    public bool Equals(ServerKey other) => Algorithm == other.Algorithm && ExpiresSoon == other.ExpiresSoon
        && CryptographicOperations.FixedTimeEquals(Secret.Span, other.Secret.Span);

    /// <summary>A hash of everything except the secret.</summary>
    public override int GetHashCode() => HashCode.Combine(Algorithm, ExpiresSoon);
}

/// <summary>Finds the clients' secrets for a server in secure mode.</summary>
/// <remarks>Called for each solicitation with an authentication value. Any stranger can send one, so answer from memory.</remarks>
public interface IServerKeyStore
{
    /// <summary>Finds a client's secret.</summary>
    /// <param name="clientIdentifier">The identifier from the datagram, 0 to 255 octets; valid only during the call.</param>
    /// <param name="key">The secret.</param>
    /// <returns>False when the identifier is unknown, or its secret is no longer valid.</returns>
    bool TryGetKey(ReadOnlySpan<byte> clientIdentifier, out ServerKey key);
}

/// <summary>A key store in memory. Safe for any number of threads, also while a server uses it.</summary>
public sealed class ServerKeyTable : IServerKeyStore
{
    readonly ConcurrentDictionary<byte[], ServerKey> _keys = new(IdentifierComparer.Instance);

    /// <summary>Adds a client's secret, or replaces it.</summary>
    /// <param name="clientIdentifier">The client identifier, at most 255 octets; it is copied.</param>
    /// <param name="key">The secret; it is copied.</param>
    /// <exception cref="ArgumentException">The identifier is too long, the secret is empty, or the algorithm is unknown.</exception>
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

    /// <summary>Removes a client's secret.</summary>
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
            HashCode hash = default; // seeded per process, so that senders of invented identifiers can't fill one bucket
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
