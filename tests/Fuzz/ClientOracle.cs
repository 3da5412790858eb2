using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Fuzz;

/// <summary>What made a client send.</summary>
public enum Cause
{
    /// <summary>The host, a timer or the driver: what is sent now the client starts itself.</summary>
    Own,
    /// <summary>A bubble that the server forwarded.</summary>
    IndirectBubble,
    /// <summary>A datagram that was accepted from somebody else.</summary>
    Direct,
    /// <summary>A router advertisement, or an answer of the driver: an exchange goes on.</summary>
    Continuation,
    /// <summary>A datagram that was dropped.</summary>
    Dropped,
}

/// <summary>Judges a client by what goes in and what comes out (docs/protocol §3.7 to §3.10, §4, §5).</summary>
/// <remarks>
/// <para>
/// The harness calls <see cref="Begin"/> before and <see cref="End"/> after each input, and in between one method for each thing
/// that went in or came out. What it knows of peers it learns from that alone: which mappings were verified and how, which nonces
/// the client sent, what each peer may still be sent.
/// </para>
/// <para>
/// Exemptions that are meant: the bubbles that keep a random port (RFC 6081 §5.4.2.1) and the datagrams of an echo test (§5.5.4.1)
/// leave from ports of their own and count apart; neighbor discovery advertisements and the bubble that confirms a nonce count as
/// answers; a solicitation may follow at once where the driver's news ask for one (docs/protocol §3.2).
/// </para>
/// </remarks>
public sealed partial class ClientOracle(TeredoClientOptions options)
{
    const int MaxSentPerDatagram = 20, MaxSentPerOwnInput = 64; // a pair with every copy, an echo test, and what waited
    static readonly TimeSpan Window = TimeSpan.FromSeconds(300), Spacing = TimeSpan.FromSeconds(2), NonceLifetime = TimeSpan.FromSeconds(30);

    readonly Dictionary<IPv6Address, OraclePeer> _peers = [];
    readonly Dictionary<int, IPv4Endpoint> _sockets = [];
    readonly HashSet<int> _randomPorts = [];
    readonly Dictionary<(int Via, IPv4Endpoint Server), Budget> _solicitations = [];
    readonly Dictionary<(int Via, IPv4Endpoint Target), Budget> _answers = [];
    readonly Dictionary<(IPv6Address Peer, IPv4Endpoint Local), Instant> _discovered = []; // what lies in our network outlives our address
    readonly RateOracle _allAnswers = new(100), _allTests = new(50), _errors = new(10);
    IPv4Rules _rules = new(options.AllowPrivateAddresses);
    IPv6Address? _address;
    IPv4Endpoint? _origin, _intervalMapped;
    IPv6Address _cameFrom;
    Cause _cause;
    int _sent;
    LocalPort _echoTest; // the port that has just solicited: its next bubble is the test's
    bool _answered, _isTimeout;

    /// <summary>Whether peers may have been evicted, so that their budgets cannot be judged: a table that is smaller than the episode.</summary>
    public bool JudgesBudgets { get; init; } = true;

    /// <summary>The client's own endpoints: the service port's, inside and outside.</summary>
    IPv4Endpoint Local => _sockets.GetValueOrDefault(LocalPort.Service.Id);
    IPv4Endpoint Mapped => _address is { } address && TeredoAddress.TryCreate(address, out var teredo) ? teredo.MappedEndpoint : default;

    bool MayBeLate => options.Extensions.HasFlag(TeredoExtensions.PortPreservingSymmetricNat) && options.MaxRandomPorts > 0;

    /// <summary>Takes news of the network.</summary>
    public void OnNetwork(NetworkState network)
    {
        _rules = new(options.AllowPrivateAddresses, [.. network.AttachedSubnets]);
        _solicitations.Clear(); // docs/protocol §3.2: solicit at once
    }

    /// <summary>Something of the host's own making, after which a client may solicit at once.</summary>
    public void OnDriverNews() => _solicitations.Clear();

    /// <summary>An input begins.</summary>
    public void Begin(Cause cause, bool isTimeout = false)
    {
        (_cause, _sent, _answered, _isTimeout, _origin) = (cause, 0, false, isTimeout, null);
        _echoTest = default;
    }

    /// <summary>An input ended: what the client is now.</summary>
    public void End(Instant now, TeredoClient client)
    {
        Finding.Unless(client.PeerCount <= options.MaxPeers, $"{client.PeerCount} peers, more than {options.MaxPeers}");
        Finding.Unless(!_isTimeout || client.NextDeadline is not { } due || due > now, $"after a time-out at {now} the next is due at {client.NextDeadline}");
        if (client.State is not (ClientState.Qualified or ClientState.Qualifying))
            _peers.Clear();
        SetAddress(client.Address);
    }

    /// <summary>The client's address; with another one everything that was known of peers is void.</summary>
    public void SetAddress(IPv6Address? address)
    {
        if (address == _address)
            return;
        _address = address;
        _peers.Clear();
    }

    /// <summary>The client wants something of the driver.</summary>
    public void OnRequest(in ClientRequest request)
    {
        if (request.Kind == ClientRequestKind.OpenPort && request.Port.Id > LocalPort.ServerSecondary.Id)
            Finding.Unless(_randomPorts.Add(request.Port.Id) && _randomPorts.Count <= options.MaxRandomPorts,
                $"{_randomPorts.Count} random ports, or {request.Port} twice");
        if (request.Kind != ClientRequestKind.ClosePort)
            return;
        _randomPorts.Remove(request.Port.Id);
        _sockets.Remove(request.Port.Id);
    }

    /// <summary>The driver opened a port.</summary>
    public void OnOpened(LocalPort port, IPv4Endpoint local) => _sockets[port.Id] = local;

    /// <summary>The driver could not open a port.</summary>
    public void OnNotOpened(LocalPort port) => _randomPorts.Remove(port.Id);

    /// <summary>A datagram went in and this became of it; called before anything is taken out.</summary>
    public void OnDatagram(Instant now, LocalPort via, IPv4Endpoint source, byte[] payload, Verdict verdict)
    {
        Begin(Cause.Dropped);
        Finding.Unless(verdict.Kind != VerdictKind.Send, "a datagram is to be sent on");
        if (!Encapsulation.TryParse(payload, out var datagram, out _))
        {
            Finding.Unless(verdict.Kind == VerdictKind.Dropped, "a malformed datagram was taken");
            return;
        }
        var packet = datagram.Packet;
        bool isServer = IsServer(source), isAdvertisement = packet.NextHeader == NextHeader.Icmpv6 && packet.Payload is [134, ..];
        _cameFrom = packet.Source;
        if (verdict.Kind == VerdictKind.Dropped)
        {
            if (isServer && packet.IsBubble && via == LocalPort.Service)
                NoteIndirectBubble(datagram); // a rate-limited one has been read all the same
            return;
        }
        // To our own address it is a peer's packet, when it comes from a configured server that is not the one in use.
        if (isServer && isAdvertisement && packet.Destination.IsLinkLocal)
            OnAdvertisement(via, datagram, verdict);
        else if (isServer && packet.IsBubble && via == LocalPort.Service)
        {
            Finding.Unless(verdict.Kind == VerdictKind.Consumed && packet.Destination == _address, "an indirect bubble was not used up, or is not ours");
            _cause = Cause.IndirectBubble;
            NoteIndirectBubble(datagram);
        }
        else if (via == LocalPort.Interval)
            Finding.Unless(verdict.Kind == VerdictKind.Consumed && packet.IsBubble && packet.Source == _address, "the secondary port took a stranger's packet");
        else if (via == LocalPort.Discovery)
            OnDiscoveryBubble(now, source, packet);
        else
            OnDirect(now, source, payload, datagram, verdict);
    }

    /// <summary>A packet of the host went in.</summary>
    public void OnHostPacket(Instant now, byte[] octets, Verdict verdict)
    {
        Begin(Cause.Own);
        Finding.Unless(verdict.Kind != VerdictKind.Deliver, "a packet of the host came back");
        if (verdict.Kind == VerdictKind.Send)
            OnTransmit(now, new()
            {
                Length = verdict.Length,
                Via = verdict.Via,
                Target = verdict.Target,
                Ttl = 0,
            }, octets.AsSpan(verdict.Offset, verdict.Length));
    }

    void OnAdvertisement(LocalPort via, in Encapsulation datagram, Verdict verdict)
    {
        Finding.Unless(verdict.Kind == VerdictKind.Consumed && datagram is { HasOrigin: true, HasAuthentication: true }, "a bare advertisement was taken");
        _cause = Cause.Continuation;
        if (via == LocalPort.Interval)
            _intervalMapped = datagram.Origin.MappedEndpoint;
    }

    void NoteIndirectBubble(in Encapsulation datagram)
    {
        _origin = datagram.HasOrigin ? datagram.Origin.MappedEndpoint : null;
        if (!TrailerSet.TryParse(datagram.TrailerOctets, out var trailers) || !datagram.Packet.Source.IsTeredo)
            return;
        var peer = PeerOf(datagram.Packet.Source);
        if (trailers.RandomPort is { } port)
            peer.RandomPorts.Add(port);
        foreach (var alternate in trailers.AlternateAddresses)
            peer.Alternates.Add(alternate);
    }

    void OnDiscoveryBubble(Instant now, IPv4Endpoint source, in IPv6Packet packet)
    {
        Finding.Unless(options.LocalDiscovery && packet.IsBubble && packet.Destination == IPv6Address.AllNodes && _rules.IsAttached(source.Address),
            $"a discovery bubble from {source} was taken");
        _discovered[(packet.Source, source)] = now;
        _cause = Cause.Own; // the bubble that greets it is our own
    }

    void OnDirect(Instant now, IPv4Endpoint source, byte[] payload, in Encapsulation datagram, Verdict verdict)
    {
        var packet = datagram.Packet;
        _cause = Cause.Direct;
        Finding.Unless(packet.Destination == _address, $"a packet for {packet.Destination} was taken");
        Finding.Unless(packet.Source != _address && packet.Source.IsGlobalUnicast, $"a packet from {packet.Source} was taken");
        Finding.Unless(source.Port != 0 && source != Local && source != Mapped, $"a packet from {source} was taken");
        if (verdict.Kind == VerdictKind.Deliver)
            Finding.Unless(!packet.IsBubble && verdict.Offset == datagram.PacketOffset && verdict.Length == packet.Length, "a bubble or other octets were delivered");
        var peer = PeerOf(packet.Source);
        if (packet.Source.IsTeredo)
            Finding.Unless(IsVerified(now, peer, source, packet, datagram.TrailerOctets), $"{verdict.Kind} from {packet.Source} at {source}, which is not verified");
        else if (verdict.Kind == VerdictKind.Held)
        {
            peer.Held.Add((source, payload[verdict.Offset..]));
            _cause = Cause.Own; // the test that it starts is our own
            return;
        }
        else
            Finding.Unless(verdict.Kind == VerdictKind.Deliver ? peer.Verified.Contains(source) : IsTestReply(now, peer, packet) || peer.Verified.Contains(source),
                $"{verdict.Kind} from the native {packet.Source} at {source}, which is not verified");
        peer.Verified.Add(source);
        peer.Hear();
        if (!packet.Source.IsTeredo && verdict.Kind == VerdictKind.Consumed)
            peer.TestBudget.Reset(); // a reply: data says nothing about tests
    }

    // R3, R5, R7, R7n of docs/protocol §3.10.
    bool IsVerified(Instant now, OraclePeer peer, IPv4Endpoint source, in IPv6Packet packet, ReadOnlySpan<byte> trailerOctets)
    {
        TeredoAddress.TryCreate(packet.Source, out var teredo);
        if (peer.Verified.Contains(source) || (teredo.MappedEndpoint == source && _rules.IsGlobal(source)))
            return true;
        if (WasDiscovered(now, packet.Source, source))
            return true;
        return packet.IsBubble && (_rules.IsGlobal(source) || IPv4Rules.IsSite(source.Address))
            && TrailerSet.TryParse(trailerOctets, out var trailers) && trailers.Nonce is { } nonce
            && peer.Nonces.TakeLast(2).Any(sent => sent.Nonce == nonce && now - sent.At < NonceLifetime);
    }

    bool WasDiscovered(Instant now, IPv6Address peer, IPv4Endpoint local) =>
        _discovered.TryGetValue((peer, local), out var at) && now - at < TimeSpan.FromSeconds(600) && _rules.IsAttached(local.Address);

    static bool IsTestReply(Instant now, OraclePeer peer, in IPv6Packet packet)
    {
        if (!Icmpv6Message.TryParse(packet, out var message) || !EchoMessage.TryParse(message, out var echo) || !echo.IsReply)
            return false;
        foreach (var (data, at) in peer.Tests)
            if (echo.Data.SequenceEqual(data) && now - at < TimeSpan.FromSeconds(8))
                return true;
        return false;
    }

    bool IsServer(IPv4Endpoint endpoint) =>
        endpoint.Port == TeredoPorts.Server && options.Servers.Any(server => server.Primary == endpoint.Address || server.Secondary == endpoint.Address);

    OraclePeer PeerOf(IPv6Address address)
    {
        if (!_peers.TryGetValue(address, out var peer))
            _peers.Add(address, peer = new(MayBeLate));
        return peer;
    }

    // What is known of one peer. Where the indirect half of a pair may wait for a random port or an echo test, the oracle cannot see when
    // the grant was, nor so when its window of 300 s began: two windows may overlap.
    sealed class OraclePeer(bool mayBeLate)
    {
        public HashSet<IPv4Endpoint> Verified { get; } = [];
        public HashSet<IPv4Endpoint> Alternates { get; } = [];
        public HashSet<ushort> RandomPorts { get; } = [];
        public List<(uint Nonce, Instant At)> Nonces { get; } = [];
        public List<(byte[] Data, Instant At)> Tests { get; } = [];
        public List<(IPv4Endpoint Source, byte[] Payload)> Held { get; } = [];
        public Budget Grants { get; } = new(mayBeLate ? 8 : 4, Window, Spacing);
        public Budget LateIndirect { get; } = new(10, Window - TimeSpan.FromSeconds(20), TimeSpan.Zero);
        public Budget Advertisements { get; } = new(int.MaxValue, Window, TimeSpan.FromSeconds(1)); // to a verified peer, for its own solicitation
        public Budget FromRandomPort { get; } = new(40, Window, TimeSpan.Zero); // 4 rounds with 2 echo tests each, 10 refreshes, and slack for both
        public Budget TestBudget { get; } = new(4, Window, Spacing);

        public void Hear()
        {
            Grants.Reset();
            LateIndirect.Reset();
            FromRandomPort.Reset();
        }
    }
}
