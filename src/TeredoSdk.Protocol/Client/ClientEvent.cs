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
/// <param name="Mapping">The mapping behaviour.</param>
/// <param name="Filtering">The filtering behaviour.</param>
/// <param name="PortPreserving">Whether the external port equals the internal one.</param>
/// <param name="Sequential">Whether a symmetric NAT steps its ports by a small amount; false when it is not symmetric or known not to.</param>
/// <param name="PortMapped">Whether the gateway maps the service port on request.</param>
public readonly record struct NatReport(MappingBehaviour Mapping, FilteringBehaviour Filtering, bool PortPreserving, bool Sequential, bool PortMapped)
{
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
    /// <param name="State">The new state.</param>
    public sealed record StateChanged(ClientState State) : ClientEvent;

    /// <summary>There is an address, for the first time or again.</summary>
    /// <param name="Address">The address.</param>
    /// <param name="Server">The server it was qualified with.</param>
    /// <param name="MtuOctets">The MTU of the interface, in octets.</param>
    /// <param name="Nat">What is known of the NAT.</param>
    public sealed record Qualified(TeredoAddress Address, TeredoServerAddress Server, int MtuOctets, NatReport Nat) : ClientEvent;

    /// <summary>The address changed; the old one is void.</summary>
    /// <param name="Old">The old address.</param>
    /// <param name="New">The new address.</param>
    public sealed record AddressChanged(TeredoAddress Old, TeredoAddress New) : ClientEvent;

    /// <summary>The address is void and there is no new one.</summary>
    /// <param name="Address">The address that was lost.</param>
    public sealed record AddressLost(TeredoAddress Address) : ClientEvent;

    /// <summary>Qualification failed.</summary>
    /// <param name="Reason">Why.</param>
    /// <param name="RetryAt">When it is tried again.</param>
    public sealed record Failed(OfflineReason Reason, Instant RetryAt) : ClientEvent;

    /// <summary>The server wants a new key to be fetched (RFC 4380 §5.2.2).</summary>
    public sealed record KeyRenewalNeeded : ClientEvent;

    /// <summary>A peer could not be reached.</summary>
    /// <param name="Peer">Its IPv6 address.</param>
    /// <param name="Reason">Why, as far as it shows.</param>
    public sealed record PeerUnreachable(IPv6Address Peer, UnreachableReason Reason) : ClientEvent;

    /// <summary>The gateway maps the service port; keep the port to remove the mapping after a crash (RFC 6081 §5.3.1).</summary>
    /// <param name="External">The external endpoint.</param>
    public sealed record PortMapped(IPv4Endpoint External) : ClientEvent;

    /// <summary>The refresh interval was determined (RFC 4380 §5.2.7).</summary>
    /// <param name="Interval">The new interval.</param>
    public sealed record IntervalDetermined(TimeSpan Interval) : ClientEvent;
}
