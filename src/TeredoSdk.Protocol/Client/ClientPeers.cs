using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>A client's peers (RFC 4380 §5.2): the table, the exchanges in progress, and their timers.</summary>
/// <remarks>
/// This file has what all parts use. Transmission (§5.2.4), reception (§5.2.3), bubbles (§5.2.6), native peers (§5.2.9) and random ports
/// (RFC 6081 §5.4, §5.5) have files of their own.
/// </remarks>
sealed partial class ClientPeers
{
    static readonly TimeSpan IdleTimeout = BubbleSchedule.Window; // an exchange is forgotten when its bubble budget is full again
    static readonly TimeSpan RetryTimeout = TimeSpan.FromSeconds(2);         // RFC 4380 §5.2.4 (2), (5)
    static readonly TimeSpan RetryJitter = TimeSpan.FromMilliseconds(250);   // so that timer and spacing never collide
    static readonly TimeSpan AdvertisementSpacing = TimeSpan.FromSeconds(1); // solicitations come every 2 s (RFC 6081 §5.7.2)

    readonly ClientContext _context;
    readonly PeerTable _table;
    readonly List<PeerContact?> _contacts = [];
    readonly Stack<int> _freeContacts = new();
    readonly DeadlineHeap _deadlines = new();
    // Packets of strangers have a budget of their own, so that there is always room for the host's packets.
    readonly HoldBudget _incoming = new(HoldBudget.WholeOctets / 4), _outgoing = new(HoldBudget.WholeOctets * 3 / 4);
    readonly WindowLimiter _answers;
    AnswerGate? _answerGate;      // made when the first stranger comes
    SeldomSources? _seldomTested; // as well
    RateGate _testGate = new(20, 20), _seldomTestGate = new(3, 3), _strangerTestGate = new(2, 2); // 50 in any second

    public ClientPeers(ClientContext context)
    {
        _context = context;
        _table = new(context.Options.MaxPeers, context.Options.MaxPeers / 2, context.Random) { Removing = Release };
        _answers = new(BubbleSchedule.Window, context.Random); // 8 in 300 s per target; the RFCs limit only bubbles that we start
    }

    public int Count => _table.Count;

    AnswerGate Gate => _answerGate ??= new(_context.Random);

    SeldomSources SeldomTested => _seldomTested ??= new(AnswerGate.RememberedSources, _context.Random);

    /// <summary>Whether an IPv4 address is that of a stranger: neither of our server nor of a peer, so that our NAT need not know it.</summary>
    public bool IsStranger(IPv4Address address) =>
        address != _context.Server.Primary && address != _context.Server.Secondary && !_table.HasPeerAt(address);

    /// <summary>Local discovery, or null when it is off.</summary>
    public LocalDiscovery? Discovery { get; set; }

    public Instant? NextDeadline =>
        Instant.Earlier(Instant.Earlier(_deadlines.TryPeek(out _, out var at) ? at : null, _refreshAt), _table.SweepAt);

    public void HandleTimeout(Instant now)
    {
        while (_deadlines.TryPeek(out int id, out var at) && at <= now)
            HandleTimeout(now, _contacts[id]!);
        RefreshRandomPorts(now);
        _table.Sweep(now);
    }

    /// <summary>Forgets all peers.</summary>
    public void Clear() => _table.Clear();

    /// <summary>Makes all peers untrusted, but keeps their entries.</summary>
    public void DistrustAll() => _table.DistrustAll();

    void HandleTimeout(Instant now, PeerContact contact)
    {
        if (contact.RandomPort is { EchoTest: { } echoTest } own && echoTest.FailoverAt <= now)
            FailOverEchoTest(now, contact, own, echoTest);
        if (contact.Exchange is not { } exchange)
        {
            if (contact.IdleAt <= now)
                Retire(contact);
            else
                Schedule(contact);
            return;
        }
        if (exchange.RetryAt <= now)
        {
            switch (exchange)
            {
                case PeerExchange.Soliciting soliciting when _table[contact.Index].IsTrusted:
                    Solicit(now, contact, soliciting);
                    break;
                case ConnectivityTest test:
                    RunTest(now, contact, test);
                    break;
                default: // after one round of local bubbles or of solicitations, as for any peer
                    RunBubbleRound(now, contact);
                    break;
            }
        }
        Schedule(contact);
    }

    // An exchange ended long ago. A trusted peer loses its contact; an untrusted peer is forgotten.
    void Retire(PeerContact contact)
    {
        ref var entry = ref _table[contact.Index];
        if (contact.IdleAt < contact.Bubbles.WindowEnd)
        {
            contact.IdleAt = contact.Bubbles.WindowEnd; // the budget must not be forgotten (§5.2.6)
            Schedule(contact);
        }
        else if (!entry.IsTrusted)
            _table.Remove(contact.Index);
        else if (contact.RandomPort is not null)
        {
            contact.IdleAt += IdleTimeout;
            Schedule(contact);
        }
        else
        {
            entry.Contact = -1;
            Free(contact);
        }
    }

    PeerContact ContactOf(Instant now, int index)
    {
        ref var entry = ref _table[index];
        if (entry.Contact >= 0)
            return _contacts[entry.Contact]!;
        if (!_freeContacts.TryPop(out int id))
        {
            id = _contacts.Count;
            _contacts.Add(null);
        }
        var contact = new PeerContact(id, index, entry.Address, _outgoing) { IdleAt = now + IdleTimeout };
        _contacts[id] = contact;
        entry.Contact = id;
        Schedule(contact);
        return contact;
    }

    // Whether the peer's bubbles go on because it may not be able to verify us yet. A peer that lost our trust is an ordinary one.
    bool IsUnconfirmed(PeerContact contact) =>
        contact.Exchange is PeerExchange.Bubbling { WasVerified: true } && _table[contact.Index].IsTrusted;

    PeerContact? FindContact(int index) => index >= 0 && _table[index].Contact is >= 0 and var id ? _contacts[id] : null;

    void Schedule(PeerContact contact) => _deadlines.Set(contact.Id, contact.Deadline);

    void Release(int index)
    {
        if (FindContact(index) is { } contact)
            Free(contact);
    }

    void Free(PeerContact contact)
    {
        contact.Outgoing.Clear();
        contact.Test?.Held.Clear();
        CloseRandomPort(contact);
        _deadlines.Remove(contact.Id);
        _contacts[contact.Id] = null;
        _freeContacts.Push(contact.Id);
    }

    // The peer could not be reached: the host is told for each waiting packet, and nothing is sent until the budget's window ends.
    void Fail(Instant now, PeerContact contact, UnreachableReason reason)
    {
        bool unconfirmed = IsUnconfirmed(contact);
        if (_table[contact.Index] is { IsTrusted: true } entry && entry.IsFresh(now) && !(unconfirmed && contact.Received is { IsSinceLastPair: true }))
        {
            Finish(now, contact); // we hear the peer, and have no sign that it does not hear us
            Flush(now, contact);
            return;
        }
        contact.Exchange = null;
        CloseRandomPort(contact);
        _table.Distrust(contact.Index);
        contact.UnreachableUntil = unconfirmed ? now + BubbleSchedule.Window : contact.Bubbles.WindowEnd;
        contact.IdleAt = contact.UnreachableUntil > now ? contact.UnreachableUntil : now;
        while (contact.Test?.Held is { Count: > 0 } held)
        {
            held.Pop();
            _context.Drops.Count(DropReason.QueueExpired);
        }
        bool wanted = unconfirmed || contact.Outgoing.Count > 0;
        while (contact.Outgoing.TryPeek(out var octets, out _))
        {
            if (IPv6Packet.TryParse(octets, out var packet))
                _context.Refuse(now, packet, DropReason.PeerUnreachable);
            contact.Outgoing.Pop();
        }
        if (wanted)
            _context.Raise(new ClientEvent.PeerUnreachable { Peer = contact.Peer, Reason = reason });
    }

    void Finish(Instant now, PeerContact contact)
    {
        contact.Exchange = null;
        contact.RandomPort?.EchoTest?.Stop();
        contact.Pairs.Count = 0;
        contact.IdleAt = now + IdleTimeout;
        Schedule(contact);
    }
}
