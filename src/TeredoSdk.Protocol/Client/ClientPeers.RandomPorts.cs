using TeredoSdk.Protocol.Peers;

namespace TeredoSdk.Protocol.Client;

/// <remarks>Random ports: RFC 6081 §5.4 (port-preserving symmetric NATs) and §5.5 (sequential ones).</remarks>
sealed partial class ClientPeers
{
    static readonly TimeSpan RefreshTimeout = TimeSpan.FromSeconds(30); // RFC 6081 §5.4.2.1
    const int MaxRefreshes = 20;                                        // RFC 6081 §5.4.2.1
    public const int MaxPortStep = 64; // a larger step between two mappings does not count as a sequence

    readonly Dictionary<int, PeerContact> _randomPorts = [];
    int _lastRandomId = LocalPort.FirstRandom - 1;
    Instant? _refreshAt;

    /// <summary>Starts the peer refresh timer (RFC 6081 §5.4.3).</summary>
    public void StartRefreshTimer(Instant now)
    {
        if (_context.Options.Has(TeredoExtensions.PortPreservingSymmetricNat))
            _refreshAt = now + RefreshTimeout;
    }

    /// <summary>Stops the peer refresh timer: without an address there is nothing to refresh.</summary>
    public void StopRefreshTimer() => _refreshAt = null;

    // §5.4.4.2: our NAT is port-preserving and symmetric, and the peer is not trusted and has no random port. §5.5.4.1: the same for other symmetric
    // NATs.
    bool WantsRandomPort(Instant now, PeerContact contact) =>
        _context.IsSymmetric && contact.RandomPort is null && !_table[contact.Index].IsUsable(now)
        && (_context.IsPortPreserving
            ? _context.Options.Has(TeredoExtensions.PortPreservingSymmetricNat)
            : _context.Options.Has(TeredoExtensions.SequentialPortSymmetricNat) && _context.MayBeSequential);

    bool TryOpenRandomPort(PeerContact contact)
    {
        // Peers that the host did not send to get at most half of the ports: anybody can claim to be a peer, and each claim keeps a port for 300 s.
        int room = _context.Options.MaxRandomPorts;
        if (_randomPorts.Count >= (_table[contact.Index].Has(PeerFlags.Used) ? room : (room + 1) / 2))
            return false;
        do
            _lastRandomId = _lastRandomId >= ushort.MaxValue ? LocalPort.FirstRandom : _lastRandomId + 1;
        while (_randomPorts.ContainsKey(_lastRandomId));
        contact.RandomPort = new(new(_lastRandomId));
        _randomPorts.Add(_lastRandomId, contact);
        ushort number;
        do
            number = _context.Random.NextPort();
        while (number == _context.Local.Port); // §5.4: the number must not be in use
        _context.Request(new() { Kind = ClientRequestKind.OpenPort, Port = contact.RandomPort.Port, Number = number });
        return true;
    }

    /// <summary>Takes the driver's answer about a random port.</summary>
    public void HandleOpened(Instant now, in RequestAnswer answer)
    {
        if (!_randomPorts.TryGetValue(answer.Port.Id, out var contact) || contact.RandomPort is not { IsOpen: false } own)
            return;
        if (!answer.Succeeded)
        {
            contact.RandomPort = null;
            _randomPorts.Remove(answer.Port.Id);
            SendIndirectBubble(now, contact); // the round goes on without a random port
        }
        else
        {
            own.IsOpen = true;
            if (_context.IsPortPreserving)
            {
                own.Predicted = answer.Local.Port; // §5.4.4.2: this NAT keeps the port number
                if (contact.WasHeardIndirectly)
                    SendFromRandomPort(now, contact, own);
                SendIndirectBubble(now, contact);
            }
            else
                StartEchoTest(now, contact, own);
        }
        Schedule(contact);
    }

    // §5.4.4.3: sends to the port that the peer announced. If its indirect bubble announced none, sends to the endpoint in its address, which opens
    // our NAT for the answer of a port-restricted peer. It must not be sent before that bubble: such a NAT keeps the port only towards its first
    // destination. The TTL is low until our indirect bubble has told the peer of the port, because the peer has not opened its side for it before.
    void SendFromRandomPort(Instant now, PeerContact contact, RandomPortExchange own) =>
        SendDirectBubble(now, contact, own.Port, RandomPortTarget(contact), own.IsAdvertised ? Ttl(contact) : contact.Pairs.LowTtl);

    static IPv4Endpoint RandomPortTarget(PeerContact contact)
    {
        TeredoAddress.TryCreate(contact.Peer, out var peer);
        return contact.PeerRandomPort == 0 ? peer.MappedEndpoint : new(peer.MappedEndpoint.Address, contact.PeerRandomPort);
    }

    // §5.5.4.1.1: sends three datagrams from one fresh port. The NAT's port for the second lies between those for the first and the third.
    void StartEchoTest(Instant now, PeerContact contact, RandomPortExchange own)
    {
        ulong lowerNonce = _context.Solicit(now, own.Port, _context.PrimaryEndpoint);
        SendFromRandomPort(now, contact, own);
        ulong upperNonce = _context.Solicit(now, own.Port, _context.SecondaryEndpoint);
        (own.EchoTest ??= new()).Start(now, lowerNonce, upperNonce);
    }

    void FailOverEchoTest(Instant now, PeerContact contact, RandomPortExchange own, EchoTest test)
    {
        if (test.FailOver())
            StartEchoTest(now, contact, own); // §5.5.2.2
        else
            SendIndirectBubble(now, contact);
    }

    /// <summary>
    /// Takes a router advertisement that came to a random port. It is half of an echo test, and says nothing about the service port.
    /// </summary>
    /// <returns>None when it belonged to an echo test.</returns>
    public DropReason HandleAdvertisement(Instant now, LocalPort via, IPv4Endpoint source, in Advertisement advertisement)
    {
        if (!_randomPorts.TryGetValue(via.Id, out var contact) || contact.RandomPort is not { EchoTest: { FailoverAt: not null } test } own)
            return DropReason.BadNonce;
        bool taken = (source == _context.PrimaryEndpoint && test.TryTakeLower(advertisement))
            || (source == _context.SecondaryEndpoint && test.TryTakeUpper(advertisement));
        if (!taken)
            return DropReason.BadNonce;
        if (test.IsComplete)
            FinishEchoTest(now, contact, own, test);
        return DropReason.None;
    }

    void FinishEchoTest(Instant now, PeerContact contact, RandomPortExchange own, EchoTest test)
    {
        test.Stop();
        if (test.Step is 0 or 1 && !contact.Pairs.NeedDefaultTtl)
        {
            // There is no port left between the two: the bubble died before the outermost of several NATs. The test is repeated from another port.
            contact.Pairs.NeedDefaultTtl = true;
            CloseRandomPort(contact);
            if (TryOpenRandomPort(contact))
                return;
        }
        else if (test.Step is < 0 or > MaxPortStep)
        {
            _context.MayBeSequential = false; // departs from §5.5.4.1 for this mapping: each test would cost 3 s per peer
            CloseRandomPort(contact);
        }
        else
            own.Predicted = test.Between;
        SendIndirectBubble(now, contact);
        Schedule(contact);
    }

    void CloseRandomPort(PeerContact contact)
    {
        if (contact.RandomPort is not { Port: var port })
            return;
        if (_table[contact.Index].Via == port.Id)
            _table.Distrust(contact.Index); // the peer was reached from that port, so it starts again
        contact.RandomPort = null; // §5.5.4.3: its echo test ends, too
        _randomPorts.Remove(port.Id);
        _context.Request(new() { Kind = ClientRequestKind.ClosePort, Port = port });
    }

    // §5.4.4.4: takes the port that the peer says its NAT will use.
    void TakePeerRandomPort(Instant now, PeerContact contact, ReceivedBubble received, TeredoAddress peer, ushort port)
    {
        bool idle = now - _table[contact.Index].LastSent >= RefreshTimeout;
        if (!MayBeClientPort(port) || _context.IsOwn(peer.MappedEndpoint with { Port = port })
            || received.RandomPort == port || (received.RandomPort != 0 && !idle))
            return;
        if (received.RandomPort != 0 && _context.IsPortPreserving)
            CloseRandomPort(contact);
        received.RandomPort = port;
    }

    // §5.4.2.1: every 30 s a bubble keeps the mapping of each random port, at most 20 times without data.
    void RefreshRandomPorts(Instant now)
    {
        if (!(_refreshAt <= now))
            return;
        _refreshAt = now + RefreshTimeout;
        foreach (var contact in _randomPorts.Values.ToArray())
        {
            ref var entry = ref _table[contact.Index];
            if (contact.RandomPort is not { } own || !entry.Has(PeerFlags.ReceivedOnRandom) || !entry.IsTrusted)
                continue;
            own.EchoTest?.Reset(); // §5.5.2.1
            if (now - entry.LastSent < RefreshTimeout)
                own.RefreshCount = 0;
            else if (own.RefreshCount < MaxRefreshes)
            {
                own.RefreshCount++;
                SendDirectBubble(now, contact, own.Port, Target(entry));
            }
            else
                Abandon(contact);
        }
    }

    // No data was sent for ten minutes: the port is closed, and the peer is no longer trusted.
    void Abandon(PeerContact contact)
    {
        _table.Distrust(contact.Index);
        _table[contact.Index].Flags &= ~PeerFlags.ReceivedOnRandom;
        CloseRandomPort(contact);
    }
}
