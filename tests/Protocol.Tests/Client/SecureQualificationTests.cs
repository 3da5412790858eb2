using System.Security.Cryptography;
using System.Text;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>RFC 4380 §5.2.2: qualification with a shared secret.</summary>
public sealed class SecureQualificationTests
{
    static readonly byte[] Key = Encoding.ASCII.GetBytes("teredo-shared-secret");
    static readonly byte[] Identifier = Encoding.ASCII.GetBytes("client-01");

    static TeredoClientOptions WithSecret(AuthenticationAlgorithm algorithm = AuthenticationAlgorithm.HmacSha1) =>
        Options with { Secret = new() { ClientIdentifier = Identifier, Secret = Key, Algorithm = algorithm } };

    static ClientHarness Started(AuthenticationAlgorithm algorithm = AuthenticationAlgorithm.HmacSha1)
    {
        var harness = new ClientHarness(WithSecret(algorithm));
        harness.Start();
        return harness;
    }

    [TestCase(AuthenticationAlgorithm.HmacSha1, 20)]
    [TestCase(AuthenticationAlgorithm.HmacMd5, 16)]
    [TestCase(AuthenticationAlgorithm.HmacSha256, 32)]
    [Conformance("C-043", "C-044")]
    public void Solicitation_CarriesIdentifierAndKeyedHash(AuthenticationAlgorithm algorithm, int valueSize)
    {
        var sent = Started(algorithm).Solicitations.Single();
        byte[] payload = sent.Payload;
        // 00 01 | ID-len | AU-len | identifier | value | nonce | confirmation 0 | IPv6 (RFC 4380 §5.1.1)
        Assert.That(payload[..4], Is.EqualTo(new byte[] { 0, 1, (byte)Identifier.Length, (byte)valueSize }));
        Assert.That(payload[4..13], Is.EqualTo(Identifier));
        int nonceAt = 13 + valueSize;
        Assert.That(payload[nonceAt + 8], Is.Zero, "confirmation");
        Assert.That(payload, Has.Length.EqualTo(nonceAt + 9 + 48));
        byte[] covered = payload[nonceAt..]; // nonce, confirmation, IPv6 packet
        Assert.That(payload[13..nonceAt], Is.EqualTo(Hash(algorithm, covered)));
    }

    [Test, Conformance("C-043")]
    public void Default_IsHmacSha1() =>
        Assert.That(new TeredoSecret { ClientIdentifier = Identifier, Secret = Key }.Algorithm, Is.EqualTo(AuthenticationAlgorithm.HmacSha1));

    [TestCase(AuthenticationAlgorithm.HmacSha1), TestCase(AuthenticationAlgorithm.HmacMd5), TestCase(AuthenticationAlgorithm.HmacSha256)]
    [Conformance("C-043")]
    public void RightValues_Qualify(AuthenticationAlgorithm algorithm)
    {
        var harness = Started(algorithm);
        harness.Qualify();
        Assert.That(harness.EventsOf<ClientEvent.KeyRenewalNeeded>(), Is.Empty);
    }

    [Test, Conformance("C-042")]
    public void AnyOctetAltered_IsDropped_AndTheRightAnswerStillQualifies()
    {
        var harness = Started();
        var solicitation = harness.Solicitations.Single();
        int length = Advertisement.Right.ToPayload(solicitation, Mapped, Lab.Server.Primary, harness.Options.Secret).Length;
        for (int at = 0; at < length; at++)
            Assert.That(harness.AnswerSolicitation(solicitation, Mapped, new() { FlipBitAt = at }).Kind, Is.EqualTo(VerdictKind.Dropped), $"octet {at}");
        Assert.That(harness.Sent, Has.Count.EqualTo(1));
        Assert.That(harness.EventsOf<ClientEvent.KeyRenewalNeeded>(), Is.Empty, "an altered confirmation octet is not believed");
        Assert.That(harness.Client.Drops[DropReason.BadAuthentication], Is.GreaterThanOrEqualTo(20));
        harness.Qualify();
    }

    [Test, Conformance("C-042")]
    public void NoValue_IsDropped()
    {
        var harness = Started();
        Assert.That(harness.AnswerLastSolicitation(Mapped, new() { WithoutSecret = true }), Is.EqualTo(Verdict.Dropped(DropReason.BadAuthentication)));
        Assert.That(harness.Sent, Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-042")]
    public void ValueOfAnotherSecret_IsDropped()
    {
        var harness = Started();
        var other = new TeredoSecret { ClientIdentifier = Identifier, Secret = Encoding.ASCII.GetBytes("another secret") };
        Assert.That(harness.AnswerLastSolicitation(Mapped, new() { Secret = other }), Is.EqualTo(Verdict.Dropped(DropReason.BadAuthentication)));
        harness.Qualify();
    }

    [Test, Conformance("C-040")]
    public void RightValueOverAnotherNonce_IsDropped()
    {
        var harness = Started();
        Assert.That(harness.AnswerLastSolicitation(Mapped, new() { Nonce = 42 }), Is.EqualTo(Verdict.Dropped(DropReason.BadNonce)));
        Assert.That(harness.Sent, Has.Count.EqualTo(1));
    }

    [Test, Conformance("C-042")]
    public void AlteredAnswerInMaintenance_ChangesNothing()
    {
        var harness = ClientHarness.Qualified(WithSecret());
        var address = harness.Address;
        harness.AdvanceTo(30);
        Assert.That(harness.AnswerLastSolicitation(OtherMapped, new() { WithoutSecret = true }).Kind, Is.EqualTo(VerdictKind.Dropped));
        Assert.That(harness.Address, Is.EqualTo(address));
        harness.AnswerLastSolicitation(OtherMapped);
        Assert.That(harness.Client.Address!.Value.MappedEndpoint, Is.EqualTo(OtherMapped));
    }

    [Test, Conformance("C-044")]
    public void ConfirmationNotZero_AsksForANewKey_AndQualifies()
    {
        var harness = Started();
        harness.AnswerLastSolicitation(Mapped, new() { Confirmation = 1 });
        harness.AnswerLastSolicitation(Mapped, new() { Confirmation = 1 });
        Assert.That(harness.Client.State, Is.EqualTo(ClientState.Qualified));
        Assert.That(harness.EventsOf<ClientEvent.KeyRenewalNeeded>(), Is.Not.Empty);
    }

    [Test, Conformance("C-044")]
    public void ConfirmationNotZeroInMaintenance_KeepsTheAddress()
    {
        var harness = ClientHarness.Qualified(WithSecret());
        var address = harness.Address;
        harness.AdvanceTo(30);
        harness.AnswerLastSolicitation(Mapped, new() { Confirmation = 1 });
        Assert.That(harness.Address, Is.EqualTo(address));
        Assert.That(harness.EventsOf<ClientEvent.KeyRenewalNeeded>().Count(), Is.EqualTo(1));
    }

#pragma warning disable CA5350, CA5351 // what RFC 4380 names
    static byte[] Hash(AuthenticationAlgorithm algorithm, byte[] input) => algorithm switch
    {
        AuthenticationAlgorithm.HmacMd5 => HMACMD5.HashData(Key, input),
        AuthenticationAlgorithm.HmacSha256 => HMACSHA256.HashData(Key, input),
        _ => HMACSHA1.HashData(Key, input),
    };
#pragma warning restore CA5350, CA5351
}
