namespace TeredoSdk.Protocol.Client;

/// <summary>The kinds of requests to the driver.</summary>
public enum ClientRequestKind
{
    /// <summary>Open a UDP socket as <see cref="ClientRequest.Port"/>. Answer with <see cref="RequestAnswer.Opened"/> or a failure.</summary>
    OpenPort,
    /// <summary>Close that socket. There is no answer. An answer to an earlier OpenPort must not follow, either.</summary>
    ClosePort,
    /// <summary>
    /// Map the external port at the gateway to the service port. Answer with <see cref="RequestAnswer.Mapped"/> or a failure. Answer again
    /// when the mapping changes, is lost, or comes later.
    /// </summary>
    MapPort,
    /// <summary>Ask the gateway for its external address. Answer with <see cref="RequestAnswer.ExternalAddress"/> or a failure.</summary>
    GetExternalAddress,
    /// <summary>
    /// Remove the mapping of the external port. There is no answer. An answer to an earlier MapPort or GetExternalAddress must not follow.
    /// </summary>
    UnmapPort,
}

/// <summary>A request to the driver. The driver handles requests in the order in which it takes them, and may answer at any later time.</summary>
public readonly record struct ClientRequest
{
    /// <summary>The kind of the request.</summary>
    public ClientRequestKind Kind { get; init; }

    /// <summary>OpenPort and ClosePort: the socket.</summary>
    public LocalPort Port { get; init; }

    /// <summary>
    /// OpenPort: the UDP port to bind, or 0 for any. For <see cref="LocalPort.Discovery"/> it is 3544; the socket shares the port and joins
    /// 224.0.0.253. MapPort and UnmapPort: the external port.
    /// </summary>
    public ushort Number { get; init; }

    /// <summary>MapPort: the local endpoint that the external port leads to.</summary>
    public IPv4Endpoint Local { get; init; }

    /// <summary>MapPort: the wanted lifetime; zero for unlimited, as in RFC 6081 §5.3.3. A driver may ask for a limited one and renew it.</summary>
    public TimeSpan Lifetime { get; init; }

    /// <summary>MapPort: the description of the mapping, as in RFC 6081 §5.3.3.</summary>
    public const string MappingDescription = "TEREDO";
}

/// <summary>The driver's answer to a <see cref="ClientRequest"/>.</summary>
public readonly record struct RequestAnswer
{
    /// <summary>The kind of the request that is answered.</summary>
    public ClientRequestKind Kind { get; private init; }

    /// <summary>Whether the request succeeded.</summary>
    public bool Succeeded { get; private init; }

    /// <summary>OpenPort: the socket.</summary>
    public LocalPort Port { get; private init; }

    /// <summary>OpenPort: the address and port that the socket is bound to. The address is that of the interface that leads to the server.</summary>
    public IPv4Endpoint Local { get; private init; }

    /// <summary>
    /// MapPort: the external port, with the address if it is known; then no GetExternalAddress follows. GetExternalAddress: the external address.
    /// </summary>
    public IPv4Endpoint External { get; private init; }

    /// <summary>The socket is open.</summary>
    public static RequestAnswer Opened(LocalPort port, IPv4Endpoint local) =>
        new() { Kind = ClientRequestKind.OpenPort, Succeeded = true, Port = port, Local = local };

    /// <summary>The socket could not be opened, for example because the port is in use.</summary>
    public static RequestAnswer NotOpened(LocalPort port) => new() { Kind = ClientRequestKind.OpenPort, Port = port };

    /// <summary>The gateway maps this external port. When the address is unspecified, the client asks for it with GetExternalAddress.</summary>
    public static RequestAnswer Mapped(IPv4Endpoint external) =>
        new() { Kind = ClientRequestKind.MapPort, Succeeded = true, External = external };

    /// <summary>There is no gateway that maps ports, or it refused.</summary>
    public static RequestAnswer NotMapped => new() { Kind = ClientRequestKind.MapPort };

    /// <summary>The gateway's external address.</summary>
    public static RequestAnswer ExternalAddress(IPv4Address address) =>
        new() { Kind = ClientRequestKind.GetExternalAddress, Succeeded = true, External = new(address, 0) };

    /// <summary>The gateway did not tell its external address.</summary>
    public static RequestAnswer NoExternalAddress => new() { Kind = ClientRequestKind.GetExternalAddress };
}

/// <summary>The next hop of a network: a router, or the server itself when it is on the same link.</summary>
/// <remarks>Its link address is hard to meet twice, so it tells networks apart that use the same private addresses.</remarks>
public sealed record NetworkGateway
{
    /// <summary>The next hop's IPv4 address.</summary>
    public required IPv4Address Address { get; init; }

    /// <summary>The next hop's link address, such as the 48 bits of an Ethernet address. Longer ones may be shortened or hashed.</summary>
    public required ulong LinkAddress { get; init; }
}

/// <summary>The state of the host's network, as far as the driver knows it.</summary>
public sealed record NetworkState
{
    /// <summary>
    /// Whether there is an IPv4 path at all. False stops the client until it is true again. When it is true again within 30 s, in the same network
    /// (see <see cref="Gateway"/>), the client asks for its old port and qualifies again; the address is lost only if the mapping changed.
    /// </summary>
    public bool HasIPv4 { get; init; } = true;

    /// <summary>The address of the interface that leads to the server. When it changes, the client forgets all peers and qualifies again.</summary>
    public IPv4Address LocalAddress { get; init; }

    /// <summary>
    /// The next hop of packets to the server, by which the client tells one network from another; null when it is not known. Two networks are the same
    /// when they have the same <see cref="LocalAddress"/> and the same known gateway. So when the network comes back, find the gateway's link address
    /// before telling the client, but wait no longer than a second or two. A gateway that becomes unknown while the network stays changes nothing;
    /// another known gateway means that the client has moved.
    /// </summary>
    public NetworkGateway? Gateway { get; init; }

    /// <summary>The subnets of the host's own interfaces, for directed broadcasts, hairpinning and local discovery.</summary>
    public IReadOnlyList<IPv4Subnet> AttachedSubnets { get; init => field = ValueList.Of(value); } = ValueList<IPv4Subnet>.Empty;

    /// <summary>
    /// Whether the host has a native global IPv6 address with a default route (RFC 4380 §5.5). Unique local addresses do not count.
    /// </summary>
    public bool HasNativeIPv6 { get; init; }

    /// <summary>Whether the network enforces a policy that Teredo would bypass (RFC 5991 §4).</summary>
    public bool IsManaged { get; init; }

    /// <summary>Whether the machine slept since the last call. Then the client solicits at once and trusts no peer.</summary>
    public bool Resumed { get; init; }
}
