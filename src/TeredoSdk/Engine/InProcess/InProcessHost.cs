using System.Buffers;
using System.Net.Sockets;
using System.Security.Cryptography;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.InProcess;

/// <summary>Why the host inside the process dropped a packet that the core let in.</summary>
enum HostDrop
{
    /// <summary>No socket asked for it or takes packets of strangers.</summary>
    Unsolicited,
    /// <summary>Neither UDP nor ICMPv6 echo.</summary>
    UnsupportedProtocol,
    /// <summary>A UDP datagram or ICMPv6 message with a wrong checksum or cut short.</summary>
    MalformedTransport,
    /// <summary>The socket's queue is full.</summary>
    SocketQueueFull,
    /// <summary>More Echo Requests than are answered.</summary>
    EchoRateLimited,
}

/// <summary>The IPv6 host inside the process: UDP sockets and ICMPv6 echo, and who may get in.</summary>
/// <remarks>
/// Unsolicited packets reach only sockets that opted in; everything else is dropped without an answer, no ICMPv6 error included. Echo
/// Requests are answered, ten in a second, while an opted-in socket is open. Safe for any number of threads; its lock is never held
/// while the driver is called.
/// </remarks>
sealed class InProcessHost(TimeProvider time, Func<TeredoDriver> driver)
{
    const int EchoesPerSecond = 10;
    const ushort FirstDynamicPort = 49152; // RFC 6335 §6

    readonly Lock _gate = new();
    readonly EngineClock _clock = new(time);
    readonly Dictionary<ushort, TeredoDatagramSocket> _sockets = [];
    readonly Dictionary<ushort, PendingPing> _pings = [];
    readonly FlowTable _contacted = new(); // whom we sent to, whatever the port: no strangers
    readonly EchoLimiter _echoes = new(EchoesPerSecond);
    readonly long[] _drops = new long[Enum.GetValues<HostDrop>().Length];
    readonly ushort _echoIdentifier = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
    ushort _echoSequence;
    bool _strangerSeen, _closed;

    TeredoDriver Driver => driver();

    /// <summary>Whether a packet that nothing had asked for came in since <see cref="ForgetStrangers"/>.</summary>
    public bool StrangerSeen
    {
        get
        {
            lock (_gate)
                return _strangerSeen;
        }
    }

    /// <summary>How many sockets are open, and how many of them are opted in.</summary>
    public (int All, int Unrestricted) SocketCounts
    {
        get
        {
            lock (_gate)
                return (_sockets.Count, _sockets.Values.Count(socket => socket.IsUnrestricted));
        }
    }

    public long this[HostDrop reason]
    {
        get
        {
            lock (_gate)
                return _drops[(int)reason];
        }
    }

    public TeredoAddress? Address => Driver.Address;

    /// <summary>The address is another one: what was seen says nothing about it.</summary>
    public void ForgetStrangers()
    {
        lock (_gate)
            _strangerSeen = false;
    }

    /// <param name="port">1 to 65535, or 0 for any free dynamic one.</param>
    /// <param name="level">Unrestricted or EdgeRestricted.</param>
    public TeredoDatagramSocket Bind(ushort port, IPProtectionLevel level)
    {
        bool isUnrestricted = level == IPProtectionLevel.Unrestricted;
        if (isUnrestricted)
            Driver.AcquireLease(); // before anybody else can dispose the socket, which releases it
        try
        {
            lock (_gate)
                return Add(port, level);
        }
        catch when (isUnrestricted)
        {
            Driver.ReleaseLease();
            throw;
        }
    }

    public void Unbind(TeredoDatagramSocket socket)
    {
        lock (_gate)
            if (!_sockets.Remove((ushort)socket.LocalEndPoint.Port))
                return;
        if (socket.IsUnrestricted)
            Driver.ReleaseLease();
    }

    /// <summary>Sends a UDP datagram.</summary>
    /// <exception cref="TeredoException">There is no address, or the peer may not or can't be reached.</exception>
    public void Send(TeredoDatagramSocket socket, Ipv6Address target, ushort targetPort, ReadOnlySpan<byte> payload)
    {
        var source = Driver.Address ?? throw Problems.NoAddress();
        lock (_gate)
        {
            socket.Flows.Open(_clock.Now, target, targetPort);
            _contacted.Open(_clock.Now, target, 0);
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(Ipv6Packet.HeaderSize + UdpDatagram.HeaderSize + payload.Length);
        try
        {
            int length = UdpDatagram.WritePacket(buffer, source, (ushort)socket.LocalEndPoint.Port, target, targetPort, payload);
            if (Send(buffer.AsSpan(0, length), source, target) is { } problem)
                throw problem;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Sends an Echo Request. <see cref="Forget"/> it when nobody waits any more.</summary>
    public PendingPing Ping(Ipv6Address target, out ushort sequence)
    {
        Span<byte> data = stackalloc byte[32];
        Span<byte> packet = stackalloc byte[Ipv6Packet.HeaderSize + EchoMessage.HeaderSize + 32];
        RandomNumberGenerator.Fill(data);
        var source = Driver.Address ?? throw Problems.NoAddress();
        PendingPing ping;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(TeredoNode));
            while (_pings.ContainsKey(++_echoSequence))
                continue;
            sequence = _echoSequence;
            _pings[sequence] = ping = new(target, _clock.Now);
            _contacted.Open(_clock.Now, target, 0);
        }
        EchoMessage.WritePacket(packet, Icmpv6Type.EchoRequest, source, target, _echoIdentifier, sequence, data);
        if (Send(packet, source, target) is not { } problem)
            return ping;
        if (problem.Error == TeredoError.PeerUnreachable)
        {
            ping.Fail(problem.Message);
            return ping;
        }
        Forget(sequence);
        throw problem;
    }

    public void Forget(ushort sequence)
    {
        lock (_gate)
            _pings.Remove(sequence);
    }

    /// <summary>Ends the pings to a peer that can't be reached.</summary>
    public void HandleUnreachable(Ipv6Address peer, string problem)
    {
        PendingPing[] pings;
        lock (_gate)
            pings = [.. _pings.Values.Where(ping => ping.Peer == peer)];
        foreach (var ping in pings)
            ping.Fail(problem);
    }

    /// <summary>Takes an IPv6 packet; valid only during the call.</summary>
    public void Receive(ReadOnlySpan<byte> octets)
    {
        if (!Ipv6Packet.TryParse(octets, out var packet))
            Count(HostDrop.MalformedTransport);
        else if (packet.NextHeader == NextHeader.Udp)
            ReceiveUdp(packet);
        else if (packet.NextHeader == NextHeader.Icmpv6)
            ReceiveIcmpv6(packet);
        else if (!packet.IsBubble)
            Count(HostDrop.UnsupportedProtocol);
    }

    /// <summary>Closes every socket and ends every wait. Idempotent.</summary>
    public void Close()
    {
        TeredoDatagramSocket[] sockets;
        PendingPing[] pings;
        lock (_gate)
        {
            _closed = true;
            (sockets, pings) = ([.. _sockets.Values], [.. _pings.Values]);
            _pings.Clear();
        }
        foreach (var socket in sockets)
            socket.Dispose();
        foreach (var ping in pings)
            ping.Abandon();
    }

    // A problem that the caller can do something about, or null: sent, waiting, or lost as any datagram may be.
    TeredoException? Send(ReadOnlySpan<byte> packet, TeredoAddress source, Ipv6Address target)
    {
        if (target == source)
        {
            Receive(packet); // to ourselves: it never leaves the host
            return null;
        }
        var verdict = Driver.Send(packet);
        return verdict.Kind == VerdictKind.Dropped ? Problems.OfDrop(verdict.Reason, target) : null;
    }

    void ReceiveUdp(in Ipv6Packet packet)
    {
        if (!UdpDatagram.TryParse(packet, out var datagram))
        {
            Count(HostDrop.MalformedTransport);
            return;
        }
        lock (_gate)
        {
            var socket = _sockets.GetValueOrDefault(datagram.DestinationPort);
            bool solicited = socket is not null && socket.Flows.Contains(_clock.Now, packet.Source, datagram.SourcePort);
            if (!solicited)
                NoteStranger(packet);
            if (socket is null || (!solicited && !socket.IsUnrestricted))
                _drops[(int)HostDrop.Unsolicited]++;
            else if (!socket.TryEnqueue(new(datagram.Payload.ToArray(), new(packet.Source.ToIPAddress(), datagram.SourcePort))))
                _drops[(int)HostDrop.SocketQueueFull]++;
        }
    }

    void ReceiveIcmpv6(in Ipv6Packet packet)
    {
        if (!Icmpv6Message.TryParse(packet, out var message))
            Count(HostDrop.MalformedTransport);
        else if (!EchoMessage.TryParse(message, out var echo))
            ReceiveError(message);
        else if (echo.IsReply)
            ReceiveReply(packet, echo);
        else
            Answer(packet, echo);
    }

    void ReceiveReply(in Ipv6Packet packet, in EchoMessage echo)
    {
        lock (_gate)
        {
            if (echo.Identifier == _echoIdentifier && _pings.TryGetValue(echo.Sequence, out var ping) && ping.Peer == packet.Source)
                ping.Succeed(_clock.Now);
            else
                _drops[(int)HostDrop.Unsolicited]++;
        }
    }

    void Answer(in Ipv6Packet packet, in EchoMessage echo)
    {
        lock (_gate)
        {
            NoteStranger(packet);
            HostDrop? drop = !_sockets.Values.Any(socket => socket.IsUnrestricted) ? HostDrop.Unsolicited
                : !_echoes.TryTake(_clock.Now) ? HostDrop.EchoRateLimited : null;
            if (drop is { } reason)
            {
                _drops[(int)reason]++;
                return;
            }
        }
        byte[] reply = ArrayPool<byte>.Shared.Rent(packet.Length);
        int length = EchoMessage.WritePacket(reply, Icmpv6Type.EchoReply, packet.Destination, packet.Source, echo.Identifier, echo.Sequence, echo.Data);
        if (packet.Source == packet.Destination)
            Receive(reply.AsSpan(0, length));
        else
            Driver.Send(reply.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(reply);
    }

    // RFC 4443 §3: type, code, checksum and 32 more bits, then the packet that caused it. Datagrams have no use for errors.
    void ReceiveError(in Icmpv6Message message)
    {
        const int quotedAt = 8, echoAt = quotedAt + Ipv6Packet.HeaderSize;
        var octets = message.Octets;
        if (!message.IsError || message.Type == Icmpv6Type.PacketTooBig || octets.Length < echoAt + EchoMessage.HeaderSize)
            return;
        var echo = octets[echoAt..];
        if (octets[quotedAt + 6] != NextHeader.Icmpv6 || echo[0] != (byte)Icmpv6Type.EchoRequest || (echo[4] << 8 | echo[5]) != _echoIdentifier)
            return;
        var target = Ipv6Address.Read(octets[(quotedAt + 24)..]);
        PendingPing? ping;
        lock (_gate)
            ping = _pings.GetValueOrDefault((ushort)(echo[6] << 8 | echo[7]));
        if (ping?.Peer == target)
            ping.Fail(Problems.Unreachable(target));
    }

    // Under the lock.
    TeredoDatagramSocket Add(ushort port, IPProtectionLevel level)
    {
        ObjectDisposedException.ThrowIf(_closed, typeof(TeredoNode));
        if (port == 0)
            port = FindFreePort();
        else if (_sockets.ContainsKey(port))
            throw new TeredoException(TeredoError.PortUnavailable, $"UDP port {port} is taken by another socket of this node. Choose another one, or 0 for any.");
        var socket = new TeredoDatagramSocket(this, port, level);
        _sockets.Add(port, socket);
        return socket;
    }

    // Under the lock.
    void NoteStranger(in Ipv6Packet packet) => _strangerSeen |= !_contacted.Contains(_clock.Now, packet.Source, 0);

    void Count(HostDrop reason)
    {
        lock (_gate)
            _drops[(int)reason]++;
    }

    // Unpredictable (RFC 6056 §3.3.1), then the next free one.
    ushort FindFreePort()
    {
        const int ports = 65536 - FirstDynamicPort;
        int first = RandomNumberGenerator.GetInt32(ports);
        for (int i = 0; i < ports; i++)
            if ((ushort)(FirstDynamicPort + (first + i) % ports) is var port && !_sockets.ContainsKey(port))
                return port;
        throw new TeredoException(TeredoError.PortUnavailable, "All dynamic UDP ports of this node are taken. Dispose sockets that are not needed any more.");
    }
}
