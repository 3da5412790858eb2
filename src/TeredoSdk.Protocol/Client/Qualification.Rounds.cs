using static TeredoSdk.Protocol.Client.QualificationActivity;

namespace TeredoSdk.Protocol.Client;

/// <remarks>The service port, the rounds of solicitations, and the delays between them (RFC 4380 §5.2.1, §5.2.10, §7.3.5).</remarks>
sealed partial class Qualification
{
    static readonly TimeSpan SolicitationTimeout = TimeSpan.FromSeconds(4); // RFC 4380 §5.2.1: T
    const int MaxSolicitations = 3;                                         // RFC 4380 §5.2.1: N
    static readonly TimeSpan SolicitationSpacing = TimeSpan.FromSeconds(2);
    const int MaxPortAttempts = 4;

    // The delays between rounds. The RFCs name no values.
    const int QuickRounds = 5;
    static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(2);
    static readonly TimeSpan MinBackOff = TimeSpan.FromSeconds(60), MaxBackOff = TimeSpan.FromSeconds(100);
    static readonly TimeSpan BackOffCap = TimeSpan.FromMinutes(10);

    // The wanted port is the old one, when the network is back.
    void OpenPort(int attempt = 1, ushort wanted = 0)
    {
        State = ClientState.Qualifying;
        _activity = new OpeningPort(attempt);
        ushort number = context.Options.ServicePort != 0 ? context.Options.ServicePort // §5.2.10: fixed by the options, else random
            : wanted != 0 ? wanted
            : attempt < MaxPortAttempts ? context.Random.NextPort() : (ushort)0;
        context.Request(new() { Kind = ClientRequestKind.OpenPort, Port = LocalPort.Service, Number = number });
    }

    // An address that may be kept is asked for at its own server: another one would give another address.
    void StartRound(Instant now)
    {
        _serversTried = _serverIndex = 0;
        for (int i = 0; i < context.Servers.Count && context.Address is not null; i++)
            if (context.Servers[i] == context.Server)
                _serverIndex = i;
        SolicitServer(now);
    }

    void Retry(Instant now)
    {
        if (_portOpen)
            StartRound(now);
        else
            OpenPort();
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
            Solicit(now, secondary: false);
    }

    void Solicit(Instant now, bool secondary, int attempt = 1)
    {
        ulong nonce = context.Solicit(now, LocalPort.Service, secondary ? context.SecondaryEndpoint : context.PrimaryEndpoint);
        _lastSolicited = now;
        _activity = new Soliciting(secondary, attempt, nonce, now + SolicitationTimeout);
    }

    void Probe(Instant now, int attempt = 1)
    {
        ulong nonce = context.Solicit(now, LocalPort.Service, context.PrimaryEndpoint);
        _lastSolicited = now;
        _activity = new Probing(attempt, nonce, now + SolicitationTimeout);
    }

    void TryNextServer(Instant now, OfflineReason reason)
    {
        LoseAddress(); // nobody reaches us through a silent server
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
        var retryAt = now + NextBackOff();
        _activity = new Offline(retryAt);
        State = ClientState.Offline;
        context.Raise(new ClientEvent.Failed { Reason = reason, RetryAt = retryAt });
    }

    // Most faults are short, so the first rounds follow soon: after 2, 4, 8, 16 and 32 s, each a quarter more or less.
    TimeSpan NextBackOff()
    {
        int failures = _failures++;
        if (failures < QuickRounds)
        {
            var quick = FirstBackOff * (1 << failures);
            return context.Random.NextBetween(quick * 0.75, quick * 1.25);
        }
        var delay = context.Random.NextBetween(MinBackOff, MaxBackOff) * Math.Pow(2, Math.Min(failures - QuickRounds, 8));
        return delay < BackOffCap ? delay : BackOffCap;
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
        RefreshInterval = context.Options.RefreshInterval; // what was found out belonged to the old network
        (_steady, _checks, _checked, _checkFailed) = (0, 0, null, false);
        LoseAddress();
        ClosePort();
        _activity = new Idle();
        _awaitMapping = false;
    }

    void ClosePort()
    {
        mapper.End();
        CloseSocket();
    }

    void CloseSocket()
    {
        if (_portOpen || _activity is OpeningPort)
            context.Request(new() { Kind = ClientRequestKind.ClosePort, Port = LocalPort.Service });
        _portOpen = false;
    }
}
