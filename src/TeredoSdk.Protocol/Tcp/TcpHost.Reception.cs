using System.Buffers.Binary;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tcp;

/// <summary>Segments and errors that come in.</summary>
sealed partial class TcpHost
{
    const int MaxHalfOpen = 256, MaxHalfOpenOfSource = 16; // of a listener, and of one owner of addresses at all listeners
    const int MaxAnswers = 64, MaxTimeWaits = 4096;
    const int MaxConnections = 65536; // peers open no more; each costs memory, though it sends nothing
    const byte CommunicationProhibited = 1, PortUnreachable = 4; // RFC 4443 §3.1; RFC 5461 §3.1 names what is hard
    const int AnswerOctets = IPv6Packet.HeaderSize + TcpSegment.HeaderSize + TcpOption.MaxOctets;

    readonly Dictionary<IPv6Address, int> _halfOpen = []; // by the owner of the peer's address
    readonly Answers _answers = new();

    /// <summary>Hands a segment to its connection.</summary>
    /// <returns>False when there is none; then <see cref="ReceiveUnclaimed"/> decides.</returns>
    public bool TryReceive(Instant now, in TcpSegment segment, out DropReason drop)
    {
        drop = DropReason.None;
        if (!_sockets.TryGetValue(TcpFlow.Of(segment), out var socket))
            return false;
        if (MayReplace(socket.Connection, segment) && _listeners.TryGetValue(segment.DestinationPort, out var next))
        {
            uint after = socket.Connection.NextSequence;
            EndTimeWait(now, socket);
            drop = Open(now, segment, next, after);
            return true;
        }
        // A full queue takes no connection. The peer's next segments ask again.
        if (socket is { IsHalfOpen: true, Listener.IsFull: true } && segment.Has(TcpFlags.Ack) && !segment.Has(TcpFlags.Reset))
        {
            drop = DropReason.SocketQueueFull;
            return true;
        }
        socket.Connection.Receive(now, segment);
        Settle(now, socket);
        return true;
    }

    /// <summary>Takes a segment that belongs to no connection (RFC 9293 §3.10.7.1 and §3.10.7.2).</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="isSolicited">Whether something was sent on this flow lately. Nobody else gets a reset, and only listeners that say so take others.</param>
    /// <returns>Why the segment is dropped, or none.</returns>
    public DropReason ReceiveUnclaimed(Instant now, in TcpSegment segment, bool isSolicited)
    {
        if (_listeners.GetValueOrDefault(segment.DestinationPort) is { } listener && (listener.IsUnrestricted || isSolicited)
            && !segment.Has(TcpFlags.Reset))
        {
            if (!segment.Has(TcpFlags.Ack) && segment.Has(TcpFlags.Syn))
                return Open(now, segment, listener);
            if (segment.Has(TcpFlags.Ack) && !segment.Has(TcpFlags.Syn) && _cookies.TryOpen(now, segment, out int maxSegmentOctets))
                return OpenByCookie(now, segment, maxSegmentOctets, listener);
        }
        if (!isSolicited)
            return DropReason.Unsolicited;
        if (!segment.Has(TcpFlags.Reset) && _answers.HasRoom)
            _answers.Add(TcpHeader.WriteReset(segment, _answers.Next));
        return DropReason.None;
    }

    /// <summary>Takes an ICMPv6 error message whose checksum is verified.</summary>
    /// <returns>False when it is about no connection.</returns>
    public bool ReceiveError(Instant now, in Icmpv6Message message)
    {
        const int quotedAt = 8, portsAt = quotedAt + IPv6Packet.HeaderSize; // RFC 4443 §3: an error quotes the packet that caused it
        var octets = message.Octets;
        if (!message.IsError || octets.Length < portsAt + 8 || octets[quotedAt + 6] != NextHeader.Tcp)
            return false;
        var ports = octets[portsAt..];
        var flow = new TcpFlow(IPv6Address.Read(octets[(quotedAt + 8)..]), BinaryPrimitives.ReadUInt16BigEndian(ports),
            IPv6Address.Read(octets[(quotedAt + 24)..]), BinaryPrimitives.ReadUInt16BigEndian(ports[2..]));
        if (!_sockets.TryGetValue(flow, out var socket))
            return false;
        uint sequence = BinaryPrimitives.ReadUInt32BigEndian(ports[4..]);
        if (message.Type == Icmpv6Type.PacketTooBig)
            socket.Connection.HandlePacketTooBig(now, (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(octets[4..]), int.MaxValue), sequence);
        else if (message.Type is Icmpv6Type.DestinationUnreachable or Icmpv6Type.TimeExceeded)
            socket.Connection.HandleUnreachable(now, sequence,
                isHard: message.Type == Icmpv6Type.DestinationUnreachable && message.Code is CommunicationProhibited or PortUnreachable);
        Settle(now, socket);
        return true;
    }

    // RFC 6191 §2, RFC 9293 §3.6.1: a SYN that is newer than all of the connection before
    static bool MayReplace(TcpConnection connection, in TcpSegment segment)
    {
        if (connection.State != TcpState.TimeWait || (segment.Flags & (TcpFlags.Syn | TcpFlags.Ack | TcpFlags.Reset)) != TcpFlags.Syn)
            return false;
        var (sequence, timestamp, hasTimestamps) = connection.PeerNext;
        return hasTimestamps && segment.HasTimestamps && segment.Timestamp != timestamp ? (int)(segment.Timestamp - timestamp) > 0
            : (int)(segment.Sequence - sequence) > 0;
    }

    DropReason Open(Instant now, in TcpSegment syn, TcpPort listener, uint? after = null)
    {
        if (listener.IsFull || _sockets.Count >= MaxConnections)
            return DropReason.SocketQueueFull;
        var flow = TcpFlow.Of(syn);
        var source = OwnerKey.Of(flow.RemoteAddress);
        int ofSource = _halfOpen.GetValueOrDefault(source);
        if (ofSource >= MaxHalfOpenOfSource || listener.HalfOpen >= MaxHalfOpen)
        {
            AnswerWithCookie(now, syn);
            return DropReason.None;
        }
        _halfOpen[source] = ofSource + 1;
        listener.HalfOpen++;
        var start = _secrets.Start(now, flow);
        if (after is { } least && (int)(start.Sequence - least) <= 0)
            start = start with { Sequence = least + ushort.MaxValue }; // RFC 9293 §3.6.1: larger than any of the connection before
        Settle(now, Add(TcpConnection.OpenPassive(now, syn, start, _options, _received), flow, listener));
        return DropReason.None;
    }

    DropReason OpenByCookie(Instant now, in TcpSegment segment, int maxSegmentOctets, TcpPort listener)
    {
        if (listener.IsFull || _sockets.Count >= MaxConnections)
            return DropReason.SocketQueueFull;
        var flow = TcpFlow.Of(segment);
        var (windowScale, sackPermitted) = SynCookies.Recall(segment);
        var start = _secrets.Start(now, flow) with { Sequence = segment.Acknowledgment - 1 };
        var socket = Add(TcpConnection.OpenFromCookie(now, segment, start, _options, maxSegmentOctets, windowScale, sackPermitted, _received), flow, listener);
        socket.IsHalfOpen = false;
        listener.Add(socket);
        socket.Connection.Receive(now, segment);
        Settle(now, socket);
        return DropReason.None;
    }

    void AnswerWithCookie(Instant now, in TcpSegment syn)
    {
        if (!_answers.HasRoom)
            return;
        var flow = TcpFlow.Of(syn);
        var header = new TcpHeader
        {
            Flow = flow,
            Sequence = _cookies.Make(now, syn),
            Acknowledgment = syn.Sequence + 1,
            Flags = TcpFlags.Syn | TcpFlags.Ack,
            Window = ushort.MaxValue,
            MaxSegmentOctets = (ushort)_options.MaxSegmentOctets,
        };
        if (_options.Timestamps && syn.HasTimestamps)
        {
            bool isScaled = _options.WindowScale && syn.WindowScale >= 0;
            (header.HasTimestamps, header.TimestampEcho, header.SackPermitted) = (true, syn.Timestamp, _options.Sack && syn.SackPermitted);
            header.WindowScale = isScaled ? _options.OfferedScale : -1;
            header.Timestamp = SynCookies.Remember(_secrets.Start(now, flow).Timestamp(now), isScaled ? syn.WindowScale : -1, header.SackPermitted);
        }
        _answers.Add(header.WritePacket(_answers.Next));
    }

    void EndHalfOpen(TcpSocket socket)
    {
        if (!socket.IsHalfOpen)
            return;
        socket.IsHalfOpen = false;
        if (socket.Listener is { } listener)
            listener.HalfOpen--;
        var source = OwnerKey.Of(socket.Flow.RemoteAddress);
        if (_halfOpen.TryGetValue(source, out int count) && count > 1)
            _halfOpen[source] = count - 1;
        else
            _halfOpen.Remove(source);
    }

    // The oldest make room: each is of use only when a segment of it is still under way.
    void LimitTimeWaits(Instant now, TcpSocket socket)
    {
        _timeWaits.Enqueue(socket);
        while (_timeWaits.TryPeek(out var oldest) && (oldest.IsForgotten || _timeWaits.Count > MaxTimeWaits))
        {
            _timeWaits.Dequeue();
            if (!oldest.IsForgotten)
                EndTimeWait(now, oldest);
        }
    }

    void EndTimeWait(Instant now, TcpSocket socket)
    {
        socket.Connection.EndTimeWait();
        Tell(now, socket, socket.Connection.TakeChanges());
        Forget(socket);
    }

    /// <summary>Packets that belong to no connection and wait to be sent. More than fit are lost: strangers may cause them.</summary>
    sealed class Answers
    {
        readonly int[] _lengths = new int[MaxAnswers];
        byte[] _octets = [];
        int _first, _count;

        public bool HasRoom => _count < MaxAnswers;

        /// <summary>Where the next one is written.</summary>
        public Span<byte> Next
        {
            get
            {
                if (_octets.Length == 0)
                    _octets = new byte[MaxAnswers * AnswerOctets];
                return At((_first + _count) % MaxAnswers);
            }
        }

        /// <summary>Adds what was written to <see cref="Next"/>.</summary>
        public void Add(int length) => _lengths[(_first + _count++) % MaxAnswers] = length;

        public bool TryTake(Span<byte> buffer, out int length)
        {
            length = 0;
            if (_count == 0)
                return false;
            length = _lengths[_first];
            At(_first)[..length].CopyTo(buffer);
            (_first, _count) = ((_first + 1) % MaxAnswers, _count - 1);
            return true;
        }

        Span<byte> At(int index) => _octets.AsSpan(index * AnswerOctets, AnswerOctets);
    }
}
