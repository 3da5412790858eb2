namespace TeredoSdk.Protocol.Server;

/// <summary>Settings of a <see cref="TeredoServer"/>, fixed when it is made.</summary>
public sealed record TeredoServerOptions
{
    /// <summary>The primary IPv4 address, which must be global unicast; client addresses contain it.</summary>
    public required IPv4Address Primary { get; init; }

    /// <summary>
    /// The secondary IPv4 address, which must also be global unicast and differ from the primary; null for a server with one address. Such a server
    /// answers solicitations with the cone bit from its only address. So a legacy client (RFC 4380 §5.2.1) may take any NAT for a cone NAT, and no
    /// client can check its NAT's mapping behaviour.
    /// </summary>
    public IPv4Address? Secondary { get; init; }

    /// <summary>Whether RFC 1918, shared, loopback, link-local, benchmarking and documentation addresses count as global (laboratories).</summary>
    public bool AllowPrivateAddresses { get; init; }

    /// <summary>The subnets of the host's own interfaces. Their directed broadcast addresses are refused. Empty by default.</summary>
    public IReadOnlyList<IPv4Subnet> AttachedSubnets { get; init => field = ValueList.Of(value); } = ValueList<IPv4Subnet>.Empty;

    /// <summary>
    /// The secrets of secure qualification; null for nonces alone. With secrets, solicitations that no secret protects are dropped (RFC 4380 §5.3.1
    /// rule 4).
    /// </summary>
    public IServerKeyStore? Keys { get; init; }

    /// <summary>The addresses of other Teredo servers. Packets from and to them are dropped, whatever the port. Empty by default.</summary>
    public IReadOnlyList<IPv4Address> PeerServers { get; init => field = ValueList.Of(value); } = ValueList<IPv4Address>.Empty;

    /// <summary>
    /// Whether to serve clients whose mapped port is 3544. Off by default: only servers should use that port, and two servers could send one packet
    /// back and forth (RFC 6324). When it is on, list every nearby server in <see cref="PeerServers"/>.
    /// </summary>
    public bool AllowServerPort { get; init; }

    /// <summary>
    /// The endpoint of a relay on the same host, when it shares an address with the server (RFC 4380 §5.4.3); null for none. Packets from exactly
    /// this endpoint are accepted, although the address is our own. The port must be neither 0 nor 3544.
    /// </summary>
    public IPv4Endpoint? Relay { get; init; }

    /// <summary>
    /// The address from which clients that ask for it get a packet of a stranger (docs/protocol §9); null, the default, for none. It must be global
    /// unicast, and differ from the server's addresses, which every client has contacted.
    /// </summary>
    public IPv4Address? Reflector { get; init; }

    /// <summary>The rate limits; null for none. By default those of a new <see cref="ServerRateLimits"/>.</summary>
    public ServerRateLimits? RateLimits { get; init; } = new();

    /// <summary>
    /// Whether <see cref="TeredoServer.TryTakeDelivery"/> returns Echo Requests and Replies of clients to native IPv6 hosts (RFC 4380 §5.3.1). Off by
    /// default: such packets are dropped, and clients can't reach native hosts.
    /// </summary>
    public bool ForwardNative { get; init; }

    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
    internal void Validate()
    {
        var policy = new AddressPolicy(AllowPrivateAddresses, Checked(AttachedSubnets, nameof(AttachedSubnets)));
        string unicast = AllowPrivateAddresses ? "a unicast IPv4 address" : "a global unicast IPv4 address (AllowPrivateAddresses lifts that in a laboratory)";
        foreach (var subnet in AttachedSubnets)
            if (subnet.PrefixLength is < 1 or > 32)
                throw Bad(nameof(AttachedSubnets), subnet, "prefix lengths of 1 to 32");
        if (!policy.IsGlobalUnicast(Primary))
            throw Bad(nameof(Primary), Primary, unicast);
        if (Secondary is { } secondary && (!policy.IsGlobalUnicast(secondary) || secondary == Primary))
            throw Bad(nameof(Secondary), secondary, $"{unicast} other than Primary, or null");
        if (Reflector is { } reflector && (!policy.IsGlobalUnicast(reflector) || reflector == Primary || reflector == Secondary))
            throw Bad(nameof(Reflector), reflector, $"{unicast} other than Primary and Secondary, or null");
        foreach (var peer in Checked(PeerServers, nameof(PeerServers)))
            if (!policy.IsGlobalUnicast(peer) || peer == Primary || peer == Secondary)
                throw Bad(nameof(PeerServers), peer, $"{unicast} of another server");
        RateLimits?.Validate();
        if (Relay is { } relay && (!policy.IsGlobalUnicast(relay) || relay.Port == Wire.TeredoPorts.Server))
            throw Bad(nameof(Relay), relay, $"{unicast} with a port of 1 to 65535 other than {Wire.TeredoPorts.Server}, or null");
    }

    static T[] Checked<T>(IReadOnlyList<T>? list, string option) => list is null ? throw Bad(option, "null", "a list, which may be empty") : [.. list];

    static ArgumentException Bad(string option, object value, string expected) =>
        new($"{option} is {value}; expected {expected}.", option);
}
