using System.Buffers.Binary;
using System.Security.Cryptography;

namespace GameServer.Game;

/// <summary>
/// Cookies prove that a peer receives at the address it sends from, before the server remembers anything of it: a cookie is the server's own signature over
/// the address, the time and the client's nonce.
/// </summary>
sealed class Cookies
{
    /// <summary>The time in seconds, then the signature.</summary>
    public const int Size = 4 + SignatureSize;

    const int SignatureSize = 16, KeySize = 32;
    static readonly TimeSpan Validity = TimeSpan.FromSeconds(10);

    readonly byte[] _key = new byte[KeySize];

    public Cookies(Fill fill) => fill(_key);

    public void Write(Span<byte> cookie, TimeSpan now, Peer peer, ulong nonce) => Sign(cookie, (uint)now.TotalSeconds, peer, nonce);

    public bool IsValid(ReadOnlySpan<byte> cookie, TimeSpan now, Peer peer, ulong nonce)
    {
        if (cookie.Length != Size)
            return false;
        Span<byte> expected = stackalloc byte[Size];
        uint made = BinaryPrimitives.ReadUInt32BigEndian(cookie);
        Sign(expected, made, peer, nonce);
        return CryptographicOperations.FixedTimeEquals(cookie, expected) && now - TimeSpan.FromSeconds(made) <= Validity;
    }

    void Sign(Span<byte> cookie, uint time, Peer peer, ulong nonce)
    {
        Span<byte> signed = stackalloc byte[4 + 16 + 2 + 8], signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        BinaryPrimitives.WriteUInt32BigEndian(signed, time);
        peer.Address.Write(signed[4..]);
        BinaryPrimitives.WriteUInt16BigEndian(signed[20..], peer.Port);
        BinaryPrimitives.WriteUInt64BigEndian(signed[22..], nonce);
        HMACSHA256.HashData(_key, signed, signature);
        BinaryPrimitives.WriteUInt32BigEndian(cookie, time);
        signature[..SignatureSize].CopyTo(cookie[4..]);
    }
}
