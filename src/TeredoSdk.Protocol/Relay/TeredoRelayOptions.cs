namespace TeredoSdk.Protocol.Relay;

/// <summary>Settings of a <see cref="TeredoRelay"/>, fixed when it is made.</summary>
public sealed record TeredoRelayOptions
{
    /// <summary>
    /// The IPv6 prefixes that the relay serves, at least one. Packets from Teredo clients are forwarded only to these prefixes, and packets to
    /// clients are accepted only from them. A host-specific relay lists its own addresses as /128; packets to a /128 are not forwarded any further.
    /// No prefix may lie inside 2001::/32.
    /// </summary>
    public required IReadOnlyList<IPv6Prefix> ServedPrefixes { get; init => field = ValueList.Of(value); }

    /// <summary>
    /// The relay's own outer IPv4 addresses and, if known, that of its NAT. The relay sends nothing to these addresses and accepts nothing from them,
    /// so that no packet can loop (RFC 6324 §3.3). When the list is empty, these checks find nothing.
    /// </summary>
    public IReadOnlyList<IPv4Address> OwnAddresses { get; init => field = ValueList.Of(value); } = ValueList<IPv4Address>.Empty;

    /// <summary>Whether RFC 1918, shared, loopback, link-local, benchmarking and documentation addresses count as global (laboratories).</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>The IPv4 subnets of the host's own interfaces. Their directed broadcast addresses are refused (RFC 4380 §5.2.4).</summary>
    public IReadOnlyList<IPv4Subnet> AttachedSubnets { get; init => field = ValueList.Of(value); } = ValueList<IPv4Subnet>.Empty;

    /// <summary>The largest number of peers to remember, 16 to 16,777,216. The default is 65536. At most half of them are untrusted.</summary>
    public int MaxPeers { get; init; } = 65536;

    /// <summary>
    /// Whether to send a direct bubble together with each bubble through the client's server, so that a relay behind a restricted NAT works, too
    /// (RFC 4380 §5.4.1). On by default, because the RFC allows it in all cases.
    /// </summary>
    public bool SendDirectBubbles { get; init; } = true;

    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
    internal void Validate()
    {
        if (ServedPrefixes is not { Count: > 0 })
            throw Bad(nameof(ServedPrefixes), "an empty list", "at least one IPv6 prefix");
        foreach (var prefix in ServedPrefixes)
            if (prefix.Length is < 0 or > 128 || (prefix.Address.IsTeredo && prefix.Length >= 32))
                throw Bad(nameof(ServedPrefixes), prefix, "prefixes of length 0 to 128 that do not lie inside 2001::/32");
        if (OwnAddresses is null)
            throw Bad(nameof(OwnAddresses), "null", "a list, which may be empty");
        foreach (var address in OwnAddresses)
            if (address.IsUnspecified || address.Value >> 28 >= 0xE)
                throw Bad(nameof(OwnAddresses), address, "unicast IPv4 addresses");
        if (AttachedSubnets is null)
            throw Bad(nameof(AttachedSubnets), "null", "a list, which may be empty");
        foreach (var subnet in AttachedSubnets)
            if (subnet.PrefixLength is < 0 or > 32)
                throw Bad(nameof(AttachedSubnets), subnet, "IPv4 subnets with prefix lengths 0 to 32");
        if (MaxPeers is < 16 or > 1 << 24)
            throw Bad(nameof(MaxPeers), MaxPeers, "16 to 16777216");
    }

    static ArgumentException Bad(string option, object value, string expected) =>
        new($"{option} is {value}; expected {expected}.", option);
}
