using System.Buffers.Binary;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Stacks.Kernel;

/// <summary>Who gets to the kernel's sockets, and which of the kernel's answers leave: what a stateful firewall does, in front of the device.</summary>
/// <remarks>
/// In: TCP and UDP to ports that opted in, and what belongs to a flow that a socket opened by sending. Out: everything but what would answer a
/// stranger. What a port that opted in sends opens no flow: strangers could make it send so much that the flows of other sockets end.
/// Safe for any number of threads.
/// </remarks>
sealed class InboundFilter(EngineClock clock)
{
    const int DatagramFlows = 4096, StreamFlows = 65536;
    const int TcpHeader = 20, TcpFlagsAt = 13;
    const byte Syn = 2, Rst = 4, Ack = 16;

    readonly Lock _gate = new();
    readonly HashSet<(byte Protocol, ushort Port)> _open = [];
    readonly FlowTable<Flow> _datagrams = new(FlowLifetime.Datagrams, DatagramFlows), _streams = new(FlowLifetime.Streams, StreamFlows);

    readonly record struct Flow(ushort LocalPort, IPv6Address Peer, ushort PeerPort);

    /// <summary>Lets anybody in at a port.</summary>
    public void Open(byte protocol, ushort port)
    {
        lock (_gate)
            _open.Add((protocol, port));
    }

    /// <summary>Lets strangers in no more.</summary>
    public void Close(byte protocol, ushort port)
    {
        lock (_gate)
            _open.Remove((protocol, port));
    }

    /// <summary>A connection with this peer was accepted.</summary>
    public void OpenStream(ushort localPort, IPv6Address peer, ushort peerPort)
    {
        lock (_gate)
            _streams.Open(clock.Now, new(localPort, peer, peerPort));
    }

    /// <summary>The UDP socket at the port is closed: its flows are not those of the next one.</summary>
    public void CloseDatagrams(ushort port)
    {
        lock (_gate)
        {
            _open.Remove((NextHeader.Udp, port));
            _datagrams.Close(flow => flow.LocalPort == port);
        }
    }

    /// <summary>Judges a packet that came in.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="solicited">Whether it belongs to a flow.</param>
    /// <returns>Null when it may go to the kernel.</returns>
    public DropReason? Judge(in IPv6Packet packet, out bool solicited)
    {
        solicited = false;
        var payload = packet.Payload;
        switch (packet.NextHeader)
        {
            case NextHeader.Udp when payload.Length >= UdpDatagram.HeaderSize:
            case NextHeader.Tcp when payload.Length >= TcpHeader:
                ushort localPort = BinaryPrimitives.ReadUInt16BigEndian(payload[2..]);
                var flow = new Flow(localPort, packet.Source, BinaryPrimitives.ReadUInt16BigEndian(payload));
                lock (_gate)
                {
                    solicited = FlowsOf(packet.NextHeader).Contains(clock.Now, flow);
                    return solicited || _open.Contains((packet.NextHeader, localPort)) ? null : DropReason.Unsolicited;
                }
            case NextHeader.Udp or NextHeader.Tcp:
                return DropReason.MalformedTransport;
            case NextHeader.Icmpv6:
                solicited = IsAboutFlow(payload);
                return solicited ? null : DropReason.Unsolicited;
            default:
                return DropReason.UnsupportedProtocol; // fragments, too: nothing that we send needs them
        }
    }

    /// <summary>Looks at a packet of the kernel before it leaves.</summary>
    /// <returns>Why it must not leave, or null.</returns>
    public DropReason? NoteSent(in IPv6Packet packet)
    {
        var payload = packet.Payload;
        bool isTcp = packet.NextHeader == NextHeader.Tcp;
        if (packet.NextHeader == NextHeader.Icmpv6)
            return DropReason.AnswerToStranger; // errors, neighbour discovery, multicast listeners: none has a place here
        if ((!isTcp && packet.NextHeader != NextHeader.Udp) || payload.Length < (isTcp ? TcpHeader : UdpDatagram.HeaderSize))
            return DropReason.UnsupportedProtocol;
        var flow = new Flow(BinaryPrimitives.ReadUInt16BigEndian(payload), packet.Destination, BinaryPrimitives.ReadUInt16BigEndian(payload[2..]));
        byte flags = isTcp ? payload[TcpFlagsAt] : (byte)0;
        lock (_gate)
        {
            if ((flags & Rst) != 0)
                return _streams.Contains(clock.Now, flow) ? null : DropReason.AnswerToStranger;
            var flows = FlowsOf(packet.NextHeader);
            if ((flags & (Syn | Ack)) != (Syn | Ack) // whoever got that far answers it, and only then is no stranger
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
        var flow = new Flow(BinaryPrimitives.ReadUInt16BigEndian(icmpv6[portsAt..]), IPv6Address.Read(icmpv6[(quotedAt + 24)..]),
            BinaryPrimitives.ReadUInt16BigEndian(icmpv6[(portsAt + 2)..]));
        lock (_gate)
            return FlowsOf(icmpv6[quotedAt + 6]).Contains(clock.Now, flow);
    }
}
