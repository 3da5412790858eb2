using TeredoSdk.Protocol.Reflection;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Server;

/// <summary>A Teredo server (RFC 4380 §5.3) as a state machine without sockets, clock or tasks.</summary>
/// <remarks>
/// <para>
/// The server remembers nothing of its clients: its memory is the fixed tables of the rate limits and the queues of packets to send. The driver owns
/// two sockets on port 3544, one for each address, and hands every datagram to <see cref="HandleDatagram"/>. After each datagram, or burst of
/// datagrams, it calls <see cref="TryTakeTransmit"/> and <see cref="TryTakeDelivery"/> until both return false. A datagram causes at most one answer
/// or one forwarded packet; only an order for a check of reachability (docs/protocol §9) causes two datagrams.
/// </para>
/// <para>Calls must not overlap: the type has no lock. Bad input from the network is counted in <see cref="Drops"/>, and never throws.</para>
/// </remarks>
public sealed partial class TeredoServer
{
    /// <summary>The largest ICMPv6 message that the server accepts, in octets: enough for connectivity tests, but not for data.</summary>
    /// <remarks>RFC 4380 sets no limit. Deployed servers have this one, and RFC 4380 §5.2.9 needs far less.</remarks>
    public const int MaximumIcmpv6Size = 88;

    const int MaximumForwardSize = RouterAdvertisement.DefaultMtuOctets; // for packet and trailers: the MTU of RFC 4380 §5.1.2

    readonly IPv4Address _primary;
    readonly IPv4Address? _secondary;
    readonly IPv4Endpoint? _relay;
    readonly IPv4Address[] _peerServers;
    readonly bool _allowServerPort, _forwardNative;
    readonly IServerKeyStore? _keys;
    readonly AddressPolicy _policy;
    readonly IPv6Address _linkLocal;
    readonly ServerLimiter? _limiter;
    readonly Reflector? _reflector;
    readonly PacketQueue _transmits = new(), _deliveries = new();

    /// <summary>Makes a server, which works at once.</summary>
    /// <param name="options">The settings; validated here.</param>
    /// <param name="random">Seeds the hashes of the rate limits.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
    public TeredoServer(TeredoServerOptions options, IRandomSource random)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(random);
        options.Validate();
        (_primary, _secondary, _relay, _keys) = (options.Primary, options.Secondary, options.Relay, options.Keys);
        (_allowServerPort, _forwardNative) = (options.AllowServerPort, options.ForwardNative);
        _peerServers = [.. options.PeerServers];
        _policy = new(options.AllowPrivateAddresses, options.AttachedSubnets.ToArray());
        _linkLocal = TeredoLinkLocal.Server(_primary);
        _limiter = options.RateLimits is { } limits ? new(limits, random) : null;
        _reflector = options.Reflector is { } address ? new(_primary, address, _policy, random, _transmits) : null;
    }

    /// <summary>How many packets were dropped, by reason.</summary>
    public DropCounters Drops { get; } = new();

    /// <summary>The limit that the last datagram reached that was dropped as <see cref="DropReason.RateLimited"/>; None while there was none.</summary>
    public ServerLimit LastLimit { get; private set; }

    /// <summary>Takes a UDP datagram.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket: that of the primary address, the secondary, or one of the two of the reflector.</param>
    /// <param name="source">The outer source.</param>
    /// <param name="payload">The UDP payload; it is not kept.</param>
    /// <returns>Consumed (an answer or a forward waits in <see cref="TryTakeTransmit"/> or <see cref="TryTakeDelivery"/>) or Dropped.</returns>
    /// <exception cref="ArgumentException"><paramref name="via"/> is not a socket of this server.</exception>
    public Verdict HandleDatagram(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        bool toReflector = _reflector is not null && (via == LocalPort.Reflector || via == LocalPort.OtherReflector);
        if (via != LocalPort.ServerPrimary && (via != LocalPort.ServerSecondary || _secondary is null) && !toReflector)
            throw new ArgumentException($"The datagram came to {via}; expected a socket of this server.", nameof(via));
        if (!Encapsulation.TryParse(payload, out var datagram, out var reason)) // §5.3.1 rule 1
            return Drops.Drop(reason);
        reason = !toReflector ? Handle(now, via, source, datagram)
            : via == LocalPort.Reflector ? _reflector!.TakeDatagram(now, source, datagram) : DropReason.UnexpectedOnPort;
        return reason == DropReason.None ? Verdict.Consumed : Drops.Drop(reason);
    }

    /// <summary>Takes a run of UDP datagrams of equal length from one source. The last one may be shorter.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="via">The socket that received them.</param>
    /// <param name="source">The outer source.</param>
    /// <param name="buffer">The UDP payloads, one after the other; they are not kept.</param>
    /// <param name="segmentSize">The length of each payload except the last, in octets; at least 1.</param>
    /// <param name="verdicts">Receives a verdict for each datagram.</param>
    /// <returns>How many verdicts were written.</returns>
    /// <exception cref="ArgumentException">
    /// There are more segments than verdicts, or <paramref name="via"/> is not a socket of this server.
    /// </exception>
    public int HandleDatagrams(Instant now, LocalPort via, IPv4Endpoint source, ReadOnlySpan<byte> buffer, int segmentSize, Span<Verdict> verdicts)
    {
        int count = Segments.Count(buffer.Length, segmentSize, verdicts.Length);
        for (int i = 0; i < count; i++)
        {
            verdicts[i] = HandleDatagram(now, via, source, buffer[..Math.Min(segmentSize, buffer.Length)]);
            buffer = buffer[Math.Min(segmentSize, buffer.Length)..];
        }
        return count;
    }

    /// <summary>Whether a datagram waits to be sent.</summary>
    public bool HasTransmits => _transmits.Count > 0;

    /// <summary>Takes the next datagram to send. Its TTL is 0, the socket's default.</summary>
    /// <param name="buffer">Receives the UDP payload; 1500 octets always suffice.</param>
    /// <param name="transmit">Length, socket and target.</param>
    /// <returns>False when there is no datagram.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the datagram stays.</exception>
    public bool TryTakeTransmit(Span<byte> buffer, out Transmit transmit) => _transmits.TryTake(buffer, out transmit);

    /// <summary>Takes the next IPv6 packet for the native internet: an Echo Request or Echo Reply of a client.</summary>
    /// <param name="buffer">Receives the packet; 1500 octets always suffice.</param>
    /// <param name="length">The packet's length, in octets.</param>
    /// <returns>False when there is no packet.</returns>
    /// <exception cref="ArgumentException">The buffer is too short; the packet stays.</exception>
    public bool TryTakeDelivery(Span<byte> buffer, out int length)
    {
        bool taken = _deliveries.TryTake(buffer, out var transmit);
        length = transmit.Length;
        return taken;
    }

    // Applies the numbered rules of RFC 4380 §5.3.1 in their order.
    DropReason Handle(Instant now, LocalPort via, IPv4Endpoint source, in Encapsulation datagram)
    {
        var packet = datagram.Packet;
        bool isIcmpv6 = packet.NextHeader == NextHeader.Icmpv6 && packet.Payload.Length >= Icmpv6Message.HeaderSize;
        if (!isIcmpv6 && !packet.IsBubble) // rule 2; next header 59 with a payload is not a bubble (§2.8)
            return DropReason.NotBubbleOrIcmpv6;
        bool reflects = _reflector is not null && ReflectionMessage.IsCandidate(packet, request: true);
        if (packet.Payload.Length > (reflects ? MaximumForwardSize - IPv6Packet.HeaderSize : MaximumIcmpv6Size))
            return DropReason.TooLarge;
        if (!_policy.IsGlobalUnicast(source)) // rule 3
            return DropReason.SourceNotGlobal;
        if (FindLoop(source) is var loop and not DropReason.None)
            return loop;
        if (RouterSolicitation.Matches(packet)) // rule 4
            return Advertise(now, via, source, datagram);
        var inner = packet.Source;
        if (TeredoAddress.TryCreate(inner, out var teredo) && !teredo.HasOldPrefix)
        {
            return teredo.MappedEndpoint != source ? DropReason.SourceMismatch // rule 5
                : reflects ? Reflect(now, via, source, teredo, packet) : Route(now, via, source, datagram);
        }
        if (reflects || !IsOwnClient(packet.Destination)) // rules 6 and 7
            return DropReason.NotAccepted;
        if (inner.Is6to4 && IsOwn(inner.Embedded6to4))
            return DropReason.OwnAddress; // RFC 6324 §3.3: a packet of a tunnel that has our own IPv4 address
        bool plausible = !inner.IsUnspecified && !inner.IsLoopback && !inner.IsMulticast && !inner.IsIPv4Embedded
            && inner != _linkLocal && inner.High >> 32 != TeredoAddress.OldPrefix;
        return plausible ? Route(now, via, source, datagram) : DropReason.BadInnerSource;
    }

    // RFC 6324: a packet from a server is never meant for a server.
    DropReason FindLoop(IPv4Endpoint source)
    {
        bool isOwnClient = _policy.AllowsPrivate && source.Port != TeredoPorts.Server; // a laboratory's clients may share our address
        if (IsOwn(source.Address) && !isOwnClient && source != _relay)
            return DropReason.OwnAddress;
        return IsServer(source) ? DropReason.ServerPort : DropReason.None;
    }

    // §5.3.1, "Then, the Teredo server examines the IPv6 destination address".
    DropReason Route(Instant now, LocalPort via, IPv4Endpoint source, in Encapsulation datagram)
    {
        var destination = datagram.Packet.Destination;
        if (destination == _linkLocal)
            return AnswerEcho(now, via, source, datagram.Packet);
        if (!destination.IsGlobalUnicast)
            return DropReason.BadInnerDestination;
        if (!TeredoAddress.TryCreate(destination, out var teredo))
            return ForwardNative(now, source, datagram.Packet);
        return teredo.HasOldPrefix ? DropReason.BadInnerDestination : ForwardToClient(now, source, teredo, datagram);
    }

    // §5.3.2
    DropReason Advertise(Instant now, LocalPort via, IPv4Endpoint source, in Encapsulation datagram)
    {
        var packet = datagram.Packet;
        ServerKey key = default;
        if (_keys is not null && !TryAuthenticate(datagram, out key))
            return DropReason.BadAuthentication;
        if (!MayAnswer(now, source))
            return DropReason.RateLimited;
        bool isSecure = _keys is not null;
        int header = isSecure ? Authentication.SizeOf(datagram.Authentication.ClientIdentifier.Length, key.Algorithm)
            : datagram.HasAuthentication ? Authentication.MinimumSize : 0;
        var answer = _transmits.Reserve(header + OriginIndication.Size + RouterAdvertisement.Size, AnswerPort(via, packet.Source), source);
        var origin = answer.Slice(header, OriginIndication.Size);
        var advertisement = answer[(header + OriginIndication.Size)..];
        OriginIndication.Write(origin, source);
        RouterAdvertisement.Write(advertisement, _primary, packet.Source);
        // Only a client that sent an authentication header gets one, with its own nonce. Otherwise a client could learn another client's nonce.
        if (isSecure)
            Authentication.Write(answer, datagram.Authentication.Nonce, (byte)(key.ExpiresSoon ? 1 : 0),
                datagram.Authentication.ClientIdentifier, key.Algorithm, key.Secret.Span, origin, advertisement);
        else if (datagram.HasAuthentication)
            Authentication.Write(answer, datagram.Authentication.Nonce);
        return DropReason.None;
    }

    bool TryAuthenticate(in Encapsulation datagram, out ServerKey key)
    {
        key = default;
        return datagram.HasAuthentication && _keys!.TryGetKey(datagram.Authentication.ClientIdentifier, out key)
            && datagram.Authentication.Verify(key.Algorithm, key.Secret.Span,
                datagram.HasOrigin ? datagram.Origin.Octets : default, datagram.Packet.Octets);
    }

    // §5.3.2: when the cone bit is set, answers from the address that the solicitation did not come to. RFC 5991 §3.2 keeps this for old clients.
    LocalPort AnswerPort(LocalPort via, IPv6Address solicitor) =>
        _secondary is null || !TeredoLinkLocal.HasConeBit(solicitor) ? via
        : via == LocalPort.ServerPrimary ? LocalPort.ServerSecondary : LocalPort.ServerPrimary;

    DropReason AnswerEcho(Instant now, LocalPort via, IPv4Endpoint source, in IPv6Packet packet)
    {
        if (packet.IsBubble)
            return DropReason.BadInnerDestination;
        if (!Icmpv6Message.TryParse(packet, out var message))
            return DropReason.MalformedIcmpv6;
        if (!EchoMessage.TryParse(message, out var echo) || echo.IsReply)
            return DropReason.BadInnerDestination;
        if (!MayAnswer(now, source))
            return DropReason.RateLimited;
        EchoMessage.WritePacket(_transmits.Reserve(packet.Length, via, source), Icmpv6Type.EchoReply,
            _linkLocal, packet.Source, echo.Identifier, echo.Sequence, echo.Data);
        return DropReason.None;
    }

    DropReason ForwardNative(Instant now, IPv4Endpoint source, in IPv6Packet packet)
    {
        var destination = packet.Destination;
        if (destination.Is6to4 && IsOwn(destination.Embedded6to4))
            return DropReason.OwnAddress; // RFC 6324 §3.3
        if (destination.Is6to4 && !_policy.IsGlobalUnicast(destination.Embedded6to4))
            return DropReason.BadInnerDestination;
        if (packet.IsBubble || packet.Payload[0] is not ((byte)Icmpv6Type.EchoRequest or (byte)Icmpv6Type.EchoReply))
            return DropReason.NotAccepted; // clients need only connectivity tests (§5.2.9) and their answers there
        if (!_forwardNative)
            return DropReason.NoNativeRoute;
        if (packet.HopLimit <= 1)
            return DropReason.HopLimitExceeded;
        if (!MayForward(now, source, destination.High))
            return DropReason.RateLimited;
        var forward = _deliveries.Reserve(packet.Length);
        packet.Octets.CopyTo(forward); // without the trailers, which have no meaning there (RFC 6081 §4.1)
        forward[7]--;
        return DropReason.None;
    }

    DropReason ForwardToClient(Instant now, IPv4Endpoint source, TeredoAddress destination, in Encapsulation datagram)
    {
        var target = destination.MappedEndpoint;
        if (!_policy.IsGlobalUnicast(target))
            return DropReason.DestinationNotGlobal;
        if (target.Address == _reflector?.Endpoint.Address)
            return DropReason.NotAccepted; // the stranger waits for direct bubbles
        if (IsOwn(target.Address))
            return DropReason.OwnAddress;
        if (IsServer(target))
            return DropReason.ServerPort;
        if (IsNeighborDiscovery(datagram.Packet))
            return DropReason.NotAccepted;
        var forward = datagram.PacketAndTrailers; // RFC 6081 §4.1: with the trailers, but without the Teredo headers
        if (forward.Length > MaximumForwardSize)
            return DropReason.TooLarge;
        if (!MayForward(now, source, target.Address.Value))
            return DropReason.RateLimited;
        int header = destination.Server == _primary ? OriginIndication.Size : 0; // clients of other servers would ignore an origin indication
        var datagramOut = _transmits.Reserve(header + forward.Length, LocalPort.ServerPrimary, target); // §5.3.1: from the server's address
        if (header > 0)
            OriginIndication.Write(datagramOut, source);
        forward.CopyTo(datagramOut[header..]);
        return DropReason.None;
    }

    bool MayAnswer(Instant now, IPv4Endpoint source) => _limiter is null || Note(_limiter.TryAnswer(now, source));

    bool MayForward(Instant now, IPv4Endpoint source, ulong destination) => _limiter is null || Note(_limiter.TryForward(now, source, destination));

    bool Note(ServerLimit limit)
    {
        if (limit != ServerLimit.None)
            LastLimit = limit;
        return limit == ServerLimit.None;
    }

    // The messages of RFC 4861 never leave a link, and a router advertisement through the server would look like the server's own.
    static bool IsNeighborDiscovery(in IPv6Packet packet) => !packet.IsBubble && packet.Payload[0] is >= 133 and <= 137;

    bool IsOwn(IPv4Address address) => address == _primary || address == _secondary || address == _reflector?.Endpoint.Address;

    bool IsServer(IPv4Endpoint endpoint) =>
        endpoint.Port == TeredoPorts.Server && !_allowServerPort || Array.IndexOf(_peerServers, endpoint.Address) >= 0;

    bool IsOwnClient(IPv6Address destination) => destination.High == ((ulong)TeredoAddress.Prefix << 32 | _primary.Value);
}
