using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>An external endpoint that stands for an inside one, with the remote endpoints that it has sent to.</summary>
sealed class NatMapping(NatOptions options, IPv4Endpoint inside, IPv4Endpoint selector, IPv4Endpoint outside)
{
    // Linux: nf_conntrack_udp_timeout, for flows without an answer.
    static readonly TimeSpan UnansweredLifetime = TimeSpan.FromSeconds(30);

    readonly record struct Flow(Instant Refreshed, Instant Expiry, bool Answered);

    readonly Dictionary<IPv4Endpoint, Flow> _flows = [];
    readonly Dictionary<IPv4Address, Instant> _addresses = []; // remote addresses, with the latest expiry of their flows
    Instant _expiry;

    public IPv4Endpoint Inside => inside;

    /// <summary>The part of the destination that the mapping depends on.</summary>
    public IPv4Endpoint Selector => selector;

    public IPv4Endpoint Outside => outside;

    public bool IsAlive(Instant now) => now < _expiry;

    public bool HasFlow(Instant now, IPv4Endpoint remote) => _flows.TryGetValue(remote, out var flow) && now < flow.Expiry;

    /// <summary>Notes a datagram that went out; this always refreshes the mapping (RFC 4787 REQ-6).</summary>
    public void Sent(Instant now, IPv4Endpoint remote) => Refresh(remote, now, HasFlow(now, remote) && _flows[remote].Answered);

    /// <summary>Whether a datagram from outside may come in (RFC 4787 §5). If so, it counts as an answer.</summary>
    public bool Admits(Instant now, IPv4Endpoint remote)
    {
        bool admitted = options.Filtering switch
        {
            Filtering.EndpointIndependent => IsAlive(now),
            Filtering.Address => _addresses.TryGetValue(remote.Address, out var expiry) && now < expiry,
            _ => HasFlow(now, remote),
        };
        if (admitted && options.InboundRefresh)
            Refresh(remote, now, true);
        else if (admitted && HasFlow(now, remote))
            Refresh(remote, _flows[remote].Refreshed, true);
        return admitted;
    }

    void Refresh(IPv4Endpoint remote, Instant at, bool answered)
    {
        bool isShort = options.ConntrackClash && !answered && options.UdpLifetime > UnansweredLifetime;
        var expiry = at + (isShort ? UnansweredLifetime : options.UdpLifetime);
        _flows[remote] = new(at, expiry, answered);
        _addresses[remote.Address] = Later(_addresses.GetValueOrDefault(remote.Address), expiry);
        _expiry = Later(_expiry, expiry);
    }

    static Instant Later(Instant one, Instant other) => one > other ? one : other;
}
