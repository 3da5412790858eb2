using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Client.QualificationActivity;

namespace TeredoSdk.Protocol.Client;

/// <summary>Qualification and maintenance (RFC 4380 §5.2.1, §5.2.5; RFC 5991 §3.2; RFC 6081 §5.1.1).</summary>
sealed partial class Qualification(ClientContext context, PortMapper mapper, ClientPeers peers)
{
    static readonly TimeSpan SolicitationTimeout = TimeSpan.FromSeconds(4); // RFC 4380 §5.2.1: T
    const int MaxSolicitations = 3;                                         // RFC 4380 §5.2.1: N
    static readonly TimeSpan SolicitationSpacing = TimeSpan.FromSeconds(2);
    const int MaxPortAttempts = 4;
    static readonly TimeSpan MappingPatience = TimeSpan.FromSeconds(3);
    static readonly TimeSpan MinBackOff = TimeSpan.FromSeconds(60), MaxBackOff = TimeSpan.FromSeconds(100); // the RFCs name no values
    static readonly TimeSpan BackOffCap = TimeSpan.FromMinutes(10);

    readonly HashSet<IPv4Address> _silentSecondaries = [];
    QualificationActivity _activity = new Idle();
    ClientState _state;
    NetworkState _network = new();
    (IPv4Address Server, IPv4Endpoint Mapped, TeredoFlags Flags)? _flags;
    NatReport? _reported;
    Instant _lastSolicited = Instant.MinValue;
    int _serverIndex, _serversTried, _failures, _leases, _mtu = RouterAdvertisement.DefaultMtuOctets;
    bool _portOpen, _mappedNotGlobal, _remapped, _awaitMapping;

    /// <summary>The refresh interval in force; interval determination may raise it (RFC 4380 §5.2.7).</summary>
    public TimeSpan RefreshInterval { get; set; } = context.Options.RefreshInterval;

    public ClientState State
    {
        get => _state;
        private set
        {
            if (_state == value)
                return;
            _state = value;
            context.Raise(new ClientEvent.StateChanged { State = value });
        }
    }

    public bool IsStarted => State != ClientState.Off;

    public NatReport Nat => new()
    {
        Mapping = context.Mapping,
        Filtering = context.Filtering,
        PortPreserving = context.IsPortPreserving,
        Sequential = context.IsSymmetric && !context.IsPortPreserving && context.MayBeSequential,
        PortMapped = context.IsPortMapped,
    };

    public Instant? NextDeadline => _activity switch
    {
        AwaitingMapping awaiting => awaiting.Until,
        Soliciting soliciting => soliciting.RetryAt,
        Probing probing => probing.RetryAt,
        Offline offline => offline.RetryAt,
        Maintaining maintaining => Instant.Earlier(RefreshAt(maintaining), DormantAt),
        _ => null,
    };

    // RFC 4380 §5.2.5 asks for a packet *from* the server within the interval. A NAT may refresh a mapping on outbound traffic only (RFC 4787 REQ-6),
    // so a packet *to* the server is needed, too. Never sooner than 2 s after the last solicitation, which may have gone to the secondary address:
    // otherwise a mapping that changes with each answer would cause the next solicitation at once.
    Instant RefreshAt(Maintaining maintaining) => Later(LastServerExchange + maintaining.Interval, _lastSolicited + SolicitationSpacing);

    static Instant Later(Instant left, Instant right) => left > right ? left : right;

    Instant LastServerExchange => context.LastServerSent < context.LastServerReceived ? context.LastServerSent : context.LastServerReceived;

    Instant? DormantAt => _leases == 0 && context.Options.DormancyTimeout > TimeSpan.Zero
        ? context.LastTraffic + context.Options.DormancyTimeout : null;

    bool IsSuppressed => !_network.HasIPv4
        || (_network.HasNativeIPv6 && context.Options.NativeIPv6 == NativeIPv6Behaviour.Stop) // RFC 4380 §5.5
        || (_network.IsManaged && !context.Options.AllowManagedNetwork);                      // RFC 5991 §4

    public void Start(Instant now)
    {
        if (IsStarted)
            throw new InvalidOperationException("The client is started already; stop it first.");
        Begin(now);
    }

    public void Stop()
    {
        ShutDown();
        State = ClientState.Off;
    }

    public void HandleTimeout(Instant now)
    {
        while (NextDeadline <= now) // a refresh may be due at once, when a silent secondary address took the time
            Advance(now);
    }

    void Advance(Instant now)
    {
        switch (_activity)
        {
            case AwaitingMapping:
                StartRound(now);
                break;
            case Soliciting { Attempt: < MaxSolicitations } soliciting:
                Solicit(now, soliciting.Secondary, soliciting.Attempt + 1);
                break;
            case Soliciting { Secondary: true }:
                GiveUpOnSecondary(now);
                break;
            case Soliciting:
                TryNextServer(now, Silence);
                break;
            case Maintaining when DormantAt <= now:
                GoDormant();
                break;
            case Maintaining:
                Probe(now, 1);
                break;
            case Probing { Attempt: < MaxSolicitations } probing:
                Probe(now, probing.Attempt + 1);
                break;
            case Probing:
                LoseAddress();
                TryNextServer(now, Silence);
                break;
            case Offline:
                Retry(now);
                break;
        }
    }

    /// <summary>Takes a router advertisement that came to the service port.</summary>
    /// <returns>None when it answered a solicitation.</returns>
    public DropReason HandleAdvertisement(Instant now, IPv4Endpoint source, in Advertisement advertisement)
    {
        var (nonce, expected) = _activity switch
        {
            Soliciting soliciting => (soliciting.Nonce, soliciting.Secondary ? context.SecondaryEndpoint : context.PrimaryEndpoint),
            Probing probing => (probing.Nonce, context.PrimaryEndpoint),
            _ => (0UL, default(IPv4Endpoint)),
        };
        if (source != expected || advertisement.Nonce != nonce)
            return DropReason.BadNonce; // unsolicited, late or forged: the state stays (§5.2.1)
        context.LastServerReceived = now;
        if (!context.Policy.IsGlobalUnicast(advertisement.Mapped))
        {
            _mappedNotGlobal = true; // §4: a Teredo address must embed a global unicast address
            return DropReason.SourceNotGlobal;
        }
        if (advertisement.NeedsNewKey)
            context.Raise(new ClientEvent.KeyRenewalNeeded()); // §5.2.2: the advertisement is valid nevertheless
        _mtu = advertisement.MtuOctets ?? _mtu;
        switch (_activity)
        {
            case Soliciting { Secondary: false }:
                TakePrimaryMapping(now, advertisement.Mapped);
                break;
            case Soliciting:
                TakeSecondaryMapping(now, advertisement.Mapped);
                break;
            case Probing when advertisement.Mapped == context.Mapped:
                Maintain();
                break;
            case Probing:
                TakePrimaryMapping(now, advertisement.Mapped);
                break;
        }
        return DropReason.None;
    }

    public void HandleOpened(Instant now, in RequestAnswer answer)
    {
        if (_activity is not OpeningPort opening)
            return;
        if (answer.Succeeded)
        {
            _portOpen = true;
            context.Local = answer.Local;
            mapper.Begin();
            if (_awaitMapping && mapper.IsPending)
                _activity = new AwaitingMapping(now + MappingPatience);
            else
                StartRound(now);
        }
        else if (context.Options.ServicePort == 0 && opening.Attempt < MaxPortAttempts)
            OpenPort(opening.Attempt + 1);
        else
            GoOffline(now, OfflineReason.PortUnavailable);
    }

    public void HandleMappingAnswer(Instant now, in RequestAnswer answer)
    {
        bool mapped = mapper.HandleAnswer(answer);
        if (_activity is AwaitingMapping && !mapper.IsPending)
            StartRound(now);
        else if (mapped && State == ClientState.Qualified)
        {
            mapper.Compare();
            if (WantsReservedPort)
                StartOverWithMapping();
        }
    }

    public void HandleNetworkChanged(Instant now, NetworkState network)
    {
        var before = _network;
        _network = network;
        context.Policy = new(context.Options.AllowPrivateAddresses, [.. network.AttachedSubnets]);
        if (!IsStarted)
            return;
        var local = before.LocalAddress.IsUnspecified ? context.Local.Address : before.LocalAddress;
        bool moved = !network.LocalAddress.IsUnspecified && network.LocalAddress != local;
        if (moved)
            _silentSecondaries.Clear(); // they may answer in this network
        if (IsSuppressed)
        {
            ShutDown();
            State = ClientState.Suppressed;
        }
        else if (State == ClientState.Suppressed || (moved && _portOpen))
        {
            ShutDown();
            Begin(now);
        }
        else if (State == ClientState.Offline && (network.Resumed || Differ(before, network)))
        {
            _failures = 0;
            Retry(now);
        }
        else if (network.Resumed && State == ClientState.Qualified)
        {
            peers.DistrustAll();
            SolicitSoon(now);
        }
    }

    /// <summary>Takes a changed list of servers. It is used at the next choice of a server; an offline client chooses now.</summary>
    public void HandleServersChanged(Instant now)
    {
        if (_activity is not Offline)
            return;
        _failures = 0;
        Retry(now);
    }

    static bool Differ(NetworkState before, NetworkState now) =>
        before with { AttachedSubnets = now.AttachedSubnets, Resumed = now.Resumed } != now
        || !before.AttachedSubnets.SequenceEqual(now.AttachedSubnets);

    // Solicits at once, but at most once in 2 s, whatever the network does. A solicitation that is under way is enough.
    void SolicitSoon(Instant now)
    {
        if (_activity is not Maintaining)
            return;
        var earliest = _lastSolicited + SolicitationSpacing;
        if (now >= earliest)
            Probe(now, 1);
        else
            _activity = new Maintaining(earliest - LastServerExchange);
    }

    public void AcquireLease(Instant now)
    {
        _leases++;
        if (State == ClientState.Dormant)
            Wake(now);
    }

    public void ReleaseLease(Instant now)
    {
        if (_leases == 0)
            throw new InvalidOperationException("No lease is held.");
        _leases--;
        context.LastTraffic = now; // the idle time starts now
    }

    /// <summary>Leaves dormancy. The NAT may have dropped the mapping, so qualification runs again. The address stays if the mapping does.</summary>
    public void Wake(Instant now)
    {
        context.LastTraffic = now;
        StartRound(now);
    }

    void Begin(Instant now)
    {
        _failures = 0;
        _remapped = false;
        context.LastTraffic = now;
        if (IsSuppressed)
            State = ClientState.Suppressed;
        else
            OpenPort(1);
    }

    void OpenPort(int attempt)
    {
        State = ClientState.Qualifying;
        _activity = new OpeningPort(attempt);
        ushort number = context.Options.ServicePort != 0 ? context.Options.ServicePort // §5.2.10: fixed by the options, else random
            : attempt < MaxPortAttempts ? context.Random.NextPort() : (ushort)0;
        context.Request(new() { Kind = ClientRequestKind.OpenPort, Port = LocalPort.Service, Number = number });
    }

    void StartRound(Instant now)
    {
        _serverIndex = _serversTried = 0;
        SolicitServer(now);
    }

    void Retry(Instant now)
    {
        if (_portOpen)
            StartRound(now);
        else
            OpenPort(1);
    }

    void SolicitServer(Instant now)
    {
        context.Server = context.Servers[_serverIndex % context.Servers.Count]; // the list may have become shorter
        _mappedNotGlobal = false;
        State = ClientState.Qualifying;
        var earliest = _lastSolicited + SolicitationSpacing; // an unstable network may start many rounds
        if (now < earliest)
            _activity = new Soliciting(Secondary: false, Attempt: 0, context.Random.NextUInt64(), earliest); // the nonce was not sent, so no answer matches
        else
            Solicit(now, secondary: false, attempt: 1);
    }

    void Solicit(Instant now, bool secondary, int attempt)
    {
        ulong nonce = context.Solicit(now, LocalPort.Service, secondary ? context.SecondaryEndpoint : context.PrimaryEndpoint);
        _lastSolicited = now;
        _activity = new Soliciting(secondary, attempt, nonce, now + SolicitationTimeout);
    }

    void Probe(Instant now, int attempt)
    {
        ulong nonce = context.Solicit(now, LocalPort.Service, context.PrimaryEndpoint);
        _lastSolicited = now;
        _activity = new Probing(attempt, nonce, now + SolicitationTimeout);
    }

    // §5.2, RFC 6081 §5.1.1: 75 to 100 % of the interval, chosen anew each time.
    void Maintain()
    {
        _mappedNotGlobal = false;
        _activity = new Maintaining(context.Random.NextBetween(RefreshInterval * 0.75, RefreshInterval));
    }

    void TryNextServer(Instant now, OfflineReason reason)
    {
        if (!context.Servers.Contains(context.Server)) // the server was removed from the list, so the others are all untried
        {
            StartRound(now);
            return;
        }
        if (++_serversTried >= context.Servers.Count)
        {
            GoOffline(now, reason);
            return;
        }
        _serverIndex = (_serverIndex + 1) % context.Servers.Count; // RFC 4380 §7.3.5: clients should be ready to use another server
        SolicitServer(now);
    }

    void GoOffline(Instant now, OfflineReason reason)
    {
        LoseAddress();
        var delay = context.Random.NextBetween(MinBackOff, MaxBackOff) * Math.Pow(2, Math.Min(_failures++, 8));
        var retryAt = now + (delay < BackOffCap ? delay : BackOffCap);
        _activity = new Offline(retryAt);
        State = ClientState.Offline;
        context.Raise(new ClientEvent.Failed { Reason = reason, RetryAt = retryAt });
    }

    void GoDormant()
    {
        _activity = new Idle();
        peers.Clear();
        State = ClientState.Dormant;
    }

    void LoseAddress()
    {
        if (context.Address is { } address)
        {
            context.Address = null;
            context.Raise(new ClientEvent.AddressLost { Address = address });
        }
        _reported = null;
        peers.Clear();
    }

    void ShutDown()
    {
        RefreshInterval = context.Options.RefreshInterval; // the determined interval belonged to the old network
        LoseAddress();
        ClosePort();
        _activity = new Idle();
        _awaitMapping = false;
    }

    void ClosePort()
    {
        mapper.End();
        if (_portOpen || _activity is OpeningPort)
            context.Request(new() { Kind = ClientRequestKind.ClosePort, Port = LocalPort.Service });
        _portOpen = false;
    }
}
