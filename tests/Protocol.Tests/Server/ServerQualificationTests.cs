using System.Text;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Server.ServerHarness;

namespace TeredoSdk.Protocol.Tests.Server;

/// <summary>RFC 4380 §5.3.2 and RFC 5991 §3.2: router solicitations and their answers, without and with a shared secret.</summary>
public class ServerQualificationTests
{
    static readonly byte[] ConeNonce = Vectors.Hex("00010000112233445566778800");
    static readonly IPv4Endpoint Prober = IPv4Endpoint.Parse("203.0.113.30:37352");

    [Test, Conformance("C-108", "C-117", "C-013", "C-009")]
    public void Server_SolicitationWithNonce_IsAnsweredWithVector02()
    {
        var sent = new ServerHarness().Answer(MappedA, Vectors.Tv01);
        Assert.That(sent, Is.EqualTo(new Sent(Vectors.Tv02, LocalPort.ServerPrimary, MappedA)));
    }

    [Test, Conformance("C-008", "C-108", "C-118")]
    public void Server_ConeBitSet_AnswersFromOtherAddress([Values] bool toSecondary)
    {
        var sent = new ServerHarness().Answer(Prober, [.. ConeNonce, .. Vectors.Tv03], toSecondary);
        Assert.That(sent, Is.EqualTo(new Sent(Vectors.Tv04, toSecondary ? LocalPort.ServerPrimary : LocalPort.ServerSecondary, Prober)));
    }

    [Test, Conformance("C-118")]
    public void Server_ConeBitClear_AnswersFromReceivingAddressWithPrimaryPrefix()
    {
        var sent = new ServerHarness().Answer(MappedA, Vectors.Tv01, toSecondary: true);
        Assert.That(sent, Is.EqualTo(new Sent(Vectors.Tv02, LocalPort.ServerSecondary, MappedA)));
    }

    [Test]
    public void Server_WithOneAddress_AnswersConeSolicitationFromIt()
    {
        var sent = new ServerHarness(Options with { Secondary = null }).Answer(Prober, Vectors.Tv03);
        Assert.That(sent.Via, Is.EqualTo(LocalPort.ServerPrimary));
    }

    [Test, Conformance("C-049")]
    public void Server_SolicitationWithoutAuthentication_NeverDisclosesTheNonceOfTheOneBefore()
    {
        var server = new ServerHarness();
        server.Answer(MappedA, Vectors.Tv01);
        var plain = server.Answer(Prober, Vectors.Tv03);
        var next = server.Answer(Prober, [.. ConeNonce, .. Vectors.Tv03]);
        Assert.Multiple(() =>
        {
            Assert.That(plain.Hex, Is.EqualTo(Vectors.Tv04WithoutAuthentication));
            Assert.That(plain.Hex, Does.Not.Contain("be8f7520984f1be9"));
            Assert.That(next.Hex, Is.EqualTo(Vectors.Tv04));
        });
    }

    [Test, Conformance("C-021", "C-108")]
    public void Server_LinkLocalSource_IsAnsweredVerbatimWhateverItIs([Values("fe80::5445:5245:444f", "fe80::1", "febf::8000:1:2:3")] string text)
    {
        var solicitor = IPv6Address.Parse(text);
        var packet = new byte[RouterSolicitation.Size];
        RouterSolicitation.Write(packet, solicitor);
        packet[7] = 64; // deployed clients: wrong hop limit,
        packet[43] ^= 1; // wrong checksum
        var sent = new ServerHarness().Answer(MappedA, packet);
        Assert.That(Encapsulation.TryParse(Vectors.Hex(sent.Hex), out var datagram, out _), Is.True);
        bool valid = RouterAdvertisement.TryParse(datagram.Packet, out var advertisement);
        var (destination, origin) = (datagram.Packet.Destination, datagram.Origin.MappedEndpoint);
        Assert.Multiple(() =>
        {
            Assert.That(valid, Is.True);
            Assert.That(destination, Is.EqualTo(solicitor));
            Assert.That(origin, Is.EqualTo(MappedA));
            Assert.That(advertisement.MtuOctets, Is.EqualTo(1280));
            Assert.That(advertisement.Prefix.Address.ToString(), Is.EqualTo("2001:0:cb00:7101::"));
        });
    }

    [Test, Conformance("C-119", "C-107")]
    public void Server_SolicitationFromSpoofedSource_IsNotAnswered(
        [Values("224.0.0.253:5000", "255.255.255.255:5000", "0.0.0.0:5000", "192.88.99.1:5000", "203.0.113.11:0")] string source) =>
        Assert.That(new ServerHarness().Drop(IPv4Endpoint.Parse(source), Vectors.Tv01), Is.EqualTo(DropReason.SourceNotGlobal));

    [Test, Conformance("C-119")]
    public void Server_SolicitationFromDirectedBroadcast_IsNotAnswered()
    {
        var options = Options with { AttachedSubnets = [new(Primary, 24)] };
        Assert.That(new ServerHarness(options).Drop(IPv4Endpoint.Parse("203.0.113.255:5000"), Vectors.Tv01), Is.EqualTo(DropReason.SourceNotGlobal));
    }

    [Test]
    public void Server_SolicitationNotToAllRouters_IsNotAccepted()
    {
        byte[] packet = [.. Vectors.Tv03];
        packet[39] = 1; // ff02::1
        Assert.That(new ServerHarness().Drop(MappedA, packet), Is.EqualTo(DropReason.NotAccepted));
    }

    [Test, Conformance("C-043", "C-046", "C-048")]
    public void SecureServer_Vector05_IsAnsweredWithVector06() =>
        Assert.That(new ServerHarness(Secure()).Answer(MappedA, Vectors.Tv05).Hex, Is.EqualTo(Vectors.Tv06));

    [Test, Conformance("C-042", "C-045")]
    public void SecureServer_AnyCoveredBitFlipped_IsDropped()
    {
        var server = new ServerHarness(Secure());
        for (int at = 4; at < Vectors.Tv05.Length; at++)
        {
            if (at - 42 is >= 0 and < 6 or 6) // version and length make it malformed, the next header another protocol
                continue;
            byte[] forged = [.. Vectors.Tv05];
            forged[at] ^= 1;
            server.Drop(MappedA, forged);
        }
        Assert.That(server.Server.Drops[DropReason.BadAuthentication], Is.GreaterThan(40));
    }

    [Test, Conformance("C-045")]
    public void SecureServer_NoHeaderNonceOnlyOrUnknownIdentifier_IsDropped()
    {
        byte[] unknown = [.. Vectors.Tv05];
        unknown[4] = (byte)'x';
        var server = new ServerHarness(Secure());
        foreach (byte[] solicitation in new[] { Vectors.Tv03, Vectors.Tv01, unknown })
            Assert.That(server.Drop(MappedA, solicitation), Is.EqualTo(DropReason.BadAuthentication));
    }

    [TestCase(true), TestCase(false)]
    [Conformance("C-042")]
    public void SecureServer_ValueHasToCoverAnOriginIndicationToo(bool covers)
    {
        byte[] origin = new byte[OriginIndication.Size], header = new byte[Authentication.SizeOf(9, AuthenticationAlgorithm.HmacSha1)];
        OriginIndication.Write(origin, MappedB);
        Authentication.Write(header, 5, 0, "client-01"u8, AuthenticationAlgorithm.HmacSha1, "teredo-shared-secret"u8, covers ? origin : default, Vectors.Tv03);
        var verdict = new ServerHarness(Secure()).Handle(MappedA, [.. header, .. origin, .. Vectors.Tv03]).Verdict;
        Assert.That(verdict, Is.EqualTo(covers ? Verdict.Consumed : Verdict.Dropped(DropReason.BadAuthentication)));
    }

    [Test]
    public void SecureServer_RemovedKey_IsDropped()
    {
        var options = Secure();
        Assert.That(((ServerKeyTable)options.Keys!).Remove("client-01"u8), Is.True);
        Assert.That(new ServerHarness(options).Drop(MappedA, Vectors.Tv05), Is.EqualTo(DropReason.BadAuthentication));
    }

    [Test, Conformance("C-047")]
    public void SecureServer_KeyExpiresSoon_ConfirmationIsNotZeroAndCoveredByTheValue()
    {
        var sent = new ServerHarness(Secure(expiresSoon: true)).Answer(MappedA, Vectors.Tv05);
        Assert.That(Encapsulation.TryParse(Vectors.Hex(sent.Hex), out var datagram, out _), Is.True);
        bool valid = datagram.Authentication.Verify(AuthenticationAlgorithm.HmacSha1, "teredo-shared-secret"u8, datagram.Origin.Octets, datagram.Packet.Octets);
        byte confirmation = datagram.Authentication.Confirmation;
        Assert.Multiple(() =>
        {
            Assert.That(confirmation, Is.Not.Zero);
            Assert.That(valid, Is.True);
        });
    }

    [Test, Conformance("C-046", "C-048")]
    public void SecureServer_EveryAlgorithm_AnswersWithSameIdentifierAndNonceAndItsSecret(
        [Values] AuthenticationAlgorithm algorithm, [Values(0, 1, 255)] int identifierLength)
    {
        byte[] identifier = Enumerable.Range(0, identifierLength).Select(i => (byte)i).ToArray(), secret = Encoding.ASCII.GetBytes("another secret");
        var keys = new ServerKeyTable();
        keys.Set(identifier, new() { Secret = secret, Algorithm = algorithm });
        byte[] solicitation = new byte[Authentication.SizeOf(identifierLength, algorithm)];
        Authentication.Write(solicitation, 0x0102030405060708, 0, identifier, algorithm, secret, default, Vectors.Tv03);
        var sent = new ServerHarness(Options with { Keys = keys }).Answer(MappedA, [.. solicitation, .. Vectors.Tv03]);
        Assert.That(Encapsulation.TryParse(Vectors.Hex(sent.Hex), out var datagram, out _), Is.True);
        var authentication = datagram.Authentication;
        bool valid = authentication.Verify(algorithm, secret, datagram.Origin.Octets, datagram.Packet.Octets);
        byte[] answered = authentication.ClientIdentifier.ToArray();
        ulong nonce = authentication.Nonce;
        Assert.Multiple(() =>
        {
            Assert.That(valid, Is.True);
            Assert.That(answered, Is.EqualTo(identifier));
            Assert.That(nonce, Is.EqualTo(0x0102030405060708UL));
        });
    }

    [Test]
    public void KeyTable_SetAgain_HasTheNewKey()
    {
        ServerKey first = new() { Secret = new byte[] { 1 } }, second = new() { Secret = new byte[] { 2 }, Algorithm = AuthenticationAlgorithm.HmacMd5, ExpiresSoon = true };
        ServerKeyTable table = new();
        table.Set([7], first);
        table.Set([7], second);
        Assert.That(table.TryGetKey([7], out var found) && found == second);
        Assert.That(found.GetHashCode(), Is.EqualTo(second.GetHashCode()));
        ServerKey[] others = [first, second with { Secret = new byte[] { 1 } }, second with { Algorithm = default }, second with { ExpiresSoon = false }];
        Assert.That(others, Has.None.EqualTo(second));
        Assert.That(table.Remove([7]));
        Assert.That((table.Remove([7]), table.TryGetKey([7], out _)), Is.EqualTo((false, false)));
    }

    [Test]
    public void KeyTable_BadInput_IsRefusedWithTheAllowedRange()
    {
        var keys = new ServerKeyTable();
        Assert.Multiple(() =>
        {
            Assert.That(() => keys.Set(new byte[256], new() { Secret = new byte[1] }), Throws.ArgumentException.With.Message.Contains("256 octets; expected at most 255"));
            Assert.That(() => keys.Set("x"u8, new() { Secret = default }), Throws.ArgumentException.With.Message.Contains("expected at least 1"));
            Assert.That(() => keys.Set("x"u8, new() { Secret = new byte[1], Algorithm = (AuthenticationAlgorithm)9 }), Throws.ArgumentException.With.Message.Contains("HmacSha1"));
            Assert.That(keys.Remove("x"u8), Is.False);
        });
    }

    internal static TeredoServerOptions Secure(bool expiresSoon = false)
    {
        var keys = new ServerKeyTable();
        keys.Set("client-01"u8, new() { Secret = "teredo-shared-secret"u8.ToArray(), ExpiresSoon = expiresSoon });
        return Options with { Keys = keys };
    }
}
