using static TeredoSdk.Protocol.Client.QualificationActivity;

namespace TeredoSdk.Protocol.Client;

/// <remarks>The host's network: it may forbid Teredo (RFC 4380 §5.5, RFC 5991 §4), go and come back, or be another one.</remarks>
sealed partial class Qualification
{
    static readonly TimeSpan NetworkPatience = TimeSpan.FromSeconds(30);

    NetworkGateway? _gateway; // of the network that the service port belongs to, as last known

    bool IsForbidden => (_network.HasNativeIPv6 && context.Options.NativeIPv6 == NativeIPv6Behaviour.Stop) // RFC 4380 §5.5
        || (_network.IsManaged && !context.Options.AllowManagedNetwork);                                   // RFC 5991 §4

    bool IsSuppressed => !_network.HasIPv4 || IsForbidden;

    public void HandleNetworkChanged(Instant now, NetworkState network)
    {
        var before = _network;
        _network = network;
        context.Policy = new(context.Options.AllowPrivateAddresses, [.. network.AttachedSubnets]);
        bool moved = HasMoved(before, network);
        bool mayReturn = !network.Resumed && (_activity is not Away away || now < away.Until); // the clock stood still while the machine slept
        bool returned = _activity is Away && mayReturn && network.Gateway is not null && !moved;
        if (network.HasIPv4 && !returned)
            _gateway = moved || State == ClientState.Suppressed ? network.Gateway : network.Gateway ?? _gateway;
        if (!IsStarted)
            return;
        if (moved)
            _silentSecondaries.Clear(); // they may answer in this network
        if (!network.HasIPv4 && !IsForbidden && mayReturn && context.Address is not null && _gateway is not null)
            Leave(now);
        else if (IsSuppressed)
        {
            ShutDown();
            State = ClientState.Suppressed;
        }
        else if (returned)
            Return(now);
        else if (State == ClientState.Suppressed || (moved && _portOpen))
        {
            ShutDown();
            Begin(now); // with a fresh random port, so that nobody can link the two places (RFC 5991 §3.1)
        }
        else if (State == ClientState.Offline && (network.Resumed || Differ(before, network)))
        {
            _failures = 0;
            Retry(now);
        }
        else if (network.Resumed && State == ClientState.Qualified)
        {
            peers.DistrustAll();
            _steady = SteadyRefreshes; // if the mapping is gone, the sleep was too long, not the interval
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

    bool HasMoved(NetworkState before, NetworkState network)
    {
        var local = before.LocalAddress.IsUnspecified ? context.Local.Address : before.LocalAddress;
        bool otherGateway = network.Gateway is not null && _gateway is not null && network.Gateway != _gateway;
        return otherGateway || (!network.LocalAddress.IsUnspecified && network.LocalAddress != local);
    }

    // A gateway that became known or unknown is no news: the system forgets link addresses all the time.
    static bool Differ(NetworkState before, NetworkState now) =>
        before with { AttachedSubnets = now.AttachedSubnets, Resumed = now.Resumed, Gateway = now.Gateway } != now
        || (before.Gateway is not null && now.Gateway is not null && before.Gateway != now.Gateway)
        || !before.AttachedSubnets.SequenceEqual(now.AttachedSubnets);

    // The network has gone. It may be back soon, so the address and the gateway's mapping stay for a while.
    void Leave(Instant now)
    {
        if (_activity is Away)
            return;
        peers.DistrustAll();
        CloseSocket();
        _activity = new Away(now + NetworkPatience, context.Local.Port);
        State = ClientState.Suppressed;
    }

    // The same network is back. The NAT may have kept the mapping of the old port; the server will tell.
    void Return(Instant now)
    {
        _failures = 0;
        OpenPort(wanted: ((Away)_activity).Port);
    }

    // Solicits at once, but at most once in 2 s, whatever the network does. A solicitation that is under way is enough.
    void SolicitSoon(Instant now)
    {
        if (_activity is not Maintaining)
            return;
        var earliest = _lastSolicited + SolicitationSpacing;
        if (now >= earliest)
            Probe(now);
        else
            _activity = new Maintaining(earliest - LastServerExchange);
    }
}
