using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TeredoSdk.Protocol.Wire;

/// <summary>The keyed hash of secure qualification.</summary>
public enum AuthenticationAlgorithm
{
    /// <summary>HMAC-SHA1, the default of RFC 4380 §5.2.2; 20 octets.</summary>
    HmacSha1,
    /// <summary>HMAC-MD5, which RFC 4380 §7.2.1 mentions; 16 octets.</summary>
    HmacMd5,
    /// <summary>HMAC-SHA256; 32 octets. It is in no RFC, so both ends must be configured for it.</summary>
    HmacSha256,
}

/// <summary>The authentication header before router solicitations and advertisements.</summary>
/// <remarks>Source: RFC 4380 §5.1.1 and §5.2.2. It is a view, and valid only as long as the datagram that it was parsed from.</remarks>
public readonly ref struct Authentication
{
    // indicator 00 01 | ID-len 8 | AU-len 8 | client identifier | authentication value | nonce 64 | confirmation 8

    /// <summary>The size of a header without client identifier and authentication value, in octets.</summary>
    public const int MinimumSize = 13;

    /// <summary>The length of the longest authentication value that this library makes, in octets.</summary>
    public const int MaximumValueSize = 32;

    readonly ReadOnlySpan<byte> _octets; // exactly as long as its two length octets say, because only TryParse makes one

    Authentication(ReadOnlySpan<byte> octets) => _octets = octets;

    /// <summary>The size of the whole header, in octets.</summary>
    public int Size => _octets.Length;

    /// <summary>The client identifier; it may be empty.</summary>
    public ReadOnlySpan<byte> ClientIdentifier => _octets.Slice(4, _octets[2]);

    /// <summary>The authentication value; empty when only the nonce protects the exchange.</summary>
    public ReadOnlySpan<byte> Value => _octets.Slice(4 + _octets[2], _octets[3]);

    /// <summary>The nonce.</summary>
    public ulong Nonce => BinaryPrimitives.ReadUInt64BigEndian(_octets[^9..]);

    /// <summary>
    /// 0 from a client. From a server, 0 while the key is valid; another value tells the client to fetch a new key (RFC 4380 §5.2.2).
    /// </summary>
    public byte Confirmation => _octets[^1];

    /// <summary>Parses the header at the start of a buffer, which may be longer.</summary>
    /// <returns>False when the octets do not start with a whole authentication header.</returns>
    public static bool TryParse(ReadOnlySpan<byte> octets, out Authentication authentication)
    {
        authentication = default;
        if (octets.Length < MinimumSize || octets[0] != 0 || octets[1] != 1)
            return false;
        int size = MinimumSize + octets[2] + octets[3];
        if (octets.Length < size)
            return false;
        authentication = new(octets[..size]);
        return true;
    }

    /// <summary>Whether the authentication value is the right keyed hash. Compares in constant time.</summary>
    /// <param name="algorithm">The configured algorithm.</param>
    /// <param name="secret">The shared secret.</param>
    /// <param name="origin">The origin indication that follows, or empty.</param>
    /// <param name="ipv6">The IPv6 packet, without trailers.</param>
    public bool Verify(AuthenticationAlgorithm algorithm, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> origin, ReadOnlySpan<byte> ipv6)
    {
        Span<byte> expected = stackalloc byte[MaximumValueSize];
        int length = ComputeValue(expected, algorithm, secret, _octets[^9..], origin, ipv6);
        return CryptographicOperations.FixedTimeEquals(expected[..length], Value);
    }

    /// <summary>Writes a header without client identifier and authentication value.</summary>
    /// <returns>The number of octets written, <see cref="MinimumSize"/>.</returns>
    public static int Write(Span<byte> octets, ulong nonce, byte confirmation = 0)
    {
        octets[..4].Clear();
        octets[1] = 1;
        BinaryPrimitives.WriteUInt64BigEndian(octets[4..], nonce);
        octets[12] = confirmation;
        return MinimumSize;
    }

    /// <summary>Writes a header that protects the parts after it with a shared secret.</summary>
    /// <param name="octets">The destination buffer.</param>
    /// <param name="nonce">The nonce.</param>
    /// <param name="confirmation">See <see cref="Confirmation"/>.</param>
    /// <param name="clientIdentifier">The name of the secret; at most 255 octets.</param>
    /// <param name="algorithm">The configured algorithm.</param>
    /// <param name="secret">The shared secret.</param>
    /// <param name="origin">The origin indication that will follow, or empty.</param>
    /// <param name="ipv6">The IPv6 packet that will follow.</param>
    /// <returns>The number of octets written; see <see cref="SizeOf"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The identifier has more than 255 octets.</exception>
    public static int Write(Span<byte> octets, ulong nonce, byte confirmation, ReadOnlySpan<byte> clientIdentifier,
        AuthenticationAlgorithm algorithm, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> origin, ReadOnlySpan<byte> ipv6)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(clientIdentifier.Length, byte.MaxValue, nameof(clientIdentifier));
        int valueSize = ValueSize(algorithm), size = SizeOf(clientIdentifier.Length, algorithm);
        octets[0] = 0;
        octets[1] = 1;
        octets[2] = (byte)clientIdentifier.Length;
        octets[3] = (byte)valueSize;
        clientIdentifier.CopyTo(octets[4..]);
        BinaryPrimitives.WriteUInt64BigEndian(octets[(size - 9)..], nonce);
        octets[size - 1] = confirmation;
        ComputeValue(octets.Slice(4 + clientIdentifier.Length, valueSize), algorithm, secret, octets[(size - 9)..size], origin, ipv6);
        return size;
    }

    /// <summary>The size of a header with an authentication value and an identifier of the given length, in octets.</summary>
    public static int SizeOf(int clientIdentifierLength, AuthenticationAlgorithm algorithm) =>
        MinimumSize + clientIdentifierLength + ValueSize(algorithm);

    static int ValueSize(AuthenticationAlgorithm algorithm) => algorithm switch
    {
        AuthenticationAlgorithm.HmacMd5 => HMACMD5.HashSizeInBytes,
        AuthenticationAlgorithm.HmacSha256 => HMACSHA256.HashSizeInBytes,
        _ => HMACSHA1.HashSizeInBytes,
    };

#pragma warning disable CA5350, CA5351 // RFC 4380 names SHA1 and MD5, and both ends must agree.
    // RFC 4380 §5.2.2: the hash covers nonce, confirmation, origin indication (when present) and IPv6 packet. It covers neither the identifier nor
    // the outer header.
    static int ComputeValue(Span<byte> value, AuthenticationAlgorithm algorithm, ReadOnlySpan<byte> secret,
        ReadOnlySpan<byte> nonceAndConfirmation, ReadOnlySpan<byte> origin, ReadOnlySpan<byte> ipv6)
    {
        int length = nonceAndConfirmation.Length + origin.Length + ipv6.Length;
        Span<byte> input = length <= 512 ? stackalloc byte[length] : new byte[length];
        nonceAndConfirmation.CopyTo(input);
        origin.CopyTo(input[nonceAndConfirmation.Length..]);
        ipv6.CopyTo(input[(nonceAndConfirmation.Length + origin.Length)..]);
        return algorithm switch
        {
            AuthenticationAlgorithm.HmacMd5 => HMACMD5.HashData(secret, input, value),
            AuthenticationAlgorithm.HmacSha256 => HMACSHA256.HashData(secret, input, value),
            _ => HMACSHA1.HashData(secret, input, value),
        };
    }
#pragma warning restore CA5350, CA5351
}
