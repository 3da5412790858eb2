using System.Security.Cryptography;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>RFC 4380 §5.1.1 and §5.2.2: the authentication header.</summary>
public class AuthenticationTests
{
    static readonly byte[] Secret = "secret"u8.ToArray(), Identifier = "id"u8.ToArray(), Origin = [0, 0, 1, 2, 3, 4, 5, 6], Packet = new byte[48];

    [TestCase(AuthenticationAlgorithm.HmacSha1, 20), TestCase(AuthenticationAlgorithm.HmacMd5, 16), TestCase(AuthenticationAlgorithm.HmacSha256, 32)]
    public void Value_IsTheKeyedHashOfNonceConfirmationOriginAndPacket(AuthenticationAlgorithm algorithm, int size)
    {
        byte[] header = Secured(algorithm);
        Assert.That(header, Has.Length.EqualTo(Authentication.SizeOf(Identifier.Length, algorithm)));
        Assert.That(Authentication.TryParse(header, out var authentication), Is.True);
        byte[] input = [0, 0, 0, 0, 0, 0, 0, 7, 1, .. Origin, .. Packet];
        Assert.That(authentication.Value.ToArray(), Is.EqualTo(Hash(algorithm, input)).And.Length.EqualTo(size));
        Assert.That(authentication.ClientIdentifier.ToArray(), Is.EqualTo(Identifier));
    }

    [Test, Conformance("C-043")]
    public void Algorithm_ByDefault_IsHmacSha1() =>
        Assert.That(new Protocol.Client.TeredoSecret { ClientIdentifier = Identifier, Secret = Secret }.Algorithm,
            Is.EqualTo(AuthenticationAlgorithm.HmacSha1));

    [Test]
    public void Verify_AnyCoveredBitFlipped_Fails([Values] AuthenticationAlgorithm algorithm)
    {
        byte[] message = [.. Secured(algorithm), .. Origin, .. Packet];
        int size = Authentication.SizeOf(Identifier.Length, algorithm);
        Assert.That(Verify(message, size, algorithm), Is.True);
        for (int bit = (4 + Identifier.Length) * 8; bit < message.Length * 8; bit++) // the identifier is not covered
        {
            message[bit / 8] ^= (byte)(1 << bit % 8);
            Assert.That(Verify(message, size, algorithm), Is.False, $"bit {bit}");
            message[bit / 8] ^= (byte)(1 << bit % 8);
        }
    }

    [Test]
    public void Verify_OtherSecretOrAlgorithm_Fails()
    {
        Assert.That(Authentication.TryParse(Secured(AuthenticationAlgorithm.HmacSha1), out var authentication), Is.True);
        Assert.That(authentication.Verify(AuthenticationAlgorithm.HmacSha1, "Secret"u8, Origin, Packet), Is.False);
        Assert.That(authentication.Verify(AuthenticationAlgorithm.HmacMd5, Secret, Origin, Packet), Is.False);
    }

    [Test]
    public void Verify_NoValue_Fails()
    {
        Assert.That(Authentication.TryParse(Octets.Of(o => Authentication.Write(o, 7)), out var authentication), Is.True);
        Assert.That(authentication.Verify(AuthenticationAlgorithm.HmacSha1, Secret, [], Packet), Is.False);
    }

    [Test]
    public void Verify_LargePacket_IsCoveredInFull()
    {
        byte[] packet = new byte[65000];
        byte[] header = Octets.Of(o => Authentication.Write(o, 7, 0, [], AuthenticationAlgorithm.HmacSha1, Secret, [], packet));
        Assert.That(Authentication.TryParse(header, out var authentication), Is.True);
        Assert.That(authentication.Verify(AuthenticationAlgorithm.HmacSha1, Secret, [], packet), Is.True);
        packet[^1] = 1;
        Assert.That(authentication.Verify(AuthenticationAlgorithm.HmacSha1, Secret, [], packet), Is.False);
    }

    [Property(MaxTest = 200)]
    public bool Header_RoundTrip_KeepsEachField(ulong nonce, byte confirmation, byte[] identifier)
    {
        identifier = identifier[..Math.Min(255, identifier.Length)];
        byte[] header = Octets.Of(o => Authentication.Write(o, nonce, confirmation, identifier, AuthenticationAlgorithm.HmacSha1, Secret, [], Packet));
        return Authentication.TryParse([.. header, 1, 2, 3], out var parsed) && parsed.Size == header.Length && parsed.Nonce == nonce
            && parsed.Confirmation == confirmation && parsed.ClientIdentifier.SequenceEqual(identifier)
            && parsed.Verify(AuthenticationAlgorithm.HmacSha1, Secret, [], Packet);
    }

    static byte[] Secured(AuthenticationAlgorithm algorithm) =>
        Octets.Of(o => Authentication.Write(o, 7, 1, Identifier, algorithm, Secret, Origin, Packet));

    [Test]
    public void IdentifierThatTheHeaderCannotSay_IsRefused() => Assert.That(
        () => Authentication.Write(new byte[512], 7, 0, new byte[256], AuthenticationAlgorithm.HmacSha1, Secret, Origin, Packet),
        Throws.InstanceOf<ArgumentOutOfRangeException>().With.Property("ParamName").EqualTo("clientIdentifier"));

    static bool Verify(ReadOnlySpan<byte> message, int size, AuthenticationAlgorithm algorithm) =>
        Authentication.TryParse(message[..size], out var authentication)
        && authentication.Verify(algorithm, Secret, message.Slice(size, 8), message[(size + 8)..]);

#pragma warning disable CA5350, CA5351 // what RFC 4380 names
    static byte[] Hash(AuthenticationAlgorithm algorithm, byte[] input) => algorithm switch
    {
        AuthenticationAlgorithm.HmacMd5 => HMACMD5.HashData(Secret, input),
        AuthenticationAlgorithm.HmacSha256 => HMACSHA256.HashData(Secret, input),
        _ => HMACSHA1.HashData(Secret, input),
    };
#pragma warning restore CA5350, CA5351
}
