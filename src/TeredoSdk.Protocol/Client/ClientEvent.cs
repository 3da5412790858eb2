namespace TeredoSdk.Protocol.Client;

/// <summary>Where a client stands.</summary>
public enum ClientState
{
    /// <summary>Not started, or stopped.</summary>
    Off,
    /// <summary>Not allowed to run: native IPv6 is there, the network is managed, or there is no IPv4.</summary>
    Suppressed,
    /// <summary>Preparing the service port or soliciting a server.</summary>
    Qualifying,
    /// <summary>Has an address.</summary>
    Qualified,
    /// <summary>No server answered; waits to try again.</summary>
    Offline,
    /// <summary>Idle with no lease; a packet or a lease wakes it.</summary>
    Dormant,
}

/// <summary>Why a client has no address.</summary>
public enum OfflineReason
{
    /// <summary>No server answered at its primary address: UDP blocked, or the servers are down.</summary>
    ServerUnreachable,
    /// <summary>The secondary address did not answer and is required.</summary>
    SecondaryUnreachable,
    /// <summary>The NAT is symmetric and symmetric NAT support is off (RFC 4380 §5.2.1).</summary>
    SymmetricNat,
    /// <summary>The service port could not be opened.</summary>
    PortUnavailable,
    /// <summary>The server reports an endpoint that is not global unicast.</summary>
    MappedAddressNotGlobal,
}

/// <summary>Why a peer could not be reached.</summary>
public enum UnreachableReason
{
    /// <summary>Nothing came back, neither directly nor through its server.</summary>
    Silent,
    /// <summary>It answers through its server, but its direct packets do not arrive: one of the two NATs is symmetric.</summary>
    DirectPathBlocked,
    /// <summary>No relay answered the connectivity test of a native IPv6 address.</summary>
    NoRelay,
}

/// <summary>How a NAT maps ports (RFC 4787 §4.1), as far as the two server addresses tell.</summary>
public enum MappingBehaviour
{
    /// <summary>The secondary server address did not answer.</summary>
    NotChecked,
    /// <summary>No NAT: the mapped endpoint is our own.</summary>
    None,
    /// <summary>One mapping for all destinations.</summary>
    EndpointIndependent,
    /// <summary>Another mapping for another destination.</summary>
    AddressOrPortDependent,
}

/// <summary>Which packets a NAT lets in (RFC 4787 §5).</summary>
public enum FilteringBehaviour
{
    /// <summary>Not known: since RFC 5991 §3.2 no cone phase finds out, only observation does.</summary>
    NotChecked,
    /// <summary>Observed: a peer got in that we had sent nothing to.</summary>
    EndpointIndependent,
}

/// <summary>What is known of the NAT.</summary>
public readonly record struct NatReport
{
    /// <summary>The mapping behaviour.</summary>
    public MappingBehaviour Mapping { get; init; }

    /// <summary>The filtering behaviour.</summary>
    public FilteringBehaviour Filtering { get; init; }

    /// <summary>Whether the external port equals the internal one.</summary>
    public bool PortPreserving { get; init; }

    /// <summary>Whether a symmetric NAT steps its ports by a small amount; false when it is not symmetric or known not to.</summary>
    public bool Sequential { get; init; }

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

/// <summary>Something happened that the driver may want to tell.</summary>
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

    /// <summary>There is an address, for the first time or again.</summary>
    public sealed record Qualified : ClientEvent
    {
        /// <summary>The address.</summary>
        public required TeredoAddress Address { get; init; }

        /// <summary>The server it was qualified with.</summary>
        public required TeredoServerAddress Server { get; init; }

        /// <summary>The MTU of the interface, in octets.</summary>
        public required int MtuOctets { get; init; }

        /// <summary>What is known of the NAT.</summary>
        public required NatReport Nat { get; init; }
    }

    /// <summary>The address changed; the old one is void.</summary>
    public sealed record AddressChanged : ClientEvent
    {
        /// <summary>The old address.</summary>
        public required TeredoAddress Old { get; init; }

        /// <summary>The new address.</summary>
        public required TeredoAddress New { get; init; }
    }

    /// <summary>The address is void and there is no new one.</summary>
    public sealed record AddressLost : ClientEvent
    {
        /// <summary>The address that was lost.</summary>
        public required TeredoAddress Address { get; init; }
    }

    /// <summary>Qualification failed.</summary>
    public sealed record Failed : ClientEvent
    {
        /// <summary>Why.</summary>
        public required OfflineReason Reason { get; init; }

        /// <summary>When it is tried again.</summary>
        public required Instant RetryAt { get; init; }
    }

    /// <summary>The server wants a new key to be fetched (RFC 4380 §5.2.2).</summary>
    public sealed record KeyRenewalNeeded : ClientEvent;

    /// <summary>A peer could not be reached.</summary>
    public sealed record PeerUnreachable : ClientEvent
    {
        /// <summary>Its IPv6 address.</summary>
        public required IPv6Address Peer { get; init; }

        /// <summary>Why, as far as it shows.</summary>
        public required UnreachableReason Reason { get; init; }
    }

    /// <summary>The gateway maps the service port; keep the port to remove the mapping after a crash (RFC 6081 §5.3.1).</summary>
    public sealed record PortMapped : ClientEvent
    {
        /// <summary>The external endpoint.</summary>
        public required IPv4Endpoint External { get; init; }
    }

    /// <summary>The refresh interval was determined (RFC 4380 §5.2.7).</summary>
    public sealed record IntervalDetermined : ClientEvent
    {
        /// <summary>The new interval.</summary>
        public required TimeSpan Interval { get; init; }
    }
}
