using TeredoSdk.Protocol;

namespace TeredoSdk.Testing;

/// <summary>A network of hosts and NATs: the public internet, or the inside of a NAT.</summary>
public abstract class SimulatedNetwork
{
    readonly Dictionary<IPv4Address, ISimulatedNode> _nodes = [];
    readonly Dictionary<(ISimulatedNode, ISimulatedNode), Link> _paths = [];
    readonly Dictionary<(ISimulatedNode, ISimulatedNode), Instant> _lastArrivals = [];

    private protected SimulatedNetwork(SimulatedInternet? internet) => Internet = internet ?? (SimulatedInternet)this;

    /// <summary>The internet that this network is a part of.</summary>
    public SimulatedInternet Internet { get; }

    /// <summary>The path between any two nodes of this network that have no <see cref="Path"/> of their own.</summary>
    public abstract Link Core { get; }

    /// <summary>Adds a host.</summary>
    /// <param name="name">The name in traces; unique in the internet.</param>
    /// <param name="address">The host's IPv4 address; null for the next free address of this network.</param>
    /// <exception cref="ArgumentException">The name or the address is taken.</exception>
    public SimulatedHost Host(string name, IPv4Address? address = null)
    {
        Internet.TakeName(name);
        var host = new SimulatedHost(this, name);
        host.AddAddress(address ?? NextAddress(1));
        return host;
    }

    /// <summary>Adds a NAT with the given behaviour, and otherwise the defaults of <see cref="NatOptions"/>.</summary>
    /// <param name="mapping">The mapping behaviour.</param>
    /// <param name="filtering">The filtering behaviour.</param>
    /// <param name="configure">Changes further options; null for none.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
    public SimulatedNat Nat(Mapping mapping, Filtering filtering, Func<NatOptions, NatOptions>? configure = null) =>
        Nat(Configured(new() { Mapping = mapping, Filtering = filtering }, configure));

    /// <summary>Adds a NAT of one of the nine kinds in RFC 6081 §3.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="configure">Changes further options; null for none.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
    public SimulatedNat Nat(NatKind kind, Func<NatOptions, NatOptions>? configure = null) => Nat(Configured(NatOptions.Of(kind), configure));

    /// <summary>Adds a NAT. Behind another NAT it is nested, as with a carrier-grade NAT.</summary>
    /// <param name="options">The NAT's behaviour.</param>
    /// <exception cref="ArgumentException">An option is outside its range; the message names the option, its value and the range.</exception>
    public SimulatedNat Nat(NatOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new(this, options);
    }

    /// <summary>The link between these two nodes alone. The first call makes it as a copy of <see cref="Core"/>.</summary>
    /// <param name="one">A node of this network. A node behind a NAT of this network stands for that NAT.</param>
    /// <param name="other">Another node.</param>
    /// <exception cref="ArgumentException">A node is not attached to this network, not even through a NAT.</exception>
    public Link Path(ISimulatedNode one, ISimulatedNode other)
    {
        var (a, b) = (Attached(one), Attached(other));
        if (!_paths.TryGetValue((a, b), out var link))
            _paths[(a, b)] = _paths[(b, a)] = link = Core.Copy();
        return link;
    }

    internal abstract IPv4Address NextAddress(int count);

    internal abstract bool CarriesMulticast { get; }

    /// <summary>The node that takes datagrams whose target is not on this network, or null.</summary>
    internal virtual ISimulatedNode? Gateway => null;

    internal IEnumerable<ISimulatedNode> Nodes => _nodes.Values.Distinct();

    internal bool Has(IPv4Address address) => _nodes.ContainsKey(address);

    internal void Attach(IPv4Address address, ISimulatedNode node)
    {
        if (!_nodes.TryAdd(address, node))
            throw new ArgumentException($"The address {address} is taken by {_nodes[address].Name}.", nameof(address));
    }

    internal void Detach(IPv4Address address) => _nodes.Remove(address);

    internal void Send(SimulatedDatagram datagram)
    {
        datagram = datagram with { Time = Internet.Now };
        Internet.Sent(this, datagram);
        var from = datagram.From;
        if (datagram.Target.Address.IsMulticast)
            Multicast(from, datagram);
        else if (_nodes.TryGetValue(datagram.Target.Address, out var to))
            Carry(from, to, datagram);
        else if (Gateway is { } gateway && gateway != from)
            Carry(from, gateway, datagram);
        else
            Internet.Lost(datagram, DatagramLoss.NoRoute);
    }

    void Multicast(ISimulatedNode from, SimulatedDatagram datagram)
    {
        if (!CarriesMulticast)
        {
            Internet.Lost(datagram, DatagramLoss.NoRoute);
            return;
        }
        foreach (var node in Nodes)
            if (node != from && node is SimulatedHost)
                Carry(from, node, datagram);
    }

    void Carry(ISimulatedNode from, ISimulatedNode to, SimulatedDatagram datagram)
    {
        ReadOnlySpan<Link> links = from == to ? [] : [from.Uplink, _paths.GetValueOrDefault((from, to), Core), to.Uplink];
        int ttl = datagram.Ttl;
        bool duplicate = false;
        foreach (var link in links)
        {
            if (!link.IsUp || from.LinkRandom.Chance(link.Loss))
            {
                Internet.Lost(datagram, DatagramLoss.Loss);
                return;
            }
            if (!link.Fragments && datagram.Size > link.MtuOctets)
            {
                Internet.Lost(datagram, DatagramLoss.TooLarge);
                return;
            }
            ttl -= link.Hops;
            if (ttl < 1)
            {
                Internet.Lost(datagram, DatagramLoss.TtlExpired);
                return;
            }
            duplicate |= from.LinkRandom.Chance(link.Duplication);
        }
        for (int copies = duplicate ? 2 : 1; copies > 0; copies--)
            Deliver(from, to, datagram with { Ttl = (byte)ttl }, links);
    }

    void Deliver(ISimulatedNode from, ISimulatedNode to, SimulatedDatagram datagram, ReadOnlySpan<Link> links)
    {
        var arrival = Internet.Now;
        bool heldBack = false;
        foreach (var link in links)
        {
            arrival += link.DrawDelay(from.LinkRandom);
            if (from.LinkRandom.Chance(link.Reordering))
            {
                heldBack = true;
                arrival += link.ReorderingDelay;
            }
        }
        if (!heldBack)
        {
            // Jitter alone does not reorder: a datagram does not overtake an earlier one between the same two nodes.
            if (_lastArrivals.TryGetValue((from, to), out var last) && arrival < last)
                arrival = last;
            _lastArrivals[(from, to)] = arrival;
        }
        Internet.At(arrival, () => Arrive(to, datagram with { Time = arrival }));
    }

    void Arrive(ISimulatedNode to, SimulatedDatagram datagram)
    {
        Internet.Arrived(to, datagram);
        to.Receive(this, datagram);
    }

    ISimulatedNode Attached(ISimulatedNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        for (var at = node; ; at = (SimulatedNat)at.Network)
        {
            if (at.Network == this)
                return at;
            if (at.Network is not SimulatedNat)
                throw new ArgumentException($"{node.Name} is not attached to this network.", nameof(node));
        }
    }

    static NatOptions Configured(NatOptions options, Func<NatOptions, NatOptions>? configure) => configure is null ? options : configure(options);
}
