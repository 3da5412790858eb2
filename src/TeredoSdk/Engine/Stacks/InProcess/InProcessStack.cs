using System.Buffers;
using System.Net;
using System.Net.Sockets;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks.InProcess;

/// <summary>The stack inside the process: UDP only, on any system. It never calls the driver under its lock.</summary>
/// <param name="context">The parts that the stack shares with the engine.</param>
/// <param name="noKernelSockets">A sentence that says why there are no kernel sockets, and so no TCP.</param>
sealed class InProcessStack(StackContext context, string noKernelSockets) : ISocketStack
{
    const ushort FirstDynamicPort = 49152; // RFC 6335 §6

    readonly Lock _gate = new();
    readonly Dictionary<ushort, InProcessEndpoint> _endpoints = [];
    bool _closed;

    public SocketCapabilities Capabilities => SocketCapabilities.EnforcesInbound;

    public void SetAddress(TeredoAddress address)
    {
        // Nothing to do: endpoints are not bound to an address.
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
            var endpoint = new InProcessEndpoint(this, port, isUnrestricted);
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

    public Socket Listen(ushort port, bool isUnrestricted, int backlog) => throw Problems.NoStreams(noKernelSockets);

    public Task<Socket> ConnectAsync(IPEndPoint remoteEndPoint, CancellationToken cancellationToken) =>
        Task.FromException<Socket>(Problems.NoStreams(noKernelSockets));

    /// <summary>Sends a UDP datagram.</summary>
    /// <exception cref="TeredoException">The node has no address, or the peer is not allowed or can't be reached.</exception>
    public void Send(InProcessEndpoint endpoint, IPv6Address target, ushort targetPort, ReadOnlySpan<byte> payload)
    {
        var source = context.Driver.Address ?? throw Problems.NoAddress();
        context.Guard.NoteContact(target);
        lock (_gate)
            endpoint.Flows.Open(context.Clock.Now, (target, targetPort));
        byte[] buffer = ArrayPool<byte>.Shared.Rent(IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + payload.Length);
        try
        {
            int length = UdpDatagram.WritePacket(buffer, source, endpoint.Port, target, targetPort, payload);
            if (Send(buffer.AsSpan(0, length), source, target) is { } problem)
                throw problem;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    public void Receive(ReadOnlySpan<byte> buffer, ReadOnlySpan<PacketRange> packets)
    {
        foreach (var range in packets)
            if (IPv6Packet.TryParse(range.In(buffer), out var packet))
                Receive(packet);
    }

    void Receive(in IPv6Packet packet)
    {
        if (packet.NextHeader == NextHeader.Icmpv6)
            return; // ICMPv6 errors are of no use for datagrams
        if (packet.NextHeader != NextHeader.Udp)
            context.Guard.Count(DropReason.UnsupportedProtocol);
        else if (!UdpDatagram.TryParse(packet, out var datagram))
            context.Guard.Count(DropReason.MalformedTransport);
        else if (Deliver(packet, datagram) is { } reason)
            context.Guard.Count(reason);
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
    }

    DropReason? Deliver(in IPv6Packet packet, in UdpDatagram datagram)
    {
        lock (_gate)
        {
            var endpoint = _endpoints.GetValueOrDefault(datagram.DestinationPort);
            bool solicited = endpoint is not null && endpoint.Flows.Contains(context.Clock.Now, (packet.Source, datagram.SourcePort));
            if (!solicited)
                context.Guard.NoteUnsolicited(packet.Source);
            return endpoint is null || (!solicited && !endpoint.IsUnrestricted) ? DropReason.Unsolicited
                : endpoint.TryEnqueue(new(datagram.Payload.ToArray(), new(packet.Source.ToIPAddress(), datagram.SourcePort))) ? null
                : DropReason.SocketQueueFull;
        }
    }

    // Returns a problem that the caller can solve. Null means that the packet was sent, waits, or was lost as any datagram may be.
    TeredoException? Send(ReadOnlySpan<byte> octets, TeredoAddress source, IPv6Address target)
    {
        if (target == source)
        {
            if (IPv6Packet.TryParse(octets, out var packet))
                Receive(packet); // a packet to ourselves never leaves this machine
            return null;
        }
        var verdict = context.Driver.Send(octets);
        return verdict.Kind == VerdictKind.Dropped ? Problems.OfDrop(verdict.Reason, target) : null;
    }

    // Called under the lock. Starts at an unpredictable port (RFC 6056 §3.3.1) and takes the next free one.
    ushort FindFreePort()
    {
        const int ports = 65536 - FirstDynamicPort;
        int first = SystemRandom.Instance.NextUInt16() % ports;
        for (int i = 0; i < ports; i++)
            if ((ushort)(FirstDynamicPort + (first + i) % ports) is var port && !_endpoints.ContainsKey(port))
                return port;
        throw Problems.AllPortsTaken("UDP");
    }
}
