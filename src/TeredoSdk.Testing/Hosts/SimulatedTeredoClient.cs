using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk.Testing;

/// <summary>An event of a simulated Teredo client.</summary>
public readonly record struct SimulatedClientEvent
{
    /// <summary>When it happened.</summary>
    public required Instant Time { get; init; }

    /// <summary>The event.</summary>
    public required ClientEvent Event { get; init; }
}

/// <summary>A Teredo client on a simulated host: the driver of a <see cref="TeredoClient"/>, with the host's IPv6 stack above it.</summary>
public sealed class SimulatedTeredoClient : SimulatedIPv6Stack
{
    // The group of local discovery, 224.0.0.253 (RFC 4380 §2.17).
    static readonly IPv4Address DiscoveryGroup = new(0xE000_00FD);

    const ushort DiscoveryPort = 3544;

    readonly Dictionary<LocalPort, SimulatedUdpSocket> _sockets = [];
    readonly List<SimulatedClientEvent> _events = [];
    readonly DeadlineTimer _timer;
    readonly byte[] _buffer = new byte[65_535];
    IPv6Address? _lastAddress;

    internal SimulatedTeredoClient(SimulatedHost host, TeredoClientOptions options) : base(host.Network.Internet)
    {
        Host = host;
        Core = new(options, Internet.NextRandom());
        _timer = new(Internet, () => Core.NextDeadline, HandleTimeout);
    }

    /// <summary>The host.</summary>
    public SimulatedHost Host { get; }

    /// <summary>The protocol core. Read from it, but do not feed it inputs; the driver does that.</summary>
    public TeredoClient Core { get; }

    /// <summary>The client's state.</summary>
    public ClientState State => Core.State;

    /// <summary>Whether the client has an address that works.</summary>
    public bool IsQualified => State == ClientState.Qualified;

    /// <summary>The Teredo address.</summary>
    /// <exception cref="InvalidOperationException">The client has no address now.</exception>
    public TeredoAddress Address => Core.Address ?? throw new InvalidOperationException($"{Host.Name} has no Teredo address; its client is {State}.");

    /// <summary>What the client knows of the NAT.</summary>
    public NatReport Nat => Core.Nat;

    /// <summary>The client's events, in order.</summary>
    public IReadOnlyList<SimulatedClientEvent> Events => _events;

    /// <summary>Stops the client.</summary>
    public void Stop()
    {
        Core.Stop(Internet.Now);
        Drain();
    }

    /// <summary>Takes a lease, as a listener for unsolicited packets does. The client does not go dormant meanwhile.</summary>
    public void AcquireLease()
    {
        Core.AcquireLease(Internet.Now);
        Drain();
    }

    /// <summary>Ends a lease.</summary>
    /// <exception cref="InvalidOperationException">No lease is held.</exception>
    public void ReleaseLease()
    {
        Core.ReleaseLease(Internet.Now);
        Drain();
    }

    /// <summary>
    /// Starts a check whether strangers get in. The server needs a reflector; the last of <see cref="Events"/> tells the outcome after 12 s at most.
    /// </summary>
    /// <returns>False when the client is not qualified, or a check is running.</returns>
    public bool TryCheckReachability()
    {
        bool starts = Core.TryCheckReachability(Internet.Now);
        Drain();
        return starts;
    }

    /// <summary>Tells the client that the host's network changed.</summary>
    /// <param name="configure">Changes the state, which is at first that of the simulated host's connection; null for no change.</param>
    public void ChangeNetwork(Func<NetworkState, NetworkState>? configure = null)
    {
        Core.HandleNetworkChanged(Internet.Now, configure is null ? Host.DescribeNetwork() : configure(Host.DescribeNetwork()));
        Drain();
    }

    /// <inheritdoc/>
    public override void Send(ReadOnlySpan<byte> packet)
    {
        var verdict = Core.HandlePacket(Internet.Now, packet);
        if (verdict.Kind == VerdictKind.Send)
            SendFrom(verdict.Via, verdict.Target, packet.Slice(verdict.Offset, verdict.Length), 0);
        else if (verdict.Kind == VerdictKind.Deliver)
            Receive(packet.Slice(verdict.Offset, verdict.Length));
        Drain();
    }

    private protected override IPv6Address SourceAddress => Core.Address is { } address
        ? address
        : _lastAddress ?? throw new InvalidOperationException($"{Host.Name} has had no Teredo address yet; its client is {State}.");

    internal void Start()
    {
        Core.HandleNetworkChanged(Internet.Now, Host.DescribeNetwork());
        Core.Start(Internet.Now);
        Drain();
    }

    void HandleTimeout()
    {
        Core.HandleTimeout(Internet.Now);
        Drain();
    }

    void HandleDatagram(LocalPort via, SimulatedDatagram datagram)
    {
        var verdict = Core.HandleDatagram(Internet.Now, via, datagram.Source, datagram.Payload.Span);
        if (verdict.Kind == VerdictKind.Deliver)
            Receive(datagram.Payload.Span.Slice(verdict.Offset, verdict.Length));
        Drain();
    }

    void Drain()
    {
        while (Core.TryTakeRequest(out var request))
            Carry(request);
        while (Core.TryTakeTransmit(_buffer, out var transmit))
            SendFrom(transmit.Via, transmit.Target, _buffer.AsSpan(0, transmit.Length), transmit.Ttl);
        while (Core.TryTakeDelivery(_buffer, out int length))
            Receive(_buffer.AsSpan(0, length));
        while (Core.TryTakeEvent(out var clientEvent))
            _events.Add(new() { Time = Internet.Now, Event = clientEvent });
        if (Core.Address is { } address)
            _lastAddress = address;
        _timer.Update();
    }

    // A socket that was closed meanwhile sends nothing.
    void SendFrom(LocalPort via, IPv4Endpoint target, ReadOnlySpan<byte> payload, byte ttl)
    {
        if (_sockets.TryGetValue(via, out var socket))
            socket.Send(target, payload, ttl);
    }

    void Carry(in ClientRequest request)
    {
        var gateway = Host.Network as SimulatedNat;
        switch (request.Kind)
        {
            case ClientRequestKind.OpenPort:
                Core.HandleAnswer(Internet.Now, Open(request.Port, request.Number));
                break;
            case ClientRequestKind.ClosePort when _sockets.Remove(request.Port, out var socket):
                socket.Close();
                break;
            case ClientRequestKind.MapPort:
                // As with UPnP IGD, this answer does not contain the external address.
                Core.HandleAnswer(Internet.Now, gateway?.RequestPortMapping(request.Number, request.Local, request.Lifetime) is { } port
                    ? RequestAnswer.Mapped(new(default, port))
                    : RequestAnswer.NotMapped);
                break;
            case ClientRequestKind.GetExternalAddress:
                Core.HandleAnswer(Internet.Now, gateway?.RequestExternalAddress() is { } address
                    ? RequestAnswer.ExternalAddress(address)
                    : RequestAnswer.NoExternalAddress);
                break;
            case ClientRequestKind.UnmapPort:
                gateway?.RequestUnmapping(request.Number);
                break;
        }
    }

    RequestAnswer Open(LocalPort port, ushort number)
    {
        // The discovery socket receives only datagrams to the group (RFC 4380 §5.2.8 checks the outer destination).
        var address = port == LocalPort.Discovery ? DiscoveryGroup : Host.Address;
        if (port == LocalPort.Discovery)
            number = DiscoveryPort;
        if (number != 0 && Host.IsBound(address, number))
            return RequestAnswer.NotOpened(port);
        var socket = Host.Bind(address, number, datagram => HandleDatagram(port, datagram));
        _sockets[port] = socket;
        return RequestAnswer.Opened(port, new(Host.Address, socket.LocalEndpoint.Port));
    }
}
