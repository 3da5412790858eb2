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
    /// <summary>Not known. RFC 5991 §3.2 dropped the cone phase, so only observation can tell.</summary>
    NotChecked,
    /// <summary>Observed: a packet of a stranger got in.</summary>
    EndpointIndependent,
}

/// <summary>What the client knows of the NAT.</summary>
/// <param name="Mapping">The mapping behaviour.</param>
/// <param name="Filtering">The filtering behaviour.</param>
/// <param name="PortPreserving">Whether the external port equals the internal one.</param>
/// <param name="Sequential">
/// Whether a symmetric NAT may increase its ports by a small step; false when it is not symmetric, or is known not to.
/// </param>
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

/// <summary>An event that the driver may report.</summary>
public abstract record ClientEvent
{
    ClientEvent()
    {
    }

    /// <summary>The state changed.</summary>
    /// <param name="State">The new state.</param>
    public sealed record StateChanged(ClientState State) : ClientEvent;

    /// <summary>The client has an address, for the first time or again.</summary>
    /// <param name="Address">The address.</param>
    /// <param name="Server">The server that gave it.</param>
    /// <param name="MtuOctets">The MTU of the interface, in octets.</param>
    /// <param name="Nat">What the client knows of the NAT.</param>
    public sealed record Qualified(TeredoAddress Address, TeredoServerAddress Server, int MtuOctets, NatReport Nat) : ClientEvent;

    /// <summary>The address changed; the old address no longer works.</summary>
    /// <param name="Old">The old address.</param>
    /// <param name="New">The new address.</param>
    public sealed record AddressChanged(TeredoAddress Old, TeredoAddress New) : ClientEvent;

    /// <summary>The address no longer works, and there is no new one.</summary>
    /// <param name="Address">The address that was lost.</param>
    public sealed record AddressLost(TeredoAddress Address) : ClientEvent;

    /// <summary>Qualification failed.</summary>
    /// <param name="Reason">Why it failed.</param>
    /// <param name="RetryAt">When the client tries again.</param>
    public sealed record Failed(OfflineReason Reason, Instant RetryAt) : ClientEvent;

    /// <summary>The server asks the client to fetch a new key (RFC 4380 §5.2.2).</summary>
    public sealed record KeyRenewalNeeded : ClientEvent;

    /// <summary>A peer could not be reached.</summary>
    /// <param name="Peer">The peer's IPv6 address.</param>
    /// <param name="Reason">Why, as far as the client can tell.</param>
    public sealed record PeerUnreachable(IPv6Address Peer, UnreachableReason Reason) : ClientEvent;

    /// <summary>The gateway maps the service port. Store the port, so that the mapping can be removed after a crash (RFC 6081 §5.3.1).</summary>
    /// <param name="External">The external endpoint.</param>
    public sealed record PortMapped(IPv4Endpoint External) : ClientEvent;

    /// <summary>An experiment found a longer refresh interval (RFC 4380 §5.2.7).</summary>
    /// <param name="Interval">The new interval.</param>
    public sealed record IntervalDetermined(TimeSpan Interval) : ClientEvent;
}
