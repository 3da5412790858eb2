using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Tests.Client.Lab;

namespace TeredoSdk.Protocol.Tests.Client;

/// <summary>Bad options are refused when the client is made, with one clear message.</summary>
public sealed class OptionsTests
{
    static void AssertRefused(TeredoClientOptions options, string name, params string[] said)
    {
        var refused = Assert.Throws<ArgumentException>(() => _ = new TeredoClient(options, new SeededRandom(1)))!;
        Assert.That(refused.ParamName, Is.EqualTo(name));
        Assert.That(refused.Message, Does.StartWith($"{name} is "));
        foreach (string text in said)
            Assert.That(refused.Message, Does.Contain(text));
    }

    static void AssertAccepted(TeredoClientOptions options) => Assert.That(() => new TeredoClient(options, new SeededRandom(1)), Throws.Nothing);

    [Test, Conformance("C-039")]
    public void Server_OneAddressTwice_IsRefused() =>
        AssertRefused(Options with { Servers = [new(IPv4("203.0.113.1"), IPv4("203.0.113.1"))] }, "Servers", "203.0.113.1 twice", "two different addresses");

    [Test]
    public void Servers_Empty_IsRefused() => AssertRefused(Options with { Servers = [] }, "Servers", "an empty list", "at least one server");

    [TestCase("10.0.0.1"), TestCase("127.0.0.1"), TestCase("203.0.113.1"), TestCase("224.0.0.1"), TestCase("0.0.0.0"), TestCase("255.255.255.255")]
    [Conformance("C-039")]
    public void Server_NotGlobalUnicast_IsRefused(string address)
    {
        var good = IPv4("198.41.0.4");
        AssertRefused(new() { Servers = [new(IPv4(address), good)] }, "Servers", address, "global unicast", "AllowPrivateAddresses");
        AssertRefused(new() { Servers = [new(good, IPv4(address))] }, "Servers", address, "global unicast");
        AssertRefused(new() { Servers = [new(good), new(IPv4(address))] }, "Servers", address, "global unicast");
    }

    [TestCase("224.0.0.1"), TestCase("0.0.0.0"), TestCase("0.1.2.3"), TestCase("240.0.0.1"), TestCase("255.255.255.255")]
    public void Server_NeverUnicast_IsRefusedInALaboratoryToo(string address) =>
        AssertRefused(Options with { Servers = [new(IPv4(address), Primary.Address)] }, "Servers", address, "unicast IPv4 addresses");

    [Test]
    public void Server_Private_IsAcceptedInALaboratory() => AssertAccepted(Options with { Servers = [new(IPv4("10.0.0.1")), new(IPv4("127.0.0.1"))] });

    [TestCase(-1), TestCase(0), TestCase(4.999), TestCase(600.001), TestCase(86400)]
    [Conformance("C-053")]
    public void RefreshInterval_OutOfRange_IsRefused(double seconds)
    {
        var value = TimeSpan.FromSeconds(seconds);
        AssertRefused(Options with { RefreshInterval = value }, "RefreshInterval", value.ToString(), "5 seconds to 10 minutes");
    }

    [TestCase(5), TestCase(600)]
    public void RefreshInterval_AtItsLimits_IsAccepted(int seconds) => AssertAccepted(Options with { RefreshInterval = TimeSpan.FromSeconds(seconds) });

    [TestCase(-1), TestCase(0.001), TestCase(59), TestCase(604_801)]
    public void DormancyTimeout_OutOfRange_IsRefused(double seconds)
    {
        var value = TimeSpan.FromSeconds(seconds);
        AssertRefused(Options with { DormancyTimeout = value }, "DormancyTimeout", value.ToString(), "zero (never) or 1 minute to 7 days");
    }

    [TestCase(0), TestCase(60), TestCase(604_800)]
    public void DormancyTimeout_AtItsLimits_IsAccepted(int seconds) => AssertAccepted(Options with { DormancyTimeout = TimeSpan.FromSeconds(seconds) });

    [TestCase(-1), TestCase(0), TestCase(15), TestCase((1 << 24) + 1)]
    public void MaxPeers_OutOfRange_IsRefused(int value) => AssertRefused(Options with { MaxPeers = value }, "MaxPeers", $"{value}", "16 to 16777216");

    [TestCase(16), TestCase(1 << 24)]
    public void MaxPeers_AtItsLimits_IsAccepted(int value) => AssertAccepted(Options with { MaxPeers = value });

    [TestCase(-1), TestCase(1025)]
    public void MaxRandomPorts_OutOfRange_IsRefused(int value) =>
        AssertRefused(Options with { MaxRandomPorts = value }, "MaxRandomPorts", $"{value}", "0 to 1024");

    [TestCase(0), TestCase(1024)]
    public void MaxRandomPorts_AtItsLimits_IsAccepted(int value) => AssertAccepted(Options with { MaxRandomPorts = value });

    [Test]
    public void NativeIPv6_Unknown_IsRefused() =>
        AssertRefused(Options with { NativeIPv6 = (NativeIPv6Behaviour)7 }, "NativeIPv6", "7", "Stop or Beside");

    [Test]
    public void Extensions_Unknown_AreRefused() => AssertRefused(Options with { Extensions = (TeredoExtensions)64 }, "Extensions", "64", "TeredoExtensions");

    [TestCase(TeredoExtensions.UpnpSymmetricNat, TeredoExtensions.SymmetricNatSupport)]
    [TestCase(TeredoExtensions.PortPreservingSymmetricNat, TeredoExtensions.SymmetricNatSupport)]
    [TestCase(TeredoExtensions.SymmetricNatSupport | TeredoExtensions.SequentialPortSymmetricNat, TeredoExtensions.PortPreservingSymmetricNat)]
    [Conformance("C-175", "C-190")]
    public void Extension_WithoutTheOneItNeeds_IsRefused(TeredoExtensions extensions, TeredoExtensions needed) =>
        AssertRefused(Options with { Extensions = extensions }, "Extensions", extensions.ToString(), needed.ToString());

    [TestCase(TeredoExtensions.None), TestCase(TeredoExtensions.Hairpinning), TestCase(TeredoExtensions.ServerLoadReduction)]
    [TestCase(TeredoExtensions.SymmetricNatSupport | TeredoExtensions.UpnpSymmetricNat)]
    [TestCase(TeredoExtensions.SymmetricNatSupport | TeredoExtensions.PortPreservingSymmetricNat)]
    [TestCase(TeredoExtensions.SymmetricNatSupport | TeredoExtensions.PortPreservingSymmetricNat | TeredoExtensions.SequentialPortSymmetricNat)]
    [Conformance("C-175", "C-190")]
    public void Extensions_WithTheOnesTheyNeed_AreAccepted(TeredoExtensions extensions) => AssertAccepted(Options with { Extensions = extensions });

    [Test, Conformance("C-175", "C-190")]
    public void Extensions_Default_IsAllSix() => Assert.That(Options.Extensions, Is.EqualTo(TeredoExtensions.All));

    [Test]
    public void Secret_Empty_IsRefused() =>
        AssertRefused(Options with { Secret = new() { ClientIdentifier = new byte[] { 1 }, Secret = Array.Empty<byte>() } },
            "Secret", "secret of 0", "not empty");

    [Test]
    public void Secret_IdentifierTooLong_IsRefused() =>
        AssertRefused(Options with { Secret = new() { ClientIdentifier = new byte[256], Secret = new byte[] { 1 } } },
            "Secret", "256 octets", "at most 255");

    [Test]
    public void Secret_OfOneOctet_WithTheLongestIdentifier_IsAccepted() =>
        AssertAccepted(Options with { Secret = new() { ClientIdentifier = new byte[255], Secret = new byte[] { 1 } } });

    [Test]
    public void Secret_UnknownAlgorithm_IsRefused() =>
        AssertRefused(Options with { Secret = new() { ClientIdentifier = new byte[1], Secret = new byte[] { 1 }, Algorithm = (AuthenticationAlgorithm)9 } },
            "Secret", "9");

    [Test]
    public void Secrets_AreEqualWhenAllOfThemIs()
    {
        static TeredoSecret New() => new() { ClientIdentifier = new byte[] { 1, 2 }, Secret = new byte[] { 3, 4 } };
        TeredoSecret secret = New();
        Assert.That(secret, Is.EqualTo(New()));
        Assert.That(secret.GetHashCode(), Is.EqualTo(New().GetHashCode()));
        TeredoSecret?[] others =
        [
            null, secret with { ClientIdentifier = new byte[] { 1, 9 } }, secret with { Secret = new byte[] { 3, 9 } },
            secret with { Algorithm = AuthenticationAlgorithm.HmacMd5 },
        ];
        Assert.That(others, Has.None.EqualTo(secret));
    }

    [Test]
    public void Null_IsRefused()
    {
        Assert.That(() => new TeredoClient(null!, new SeededRandom(1)), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("options"));
        Assert.That(() => new TeredoClient(Options, null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("random"));
        Assert.That(() => new TeredoClient(Options, new SeededRandom(1)).HandleNetworkChanged(default, null!), Throws.ArgumentNullException);
    }
}
