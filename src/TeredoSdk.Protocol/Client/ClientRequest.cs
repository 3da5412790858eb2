namespace TeredoSdk.Protocol.Client;

/// <summary>What only the driver can do for a client.</summary>
public enum ClientRequestKind
{
    /// <summary>Open a UDP socket as <see cref="ClientRequest.Port"/>. Answer with <see cref="RequestAnswer.Opened"/> or a failure.</summary>
    OpenPort,
    /// <summary>Close that socket. No answer, and none any more to an OpenPort before it.</summary>
    ClosePort,
    /// <summary>
    /// Map the external port at the gateway to the service port. Answer with <see cref="RequestAnswer.Mapped"/> or a failure, and again
    /// when the mapping has become another one, is lost, or is there after all.
    /// </summary>
    MapPort,
    /// <summary>Ask the gateway for its external address. Answer with <see cref="RequestAnswer.ExternalAddress"/> or a failure.</summary>
    GetExternalAddress,
    /// <summary>Remove the mapping of the external port. No answer, and none any more to a MapPort or GetExternalAddress before it.</summary>
    UnmapPort,
}

/// <summary>A request to the driver. Carry it out in the order taken; answers may come at any later time.</summary>
public readonly record struct ClientRequest
{
    /// <summary>What is wanted.</summary>
    public ClientRequestKind Kind { get; init; }

    /// <summary>Which socket is meant, for OpenPort and ClosePort.</summary>
    public LocalPort Port { get; init; }

    /// <summary>
    /// OpenPort: the UDP port to bind, or 0 for any. For <see cref="LocalPort.Discovery"/> it is 3544, shared, joined to
    /// 224.0.0.253. MapPort and UnmapPort: the external port.
    /// </summary>
    public ushort Number { get; init; }

    /// <summary>MapPort: the local endpoint that the external port shall lead to.</summary>
    public IPv4Endpoint Local { get; init; }

    /// <summary>MapPort: the wanted lifetime; zero for unlimited, as RFC 6081 §5.3.3 has it. A driver may ask for a finite one and renew.</summary>
    public TimeSpan Lifetime { get; init; }

    /// <summary>MapPort: the description that RFC 6081 §5.3.3 gives the mapping.</summary>
    public const string MappingDescription = "TEREDO";
}

/// <summary>The driver's answer to a <see cref="ClientRequest"/>.</summary>
public readonly record struct RequestAnswer
{
    /// <summary>Which kind of request is answered.</summary>
    public ClientRequestKind Kind { get; private init; }

    /// <summary>Whether it was done.</summary>
    public bool Succeeded { get; private init; }

    /// <summary>OpenPort: which socket was meant.</summary>
    public LocalPort Port { get; private init; }

    /// <summary>OpenPort: the address and port that the socket is bound to (the address of the interface that leads to the server).</summary>
    public IPv4Endpoint Local { get; private init; }

    /// <summary>MapPort: the external port. GetExternalAddress: the external address. MapPort with an address known answers both.</summary>
    public IPv4Endpoint External { get; private init; }

    /// <summary>The socket is open.</summary>
    public static RequestAnswer Opened(LocalPort port, IPv4Endpoint local) =>
        new() { Kind = ClientRequestKind.OpenPort, Succeeded = true, Port = port, Local = local };

    /// <summary>The socket could not be opened, for example because the port is in use.</summary>
    public static RequestAnswer NotOpened(LocalPort port) => new() { Kind = ClientRequestKind.OpenPort, Port = port };

    /// <summary>The gateway maps this external port. An unspecified address means "not known yet": the client asks for it.</summary>
    public static RequestAnswer Mapped(IPv4Endpoint external) =>
        new() { Kind = ClientRequestKind.MapPort, Succeeded = true, External = external };

    /// <summary>There is no such gateway, or it refused.</summary>
    public static RequestAnswer NotMapped => new() { Kind = ClientRequestKind.MapPort };

    /// <summary>The gateway's external address.</summary>
    public static RequestAnswer ExternalAddress(IPv4Address address) =>
        new() { Kind = ClientRequestKind.GetExternalAddress, Succeeded = true, External = new(address, 0) };

    /// <summary>The gateway did not tell its external address.</summary>
    public static RequestAnswer NoExternalAddress => new() { Kind = ClientRequestKind.GetExternalAddress };
}

/// <summary>What the driver knows of the host's network.</summary>
public sealed record NetworkState
{
    /// <summary>Whether there is an IPv4 path at all. False stops the client until it is true again.</summary>
    public bool HasIPv4 { get; init; } = true;

    /// <summary>The address of the interface that leads to the server; a change drops all peers and re-qualifies.</summary>
    public IPv4Address LocalAddress { get; init; }

    /// <summary>The subnets of the host's own interfaces: for directed broadcasts, hairpinning and local discovery.</summary>
    public IReadOnlyList<IPv4Subnet> AttachedSubnets { get; init => field = ValueList.Of(value); } = ValueList<IPv4Subnet>.Empty;

    /// <summary>Whether a native global IPv6 address with a default route exists (RFC 4380 §5.5; unique local ones do not count).</summary>
    public bool HasNativeIPv6 { get; init; }

    /// <summary>Whether the network enforces a policy that Teredo would pass by (RFC 5991 §4).</summary>
    public bool IsManaged { get; init; }

    /// <summary>Whether the machine slept since the last call: solicit at once, trust no peer.</summary>
    public bool Resumed { get; init; }
}
