using System.Buffers;
using TeredoSdk.Engine.Stacks;
using TeredoSdk.Machine;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Echo;

/// <summary>ICMPv6 echo at the node's address: sends the node's own pings and answers those of others. Safe for any number of threads.</summary>
/// <remarks>Echo Requests are answered while an opted-in socket is open, at most ten a second. The driver is never called under the lock.</remarks>
sealed class EchoService(EngineClock clock, StackGuard guard, TeredoDriver driver, EngineParts parts)
{
    const int EchoesPerSecond = 10;
    const int DataOctets = 32;

    readonly Lock _gate = new();
    readonly Dictionary<ushort, PendingPing> _pings = [];
    readonly EchoLimiter _echoes = new(EchoesPerSecond);
    readonly ushort _identifier = parts.Random.NextUInt16();
    ushort _sequence;
    bool _closed;

    /// <summary>Sends an Echo Request. The caller calls <see cref="Forget"/> when it no longer waits for the reply.</summary>
    /// <exception cref="TeredoException">The node has no address, or packets must not be sent to this peer.</exception>
    public PendingPing Ping(IPv6Address target, out ushort sequence)
    {
        Span<byte> data = stackalloc byte[DataOctets];
        Span<byte> packet = stackalloc byte[IPv6Packet.HeaderSize + EchoMessage.HeaderSize + DataOctets];
        parts.Random.Fill(data);
        var source = driver.Address ?? throw Problems.NoAddress();
        guard.NoteContact(target);
        PendingPing ping;
        lock (_gate)
        {
            Disposed.ThrowIf(_closed, Disposed.Node);
            while (_pings.ContainsKey(++_sequence))
                continue;
            sequence = _sequence;
            _pings[sequence] = ping = new(target, clock.Now, parts.Wakeups);
        }
        EchoMessage.WritePacket(packet, Icmpv6Type.EchoRequest, source, target, _identifier, sequence, data);
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
    public void HandleUnreachable(IPv6Address peer, string problem)
    {
        PendingPing[] pings;
        lock (_gate)
            pings = [.. _pings.Values.Where(ping => ping.Peer == peer)];
        foreach (var ping in pings)
            ping.Fail(problem);
    }

    /// <summary>Takes an ICMPv6 packet; the octets are valid only during the call.</summary>
    /// <returns>False when the packet is an error that does not concern a ping; it may concern a socket.</returns>
    public bool Receive(in IPv6Packet packet)
    {
        if (!Icmpv6Message.TryParse(packet, out var message))
            guard.Count(DropReason.MalformedTransport);
        else if (EchoMessage.TryParse(message, out var echo))
        {
            if (echo.IsReply)
                ReceiveReply(packet, echo);
            else
                Answer(packet, echo);
        }
        else
            return !message.IsError || ReceiveError(message); // other messages, such as neighbour discovery, are ignored in a tunnel
        return true;
    }

    /// <summary>Ends every wait. Idempotent.</summary>
    public void Close()
    {
        PendingPing[] pings;
        lock (_gate)
        {
            _closed = true;
            pings = [.. _pings.Values];
            _pings.Clear();
        }
        foreach (var ping in pings)
            ping.Abandon();
    }

    void ReceiveReply(in IPv6Packet packet, in EchoMessage echo)
    {
        lock (_gate)
        {
            if (echo.Identifier == _identifier && _pings.TryGetValue(echo.Sequence, out var ping) && ping.Peer == packet.Source)
            {
                ping.Succeed(clock.Now);
                return;
            }
        }
        guard.Count(DropReason.Unsolicited);
    }

    void Answer(in IPv6Packet packet, in EchoMessage echo)
    {
        guard.NoteUnsolicited(packet.Source);
        if (!guard.IsOpen)
        {
            guard.Count(DropReason.Unsolicited);
            return;
        }
        lock (_gate)
        {
            if (!_echoes.TryTake(clock.Now))
            {
                guard.Count(DropReason.EchoRateLimited);
                return;
            }
        }
        byte[] reply = ArrayPool<byte>.Shared.Rent(packet.Length);
        int length = EchoMessage.WritePacket(reply, Icmpv6Type.EchoReply, packet.Destination, packet.Source, echo.Identifier, echo.Sequence, echo.Data);
        Send(reply.AsSpan(0, length), packet.Destination, packet.Source);
        ArrayPool<byte>.Shared.Return(reply);
    }

    // RFC 4443 §3: type, code, checksum and 32 more bits, then the packet that caused the error.
    bool ReceiveError(in Icmpv6Message message)
    {
        const int quotedAt = 8, echoAt = quotedAt + IPv6Packet.HeaderSize;
        var octets = message.Octets;
        if (octets.Length < echoAt + EchoMessage.HeaderSize || octets[quotedAt + 6] != NextHeader.Icmpv6)
            return false;
        var echo = octets[echoAt..];
        if (message.Type == Icmpv6Type.PacketTooBig || echo[0] != (byte)Icmpv6Type.EchoRequest || (echo[4] << 8 | echo[5]) != _identifier)
            return true;
        var target = IPv6Address.Read(octets[(quotedAt + 24)..]);
        PendingPing? ping;
        lock (_gate)
            ping = _pings.GetValueOrDefault((ushort)(echo[6] << 8 | echo[7]));
        if (ping?.Peer == target)
            ping.Fail(Problems.Unreachable(target));
        return true;
    }

    // Returns a problem that the caller can solve. Null means that the packet was sent, waits, or was lost as any packet may be.
    TeredoException? Send(ReadOnlySpan<byte> packet, IPv6Address source, IPv6Address target)
    {
        if (target == source) // a packet to ourselves never leaves this machine
        {
            if (IPv6Packet.TryParse(packet, out var own))
                Receive(own);
            return null;
        }
        var verdict = driver.Send(packet);
        return verdict.Kind == VerdictKind.Dropped ? Problems.OfDrop(verdict.Reason, target) : null;
    }
}
