using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Testing;

/// <summary>A small IPv6 host. It answers echo requests, pings, sends and receives UDP, and keeps what it received.</summary>
public abstract class SimulatedIPv6Stack
{
    const ushort EchoIdentifier = 0x5344;

    readonly List<SimulatedPacket> _received = [];
    readonly List<SimulatedIcmpv6Error> _errors = [];
    readonly List<SimulatedIPv6Datagram> _datagrams = [];
    readonly Dictionary<ushort, SimulatedPing> _pings = [];
    ushort _sequence;

    private protected SimulatedIPv6Stack(SimulatedInternet internet) => Internet = internet;

    /// <summary>Whether the host answers echo requests; true by default.</summary>
    public bool AnswersEcho { get; set; } = true;

    /// <summary>All packets that the host received, in order.</summary>
    public IReadOnlyList<SimulatedPacket> Received => _received;

    /// <summary>The ICMPv6 errors that the host received, in order.</summary>
    public IReadOnlyList<SimulatedIcmpv6Error> Errors => _errors;

    /// <summary>The UDP datagrams that the host received, in order.</summary>
    public IReadOnlyList<SimulatedIPv6Datagram> Datagrams => _datagrams;

    /// <summary>Raised for each UDP datagram that the host received. The handler may send.</summary>
    public event Action<SimulatedIPv6Datagram>? DatagramReceived;

    /// <summary>Sends an ICMPv6 Echo Request.</summary>
    /// <param name="target">The address to ping.</param>
    /// <param name="dataLength">The length of the data in octets, 0 to 65,000.</param>
    /// <returns>The ping; it is updated when a reply or an error comes.</returns>
    /// <exception cref="InvalidOperationException">The host never had an IPv6 address.</exception>
    public SimulatedPing Ping(IPv6Address target, int dataLength = 32)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(dataLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(dataLength, 65_000);
        var ping = new SimulatedPing(target, _sequence++, Internet.Now);
        _pings[ping.Sequence] = ping;
        byte[] packet = new byte[IPv6Packet.HeaderSize + EchoMessage.HeaderSize + dataLength];
        EchoMessage.WritePacket(packet, Icmpv6Type.EchoRequest, SourceAddress, target, EchoIdentifier, ping.Sequence, new byte[dataLength]);
        Send(packet);
        return ping;
    }

    /// <summary>Sends a UDP datagram over IPv6.</summary>
    /// <param name="sourcePort">The source port.</param>
    /// <param name="target">The destination address.</param>
    /// <param name="targetPort">The destination port.</param>
    /// <param name="payload">The payload, at most 65,000 octets; it is copied.</param>
    /// <exception cref="InvalidOperationException">The host never had an IPv6 address.</exception>
    public void SendUdp(ushort sourcePort, IPv6Address target, ushort targetPort, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, 65_000, nameof(payload));
        byte[] packet = new byte[IPv6Packet.HeaderSize + UdpDatagram.HeaderSize + payload.Length];
        UdpDatagram.WritePacket(packet, SourceAddress, sourcePort, target, targetPort, payload);
        Send(packet);
    }

    /// <summary>Sends an IPv6 packet unchanged.</summary>
    /// <param name="packet">The whole packet, exactly as long as its header says; it is copied.</param>
    public abstract void Send(ReadOnlySpan<byte> packet);

    private protected SimulatedInternet Internet { get; }

    private protected abstract IPv6Address SourceAddress { get; }

    internal void Receive(ReadOnlySpan<byte> octets)
    {
        byte[] kept = octets.ToArray();
        _received.Add(new() { Time = Internet.Now, Octets = kept });
        if (!IPv6Packet.TryParse(kept, out var packet))
            return;
        if (UdpDatagram.TryParse(packet, out var udp))
            Take(new()
            {
                Time = Internet.Now,
                Source = packet.Source,
                SourcePort = udp.SourcePort,
                DestinationPort = udp.DestinationPort,
                Payload = udp.Payload.ToArray(),
            });
        else if (Icmpv6Message.TryParse(packet, out var message))
            Take(packet, message);
    }

    void Take(SimulatedIPv6Datagram datagram)
    {
        _datagrams.Add(datagram);
        DatagramReceived?.Invoke(datagram);
    }

    void Take(in IPv6Packet packet, in Icmpv6Message message)
    {
        if (message.IsError)
            TakeError(packet.Source, message);
        else if (EchoMessage.TryParse(message, out var echo))
        {
            if (!echo.IsReply)
                Answer(packet, echo);
            else if (echo.Identifier == EchoIdentifier && _pings.TryGetValue(echo.Sequence, out var ping) && ping.Target == packet.Source)
            {
                ping.Replies++;
                ping.RoundTrip ??= Internet.Now - ping.SentAt;
            }
        }
    }

    void Answer(in IPv6Packet request, in EchoMessage echo)
    {
        if (!AnswersEcho || request.Destination.IsMulticast)
            return;
        byte[] reply = new byte[request.Length];
        EchoMessage.WritePacket(reply, Icmpv6Type.EchoReply, request.Destination, request.Source, echo.Identifier, echo.Sequence, echo.Data);
        Internet.At(Internet.Now, () => Send(reply)); // sent later, and not from within the core that delivered the request
    }

    // RFC 4443 §3: type, code, checksum and 32 more bits, then the packet that caused the error.
    void TakeError(IPv6Address source, in Icmpv6Message message)
    {
        if (message.Octets.Length < 8 + IPv6Packet.HeaderSize)
            return;
        var quoted = message.Octets[8..];
        var error = new SimulatedIcmpv6Error
        {
            Time = Internet.Now,
            Type = message.Type,
            Code = message.Code,
            Source = source,
            Destination = IPv6Address.Read(quoted[24..]),
        };
        _errors.Add(error);
        var rest = quoted[IPv6Packet.HeaderSize..];
        if (quoted[6] == NextHeader.Icmpv6 && rest.Length >= EchoMessage.HeaderSize && rest[0] == (byte)Icmpv6Type.EchoRequest
            && _pings.TryGetValue((ushort)(rest[6] << 8 | rest[7]), out var ping) && ping.Target == error.Destination)
            ping.Error ??= error;
    }
}
