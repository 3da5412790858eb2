namespace TeredoSdk.Protocol.Tests.Addresses;

/// <summary>RFC 4380 §5.2.4 and RFC 6890: which IPv4 addresses are global unicast.</summary>
public class AddressPolicyTests
{
    // First and last address of each range, and whether a laboratory may use it.
    static readonly object[] Ranges =
    [
        new object[] { "0.0.0.0", "0.255.255.255", false },
        new object[] { "10.0.0.0", "10.255.255.255", true },
        new object[] { "100.64.0.0", "100.127.255.255", true },
        new object[] { "127.0.0.0", "127.255.255.255", true },
        new object[] { "169.254.0.0", "169.254.255.255", true },
        new object[] { "172.16.0.0", "172.31.255.255", true },
        new object[] { "192.0.0.0", "192.0.0.255", false },
        new object[] { "192.0.2.0", "192.0.2.255", true },
        new object[] { "192.88.99.0", "192.88.99.255", false },
        new object[] { "192.168.0.0", "192.168.255.255", true },
        new object[] { "198.18.0.0", "198.19.255.255", true },
        new object[] { "198.51.100.0", "198.51.100.255", true },
        new object[] { "203.0.113.0", "203.0.113.255", true },
        new object[] { "224.0.0.0", "255.255.255.255", false },
    ];

    [TestCaseSource(nameof(Ranges))]
    public void Range_IsNotGlobal_AndItsNeighboursAre(string first, string last, bool lab)
    {
        uint from = IPv4Address.Parse(first).Value, to = IPv4Address.Parse(last).Value;
        foreach (uint inside in new[] { from, from + (to - from) / 2, to })
        {
            Assert.That(AddressPolicy.Strict.IsGlobalUnicast(new IPv4Address(inside)), Is.False, new IPv4Address(inside).ToString());
            Assert.That(AddressPolicy.Lab.IsGlobalUnicast(new IPv4Address(inside)), Is.EqualTo(lab), new IPv4Address(inside).ToString());
        }
        foreach (uint outside in new[] { unchecked(from - 1), unchecked(to + 1) }.Where(a => a is not (0 or uint.MaxValue)))
            Assert.That(AddressPolicy.Strict.IsGlobalUnicast(new IPv4Address(outside)), Is.True, new IPv4Address(outside).ToString());
    }

    [TestCase("1.0.0.0"), TestCase("8.8.8.8"), TestCase("100.63.255.255"), TestCase("172.32.0.0"), TestCase("192.0.1.0"), TestCase("223.255.255.255")]
    public void OrdinaryAddress_IsGlobal(string address) => Assert.That(AddressPolicy.Strict.IsGlobalUnicast(IPv4Address.Parse(address)), Is.True);

    [TestCase("8.8.8.8:0", false), TestCase("8.8.8.8:1", true), TestCase("10.0.0.1:1", false)]
    public void Endpoint_NeedsAPort(string endpoint, bool global) =>
        Assert.That(AddressPolicy.Strict.IsGlobalUnicast(IPv4Endpoint.Parse(endpoint)), Is.EqualTo(global));

    [Test]
    public void DirectedBroadcast_OfAnAttachedSubnet_IsRefused()
    {
        var policy = new AddressPolicy(allowPrivate: true, [new(IPv4Address.Parse("198.51.7.9"), 24), new(IPv4Address.Parse("10.1.2.3"), 8)]);
        Assert.That(policy.IsGlobalUnicast(IPv4Address.Parse("198.51.7.255")), Is.False);
        Assert.That(policy.IsGlobalUnicast(IPv4Address.Parse("10.255.255.255")), Is.False);
        Assert.That(policy.IsGlobalUnicast(IPv4Address.Parse("198.51.7.254")), Is.True);
        Assert.That(policy.IsGlobalUnicast(IPv4Address.Parse("198.51.8.255")), Is.True);
        Assert.That(AddressPolicy.Strict.IsGlobalUnicast(IPv4Address.Parse("198.51.7.255")), Is.True, "nobody's subnet");
    }

    [Test]
    public void AttachedSubnets_AreKnown()
    {
        IPv4Subnet[] subnets = [new(IPv4Address.Parse("192.168.1.7"), 24)];
        var policy = new AddressPolicy(allowPrivate: false, subnets);
        subnets[0] = default; // a copy is kept
        Assert.That(policy.IsAttached(IPv4Address.Parse("192.168.1.200")), Is.True);
        Assert.That(policy.IsAttached(IPv4Address.Parse("192.168.2.1")), Is.False);
        Assert.That(policy.AttachedSubnets.Length, Is.EqualTo(1));
    }

    [TestCase("192.0.2.9", 24, "192.0.2.255", true, true), TestCase("192.0.2.9", 24, "192.0.3.255", false, false)]
    [TestCase("192.0.2.9", 30, "192.0.2.11", true, true), TestCase("192.0.2.9", 31, "192.0.2.9", true, false)]
    [TestCase("192.0.2.9", 32, "192.0.2.9", true, false), TestCase("0.0.0.0", 0, "255.255.255.255", true, false)]
    [TestCase("128.0.0.1", 1, "1.0.0.1", false, false), TestCase("1.0.0.1", 1, "127.255.255.255", true, true)]
    public void Subnet_ContainsAndBroadcast(string address, int length, string other, bool contains, bool broadcast)
    {
        var subnet = new IPv4Subnet(IPv4Address.Parse(address), length);
        Assert.That((subnet.Contains(IPv4Address.Parse(other)), subnet.IsDirectedBroadcast(IPv4Address.Parse(other))), Is.EqualTo((contains, broadcast)));
    }
}
