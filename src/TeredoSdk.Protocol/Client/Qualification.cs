using TeredoSdk.Protocol.Wire;
using static TeredoSdk.Protocol.Client.QualificationActivity;

namespace TeredoSdk.Protocol.Client;

/// <summary>Qualification and maintenance (RFC 4380 §5.2.1, §5.2.5; RFC 5991 §3.2; RFC 6081 §5.1.1).</summary>
sealed partial class Qualification(ClientContext context, PortMapper mapper, ClientPeers peers)
{
    static readonly TimeSpan MappingPatience = TimeSpan.FromSeconds(3);

    readonly HashSet<IPv4Address> _silentSecondaries = [];
    QualificationActivity _activity = new Idle();
    ClientState _state;
    NetworkState _network = new();
    (IPv4Address Server, IPv4Endpoint Mapped, TeredoFlags Flags)? _flags;
    NatReport? _reported;
    Instant _lastSolicited = Instant.MinValue;
    int _serverIndex, _serversTried, _failures, _leases, _mtu = RouterAdvertisement.DefaultMtuOctets;
    bool _portOpen, _mappedNotGlobal, _remapped, _awaitMapping;

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
        SeveralAddresses = context.IsSymmetric && context.HasSeveralAddresses,
        Sequential = context.IsSymmetric && !context.IsPortPreserving && context.MayBeSequential,
        PortMapped = context.IsPortMapped,
    };

    public Instant? NextDeadline => _activity switch
    {
        AwaitingMapping awaiting => awaiting.Until,
        Soliciting soliciting => soliciting.RetryAt,
        Probing probing => probing.RetryAt,
        Offline offline => offline.RetryAt,
        Away away => away.Until,
        Maintaining maintaining => Instant.Earlier(Instant.Earlier(RefreshAt(maintaining), CheckAt(maintaining)), DormantAt),
        Checking checking => checking.RetryAt,
        _ => null,
    };

    Instant? DormantAt => _leases == 0 && context.Options.DormancyTimeout > TimeSpan.Zero
        ? context.LastTraffic + context.Options.DormancyTimeout : null;

    public bool IsAnswerOverdue(Instant now) => _activity is Soliciting or Probing or Offline && NextDeadline <= now;

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
            case Maintaining maintaining when RefreshAt(maintaining) <= now:
                Refresh(now);
                break;
            case Maintaining:
                AskForCheck(now);
                break;
            case Checking { Attempt: < MaxCheckBubbles } checking:
                SendCheck(now, checking.Attempt + 1);
                break;
            case Checking:
                FailCheck(now);
                break;
            case Probing { Attempt: < MaxSolicitations } probing:
                Probe(now, probing.Attempt + 1);
                break;
            case Probing:
                TryNextServer(now, Silence);
                break;
            case Offline:
                Retry(now);
                break;
            case Away: // the network stayed away for too long
                ShutDown();
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
            case Probing probing when advertisement.Mapped == context.Mapped:
                TakeSameMapping(atOnce: probing.Attempt == 1);
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
            OpenPort();
    }

    void GoDormant()
    {
        _activity = new Idle();
        peers.Clear();
        State = ClientState.Dormant;
    }
}
