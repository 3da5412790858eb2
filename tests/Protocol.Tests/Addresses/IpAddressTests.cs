using System.Net;
using TeredoSdk.Protocol.Tcp;

namespace TeredoSdk.Protocol.Tests.Addresses;

/// <summary>The value forms of IPv4 and IPv6 addresses, end points and prefixes.</summary>
public class IpAddressTests
{
    [TestCase("0.0.0.0", 0u), TestCase("192.0.2.1", 0xC0000201), TestCase("255.255.255.255", uint.MaxValue)]
    public void IPv4_FourDecimalNumbers_AreParsed(string text, uint value)
    {
        Assert.That(IPv4Address.Parse(text).Value, Is.EqualTo(value));
        Assert.That(new IPv4Address(value).ToString(), Is.EqualTo(text));
    }

    [TestCase(""), TestCase("1"), TestCase("1.2.3"), TestCase("1.2.3.4.5"), TestCase("1.2.3."), TestCase(".1.2.3"), TestCase("1..2.3")]
    [TestCase("256.1.1.1"), TestCase("1.1.1.256"), TestCase("1.1.1.1111"), TestCase("01.1.1.1"), TestCase("1.1.1.010"), TestCase("0x1.1.1.1")]
    [TestCase(" 1.1.1.1"), TestCase("1.1.1.1 "), TestCase("1.1.1.-1"), TestCase("1.1.1.1:80"), TestCase("١.1.1.1"), TestCase(null)]
    public void IPv4_AnythingElse_IsRejected(string? text)
    {
        Assert.That(IPv4Address.TryParse(text, null, out _), Is.False);
        Assert.That(() => IPv4Address.Parse(text ?? ""), Throws.TypeOf<FormatException>());
    }

    [Test]
    public void Null_IsTheCallersMistake()
    {
        TestDelegate[] calls =
        [
            () => IPv4Address.Parse(null!), () => IPv4Address.FromIPAddress(null!), () => IPv4Endpoint.Parse(null!), () => IPv4Endpoint.FromIPEndPoint(null!),
            () => IPv6Address.Parse(null!), () => IPv6Address.FromIPAddress(null!), () => TeredoAddress.Parse(null!),
        ];
        foreach (var call in calls)
            Assert.That(call, Throws.ArgumentNullException);
    }

    [Property(MaxTest = 300)]
    public bool IPv4_RoundTrip(uint value)
    {
        var address = new IPv4Address(value);
        Span<byte> octets = stackalloc byte[4];
        address.Write(octets);
        Span<char> text = stackalloc char[15];
        return IPv4Address.Read(octets) == address && IPv4Address.Parse(address.ToString()) == address
            && IPv4Address.FromIPAddress(address.ToIPAddress()) == address && address.ToIPAddress().ToString() == address.ToString()
            && address.TryFormat(text, out int written) && text[..written].SequenceEqual(address.ToString());
    }

    [Test]
    public void IPv4_FromIPv6_IsOnlyTakenWhenMapped()
    {
        Assert.That(IPv4Address.FromIPAddress(IPAddress.Parse("::ffff:192.0.2.1")), Is.EqualTo(IPv4Address.Parse("192.0.2.1")));
        Assert.That(() => IPv4Address.FromIPAddress(IPAddress.IPv6Loopback), Throws.ArgumentException);
    }

    [TestCase("10.0.0.1", true), TestCase("172.16.0.1", true), TestCase("172.31.255.255", true), TestCase("192.168.255.1", true)]
    [TestCase("11.0.0.0", false), TestCase("172.32.0.0", false), TestCase("172.15.0.0", false), TestCase("192.169.0.0", false)]
    public void IPv4_Private_IsRfc1918(string text, bool isPrivate) => Assert.That(IPv4Address.Parse(text).IsPrivate, Is.EqualTo(isPrivate));

    [TestCase("192.0.2.1:0", true), TestCase("192.0.2.1:65535", true), TestCase("192.0.2.1:65536", false), TestCase("192.0.2.1", false)]
    [TestCase("192.0.2.1:", false), TestCase("192.0.2.1:-1", false), TestCase("192.0.2.1: 1", false), TestCase(":1", false), TestCase("1.2.3.4:5:6", false)]
    public void Endpoint_IsAddressColonPort(string text, bool valid)
    {
        Assert.That(IPv4Endpoint.TryParse(text, null, out var endpoint), Is.EqualTo(valid));
        Assert.That(endpoint.ToString(), Is.EqualTo(valid ? text : "0.0.0.0:0"));
    }

    [Property(MaxTest = 200)]
    public bool Endpoint_RoundTrip(uint address, ushort port)
    {
        var endpoint = new IPv4Endpoint(new(address), port);
        return IPv4Endpoint.Parse(endpoint.ToString()) == endpoint && IPv4Endpoint.FromIPEndPoint(endpoint.ToIPEndPoint()) == endpoint;
    }

    [Property(MaxTest = 300)]
    public bool IPv6_RoundTrip(ulong high, ulong low)
    {
        var address = new IPv6Address(high, low);
        Span<byte> octets = stackalloc byte[16];
        address.Write(octets);
        return IPv6Address.Read(octets) == address && IPv6Address.Parse(address.ToString()) == address && IPv6Address.FromIPAddress(address.ToIPAddress()) == address;
    }

    [TestCase("192.0.2.1"), TestCase("1"), TestCase("[::1]"), TestCase("[::1]:80"), TestCase("::1%1"), TestCase("fe80::1%eth0"), TestCase("::1/64"), TestCase(""), TestCase(null)]
    public void IPv6_AnythingButTheAddress_IsRejected(string? text)
    {
        Assert.That(IPv6Address.TryParse(text, null, out _), Is.False);
        Assert.That(() => IPv6Address.FromIPAddress(IPAddress.Loopback), Throws.ArgumentException);
    }

    [TestCase("::", nameof(IPv6Address.IsUnspecified), nameof(IPv6Address.IsIPv4Embedded))]
    [TestCase("::1", nameof(IPv6Address.IsLoopback), nameof(IPv6Address.IsIPv4Embedded))]
    [TestCase("::ffff:192.0.2.1", nameof(IPv6Address.IsIPv4Embedded))]
    [TestCase("ff02::1", nameof(IPv6Address.IsMulticast)), TestCase("febf::1", nameof(IPv6Address.IsLinkLocal)), TestCase("fec0::1")]
    [TestCase("2001:0:1::", nameof(IPv6Address.IsTeredo), nameof(IPv6Address.IsGlobalUnicast))]
    [TestCase("2001:1::", nameof(IPv6Address.IsGlobalUnicast), nameof(IPv6Address.IsNative))]
    [TestCase("2002:c000:201::1", nameof(IPv6Address.Is6to4), nameof(IPv6Address.IsGlobalUnicast), nameof(IPv6Address.IsNative))]
    [TestCase("3fff:ffff::1", nameof(IPv6Address.IsGlobalUnicast), nameof(IPv6Address.IsNative))]
    [TestCase("4000::1"), TestCase("fd00::1")]
    public void IPv6_Kinds(string text, params string[] kinds)
    {
        var address = IPv6Address.Parse(text);
        var flags = typeof(IPv6Address).GetProperties().Where(p => p.PropertyType == typeof(bool) && p.GetValue(address) is true).Select(p => p.Name);
        Assert.That(flags, Is.EquivalentTo(kinds));
    }

    [Test]
    public void IPv6_6to4_EmbedsItsIPv4Address() =>
        Assert.That(IPv6Address.Parse("2002:c000:201::1").Embedded6to4, Is.EqualTo(IPv4Address.Parse("192.0.2.1")));

    [TestCase("2001:db8::", 32, "2001:db8:ffff::1", true), TestCase("2001:db8::", 32, "2001:db9::", false)]
    [TestCase("2001:db8::", 64, "2001:db8::ffff", true), TestCase("2001:db8::", 64, "2001:db8:0:1::", false)]
    [TestCase("2001:db8::10", 124, "2001:db8::1f", true), TestCase("2001:db8::10", 124, "2001:db8::20", false)]
    [TestCase("2001:db8::1", 128, "2001:db8::1", true), TestCase("2001:db8::1", 128, "2001:db8::2", false)]
    [TestCase("2001:db8::1", 0, "ff02::1", true)]
    public void Prefix_Contains(string address, int length, string other, bool contains) =>
        Assert.That(new IPv6Prefix(IPv6Address.Parse(address), length).Contains(IPv6Address.Parse(other)), Is.EqualTo(contains));

    [TestCaseSource(nameof(Values))]
    public void Text_IntoASpan_IsTheSameAsToString(ISpanFormattable value)
    {
        string text = value.ToString()!;
        char[] exact = new char[text.Length];
        Assert.Multiple(() =>
        {
            Assert.That(value.TryFormat(exact, out int written, default, null), Is.True);
            Assert.That(new string(exact, 0, written), Is.EqualTo(text));
            Assert.That(value.TryFormat(new char[text.Length - 1], out _, default, null), Is.False);
            Assert.That(value.ToString(null, null), Is.EqualTo(text));
        });
    }

    static IEnumerable<ISpanFormattable> Values() =>
    [
        IPv4Address.Parse("192.0.2.1"), IPv4Endpoint.Parse("192.0.2.1:3544"), IPv6Address.Parse("2001:db8::1"),
        TeredoAddress.Parse("2001:0:cb00:7178:0:efff:3fff:fdfe"),
    ];

    [Test]
    public void Text_WithoutFormatProvider_IsTriedAlike()
    {
        Assert.That(IPv4Address.TryParse("192.0.2.1", out var ipv4) && ipv4 == IPv4Address.Parse("192.0.2.1"), Is.True);
        Assert.That(IPv4Endpoint.TryParse("192.0.2.1:7", out var endpoint) && endpoint == IPv4Endpoint.Parse("192.0.2.1:7"), Is.True);
        Assert.That(IPv6Address.TryParse("2001:db8::1", out var ipv6) && ipv6 == IPv6Address.Parse("2001:db8::1"), Is.True);
        Assert.That(TeredoAddress.TryParse("2001:0:cb00:7178::", out var teredo) && teredo.Server == IPv4Address.Parse("203.0.113.120"), Is.True);
        Assert.That(TeredoAddress.TryParse("2001:db8::1", out _), Is.False);
    }

    [Test]
    public void Prefix_OfEachLength_ComparesItsBitsAlone([Range(0, 128)] int length)
    {
        var address = IPv6Address.Parse("2001:db8:ffff:1234:8000:7fff:aaaa:5555");
        for (int bit = 0; bit < 128; bit++)
        {
            var other = bit < 64 ? address with { High = address.High ^ 1UL << (63 - bit) } : address with { Low = address.Low ^ 1UL << (127 - bit) };
            Assert.That(new IPv6Prefix(address, length).Contains(other), Is.EqualTo(bit >= length), $"bit {bit}");
        }
    }

    [Test]
    public void Subnet_OfEachLength_ComparesItsBitsAlone_AndEndsInItsBroadcastAddress([Range(0, 32)] int length)
    {
        var address = IPv4Address.Parse("203.113.170.85");
        var subnet = new IPv4Subnet(address, length);
        for (int bit = 0; bit < 32; bit++)
            Assert.That(subnet.Contains(new(address.Value ^ 1u << (31 - bit))), Is.EqualTo(bit >= length), $"bit {bit}");
        uint last = (uint)(address.Value | (1UL << (32 - length)) - 1);
        Assert.That(subnet.IsDirectedBroadcast(new(last)), Is.EqualTo(length is > 0 and < 31));
        Assert.That(subnet.IsDirectedBroadcast(new(last - 1)), Is.False);
    }

    // A peer with a /64 chooses the low half. The two halves of each of these numbers cancel each other out in the hash of .NET.
    [Test]
    public void Hashes_OfWhatAPeerChooses_DoNotMeet()
    {
        IPv6Address[] chosen = [.. Enumerable.Range(0, 10_000).Select(i => new IPv6Address(0x2001_0DB8_0000_0000, (ulong)i << 32 | (uint)i))];
        Assert.That(chosen.Select(address => address.GetHashCode()).Distinct().Count(), Is.GreaterThan(9_990));
        Assert.That(chosen.Select(address => new TcpFlow(IPv6Address.AllNodes, 80, address, 5000).GetHashCode()).Distinct().Count(), Is.GreaterThan(9_990));
        Assert.That(chosen[1] with { Low = 7 }, Is.EqualTo(chosen[2] with { Low = 7 }));
        Assert.That((chosen[1] with { Low = 7 }).GetHashCode(), Is.EqualTo((chosen[2] with { Low = 7 }).GetHashCode()));
    }

    [Test]
    public void SubnetAndPrefix_AreWrittenWithASlash()
    {
        Assert.That(new IPv4Subnet(IPv4Address.Parse("10.1.0.0"), 16).ToString(), Is.EqualTo("10.1.0.0/16"));
        Assert.That(new IPv6Prefix(IPv6Address.Parse("2001:db8::"), 32).ToString(), Is.EqualTo("2001:db8::/32"));
    }
}
