using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TeredoSdk.Protocol.Reflection;

/// <summary>
/// Makes and checks the cookies of the check of reachability. A cookie shows that its bearer receives at the endpoint that its address embeds. It is
/// good for one token and for 30 to 60 s, and costs the server no memory.
/// </summary>
sealed class ReflectionCookies
{
    static readonly TimeSpan Epoch = TimeSpan.FromSeconds(30);

    readonly byte[] _secret = new byte[HMACSHA256.HashSizeInBytes];

    public ReflectionCookies(IRandomSource random) => random.Fill(_secret);

    public UInt128 Make(Instant now, TeredoAddress asker, ulong token) => Make(EpochOf(now), asker, token);

    public bool IsGood(Instant now, TeredoAddress asker, ulong token, UInt128 cookie) =>
        AreSame(cookie, Make(EpochOf(now), asker, token)) | AreSame(cookie, Make(EpochOf(now) - 1, asker, token));

    static long EpochOf(Instant now) => now.SinceStart.Ticks / Epoch.Ticks;

    UInt128 Make(long epoch, TeredoAddress asker, ulong token)
    {
        Span<byte> input = stackalloc byte[IPv6Address.Size + 16];
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        asker.ToIPv6Address().Write(input);
        BinaryPrimitives.WriteUInt64BigEndian(input[IPv6Address.Size..], token);
        BinaryPrimitives.WriteInt64BigEndian(input[(IPv6Address.Size + 8)..], epoch);
        HMACSHA256.HashData(_secret, input, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    // In constant time.
    static bool AreSame(UInt128 one, UInt128 other)
    {
        Span<byte> left = stackalloc byte[ReflectionMessage.CookieSize], right = stackalloc byte[ReflectionMessage.CookieSize];
        BinaryPrimitives.WriteUInt128BigEndian(left, one);
        BinaryPrimitives.WriteUInt128BigEndian(right, other);
        return CryptographicOperations.FixedTimeEquals(left, right);
    }
}
