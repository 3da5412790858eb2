using System.Buffers.Binary;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks.Kernel;

/// <summary>
/// A stateful firewall in front of the device: decides which packets reach the kernel's sockets, and which packets of the kernel leave.
/// </summary>
/// <remarks>
/// In: TCP and UDP to ports that opted in, and packets of a flow that a socket opened by sending. Out: everything except answers that would tell
/// a stranger something. Packets that a port which opted in sends to a stranger open no flow: otherwise strangers could make the port
/// answer so often that the flows of other sockets are displaced. Safe for any number of threads.
/// </remarks>
sealed class InboundFilter(EngineClock clock)
{
    const int DatagramFlows = 4096, StreamFlows = 65536;
    const int TcpHeader = 20, TcpFlagsAt = 13;
    const byte Syn = 2, Rst = 4, Ack = 16;

    readonly Lock _gate = new();
    readonly HashSet<(byte Protocol, ushort Port)> _open = [];
    readonly FlowTable<Flow> _datagrams = new(FlowLifetime.Datagrams, DatagramFlows), _streams = new(FlowLifetime.Streams, StreamFlows);

    internal readonly record struct Flow(byte Protocol, ushort LocalPort, IPv6Address Peer, ushort PeerPort);

    /// <summary>The flow of the packet before in the same burst. While packets of one flow follow each other, it is looked up once.</summary>
    public struct Recent
    {
        internal Flow Flow;
        internal DropReason? Drop;
        internal bool IsKnown, IsSolicited;

        /// <summary>Whether the peer of the flow was noted as contacted; for the caller's use, and false for each new flow.</summary>
        public bool WasContacted;

        internal readonly bool Is(in Flow flow) => IsKnown && Flow == flow;
    }

    /// <summary>Lets packets of strangers in at a port.</summary>
    public void Open(byte protocol, ushort port)
    {
        lock (_gate)
            _open.Add((protocol, port));
    }

    /// <summary>Stops letting packets of strangers in at a port.</summary>
    public void Close(byte protocol, ushort port)
    {
        lock (_gate)
            _open.Remove((protocol, port));
    }

    /// <summary>Opens the flow of a connection that was accepted.</summary>
    public void OpenStream(ushort localPort, IPv6Address peer, ushort peerPort)
    {
        lock (_gate)
            _streams.Open(clock.Now, new(NextHeader.Tcp, localPort, peer, peerPort));
    }

    /// <summary>Ends all flows of a UDP port whose socket was closed, so that the next socket at the port does not inherit them.</summary>
    public void CloseDatagrams(ushort port)
    {
        lock (_gate)
        {
            _open.Remove((NextHeader.Udp, port));
            _datagrams.Close(flow => flow.LocalPort == port);
        }
    }

    /// <summary>Decides about a packet that came in.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="recent">The flow of the packet before in the same burst; receives that of this packet.</param>
    /// <param name="solicited">Whether the packet belongs to a flow.</param>
    /// <returns>Why the packet is dropped; null when it may go to the kernel.</returns>
    public DropReason? Judge(in IPv6Packet packet, ref Recent recent, out bool solicited)
    {
        solicited = false;
        var payload = packet.Payload;
        switch (packet.NextHeader)
        {
            case NextHeader.Udp when payload.Length >= UdpDatagram.HeaderSize:
            case NextHeader.Tcp when payload.Length >= TcpHeader:
                ushort localPort = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
                var flow = new Flow(packet.NextHeader, localPort, packet.Source, BinaryPrimitives.ReadUInt16BigEndian(payload));
                if (recent.Is(flow))
                {
                    solicited = recent.IsSolicited;
                    return recent.Drop;
                }
                lock (_gate)
                {
                    solicited = FlowsOf(packet.NextHeader).Contains(clock.Now, flow);
                    DropReason? drop = solicited || _open.Contains((packet.NextHeader, localPort)) ? null : DropReason.Unsolicited;
                    recent = new() { Flow = flow, IsKnown = true, IsSolicited = solicited, Drop = drop };
                    return drop;
                }
            case NextHeader.Udp or NextHeader.Tcp:
                return DropReason.MalformedTransport;
            case NextHeader.Icmpv6:
                solicited = IsAboutFlow(payload);
                return solicited ? null : DropReason.Unsolicited;
            default:
                return DropReason.UnsupportedProtocol; // fragments, too: we send nothing that is answered with fragments
        }
    }

    /// <summary>Decides about a packet of the kernel that is to leave, and opens its flow.</summary>
    /// <param name="packet">The packet, which may stand for many.</param>
    /// <param name="recent">The flow of the packet before in the same burst; receives that of this packet.</param>
    /// <returns>Why the packet must not leave, or null.</returns>
    public DropReason? NoteSent(in IPv6Packet packet, ref Recent recent)
    {
        var payload = packet.Payload;
        bool isTcp = packet.NextHeader == NextHeader.Tcp;
        if (packet.NextHeader == NextHeader.Icmpv6)
            return DropReason.AnswerToStranger; // errors, neighbour discovery and multicast reports must not leave
        if ((!isTcp && packet.NextHeader != NextHeader.Udp) || payload.Length < (isTcp ? TcpHeader : UdpDatagram.HeaderSize))
            return DropReason.UnsupportedProtocol;
        var flow = new Flow(packet.NextHeader, BinaryPrimitives.ReadUInt16BigEndian(payload), packet.Destination, BinaryPrimitives.ReadUInt16BigEndian(payload[2..]));
        byte flags = isTcp ? payload[TcpFlagsAt] : default;
        bool isPlain = (flags & (Syn | Rst)) == 0;
        if (isPlain && recent.Is(flow))
            return null; // the packet before opened the flow, or needed not to
        recent = new() { Flow = flow, IsKnown = isPlain };
        lock (_gate)
        {
            if ((flags & Rst) != 0)
                return _streams.Contains(clock.Now, flow) ? null : DropReason.AnswerToStranger;
            var flows = FlowsOf(packet.NextHeader);
            if ((flags & (Syn | Ack)) != (Syn | Ack) // a peer is no stranger once it has answered the SYN-ACK
                && (!_open.Contains((packet.NextHeader, flow.LocalPort)) || flows.Contains(clock.Now, flow)))
                flows.Open(clock.Now, flow);
        }
        return null;
    }

    FlowTable<Flow> FlowsOf(byte protocol) => protocol == NextHeader.Tcp ? _streams : _datagrams;

    // RFC 4443 §3: an error quotes the packet that caused it.
    bool IsAboutFlow(ReadOnlySpan<byte> icmpv6)
    {
        const int quotedAt = 8, portsAt = quotedAt + IPv6Packet.HeaderSize;
        if (icmpv6.Length < portsAt + 4 || icmpv6[0] >= 128 || icmpv6[quotedAt + 6] is not (NextHeader.Tcp or NextHeader.Udp))
            return false;
        var flow = new Flow(icmpv6[quotedAt + 6], BinaryPrimitives.ReadUInt16BigEndian(icmpv6[portsAt..]), IPv6Address.Read(icmpv6[(quotedAt + 24)..]),
            BinaryPrimitives.ReadUInt16BigEndian(icmpv6[(portsAt + 2)..]));
        lock (_gate)
            return FlowsOf(icmpv6[quotedAt + 6]).Contains(clock.Now, flow);
    }
}
