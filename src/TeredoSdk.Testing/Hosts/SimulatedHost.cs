using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;
using TeredoSdk.Protocol.Relay;

namespace TeredoSdk.Testing;

/// <summary>A host with IPv4 and UDP sockets, which may run a Teredo client or be its own relay.</summary>
public sealed partial class SimulatedHost : ISimulatedNode
{
    const byte DefaultTtl = 64;

    readonly Dictionary<IPv4Endpoint, SimulatedUdpSocket> _sockets = [];
    readonly List<IPv4Address> _addresses = [];
    readonly SimulatedRandom _ports;

    internal SimulatedHost(SimulatedNetwork network, string name)
    {
        Network = network;
        Name = name;
        _ports = network.Internet.NextRandom();
        LinkRandom = network.Internet.NextRandom();
        network.Internet.Add(this);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The network that the host is attached to: the internet, or the inside of a NAT.</summary>
    public SimulatedNetwork Network { get; private set; }

    /// <inheritdoc/>
    public Link Uplink { get; } = new();

    /// <summary>The host's first IPv4 address.</summary>
    public IPv4Address Address => _addresses[0];

    /// <summary>The Teredo client that was last started with <see cref="StartTeredo(Func{TeredoClientOptions, TeredoClientOptions}?)"/>.</summary>
    /// <exception cref="InvalidOperationException">No client was started.</exception>
    public SimulatedTeredoClient Teredo => _teredo ?? throw new InvalidOperationException($"{Name} runs no Teredo client; call StartTeredo first.");

    SimulatedTeredoClient? _teredo;

    /// <summary>Binds a UDP socket.</summary>
    /// <param name="port">The port, or 0 for a random free port from 49152 on.</param>
    /// <exception cref="InvalidOperationException">The port is in use.</exception>
    public SimulatedUdpSocket Bind(ushort port = 0) => Bind(Address, port, null);

    /// <summary>Binds a UDP socket that receives datagrams to a multicast group from hosts of the same inside network.</summary>
    /// <param name="group">The group and the port, for example 224.0.0.253:3544.</param>
    /// <exception cref="ArgumentException">The address is not a multicast address.</exception>
    /// <exception cref="InvalidOperationException">A socket of this host has already joined the group.</exception>
    public SimulatedUdpSocket Join(IPv4Endpoint group) => group.Address.IsMulticast
        ? Bind(group.Address, group.Port, null)
        : throw new ArgumentException($"{group.Address} is not a multicast address; expected an address in 224.0.0.0/4.", nameof(group));

    /// <summary>Starts a Teredo client that uses the internet's servers.</summary>
    /// <param name="configure">Changes the options; null for no change.</param>
    /// <exception cref="InvalidOperationException">There is no server, or a client is running already.</exception>
    public SimulatedTeredoClient StartTeredo(Func<TeredoClientOptions, TeredoClientOptions>? configure = null)
    {
        if (Network.Internet.Servers.Count == 0)
            throw new InvalidOperationException("There is no Teredo server; call SimulatedInternet.Server first.");
        var options = new TeredoClientOptions { Servers = [.. Network.Internet.Servers.Select(server => server.Address)] };
        return StartTeredo(configure is null ? options : configure(options));
    }

    /// <summary>Starts a Teredo client.</summary>
    /// <param name="options">The client's options.</param>
    /// <exception cref="ArgumentException">An option is outside its range.</exception>
    /// <exception cref="InvalidOperationException">A client is running already.</exception>
    public SimulatedTeredoClient StartTeredo(TeredoClientOptions options)
    {
        if (_teredo is { State: not ClientState.Off })
            throw new InvalidOperationException($"{Name} runs a Teredo client already.");
        _teredo = new(this, options);
        _teredo.Start();
        return _teredo;
    }

    /// <summary>Gives the host native IPv6, and makes it a relay for itself: a host-specific relay (RFC 4380 §5.4).</summary>
    /// <param name="configure">Changes the options; null for no change.</param>
    public SimulatedRelay StartRelay(Func<TeredoRelayOptions, TeredoRelayOptions>? configure = null) =>
        SimulatedRelay.On(this, new SimulatedNativeNode(Network.Internet.Native, Name), configure);

    /// <summary>
    /// Moves the host to another network, or to a new address of the same one. Its sockets move, too, and its Teredo client is told.
    /// </summary>
    /// <param name="network">The internet or a NAT.</param>
    /// <exception cref="InvalidOperationException">The host has several addresses, as servers do.</exception>
    public void MoveTo(SimulatedNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        if (_addresses.Count > 1)
            throw new InvalidOperationException($"{Name} has {_addresses.Count} addresses; only hosts with one can move.");
        var old = Address;
        Network.Detach(old);
        _addresses.Clear();
        Network = network;
        AddAddress(network.NextAddress(1));
        foreach (var socket in _sockets.Values.Where(socket => socket.LocalEndpoint.Address == old).ToList())
        {
            Close(socket);
            socket.LocalEndpoint = new(Address, socket.LocalEndpoint.Port);
            _sockets.Add(socket.LocalEndpoint, socket);
        }
        _teredo?.ChangeNetwork();
        NetworkChanged?.Invoke();
    }

    internal SimulatedRandom LinkRandom { get; }

    SimulatedRandom ISimulatedNode.LinkRandom => LinkRandom;

    internal void AddAddress(IPv4Address address)
    {
        Network.Attach(address, this);
        _addresses.Add(address);
    }

    internal bool IsBound(IPv4Address address, ushort port) => _sockets.ContainsKey(new(address, port));

    internal SimulatedUdpSocket Bind(IPv4Address address, ushort port, Action<SimulatedDatagram>? handler)
    {
        while (port == 0)
        {
            var candidate = (ushort)(49152 + _ports.Next(16384));
            port = _sockets.ContainsKey(new(address, candidate)) ? (ushort)0 : candidate;
        }
        var local = new IPv4Endpoint(address, port);
        var socket = new SimulatedUdpSocket(this, local, handler);
        if (!_sockets.TryAdd(local, socket))
            throw new InvalidOperationException($"UDP port {port} of {Name} is in use.");
        return socket;
    }

    internal void Close(SimulatedUdpSocket socket) => _sockets.Remove(socket.LocalEndpoint);

    internal void Send(IPv4Endpoint source, IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl) =>
        Network.Send(new()
        {
            Time = Network.Internet.Now,
            From = this,
            Source = source.Address.IsMulticast ? new(Address, source.Port) : source,
            Target = target,
            Ttl = ttl == 0 ? DefaultTtl : ttl,
            Payload = payload.ToArray(),
        });

    void ISimulatedNode.Receive(SimulatedNetwork on, in SimulatedDatagram datagram)
    {
        if (_sockets.TryGetValue(datagram.Target, out var socket))
            socket.Receive(datagram);
        else if (!datagram.Target.Address.IsMulticast) // a host outside the group loses nothing
            Network.Internet.Lost(datagram, DatagramLoss.NoSocket);
    }
}
