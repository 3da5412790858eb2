using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Reflection;

/// <summary>
/// The stranger of the check of reachability (docs/protocol §9): a Teredo peer at an IPv4 address of its own, which the server tells to send to a
/// client that asks for it.
/// </summary>
/// <remarks>
/// Only the exchange with bubbles needs memory: a fixed table, from which the rate of orders lets no entry be pushed out before its time. All that a
/// request causes is smaller than the request, and goes to the client that proved its endpoint. The one exception is a client whose NAT shows the
/// stranger another endpoint: a bubble with the nonce of the order names it (RFC 6081 §5.2.4.4), once for each order.
/// </remarks>
sealed class Reflector
{
    /// <summary>How many orders may wait for a bubble.</summary>
    public const int Capacity = 256;

    /// <summary>How many orders a second there may be on average, and at once. With <see cref="Lifetime"/> that is less than <see cref="Capacity"/>.</summary>
    public const int OrdersPerSecond = 20, OrdersAtOnce = 50;

    /// <summary>How long an order waits for the client's bubble.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(10);

    struct Entry
    {
        public TeredoAddress Asker;
        public ulong Token;
        public uint Nonce;
        public IPv4Endpoint Heard; // where the bubble came from; unspecified while the order waits for it
        public Instant Until;
    }

    readonly IPv4Address _primary;
    readonly TeredoAddress _self, _otherPort;
    readonly AddressPolicy _policy;
    readonly IRandomSource _random;
    readonly PacketQueue _transmits;
    readonly ReflectionCookies _cookies;
    readonly Entry[] _entries = new Entry[Capacity];
    RateGate _orders = new(OrdersPerSecond, OrdersAtOnce);
    int _next;

    public Reflector(IPv4Address primary, IPv4Address address, AddressPolicy policy, IRandomSource random, PacketQueue transmits)
    {
        (_primary, _policy, _random, _transmits, _cookies) = (primary, policy, random, transmits, new(random));
        var flags = (TeredoFlags)random.NextUInt64() & TeredoFlags.Random; // RFC 5991 §3.1
        _self = new(primary, flags, new(address, TeredoPorts.Reflector));
        _otherPort = new(primary, flags, new(address, TeredoPorts.OtherReflector));
        Array.Fill(_entries, new() { Until = Instant.MinValue });
    }

    public IPv4Endpoint Endpoint => _self.MappedEndpoint;

    /// <summary>Whether the client of an order shows the cookie that was sent to its endpoint. Other requests show none.</summary>
    public bool IsProven(Instant now, TeredoAddress asker, in ReflectionMessage request) =>
        request.Kind != ReflectionKind.Order || _cookies.IsGood(now, asker, request.Token, request.Cookie);

    /// <summary>Carries out a request whose sender is proven and within its limits.</summary>
    /// <returns>None, or why nothing was done.</returns>
    public DropReason Take(Instant now, TeredoAddress asker, in ReflectionMessage request)
    {
        if (request.Kind == ReflectionKind.Ask)
        {
            Answer(asker, request, ReflectionKind.Cookie, _cookies.Make(now, asker, request.Token));
            return DropReason.None;
        }
        var reason = Order(now, asker, request);
        if (reason == DropReason.None)
            Answer(asker, request, ReflectionKind.Granted, request.Cookie);
        return reason;
    }

    /// <summary>Takes a datagram that came to the stranger's first port.</summary>
    public DropReason TakeDatagram(Instant now, IPv4Endpoint source, in Encapsulation datagram)
    {
        var packet = datagram.Packet;
        if (!packet.IsBubble)
            return DropReason.UnexpectedOnPort;
        if (datagram.HasOrigin || datagram.HasAuthentication)
            return DropReason.UnexpectedHeader;
        if (packet.Destination != _self)
            return DropReason.BadInnerDestination;
        if (!TrailerSet.TryParse(datagram.TrailerOctets, out var trailers))
            return DropReason.UnknownTrailer;
        if (!TeredoAddress.TryCreate(packet.Source, out var asker))
            return DropReason.BadInnerSource;
        int at = Find(now, asker);
        if (at < 0 || _entries[at].Heard != default)
            return DropReason.Untrusted;
        if (source != asker.MappedEndpoint && trailers.Nonce != _entries[at].Nonce) // RFC 6081 §5.2.4.4
            return DropReason.NonceMismatch;
        if (!_policy.IsGlobalUnicast(source) || source.Port == TeredoPorts.Server)
            return DropReason.SourceNotGlobal;
        _entries[at].Heard = source;
        Prove(asker, _entries[at].Token, ReflectionStep.Bubble, source);
        return DropReason.None;
    }

    DropReason Order(Instant now, TeredoAddress asker, in ReflectionMessage request)
    {
        if (request.Step is ReflectionStep.None)
            return DropReason.NotAccepted;
        int known = Find(now, asker);
        if (request.Step == ReflectionStep.OtherPort && (known < 0 || _entries[known].Heard == default))
            return DropReason.NotAccepted;
        if (!_orders.TryTake(now))
            return DropReason.RateLimited;
        if (request.Step == ReflectionStep.Bubble)
        {
            if (known >= 0)
                _entries[known].Until = now; // the new order takes the place of the former
            SendBubble(now, asker, request.Token);
        }
        else
            Prove(asker, request.Token, request.Step, request.Step == ReflectionStep.Direct ? asker.MappedEndpoint : _entries[known].Heard);
        return DropReason.None;
    }

    // As the server forwards a bubble of the stranger: with origin indication and nonce (RFC 4380 §5.3.1, RFC 6081 §5.2.4.2).
    void SendBubble(Instant now, TeredoAddress asker, ulong token)
    {
        _next = (_next + 1) % Capacity;
        uint nonce = _random.NextNonce();
        _entries[_next] = new() { Asker = asker, Token = token, Nonce = nonce, Until = now + Lifetime };
        Span<byte> datagram = stackalloc byte[OriginIndication.Size + Bubble.Size + 16];
        int length = OriginIndication.Write(datagram, Endpoint);
        length += Bubble.Write(datagram[length..], _self, asker);
        length += TrailerSet.WriteNonce(datagram[length..], nonce);
        _transmits.Add(datagram[..length], LocalPort.ServerPrimary, asker.MappedEndpoint);
    }

    void Prove(TeredoAddress asker, ulong token, ReflectionStep step, IPv4Endpoint target)
    {
        bool other = step == ReflectionStep.OtherPort;
        var (via, self) = other ? (LocalPort.OtherReflector, _otherPort) : (LocalPort.Reflector, _self);
        new ReflectionMessage { Kind = ReflectionKind.Proof, Token = token, Step = step, Stranger = self.MappedEndpoint }
            .Write(_transmits.Reserve(ReflectionMessage.Size, via, target), self, asker);
    }

    void Answer(TeredoAddress asker, in ReflectionMessage request, ReflectionKind kind, UInt128 cookie) =>
        (request with { Kind = kind, Cookie = cookie, Stranger = Endpoint })
            .Write(_transmits.Reserve(ReflectionMessage.Size, LocalPort.ServerPrimary, asker.MappedEndpoint), TeredoLinkLocal.Server(_primary), asker);

    int Find(Instant now, TeredoAddress asker)
    {
        for (int i = 0; i < _entries.Length; i++)
            if (_entries[i].Until > now && _entries[i].Asker == asker)
                return i;
        return -1;
    }
}
