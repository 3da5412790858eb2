using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>The state of a NAT: its static and dynamic mappings, and the tuples that strangers have claimed.</summary>
sealed class NatTable(NatOptions options, IReadOnlyList<IPv4Address> external, SimulatedRandom random)
{
    static readonly TimeSpan ClashLifetime = TimeSpan.FromSeconds(30); // Linux: nf_conntrack_udp_timeout

    readonly record struct StaticMapping(IPv4Endpoint Inside, Instant Expiry);

    readonly PortAllocator _allocator = new(options, random);
    readonly Dictionary<(IPv4Endpoint Inside, IPv4Endpoint Selector), NatMapping> _byInside = [];
    readonly Dictionary<IPv4Endpoint, NatMapping> _byOutside = [];
    readonly Dictionary<IPv4Endpoint, StaticMapping> _static = [];
    readonly Dictionary<(IPv4Endpoint Remote, IPv4Endpoint Outside), Instant> _claimed = [];

    /// <summary>Returns the external endpoint for a datagram that goes out.</summary>
    /// <returns>Null when no port is free.</returns>
    public IPv4Endpoint? Out(Instant now, IPv4Endpoint inside, IPv4Endpoint remote)
    {
        // A flow whose tuple was claimed keeps its own port, even when the NAT is endpoint-independent.
        var mapping = Find(now, inside, remote) ?? Find(now, inside, Selector(remote)) ?? Create(now, inside, Selector(remote), remote);
        if (mapping is not null && !mapping.HasFlow(now, remote) && IsClaimed(now, remote, mapping.Outside))
            mapping = Create(now, inside, remote, remote);
        mapping?.Sent(now, remote);
        return mapping?.Outside;
    }

    /// <summary>Returns the inside endpoint for a datagram that comes from outside.</summary>
    /// <returns>Null when the NAT drops the datagram.</returns>
    public IPv4Endpoint? In(Instant now, IPv4Endpoint outside, IPv4Endpoint remote)
    {
        var mapping = FindOutside(now, outside);
        bool admitted = mapping is not null && mapping.Admits(now, remote);
        if (FindStatic(now, outside) is { } inside)
            return inside;
        if (admitted)
            return mapping!.Inside;
        if (options.ConntrackClash)
            _claimed[(remote, outside)] = now + ClashLifetime;
        return null;
    }

    /// <summary>Opens an external port to anyone.</summary>
    /// <returns>False when another inside endpoint has the port.</returns>
    public bool TryForward(Instant now, ushort externalPort, IPv4Endpoint inside, TimeSpan lifetime)
    {
        var outside = new IPv4Endpoint(external[0], externalPort);
        if ((FindStatic(now, outside) ?? inside) != inside || (FindOutside(now, outside)?.Inside ?? inside) != inside)
            return false;
        _static[outside] = new(inside, lifetime == TimeSpan.Zero ? Instant.MaxValue : now + lifetime);
        if (options.Mapping == Mapping.EndpointIndependent && Find(now, inside, default) is { } dynamic && dynamic.Outside != outside)
            Remove(dynamic); // from now on all datagrams go out through the forwarded port
        return true;
    }

    public void RemoveForward(ushort externalPort) => _static.Remove(new(external[0], externalPort));

    NatMapping? Create(Instant now, IPv4Endpoint inside, IPv4Endpoint selector, IPv4Endpoint remote)
    {
        if (PickOutside(now, inside, remote) is not { } outside)
            return null;
        var mapping = new NatMapping(options, inside, selector, outside);
        _byInside[(inside, selector)] = mapping;
        _byOutside[outside] = mapping;
        return mapping;
    }

    IPv4Endpoint? PickOutside(Instant now, IPv4Endpoint inside, IPv4Endpoint remote)
    {
        // RFC 6081 §5.3: the static port serves the first destination. A symmetric NAT gives other ports to other destinations.
        foreach (var (outside, forward) in _static)
            if (forward.Inside == inside && forward.Expiry > now && FindOutside(now, outside) is null && !IsClaimed(now, remote, outside))
                return outside;
        var address = external[_allocator.PickAddress(inside.Address)];
        return _allocator.PickPort(inside, port => IsFree(now, new(address, port), remote)) is { } free ? new(address, free) : null;
    }

    bool IsFree(Instant now, IPv4Endpoint outside, IPv4Endpoint remote) =>
        FindOutside(now, outside) is null && FindStatic(now, outside) is null && !IsClaimed(now, remote, outside);

    bool IsClaimed(Instant now, IPv4Endpoint remote, IPv4Endpoint outside) =>
        _claimed.TryGetValue((remote, outside), out var until) && now < until;

    IPv4Endpoint? FindStatic(Instant now, IPv4Endpoint outside) =>
        _static.TryGetValue(outside, out var forward) && forward.Expiry > now ? forward.Inside : null;

    NatMapping? Find(Instant now, IPv4Endpoint inside, IPv4Endpoint selector) =>
        _byInside.TryGetValue((inside, selector), out var mapping) ? Alive(now, mapping) : null;

    NatMapping? FindOutside(Instant now, IPv4Endpoint outside) =>
        _byOutside.TryGetValue(outside, out var mapping) ? Alive(now, mapping) : null;

    NatMapping? Alive(Instant now, NatMapping mapping)
    {
        if (mapping.IsAlive(now))
            return mapping;
        Remove(mapping);
        return null;
    }

    void Remove(NatMapping mapping)
    {
        _byInside.Remove((mapping.Inside, mapping.Selector));
        _byOutside.Remove(mapping.Outside);
    }

    IPv4Endpoint Selector(IPv4Endpoint remote) => options.Mapping switch
    {
        Mapping.EndpointIndependent => default,
        Mapping.Address => new(remote.Address, 0),
        _ => remote,
    };
}
