using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>An external endpoint that stands for an inside one, with whom it has talked to.</summary>
sealed class NatMapping(NatOptions options, Ipv4Endpoint inside, Ipv4Endpoint selector, Ipv4Endpoint outside)
{
    // Linux: nf_conntrack_udp_timeout, for flows that nobody has answered.
    static readonly TimeSpan UnansweredLifetime = TimeSpan.FromSeconds(30);

    readonly record struct Session(Instant Refreshed, bool Answered);

    readonly Dictionary<Ipv4Endpoint, Session> _sessions = [];

    public Ipv4Endpoint Inside => inside;

    /// <summary>The part of the destination that the mapping depends on.</summary>
    public Ipv4Endpoint Selector => selector;

    public Ipv4Endpoint Outside => outside;

    public bool IsAlive(Instant now)
    {
        foreach (var session in _sessions.Values)
            if (IsAlive(session, now))
                return true;
        return false;
    }

    public bool HasSession(Instant now, Ipv4Endpoint remote) => _sessions.TryGetValue(remote, out var session) && IsAlive(session, now);

    public void Sent(Instant now, Ipv4Endpoint remote) =>
        _sessions[remote] = new(now, HasSession(now, remote) && _sessions[remote].Answered);

    /// <summary>Whether a datagram from outside may come in (RFC 4787 §5); if so it counts as an answer.</summary>
    public bool Admits(Instant now, Ipv4Endpoint remote)
    {
        if (!IsAdmitted(now, remote))
            return false;
        if (options.InboundRefresh)
            _sessions[remote] = new(now, true);
        else if (HasSession(now, remote))
            _sessions[remote] = _sessions[remote] with { Answered = true };
        return true;
    }

    bool IsAdmitted(Instant now, Ipv4Endpoint remote)
    {
        switch (options.Filtering)
        {
            case Filtering.EndpointIndependent:
                return IsAlive(now);
            case Filtering.Address:
                foreach (var (other, session) in _sessions)
                    if (other.Address == remote.Address && IsAlive(session, now))
                        return true;
                return false;
            default:
                return HasSession(now, remote);
        }
    }

    bool IsAlive(Session session, Instant now)
    {
        var lifetime = options.ConntrackClash && !session.Answered && options.UdpLifetime > UnansweredLifetime
            ? UnansweredLifetime
            : options.UdpLifetime;
        return now - session.Refreshed < lifetime;
    }
}
