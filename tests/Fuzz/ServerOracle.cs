using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Server;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <summary>Judges a server by what goes in and what comes out (docs/protocol §3.11, §5.2, §5.4).</summary>
/// <param name="options">The server's options.</param>
public sealed class ServerOracle(TeredoServerOptions options)
{
    // The sizes of docs/protocol §3.11: a plain advertisement for a plain solicitation, a secured one for a secured one.
    const double PlainGrowth = 117.0 / 48, SecuredGrowth = 146.0 / 90;

    /// <summary>The least size of a request for a check of reachability, in octets (docs/protocol §9.2).</summary>
    public const int ReflectionRequest = 320;

    const int OuterHeaders = 28;     // IPv4 and UDP
    const int ReflectionBubble = 54; // that of the stranger: origin indication, bubble and nonce

    readonly IPv4Rules _rules = new(options.AllowPrivateAddresses, [.. options.AttachedSubnets]);
    static readonly ServerRateLimits Limits = new();
    readonly TokenBuckets<IPv4Endpoint> _answers = Buckets<IPv4Endpoint>(Limits.AnswersPerEndpoint), _forwards = Buckets<IPv4Endpoint>(Limits.ForwardsPerEndpoint);
    readonly TokenBuckets<IPv4Address> _addressAnswers = Buckets<IPv4Address>(Limits.AnswersPerAddress), _addressForwards = Buckets<IPv4Address>(Limits.ForwardsPerAddress);
    readonly TokenBuckets<IPv4Address> _destinations = Buckets<IPv4Address>(Limits.ForwardsPerDestination);
    readonly TokenBuckets<ulong> _nativeDestinations = Buckets<ulong>(Limits.ForwardsPerDestination);
    Instant _now;
    LocalPort _via;
    IPv4Endpoint _source;
    byte[] _input = [];
    bool _consumed;
    int _sent, _octets; // of the present datagram

    /// <summary>A datagram went in and this became of it.</summary>
    public void Begin(Instant now, LocalPort via, IPv4Endpoint source, byte[] payload, Verdict verdict)
    {
        (_now, _via, _source, _input, _sent, _octets) = (now, via, source, payload, 0, 0);
        _consumed = verdict.Kind == VerdictKind.Consumed;
        Finding.Unless(_consumed || verdict.Kind == VerdictKind.Dropped, $"a server's verdict is {verdict.Kind}");
        Finding.Unless(!_consumed || Encapsulation.TryParse(payload, out _, out _), "a malformed datagram was taken");
        Finding.Unless(!_consumed || _rules.IsGlobal(source), $"a datagram from {source} was taken");
    }

    /// <summary>A datagram came out.</summary>
    public void OnTransmit(Transmit transmit, ReadOnlySpan<byte> payload)
    {
        if (Encapsulation.TryParse(_input, out var input, out _) && IsReflection(input))
        {
            CheckReflection(transmit, payload);
            return;
        }
        CountOutput();
        Finding.Unless(Encapsulation.TryParse(payload, out var sent, out _) && transmit.Length == payload.Length, "the server sends what no one can read");
        Finding.Unless(_rules.IsGlobal(transmit.Target), $"sent to {transmit.Target}");
        if (RouterSolicitation.Matches(input.Packet))
            CheckAdvertisement(transmit, payload.Length, input, sent);
        else if (sent.Packet.Source == TeredoLinkLocal.Server(options.Primary))
            CheckEchoReply(transmit, payload.Length, sent.Packet);
        else
            CheckForward(transmit, payload, input, sent);
    }

    /// <summary>A packet for native IPv6 came out.</summary>
    public void OnDelivery(ReadOnlySpan<byte> octets)
    {
        CountOutput();
        _ = Encapsulation.TryParse(_input, out var input, out _);
        Finding.Unless(IPv6Packet.TryParse(octets, out var packet) && packet.Length == octets.Length && octets.Length <= _input.Length, "an odd native packet");
        Finding.Unless(options.ForwardNative && packet.NextHeader == NextHeader.Icmpv6 && packet.Payload is [128 or 129, ..], "no echo message goes to native IPv6");
        Finding.Unless(packet.HopLimit >= 1 && packet.HopLimit == input.Packet.HopLimit - 1, "the hop limit was not counted down");
        Finding.Unless(IsSender(packet.Source) && packet.Destination.IsNative, $"{packet.Source} to {packet.Destination} goes to native IPv6");
        TakeForward();
        _nativeDestinations.Take(_now, packet.Destination.High, "forwards to");
    }

    /// <summary>Everything was taken out.</summary>
    public void End()
    {
        bool isOrder = _via == LocalPort.ServerPrimary && Encapsulation.TryParse(_input, out var input, out _) && IsReflection(input)
            && input.Packet.Payload is [200, 1, ..];
        Finding.Unless(_sent == (!_consumed ? 0 : isOrder ? 2 : 1), $"{_sent} outputs for a datagram that was {(_consumed ? "used up" : "dropped")}");
    }

    bool IsReflection(in Encapsulation input) => options.Reflector is not null && (_via == LocalPort.Reflector || _via == LocalPort.OtherReflector
        || (input.Packet.NextHeader == NextHeader.Icmpv6 && input.Packet.Payload is [200, ..]));

    // docs/protocol §9.4: to who asked, and less than the request. A bubble that the stranger waits for brings one proof.
    void CheckReflection(Transmit transmit, ReadOnlySpan<byte> payload)
    {
        Finding.Unless(_consumed, "a dropped datagram brought an output");
        _sent++;
        _octets += payload.Length + OuterHeaders;
        Finding.Unless(transmit.Target == _source && _rules.IsGlobal(transmit.Target), $"a stranger is sent to {transmit.Target} for {_source}");
        bool asked = _via == LocalPort.ServerPrimary;
        Finding.Unless(_octets < (asked ? _input.Length : ReflectionRequest - ReflectionBubble) + OuterHeaders, $"{_input.Length} octets became {_octets}");
        Finding.Unless(!asked || _input.Length >= ReflectionRequest, "a short request was taken");
        if (asked && _sent == 1)
            TakeAnswer();
    }

    void CountOutput() => Finding.Unless(_consumed && ++_sent == 1, "more than one output for one datagram, or one for a dropped one");

    void CheckAdvertisement(Transmit transmit, int length, in Encapsulation input, in Encapsulation sent)
    {
        Finding.Unless(transmit.Target == _source && sent.Packet.Payload is [134, ..] && sent.HasOrigin && sent.Origin.MappedEndpoint == _source,
            $"a solicitation from {_source} is answered to {transmit.Target}");
        Finding.Unless(length <= _input.Length * (options.Keys is null ? PlainGrowth : SecuredGrowth), $"{_input.Length} octets became {length}");
        Finding.Unless(sent.HasAuthentication == input.HasAuthentication && (!sent.HasAuthentication || sent.Authentication.Nonce == input.Authentication.Nonce),
            "the nonce is not the solicitation's");
        bool other = options.Secondary is not null && (input.Packet.Source.Low & 0x8000_0000_0000_0000) != 0;
        Finding.Unless((transmit.Via == _via) != other, "the advertisement leaves from the wrong address");
        TakeAnswer();
    }

    void CheckEchoReply(Transmit transmit, int length, in IPv6Packet packet)
    {
        Finding.Unless(transmit.Target == _source && packet.Payload is [129, ..] && length <= _input.Length, "a wrong echo reply");
        TakeAnswer();
    }

    void CheckForward(Transmit transmit, ReadOnlySpan<byte> payload, in Encapsulation input, in Encapsulation sent)
    {
        var target = transmit.Target;
        var packet = sent.Packet;
        Finding.Unless(packet.IsBubble || packet.NextHeader == NextHeader.Icmpv6, "something other than a bubble or ICMPv6 was forwarded");
        Finding.Unless(sent.PacketAndTrailers.SequenceEqual(input.PacketAndTrailers) && payload.Length <= _input.Length + OriginIndication.Size, "a forward changed the packet");
        Finding.Unless(TeredoAddress.TryCreate(packet.Destination, out var destination) && destination.MappedEndpoint == target, $"{packet.Destination} was sent to {target}");
        Finding.Unless(!IsOwn(target.Address) && (target.Port != TeredoPorts.Server || options.AllowServerPort) && !options.PeerServers.Contains(target.Address), $"forwarded to {target}");
        Finding.Unless(!IsOwn(_source.Address) || _source.Port != TeredoPorts.Server, "forwarded for ourselves");
        Finding.Unless(!sent.HasAuthentication && (!sent.HasOrigin || sent.Origin.MappedEndpoint == _source), "the origin indication is not the sender's");
        Finding.Unless(IsSender(packet.Source) || (!packet.Source.IsTeredo && destination.Server == options.Primary), $"forwarded for {packet.Source} at {_source}");
        TakeForward();
        _destinations.Take(_now, target.Address, "forwards to");
    }

    void TakeAnswer()
    {
        _answers.Take(_now, _source, "answers to");
        _addressAnswers.Take(_now, _source.Address, "answers to");
    }

    void TakeForward()
    {
        _forwards.Take(_now, _source, "forwards from");
        _addressForwards.Take(_now, _source.Address, "forwards from");
    }

    static TokenBuckets<TKey> Buckets<TKey>(RateLimit limit) where TKey : notnull => new(limit.PerSecond, limit.Burst);

    bool IsSender(IPv6Address address) => TeredoAddress.TryCreate(address, out var teredo) && !teredo.HasOldPrefix && teredo.MappedEndpoint == _source;

    bool IsOwn(IPv4Address address) => address == options.Primary || address == options.Secondary || address == options.Reflector;
}
