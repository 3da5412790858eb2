using System.Net;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>The stack inside the process: UDP and TCP on any system. It never calls the driver under its lock.</summary>
/// <param name="context">The parts that the stack shares with the engine.</param>
sealed class InProcessStack(StackContext context) : ISocketStack
{
    const ushort FirstDynamicPort = 49152; // RFC 6335 §6

    readonly Lock _gate = new();
    readonly Dictionary<ushort, InProcessEndpoint> _endpoints = [];
    readonly LargePackets _largePackets = new();
    TeredoAddress? _address;
    InProcessStreams? _streams; // made for the first listener or connection
    bool _closed;

    public SocketCapabilities Capabilities => SocketCapabilities.Streams | SocketCapabilities.EnforcesInbound;

    /// <remarks>Endpoints are not bound to an address, and the link ends the connections of the old one.</remarks>
    public void SetAddress(TeredoAddress address)
    {
        lock (_gate)
        {
            if (address != _address)
                _largePackets.Forget();
            _address = address;
        }
    }

    public IDatagramEndpoint Bind(ushort port, bool isUnrestricted)
    {
        lock (_gate)
        {
            Disposed.ThrowIf(_closed, Disposed.Node);
            if (port == 0)
                port = FindFreePort();
            else if (_endpoints.ContainsKey(port))
                throw Problems.PortTaken("UDP", port);
            var endpoint = new InProcessEndpoint(this, context.Parts.Wakeups, port, isUnrestricted);
            _endpoints.Add(port, endpoint);
            return endpoint;
        }
    }

    public void Unbind(InProcessEndpoint endpoint)
    {
        lock (_gate)
            if (_endpoints.TryGetValue(endpoint.Port, out var current) && current == endpoint)
                _endpoints.Remove(endpoint.Port);
    }

    public IStreamListener Listen(ushort port, bool isUnrestricted, int backlog) => Streams.Listen(port, isUnrestricted, backlog);

    public Task<IStreamEndpoint> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
        Streams.ConnectAsync(remoteEndPoint, cancellationToken);

    public bool? JudgeLargePackets(IEnumerable<IStreamEndpoint> connections)
    {
        foreach (var connection in connections)
            _largePackets.Note(((InProcessConnection)connection).LargePacketsArrive);
        return _largePackets.Arrive;
    }

    public void Retire(IStreamEndpoint connection)
    {
        _largePackets.Note(((InProcessConnection)connection).LargePacketsArrive);
        connection.Dispose();
    }

    public Task DrainAsync() => Volatile.Read(ref _streams)?.DrainAsync() ?? Task.CompletedTask;

    /// <summary>Sends a UDP datagram.</summary>
    /// <exception cref="TeredoException">The node has no address, or the peer is not allowed or can't be reached.</exception>
    public void Send(InProcessEndpoint endpoint, RemotePort remote, ReadOnlySpan<byte> payload)
    {
        var source = context.Driver.Address ?? throw Problems.NoAddress();
        NoteSent(endpoint, remote);
        Span<byte> buffer = stackalloc byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + DatagramSlots.PayloadOctets];
        int length = UdpDatagram.WritePacket(buffer, source, endpoint.Port, remote.Address, remote.Port, payload);
        if (remote.Address == source)
            ReceiveOwn(buffer[..length]);
        else if (context.Driver.Send(buffer[..length]) is { Kind: VerdictKind.Dropped } verdict && Problems.OfDrop(verdict.Reason, remote.Address) is { } problem)
            throw problem;
    }

    /// <summary>Sends UDP datagrams together.</summary>
    /// <returns>How many were sent, or wait until their peer is reached.</returns>
    /// <exception cref="TeredoException">The node has no address.</exception>
    public int Send(InProcessEndpoint endpoint, DatagramSlots slots)
    {
        var source = (context.Driver.Address ?? throw Problems.NoAddress()).ToIPv6Address();
        var noted = default(RemotePort);
        for (int i = 0; i < slots.Count; i++)
            if (slots.RemoteOf(i) is var remote && remote != noted)
                NoteSent(endpoint, noted = remote);
        var batch = slots.Wrap(source, endpoint.Port);
        int sent = slots.Count;
        if (batch.Count > 0)
            context.Driver.Send(batch);
        foreach (ref var group in batch.Groups)
            sent -= group.RefusedCount;
        for (int i = 0; i < slots.Count && batch.Count < slots.Count; i++)
            if (slots.RemoteOf(i).Address == source)
                ReceiveOwn(slots.PacketIn(i));
        return sent;
    }

    public void Receive(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets)
    {
        var recent = default(Recent);
        var now = context.Clock.Now;
        foreach (var range in packets)
            if (IPv6Packet.TryParse(range.In(buffer), out var packet) && Receive(now, packet, ref recent) is { } reason)
                context.Guard.Count(reason);
        Volatile.Read(ref _streams)?.Send(); // one answer for the whole burst
    }

    public void Dispose()
    {
        InProcessEndpoint[] endpoints;
        lock (_gate)
        {
            _closed = true;
            endpoints = [.. _endpoints.Values];
        }
        foreach (var endpoint in endpoints)
            endpoint.Dispose();
        _streams?.Dispose();
    }

    InProcessStreams Streams
    {
        get
        {
            lock (_gate)
            {
                Disposed.ThrowIf(_closed, Disposed.Node);
                return _streams ??= new(context);
            }
        }
    }

    // Returns why the packet is dropped, or null.
    DropReason? Receive(Instant now, in IPv6Packet packet, ref Recent recent)
    {
        if (packet.NextHeader == NextHeader.Icmpv6)
            return Icmpv6Message.TryParse(packet, out var message) ? Volatile.Read(ref _streams)?.ReceiveError(message) : DropReason.MalformedTransport;
        if (packet.NextHeader == NextHeader.Tcp)
            return ReceiveSegment(packet);
        if (packet.NextHeader != NextHeader.Udp)
            return DropReason.UnsupportedProtocol;
        if (!UdpDatagram.TryParse(packet, out var datagram))
            return DropReason.MalformedTransport;
        var remote = new RemotePort(packet.Source, datagram.SourcePort);
        if (recent.Endpoint is null || recent.Remote != remote || recent.Endpoint.Port != datagram.DestinationPort)
            recent = new(Find(now, remote, datagram.DestinationPort), remote);
        return recent.Endpoint is not { } endpoint ? DropReason.Unsolicited
            : endpoint.TryEnqueue(remote, datagram.Payload) ? null
            : endpoint.IsClosed ? DropReason.Unsolicited : DropReason.SocketQueueFull;
    }

    DropReason? ReceiveSegment(in IPv6Packet packet)
    {
        if (Volatile.Read(ref _streams) is { } streams)
            return streams.Receive(packet);
        context.Guard.NoteUnsolicited(packet.Source);
        return DropReason.Unsolicited;
    }

    // The endpoint that takes packets of this peer, or null.
    InProcessEndpoint? Find(Instant now, RemotePort remote, ushort port)
    {
        InProcessEndpoint? endpoint;
        bool solicited;
        lock (_gate)
        {
            endpoint = _endpoints.GetValueOrDefault(port);
            solicited = endpoint is not null && endpoint.Flows.Contains(now, remote);
        }
        if (!solicited)
            context.Guard.NoteUnsolicited(remote.Address);
        return solicited || endpoint is { IsUnrestricted: true } ? endpoint : null;
    }

    void NoteSent(InProcessEndpoint endpoint, RemotePort remote)
    {
        context.Guard.NoteContact(remote.Address);
        lock (_gate)
            endpoint.Flows.Open(context.Clock.Now, remote);
    }

    // A packet to ourselves never leaves this machine.
    void ReceiveOwn(ReadOnlySpan<byte> packet)
    {
        var whole = new PacketRange(0, packet.Length);
        Receive(packet, new(in whole));
    }

    // Called under the lock. Starts at an unpredictable port (RFC 6056 §3.3.1) and takes the next free one.
    ushort FindFreePort()
    {
        const int ports = 65536 - FirstDynamicPort;
        int first = context.Parts.Random.NextUInt16() % ports;
        for (int i = 0; i < ports; i++)
            if ((ushort)(FirstDynamicPort + (first + i) % ports) is var port && !_endpoints.ContainsKey(port))
                return port;
        throw Problems.AllPortsTaken("UDP");
    }

    /// <summary>Who takes the packets of a peer and port, while they follow each other in a burst.</summary>
    readonly record struct Recent(InProcessEndpoint? Endpoint, RemotePort Remote);
}
