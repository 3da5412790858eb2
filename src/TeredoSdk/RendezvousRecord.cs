using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace TeredoSdk;

/// <summary>Where a host with a name is reached, signed by the host's key (ECDSA with P-256 and SHA-256).</summary>
/// <remarks>Immutable; there is none with a wrong signature. Who holds a record can hand it on: it proves itself.</remarks>
public sealed class RendezvousRecord
{
    /// <summary>The largest record in octets.</summary>
    public const int MaxOctets = 4 + KeyOctets + 1 + MaxNameLength + 8 + 8 + 1 + (MaxEndPoints * EndPointOctets) + 1 + TlsOctets + SignatureOctets;

    /// <summary>The longest name in characters.</summary>
    public const int MaxNameLength = 40;

    /// <summary>The largest number of end points.</summary>
    public const int MaxEndPoints = 8;

    const uint Magic = 0x5452_5631; // "TRV1"
    const int KeyOctets = 64, EndPointOctets = 18, TlsOctets = 32, SignatureOctets = 64;

    readonly byte[] _octets;

    RendezvousRecord(byte[] octets) => _octets = octets;

    /// <summary>The host's name: 1 to <see cref="MaxNameLength"/> of <c>a</c> to <c>z</c>, <c>0</c> to <c>9</c>, <c>-</c> and <c>_</c>.</summary>
    public string Name { get; private init; } = "";

    /// <summary>Where the host is reached, the best first: 1 to <see cref="MaxEndPoints"/> IPv6 end points.</summary>
    public IReadOnlyList<IPEndPoint> EndPoints { get; private init; } = [];

    /// <summary>Until when it holds, to the second.</summary>
    public DateTimeOffset Expires { get; private init; }

    /// <summary>Which of two records of one key is the newer one: the one with the larger number.</summary>
    public long Sequence { get; private init; }

    /// <summary>SHA-256 over the host's TLS certificate in lower-case hexadecimal digits, for clients to pin; null when it has none.</summary>
    public string? TlsFingerprint { get; private init; }

    /// <summary>SHA-256 over the key that has signed (X and Y of its point), in lower-case hexadecimal digits. It is the host's identity.</summary>
    public string KeyFingerprint => Convert.ToHexStringLower(SHA256.HashData(_octets.AsSpan(4, KeyOctets)));

    /// <summary>Whether a record can have that name.</summary>
    public static bool IsName([NotNullWhen(true)] string? name) =>
        name is { Length: > 0 and <= MaxNameLength } && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    /// <summary>Makes a record.</summary>
    /// <param name="key">The host's private key, of the curve P-256.</param>
    /// <param name="name">The name; see <see cref="Name"/>.</param>
    /// <param name="endPoints">The end points; see <see cref="EndPoints"/>.</param>
    /// <param name="expires">Until when it holds. Services take a short time, such as some minutes.</param>
    /// <param name="sequence">A number larger than in all records before, such as the Unix time in milliseconds; not negative.</param>
    /// <param name="tlsFingerprint">See <see cref="TlsFingerprint"/>.</param>
    /// <exception cref="ArgumentException">An argument is not as expected; the message says what and how.</exception>
    public static RendezvousRecord Sign(
        ECDsa key, string name, IEnumerable<IPEndPoint> endPoints, DateTimeOffset expires, long sequence, string? tlsFingerprint = null)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(endPoints);
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        if (!IsName(name))
            throw new ArgumentException($"'{name}' is not a name; expected 1 to {MaxNameLength} of a to z, 0 to 9, '-' and '_'.", nameof(name));
        IPEndPoint[] peers = [.. endPoints];
        if (peers.Length is 0 or > MaxEndPoints || peers.Any(peer => peer.AddressFamily != AddressFamily.InterNetworkV6 || peer.Port == 0))
            throw new ArgumentException($"Expected 1 to {MaxEndPoints} IPv6 end points with a port.", nameof(endPoints));
        if (tlsFingerprint is not null && (tlsFingerprint.Length != 2 * TlsOctets || !tlsFingerprint.All(char.IsAsciiHexDigit)))
            throw new ArgumentException($"'{tlsFingerprint}' is not a fingerprint; expected {2 * TlsOctets} hexadecimal digits.", nameof(tlsFingerprint));
        var point = key.KeySize == 256 ? key.ExportParameters(false) : default;
        if (point.Curve.Oid?.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
            throw new ArgumentException("The key is not of the curve P-256.", nameof(key));

        using var signed = new MemoryStream();
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32BigEndian(number, Magic);
        signed.Write(number[..4]);
        signed.Write(point.Q.X);
        signed.Write(point.Q.Y);
        signed.WriteByte((byte)name.Length);
        signed.Write(Encoding.ASCII.GetBytes(name));
        foreach (long value in (long[])[sequence, expires.ToUnixTimeSeconds()])
        {
            BinaryPrimitives.WriteInt64BigEndian(number, value);
            signed.Write(number);
        }
        signed.WriteByte((byte)peers.Length);
        foreach (var peer in peers)
        {
            BinaryPrimitives.WriteUInt16BigEndian(number, (ushort)peer.Port);
            signed.Write(peer.Address.GetAddressBytes());
            signed.Write(number[..2]);
        }
        byte[] tls = tlsFingerprint is null ? [] : Convert.FromHexString(tlsFingerprint);
        signed.WriteByte((byte)tls.Length);
        signed.Write(tls);
        signed.Write(key.SignData(signed.ToArray(), HashAlgorithmName.SHA256));
        return TryRead(signed.ToArray(), out var record) ? record : throw new ArgumentException("The key does not sign.", nameof(key));
    }

    /// <summary>Reads a record, and checks its signature.</summary>
    /// <param name="octets">The whole record.</param>
    /// <param name="record">The record, which may be out of date.</param>
    /// <returns>False when the octets are not a record, or another key has signed them.</returns>
    public static bool TryRead(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out RendezvousRecord? record)
    {
        record = null;
        if (octets.Length is <= SignatureOctets or > MaxOctets)
            return false;
        var rest = octets[..^SignatureOctets];
        var signed = rest;
        if (!TryTake(ref rest, 4 + KeyOctets + 1, out var head) || BinaryPrimitives.ReadUInt32BigEndian(head) != Magic
            || !TryTake(ref rest, head[^1], out var nameOctets) || !IsName(Encoding.ASCII.GetString(nameOctets))
            || !TryTake(ref rest, 8 + 8 + 1, out var middle) || middle[^1] is 0 or > MaxEndPoints
            || !TryTake(ref rest, middle[^1] * EndPointOctets, out var peers) || !TryTake(ref rest, 1, out var tlsLength)
            || tlsLength[0] is not (0 or TlsOctets) || !TryTake(ref rest, tlsLength[0], out var tls) || !rest.IsEmpty)
            return false;
        long sequence = BinaryPrimitives.ReadInt64BigEndian(middle), expires = BinaryPrimitives.ReadInt64BigEndian(middle[8..]);
        if (sequence < 0 || expires < 0 || expires > DateTimeOffset.MaxValue.ToUnixTimeSeconds() || !IsSigned(head.Slice(4, KeyOctets), signed, octets[^SignatureOctets..]))
            return false;
        var endPoints = new List<IPEndPoint>();
        for (; !peers.IsEmpty; peers = peers[EndPointOctets..])
            endPoints.Add(new(new IPAddress(peers[..16]), BinaryPrimitives.ReadUInt16BigEndian(peers[16..])));
        if (endPoints.Exists(peer => peer.Port == 0))
            return false;
        record = new(octets.ToArray())
        {
            Name = Encoding.ASCII.GetString(nameOctets),
            EndPoints = endPoints.AsReadOnly(),
            Sequence = sequence,
            Expires = DateTimeOffset.FromUnixTimeSeconds(expires),
            TlsFingerprint = tls.IsEmpty ? null : Convert.ToHexStringLower(tls),
        };
        return true;
    }

    /// <summary>The record as octets, for <see cref="TryRead"/>.</summary>
    public byte[] ToArray() => [.. _octets];

    /// <summary>For people: the name, and where the host is.</summary>
    public override string ToString() => $"{Name} at {string.Join(", ", EndPoints)}";

    static bool TryTake(ref ReadOnlySpan<byte> rest, int octets, out ReadOnlySpan<byte> taken)
    {
        bool isThere = rest.Length >= octets;
        taken = isThere ? rest[..octets] : default;
        rest = rest[taken.Length..];
        return isThere;
    }

    static bool IsSigned(ReadOnlySpan<byte> key, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        try
        {
            using var point = ECDsa.Create(new ECParameters
            {
                Curve = ECCurve.NamedCurves.nistP256,
                Q = new() { X = key[..(KeyOctets / 2)].ToArray(), Y = key[(KeyOctets / 2)..].ToArray() },
            });
            return point.VerifyData(signed, signature, HashAlgorithmName.SHA256);
        }
        catch (CryptographicException)
        {
            return false; // no point of the curve
        }
    }
}
