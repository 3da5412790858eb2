using static TeredoSdk.Protocol.Client.QualificationActivity;

namespace TeredoSdk.Protocol.Client;

/// <remarks>Refreshes (RFC 4380 §5.2.5), and the interval between them, which becomes shorter when the NAT forgets the mapping too soon.</remarks>
sealed partial class Qualification
{
    static readonly TimeSpan MinRefreshInterval = TimeSpan.FromSeconds(5);
    const int SteadyRefreshes = 10; // after so many a changed mapping is the NAT's doing, not the interval's
    static readonly TimeSpan CheckLead = TimeSpan.FromSeconds(3), CheckTimeout = TimeSpan.FromSeconds(1);
    const int MaxCheckBubbles = 3, MaxChecks = 8;

    readonly MappingCheck _check = new(context);
    TimeSpan? _checked; // the interval for which the mapping is known to live long enough
    int _steady;        // refreshes in a row that found the same mapping
    int _checks;        // tries to check this interval; a busy client or a silent server leave them without a result
    bool _checkFailed;

    /// <summary>The refresh interval in force; interval determination may raise it (RFC 4380 §5.2.7), and a NAT that forgets soon shortens it.</summary>
    public TimeSpan RefreshInterval { get; set; } = context.Options.RefreshInterval;

    // RFC 4380 §5.2.5 asks for a packet *from* the server within the interval. A NAT may refresh a mapping on outbound traffic only (RFC 4787 REQ-6),
    // so a packet *to* the server is needed, too. Never sooner than 2 s after the last solicitation, which may have gone to the secondary address:
    // otherwise a mapping that changes with each answer would cause the next solicitation at once.
    Instant RefreshAt(Maintaining maintaining) => Later(LastServerExchange + maintaining.Interval, _lastSolicited + SolicitationSpacing);

    // The check is prepared before the refresh that it is for.
    Instant? CheckAt(Maintaining maintaining) =>
        WantsCheck && !_check.IsAsked ? Later(RefreshAt(maintaining) - CheckLead, _lastSolicited + SolicitationSpacing) : null;

    // A NAT that does not preserve ports shows by another mapping that it forgot the old one. Interval determination has the port and finds out itself.
    bool WantsCheck => context.IsPortPreserving && context.Mapped != context.Local && !context.Options.DetermineInterval
        && _checked != RefreshInterval && _checks < MaxChecks;

    static Instant Later(Instant left, Instant right) => left > right ? left : right;

    Instant LastServerExchange => context.LastServerSent < context.LastServerReceived ? context.LastServerSent : context.LastServerReceived;

    // §5.2, RFC 6081 §5.1.1: 75 to 100 % of the interval, chosen anew each time. A check tests the whole interval.
    void Maintain()
    {
        _mappedNotGlobal = false;
        if (WantsCheck)
            _check.Rest();
        else
            _check.Close();
        _activity = new Maintaining(WantsCheck ? RefreshInterval : context.Random.NextBetween(RefreshInterval * 0.75, RefreshInterval));
    }

    void Refresh(Instant now)
    {
        if (_check.IsReady && context.LastServerSent + RefreshInterval <= now) // else the mapping was used meanwhile
            SendCheck(now);
        else
            Probe(now);
    }

    void SendCheck(Instant now, int attempt = 1)
    {
        _check.SendBubble(now);
        _activity = new Checking(attempt, now + CheckTimeout);
    }

    void FailCheck(Instant now)
    {
        _checkFailed = true;
        Probe(now);
    }

    /// <summary>Takes a bubble from the server. That of the check shows that the mapping lives.</summary>
    /// <returns>Whether it is the check's.</returns>
    public bool TakeCheck(Instant now, IPv6Address source)
    {
        if (!_check.IsOurs(source))
            return false;
        if (_activity is not Checking)
            return true; // a copy, or late
        if (context.LastTraffic + RefreshInterval <= now && context.LastPeerSent + RefreshInterval <= now) // else a peer may have kept the mapping
            _checked = RefreshInterval;
        Probe(now);
        return true;
    }

    /// <summary>Takes the answer to the request for the check's port.</summary>
    public void HandleCheckOpened(Instant now, in RequestAnswer answer)
    {
        if (_check.HandleOpened(now, answer))
            _lastSolicited = now;
    }

    /// <summary>Takes a router advertisement that came to the check's port.</summary>
    /// <returns>None when it answered a solicitation.</returns>
    public DropReason HandleCheckAdvertisement(IPv4Endpoint source, in Advertisement advertisement) => _check.HandleAdvertisement(source, advertisement);

    /// <summary>Ends the check, because there is no address now.</summary>
    public void StopCheck() => _check.Close();

    void AskForCheck(Instant now)
    {
        _checks++;
        if (_check.Ask(now))
            _lastSolicited = now;
    }

    // The mapping is as it was. A check that failed proves something only if the server answers at once.
    void TakeSameMapping(bool atOnce)
    {
        _steady++;
        if (_checkFailed && atOnce)
            Shorten(RefreshInterval);
        _checkFailed = false;
        Maintain();
    }

    // A refresh found another mapping. An interval that was determined belonged to the old one. When few refreshes found the old mapping, the NAT seems
    // to forget within the interval; after many, it restarted or got another address.
    void TakeOtherMapping()
    {
        var interval = RefreshInterval < context.Options.RefreshInterval ? RefreshInterval : context.Options.RefreshInterval;
        if (_steady < SteadyRefreshes)
            Shorten(interval);
        else
            RefreshInterval = interval;
        (_steady, _checks, _checked, _checkFailed) = (0, 0, null, false);
    }

    void Shorten(TimeSpan interval)
    {
        RefreshInterval = interval / 2 > MinRefreshInterval ? interval / 2 : MinRefreshInterval;
        _checks = 0;
        if (RefreshInterval == interval)
            _checked = interval; // nothing shorter is tried
        else
            context.Raise(new ClientEvent.IntervalDetermined { Interval = RefreshInterval });
    }
}
