using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Relay;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <summary>Judges a relay by what goes in and what comes out (docs/protocol §3.9, §3.12, §5.2, §5.4).</summary>
/// <param name="options">The relay's options.</param>
public sealed class RelayOracle(TeredoRelayOptions options)
{
    static readonly TimeSpan Window = TimeSpan.FromSeconds(300), Spacing = TimeSpan.FromSeconds(2), Validity = TimeSpan.FromSeconds(30);

    readonly IPv4Rules _rules = new(options.AllowPrivateAddresses, [.. options.AttachedSubnets]);
    readonly Dictionary<IPv6Address, OracleClient> _clients = [];
    readonly RateOracle _errors = new(10);
    readonly TokenBuckets<ulong> _sources = new(50, 100); // these figures are those of docs/protocol §5.4
    readonly TokenBuckets<IPv4Address> _servers = new(100, 100);
    readonly TokenBuckets<IPv4Address> _mapped = new(16, 16);
    readonly TokenBuckets<int> _total = new(1000, 1000);
    readonly Dictionary<IPv4Address, long> _credit = []; // octets taken for an address that were not spent on bubbles to it
    Cause _cause;
    IPv6Address _heard;
    int _sent;

    /// <summary>Whether budgets can be judged: not where clients are evicted and their budgets forgotten with them.</summary>
    public bool JudgesBudgets { get; init; } = true;

    /// <summary>An input of the relay's own side begins: a packet, or a time-out.</summary>
    public void Begin() => (_cause, _sent) = (Cause.Own, 0);

    /// <summary>A datagram went in and this became of it.</summary>
    public void OnDatagram(Instant now, IPv4Endpoint source, byte[] payload, Verdict verdict)
    {
        (_cause, _sent) = (Cause.Dropped, 0);
        if (verdict.Kind == VerdictKind.Dropped && !(verdict.Reason is DropReason.BadInnerDestination or DropReason.NotServed or DropReason.SourceRoute or DropReason.HopLimitExceeded))
            return;
        Finding.Unless(verdict.Kind is VerdictKind.Deliver or VerdictKind.Consumed or VerdictKind.Dropped, $"a relay's verdict is {verdict.Kind}");
        Finding.Unless(Encapsulation.TryParse(payload, out var datagram, out _), "a malformed datagram was taken");
        var packet = datagram.Packet;
        Finding.Unless(TeredoAddress.TryCreate(packet.Source, out var teredo) && !teredo.HasOldPrefix, $"a packet from {packet.Source} was taken");
        _clients.TryGetValue(packet.Source, out var client);
        var answered = packet.Destination;
        bool byToken = packet.IsBubble && client?.Tokens.TakeLast(2).Any(token => token.Address == answered && now - token.At < Validity) == true;
        Finding.Unless(client is not null && _rules.IsGlobal(source) && (client.Verified.Contains(source) || teredo.MappedEndpoint == source || byToken),
            $"{verdict.Kind} from {packet.Source} at {source}, which is not verified");
        (_cause, _heard) = (Cause.Direct, packet.Source);
        client!.Hear(now, source);
        if (verdict.Kind == VerdictKind.Deliver)
            CheckForward(packet, datagram, verdict);
        else
            Finding.Unless(verdict.Kind == VerdictKind.Dropped || packet.IsBubble, "a packet was used up");
    }

    /// <summary>A packet of the IPv6 side went in and this became of it.</summary>
    public void OnPacket(Instant now, byte[] octets, Verdict verdict)
    {
        Begin();
        if (IPv6Packet.TryParse(octets, out var packet) && TeredoAddress.TryCreate(packet.Destination, out var teredo))
            Earn(packet, teredo);
        if (verdict.Kind == VerdictKind.Dropped)
            return;
        Finding.Unless(packet.Length > 0 && packet.Length == octets.Length && !packet.IsBubble && packet.Source.IsNative && Serves(packet.Source),
            "a packet was taken that is not the relay's to send");
        if (!_clients.TryGetValue(packet.Destination, out var client))
            _clients.Add(packet.Destination, client = new());
        client.Source = packet.Source.High;
        if (verdict.Kind == VerdictKind.Send)
            Finding.Unless(client.Mapping == verdict.Target && now - client.HeardAt < Validity, $"data to {verdict.Target}, which was not heard of late");
        else
            Finding.Unless(verdict.Kind == VerdictKind.Held, $"a packet is {verdict.Kind}");
    }

    /// <summary>A datagram came out.</summary>
    public void OnTransmit(Instant now, Transmit transmit, ReadOnlySpan<byte> payload)
    {
        _sent++;
        Finding.Unless(IPv6Packet.TryParse(payload, out var packet) && packet.Length == payload.Length, "the relay sends what is no packet");
        Finding.Unless(TeredoAddress.TryCreate(packet.Destination, out var teredo) && !teredo.HasOldPrefix, $"a packet for {packet.Destination} goes out");
        var target = transmit.Target;
        Finding.Unless(_rules.IsGlobal(target) && !options.OwnAddresses.Contains(target.Address), $"sent to {target}");
        var client = _clients.GetValueOrDefault(packet.Destination) ?? throw new Finding($"sent to {packet.Destination}, for which nothing came");
        if (!packet.IsBubble)
        {
            Finding.Unless(_cause == Cause.Direct && packet.Destination == _heard && client.Mapping == target && _sent <= 4, $"data for {packet.Destination} to {target}");
            return;
        }
        Finding.Unless(_cause == Cause.Own && packet.Source.IsLinkLocal, "a bubble for a datagram");
        bool indirect = target == new IPv4Endpoint(teredo.Server, TeredoPorts.Server);
        Finding.Unless(indirect || ((target == teredo.MappedEndpoint || client.Verified.Contains(target)) && target.Port != TeredoPorts.Server), $"a bubble to {target}");
        if (indirect)
            CountRound(now, client, teredo);
        if (indirect)
            client.Tokens.Add((packet.Source, now));
        long left = _credit.GetValueOrDefault(target.Address) - payload.Length;
        Finding.Unless(left >= 0, $"{-left} octets of bubbles more to {target.Address} than were taken for it");
        _credit[target.Address] = left;
        if (JudgesBudgets)
            (indirect ? client.Indirect : client.Direct).Count(now, "bubbles to", target, merge: false);
    }

    // A packet pays for bubbles to each of the addresses that it names once, and for those to where its client is.
    void Earn(in IPv6Packet packet, TeredoAddress teredo)
    {
        HashSet<IPv4Address> named = [teredo.Server, teredo.MappedEndpoint.Address];
        if (_clients.GetValueOrDefault(packet.Destination)?.Mapping is { } mapping)
            named.Add(mapping.Address);
        foreach (var address in named)
            _credit[address] = _credit.GetValueOrDefault(address) + packet.Length;
    }

    void CountRound(Instant now, OracleClient client, TeredoAddress teredo)
    {
        _sources.Take(now, client.Source, "rounds of bubbles for");
        _servers.Take(now, teredo.Server, "bubbles to the server");
        _mapped.Take(now, teredo.MappedEndpoint.Address, "rounds of bubbles to");
        _total.Take(now, 0, "rounds of bubbles");
    }

    /// <summary>A packet for the IPv6 side came out: an error.</summary>
    public void OnDelivery(Instant now, ReadOnlySpan<byte> octets)
    {
        Finding.Unless(IPv6Packet.TryParse(octets, out var packet) && packet.Payload is [(byte)Icmpv6Type.DestinationUnreachable, ..] && Serves(packet.Destination)
            && !packet.Destination.IsTeredo, "something other than an error to a served address");
        _errors.Count(now, "ICMPv6 errors");
    }

    /// <summary>Everything was taken out.</summary>
    public void End(Instant now, TeredoRelay relay, bool isTimeout)
    {
        Finding.Unless(relay.PeerCount <= options.MaxPeers, $"{relay.PeerCount} peers, more than {options.MaxPeers}");
        Finding.Unless(!isTimeout || relay.NextDeadline is not { } due || due > now, $"after a time-out at {now} the next is due at {relay.NextDeadline}");
    }

    void CheckForward(in IPv6Packet packet, in Encapsulation datagram, Verdict verdict)
    {
        Finding.Unless(!packet.IsBubble && verdict.Offset == datagram.PacketOffset && verdict.Length == packet.Length, "a bubble or other octets were forwarded");
        Finding.Unless(packet.Destination.IsNative && Serves(packet.Destination), $"forwarded to {packet.Destination}");
    }

    bool Serves(IPv6Address address) => options.ServedPrefixes.Any(prefix => prefix.Contains(address));

    sealed class OracleClient
    {
        public HashSet<IPv4Endpoint> Verified { get; } = [];
        public List<(IPv6Address Address, Instant At)> Tokens { get; } = [];
        public IPv4Endpoint? Mapping { get; private set; }
        public ulong Source { get; set; }
        public Instant HeardAt { get; private set; } = Instant.FromSeconds(0);
        public Budget Direct { get; } = new(4, Window, Spacing);
        public Budget Indirect { get; } = new(4, Window, Spacing);

        public void Hear(Instant now, IPv4Endpoint source)
        {
            Verified.Add(source);
            (Mapping, HeardAt) = (source, now);
            Tokens.Clear();
            Direct.Reset();
            Indirect.Reset();
        }
    }
}
