namespace TeredoSdk.Protocol.Client;

/// <summary>The state of a client.</summary>
public enum ClientState
{
    /// <summary>The client is not started, or was stopped.</summary>
    Off,
    /// <summary>The client may not run: there is native IPv6, the network is managed, or there is no IPv4.</summary>
    Suppressed,
    /// <summary>The client prepares the service port or solicits a server.</summary>
    Qualifying,
    /// <summary>The client has an address.</summary>
    Qualified,
    /// <summary>No server answered; the client waits before it tries again.</summary>
    Offline,
    /// <summary>The client was idle without a lease, and sleeps; a packet or a lease wakes it.</summary>
    Dormant,
}

/// <summary>Why a client has no address.</summary>
public enum OfflineReason
{
    /// <summary>No server answered at its primary address: UDP is blocked, or the servers are down.</summary>
    ServerUnreachable,
    /// <summary>The secondary address did not answer, and the options require it.</summary>
    SecondaryUnreachable,
    /// <summary>The NAT is symmetric and symmetric NAT support is off (RFC 4380 §5.2.1).</summary>
    SymmetricNat,
    /// <summary>The service port could not be opened.</summary>
    PortUnavailable,
    /// <summary>The server reports a mapped endpoint that is not global unicast.</summary>
    MappedAddressNotGlobal,
}

/// <summary>Why a peer could not be reached.</summary>
public enum UnreachableReason
{
    /// <summary>No answer came, neither directly nor through the peer's server.</summary>
    Silent,
    /// <summary>The peer answers through its server, but its direct packets do not arrive: one of the two NATs is symmetric.</summary>
    DirectPathBlocked,
    /// <summary>No relay answered the connectivity test of a native IPv6 address.</summary>
    NoRelay,
}

/// <summary>How a NAT maps ports (RFC 4787 §4.1), as far as the answers of the two server addresses show.</summary>
public enum MappingBehaviour
{
    /// <summary>The secondary server address did not answer.</summary>
    NotChecked,
    /// <summary>There is no NAT: the mapped endpoint equals our own.</summary>
    None,
    /// <summary>The mapping is the same for all destinations.</summary>
    EndpointIndependent,
    /// <summary>Another destination has another mapping.</summary>
    AddressOrPortDependent,
}

/// <summary>Which incoming packets a NAT accepts (RFC 4787 §5).</summary>
public enum FilteringBehaviour
{
    /// <summary>Not known. RFC 5991 §3.2 dropped the cone phase, so only observation or a check of reachability can tell.</summary>
    NotChecked,
    /// <summary>Observed: a packet of a stranger got in.</summary>
    EndpointIndependent,
    /// <summary>Observed: a packet from another port of an address that was sent to got in, an unasked one did not.</summary>
    AddressDependent,
    /// <summary>Observed: a packet from an endpoint that was sent to got in, one from another port of it did not.</summary>
    AddressAndPortDependent,
}

/// <summary>What came of a check of reachability (<see cref="TeredoClient.TryCheckReachability"/>).</summary>
public enum ReachabilityOutcome
{
    /// <summary>A stranger's packet came in.</summary>
    Reached,
    /// <summary>The stranger sent, and nothing of it came in.</summary>
    NotReached,
    /// <summary>The server did not answer: it has no stranger, or refuses.</summary>
    NoAnswer,
    /// <summary>The client has sent to the stranger's address before, so its packets would prove nothing.</summary>
    NoStranger,
    /// <summary>The client lost its address meanwhile.</summary>
    Interrupted,
}

/// <summary>What the client knows of the NAT.</summary>
public readonly record struct NatReport
{
    /// <summary>The mapping behaviour.</summary>
    public MappingBehaviour Mapping { get; init; }

    /// <summary>The filtering behaviour.</summary>
    public FilteringBehaviour Filtering { get; init; }

    /// <summary>Whether the external port equals the internal one.</summary>
    public bool PortPreserving { get; init; }

    /// <summary>Whether a symmetric NAT may increase its ports by a small step; false when it is not symmetric, or is known not to.</summary>
    public bool Sequential { get; init; }

    /// <summary>Whether a symmetric NAT uses another external address towards another destination.</summary>
    public bool SeveralAddresses { get; init; }

    /// <summary>Whether the gateway maps the service port on request.</summary>
    public bool PortMapped { get; init; }

    /// <summary>The name that RFC 3489 and Windows use: none, cone, restricted, symmetric or unknown.</summary>
    public string ClassicName => Mapping switch
    {
        MappingBehaviour.None => "none",
        MappingBehaviour.AddressOrPortDependent => "symmetric",
        MappingBehaviour.EndpointIndependent => Filtering == FilteringBehaviour.EndpointIndependent ? "cone" : "restricted",
        _ => Filtering == FilteringBehaviour.EndpointIndependent ? "cone" : "unknown",
    };
}

/// <summary>An event that the driver may report.</summary>
public abstract record ClientEvent
{
    ClientEvent()
    {
    }

    /// <summary>The state changed.</summary>
    public sealed record StateChanged : ClientEvent
    {
        /// <summary>The new state.</summary>
        public required ClientState State { get; init; }
    }

    /// <summary>The client has an address, for the first time or again.</summary>
    public sealed record Qualified : ClientEvent
    {
        /// <summary>The address.</summary>
        public required TeredoAddress Address { get; init; }

        /// <summary>The server that gave it.</summary>
        public required TeredoServerAddress Server { get; init; }

        /// <summary>The MTU of the interface, in octets.</summary>
        public required int MtuOctets { get; init; }

        /// <summary>What the client knows of the NAT.</summary>
        public required NatReport Nat { get; init; }
    }

    /// <summary>The address changed; the old address no longer works.</summary>
    public sealed record AddressChanged : ClientEvent
    {
        /// <summary>The old address.</summary>
        public required TeredoAddress Old { get; init; }

        /// <summary>The new address.</summary>
        public required TeredoAddress New { get; init; }
    }

    /// <summary>The address no longer works, and there is no new one.</summary>
    public sealed record AddressLost : ClientEvent
    {
        /// <summary>The address that was lost.</summary>
        public required TeredoAddress Address { get; init; }
    }

    /// <summary>Qualification failed.</summary>
    public sealed record Failed : ClientEvent
    {
        /// <summary>Why it failed.</summary>
        public required OfflineReason Reason { get; init; }

        /// <summary>When the client tries again.</summary>
        public required Instant RetryAt { get; init; }
    }

    /// <summary>The server asks the client to fetch a new key (RFC 4380 §5.2.2).</summary>
    public sealed record KeyRenewalNeeded : ClientEvent;

    /// <summary>A peer could not be reached.</summary>
    public sealed record PeerUnreachable : ClientEvent
    {
        /// <summary>The peer's IPv6 address.</summary>
        public required IPv6Address Peer { get; init; }

        /// <summary>Why, as far as the client can tell.</summary>
        public required UnreachableReason Reason { get; init; }
    }

    /// <summary>The gateway maps the service port. Store the port, so that the mapping can be removed after a crash (RFC 6081 §5.3.1).</summary>
    public sealed record PortMapped : ClientEvent
    {
        /// <summary>The external endpoint.</summary>
        public required IPv4Endpoint External { get; init; }
    }

    /// <summary>
    /// The refresh interval changed: an experiment found a longer one (RFC 4380 §5.2.7), or the NAT forgot the mapping within the present one.
    /// </summary>
    public sealed record IntervalDetermined : ClientEvent
    {
        /// <summary>The new interval.</summary>
        public required TimeSpan Interval { get; init; }
    }

    /// <summary>A check of reachability has ended. <see cref="TeredoClient.Nat"/> has what it showed of the NAT's filtering.</summary>
    public sealed record ReachabilityChecked : ClientEvent
    {
        /// <summary>What came of it.</summary>
        public required ReachabilityOutcome Outcome { get; init; }

        /// <summary>The stranger's endpoint, or null when the server named none.</summary>
        public IPv4Endpoint? Stranger { get; init; }
    }
}
