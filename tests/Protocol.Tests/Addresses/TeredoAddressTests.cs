using System.Net;

namespace TeredoSdk.Protocol.Tests.Addresses;

/// <summary>RFC 4380 §4 and RFC 5991 §3.1: the Teredo address.</summary>
public class TeredoAddressTests
{
    [TestCase("203.0.113.120", 0, "192.0.2.1:4096", "2001:0:cb00:7178:0:efff:3fff:fdfe", TestName = "Address_FigureOfRfc6081")]
    [TestCase("203.0.113.1", 0x2443, "203.0.113.11:39328", "2001:0:cb00:7101:2443:665f:34ff:8ef4", TestName = "Address_SeenOnTheWire")]
    [TestCase("65.54.227.120", 0, "131.107.0.1:5000", "2001:0:4136:e378:0:ec77:7c94:fffe", TestName = "Address_Port5000And131_107_0_1")]
    [Conformance("C-001")]
    public void WorkedExample(string server, int flags, string mapped, string text)
    {
        var built = new TeredoAddress(IPv4Address.Parse(server), (TeredoFlags)flags, IPv4Endpoint.Parse(mapped));
        Assert.That(built.ToString(), Is.EqualTo(text));
        var parsed = TeredoAddress.Parse(text);
        Assert.That(parsed, Is.EqualTo(built));
        Assert.That((parsed.Server.ToString(), (int)parsed.Flags, parsed.MappedEndpoint.ToString()), Is.EqualTo((server, flags, mapped)));
        Assert.That(parsed.RateLimitKey, Is.EqualTo(parsed.MappedEndpoint.Address));
        Assert.That(parsed.HasOldPrefix, Is.False);
    }

    [Test]
    public void Address_OldPrefix_IsDecoded()
    {
        var address = TeredoAddress.Parse("3ffe:831f:cb00:7178:0:efff:3fff:fdfe");
        Assert.That((address.HasOldPrefix, address.Server.ToString(), address.MappedEndpoint.ToString()),
            Is.EqualTo((true, "203.0.113.120", "192.0.2.1:4096")));
    }

    [Property(MaxTest = 300)]
    public bool Address_RoundTrip_KeepsEachPart(uint server, ushort flags, uint client, ushort port)
    {
        var built = new TeredoAddress(new(server), (TeredoFlags)flags, new(new(client), port));
        return built.Server.Value == server && (ushort)built.Flags == flags && built.MappedEndpoint == new IPv4Endpoint(new(client), port)
            && TeredoAddress.Parse(built.ToString()) == built && TeredoAddress.FromIPAddress(built.ToIPAddress()) == built
            && TeredoAddress.TryCreate(built.ToIPv6Address(), out var again) && again == built;
    }

    [TestCase("2001:db8::1"), TestCase("2001:1::1"), TestCase("2002:cb00:7101::1"), TestCase("3ffe:831e::1"), TestCase("::"), TestCase("fe80::1")]
    public void Address_OtherPrefix_IsNone(string text)
    {
        Assert.That(TeredoAddress.TryParse(text, null, out _), Is.False);
        Assert.That(() => TeredoAddress.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains(text));
        Assert.That(() => TeredoAddress.FromIPAddress(IPAddress.Parse(text)), Throws.ArgumentException.With.Message.Contains("2001::/32"));
    }

    [TestCase(""), TestCase("teredo"), TestCase("203.0.113.1"), TestCase("2001:0:cb00:7178:0:efff:3fff"), TestCase(" 2001::1"), TestCase(null)]
    [TestCase("[2001:0:cb00:7178:0:efff:3fff:fdfe]"), TestCase("[2001:0:cb00:7178:0:efff:3fff:fdfe]:80"), TestCase("2001:0:cb00:7178:0:efff:3fff:fdfe%3")]
    [TestCase("2001:0:cb00:7178:0:efff:3fff:fdfe/64")]
    public void Address_NoIPv6Text_IsNone(string? text) => Assert.That(TeredoAddress.TryParse(text, null, out _), Is.False);

    [Test]
    public void Address_FormattedIntoSpan_SaysWhetherItFits()
    {
        var address = TeredoAddress.Parse("2001:0:cb00:7178:0:efff:3fff:fdfe");
        Span<char> room = stackalloc char[33];
        Assert.That(address.TryFormat(room, out int written), Is.True);
        Assert.That(room[..written].ToString(), Is.EqualTo(address.ToString()).And.EqualTo($"{address}"));
        Assert.That(address.TryFormat(room[..10], out _), Is.False);
    }

    [Test]
    public void Address_OtherRandomBits_IsAnotherAddress() =>
        Assert.That(TeredoAddress.Parse("2001:0:cb00:7178:1:efff:3fff:fdfe"), Is.Not.EqualTo(TeredoAddress.Parse("2001:0:cb00:7178:0:efff:3fff:fdfe")));

    [Test, Conformance("C-005")]
    public void WellFormed_ReservedRandomAndConeBits_AreIgnored([Values(0, 0x3cff, 0x4000, 0x8000, 0xfcff)] int flags) =>
        Assert.That(AddressPolicy.Lab.IsWellFormed(Teredo(flags: flags)), Is.True);

    [Test, Conformance("C-005")]
    public void WellFormed_UniversalOrGroupBit_IsRefused([Values(0x0100, 0x0200, 0x0300)] int flags) =>
        Assert.That(AddressPolicy.Lab.IsWellFormed(Teredo(flags: flags)), Is.False);

    [Test]
    public void WellFormed_NeedsGlobalServerAndClientAndAPort()
    {
        Assert.That(AddressPolicy.Strict.IsWellFormed(Teredo("8.8.8.8", "9.9.9.9:1")), Is.True);
        Assert.That(AddressPolicy.Strict.IsWellFormed(Teredo("10.0.0.1", "9.9.9.9:1")), Is.False);
        Assert.That(AddressPolicy.Strict.IsWellFormed(Teredo("8.8.8.8", "10.0.0.1:1")), Is.False);
        Assert.That(AddressPolicy.Strict.IsWellFormed(Teredo("8.8.8.8", "9.9.9.9:0")), Is.False);
        Assert.That(AddressPolicy.Strict.IsWellFormed(TeredoAddress.Parse("3ffe:831f:808:808:0:fffe:f6f6:f6f6")), Is.False, "the old prefix is no peer");
        Assert.That(AddressPolicy.Strict.IsWellFormed(default), Is.False);
    }

    static TeredoAddress Teredo(string server = "203.0.113.1", string mapped = "203.0.113.11:39328", int flags = 0) =>
        new(IPv4Address.Parse(server), (TeredoFlags)flags, IPv4Endpoint.Parse(mapped));
}
