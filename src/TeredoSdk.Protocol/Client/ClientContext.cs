using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>The state that the parts of a client share: its settings, what it knows of itself, and its outputs to the driver.</summary>
sealed class ClientContext(TeredoClientOptions options, IRandomSource random)
{
    const int MaxEvents = 256;       // when the driver takes none, the oldest are lost
    const int MaxDeliveries = 256;

    readonly Queue<ClientEvent> _events = new();
    RateGate _errors = new(5, 5);    // RFC 4443 §2.4 f demands a limit; ours is 10 in any second

    public TeredoClientOptions Options => options;
    public IRandomSource Random => random;
    public DropCounters Drops { get; } = new();
    public PacketQueue Transmits { get; } = new();
    public PacketQueue Deliveries { get; } = new();
    public Queue<ClientRequest> Requests { get; } = new();

    public AddressPolicy Policy { get; set; } = options.AllowPrivateAddresses ? AddressPolicy.Lab : AddressPolicy.Strict;
    public IReadOnlyList<TeredoServerAddress> Servers { get; set; } = options.Servers;
    public TeredoServerAddress Server { get; set; } = options.Servers[0];

    /// <summary>Our Teredo address, or null.</summary>
    public TeredoAddress? Address { get; set; }

    /// <summary>The service port's endpoint on this host.</summary>
    public IPv4Endpoint Local { get; set; }

    /// <summary>The service port's endpoint as the server's primary address sees it.</summary>
    public IPv4Endpoint Mapped { get; set; }

    public MappingBehaviour Mapping { get; set; }
    public FilteringBehaviour Filtering { get; set; }
    public bool IsSymmetric => Mapping == MappingBehaviour.AddressOrPortDependent;
    public bool IsPortPreserving { get; set; }

    /// <summary>Whether another destination sees us at another address.</summary>
    public bool HasSeveralAddresses { get; set; }

    /// <summary>
    /// Whether a symmetric NAT may increase its ports by a small step. A test that shows otherwise clears this for the lifetime of the mapping.
    /// </summary>
    public bool MayBeSequential { get; set; }

    /// <summary>The gateway's mapping that leads to the service port; null when it equals the mapped endpoint (RFC 6081 §5.3.3).</summary>
    public IPv4Endpoint? PortMapping { get; set; }

    /// <summary>Whether the gateway maps the service port (RFC 6081 §5.3.1: UPnP-Enabled NAT flag).</summary>
    public bool IsPortMapped { get; set; }

    public Instant LastServerSent { get; private set; } = Instant.MinValue;
    public Instant LastServerReceived { get; set; } = Instant.MinValue;

    /// <summary>When the service port last sent something of our own, such as a bubble, to another than our server.</summary>
    public Instant LastPeerSent { get; private set; } = Instant.MinValue;

    /// <summary>When the host last sent or received a packet.</summary>
    public Instant LastTraffic { get; set; } = Instant.MinValue;

    public IPv4Endpoint PrimaryEndpoint => new(Server.Primary, TeredoPorts.Server);
    public IPv4Endpoint SecondaryEndpoint => new(Server.Secondary, TeredoPorts.Server);

    /// <summary>Whether an endpoint is our own, inside or outside the NAT. Sending to it would make a loop as in RFC 6324.</summary>
    public bool IsOwn(IPv4Endpoint endpoint) => endpoint == Mapped || endpoint == Local;

    public void Send(Instant now, LocalPort via, IPv4Endpoint target, ReadOnlySpan<byte> datagram, byte ttl = 0)
    {
        if (via == LocalPort.Service && target == PrimaryEndpoint)
            LastServerSent = now;
        else if (via == LocalPort.Service)
            LastPeerSent = now;
        Transmits.Add(datagram, via, target, ttl);
    }

    /// <summary>Sends a router solicitation with a fresh nonce (RFC 4380 §5.2.1, §5.2.2).</summary>
    /// <returns>The nonce that the answer must carry.</returns>
    public ulong Solicit(Instant now, LocalPort via, IPv4Endpoint server)
    {
        ulong nonce = random.NextUInt64();
        Span<byte> datagram = stackalloc byte[Authentication.MinimumSize + 255 + Authentication.MaximumValueSize + RouterSolicitation.Size];
        Span<byte> solicitation = stackalloc byte[RouterSolicitation.Size];
        RouterSolicitation.Write(solicitation, TeredoLinkLocal.Client); // RFC 5991 §3.2: the cone bit is 0 from the start
        int at = options.Secret is { } secret
            ? Authentication.Write(datagram, nonce, 0, secret.ClientIdentifier.Span, secret.Algorithm, secret.Secret.Span, default, solicitation)
            : Authentication.Write(datagram, nonce);
        solicitation.CopyTo(datagram[at..]);
        Send(now, via, server, datagram[..(at + RouterSolicitation.Size)]);
        return nonce;
    }

    public void Request(ClientRequest request) => Requests.Enqueue(request);

    public void Raise(ClientEvent clientEvent)
    {
        if (_events.Count == MaxEvents)
            _events.Dequeue();
        _events.Enqueue(clientEvent);
    }

    public bool TryTakeEvent(out ClientEvent? clientEvent) => _events.TryDequeue(out clientEvent);

    /// <summary>Delivers a packet that had to wait to the host.</summary>
    public void Deliver(Instant now, ReadOnlySpan<byte> packet)
    {
        LastTraffic = now;
        if (Deliveries.Count < MaxDeliveries)
            Deliveries.Add(packet, default, default);
        else
            Drops.Count(DropReason.QueueFull);
    }

    /// <summary>Tells the host that a packet's destination is unreachable (RFC 4443 §3.1), within the limits of §2.4.</summary>
    public void DeliverUnreachable(Instant now, in IPv6Packet packet)
    {
        if (!Icmpv6Error.MayAnswer(packet) || Deliveries.Count >= MaxDeliveries || !_errors.TryTake(now))
            return;
        Span<byte> error = stackalloc byte[Icmpv6Error.MaximumPacketSize];
        int length = Icmpv6Error.WritePacket(error, Icmpv6Type.DestinationUnreachable, Icmpv6Error.AddressUnreachable, 0,
            TeredoLinkLocal.Server(Server.Primary), packet.Source, packet.Octets); // the source is the link's router
        Deliveries.Add(error[..length], default, default);
    }

    /// <summary>Drops a packet of the host and tells the host that its destination is unreachable.</summary>
    public Verdict Refuse(Instant now, in IPv6Packet packet, DropReason reason)
    {
        DeliverUnreachable(now, packet);
        return Drops.Drop(reason);
    }
}
