namespace TeredoSdk.Protocol.Tcp;

/// <remarks>The octets that came, and the window that invites more.</remarks>
sealed partial class TcpConnection
{
    BlockRing _receiveRing;
    ReceivedRanges _gaps;      // what came ahead of a gap
    long _received = 1;        // RCV.NXT
    long _inOrderEnd = 1;      // RCV.NXT without the FIN
    long _readAt = 1;
    long _receiveEdge;         // RCV.NXT + RCV.WND as it was announced; it never goes back (RFC 9293 §3.8.6)
    long _peerFin = -1;        // where the peer's FIN is, once it came
    long _lastAckSent;         // Last.ACK.sent (RFC 7323 §4.3)
    long _receiveLimit;
    int _receiveScale, _largestSegment = 536;
    (long Start, long End) _duplicate;
    bool _isAckDue, _isEcnEchoDue;

    // Receive-window growth by measured rate: what the reader took in the last round trip.
    long _readBefore;
    Instant _measuredSince = Instant.MinValue;

    void TakeData(Instant now, long start, ReadOnlySpan<byte> text)
    {
        if (start < _received)
        {
            int known = (int)Math.Min(text.Length, _received - start);
            if (known > 0)
            {
                _duplicate = (Math.Max(1, start), start + known); // RFC 2883 §4.1
                _isAckDue = true;
            }
            start += known;
            text = text[known..];
        }
        long end = Math.Min(_receiveEdge, DataEnd);
        if (start + text.Length > end)
        {
            _isAckDue = true; // what is outside of the window is cut off, and the answer says where the window ends
            text = text[..(int)Math.Max(0, Math.Min(text.Length, end - start))];
        }
        if (text.IsEmpty)
            return;
        // Without memory it is as if the segment was lost: many peers may each leave gaps, or send what nobody reads. But who waits for octets gets some.
        if (start == _received && (_budget is not { IsSpent: true } || ReadableOctets == 0))
            TakeNext(now, text);
        else if (start == _received || _budget is { IsHalfSpent: true })
            _isAckDue = true;
        else
            TakeAhead(start, text);
    }

    // RFC 9293 §3.10.7.4, seventh: behind the peer's FIN there is no data, whatever came before the FIN did.
    long DataEnd => _peerFin >= 0 ? _peerFin : long.MaxValue;

    void TakeNext(Instant now, ReadOnlySpan<byte> text)
    {
        _receiveRing.Write(_received, text);
        _received += text.Length;
        if (_gaps.Count > 0)
        {
            _received = Math.Min(_gaps.TakeUpTo(_received), DataEnd);
            _isAckDue = true; // RFC 5681 §4.2: a gap is filled
        }
        _inOrderEnd = _received;
        _changes |= TcpChanges.Readable;
        _largestSegment = Math.Clamp(text.Length, _largestSegment, Math.Max(_largestSegment, _options.MaxSegmentOctets));
        // RFC 5681 §4.2: at least each second full segment is acknowledged
        if (_received - _lastAckSent >= 2 * _largestSegment)
            _isAckDue = true;
        else if (_delayedAckAt == Never)
            _delayedAckAt = now + _options.AcknowledgmentDelay;
    }

    void TakeAhead(long start, ReadOnlySpan<byte> text)
    {
        _isAckDue = true; // RFC 5681 §4.2: out of order
        switch (_gaps.Add(start, start + text.Length))
        {
            case RangeOutcome.Added:
                _receiveRing.Write(start, text);
                break;
            case RangeOutcome.Known:
                _duplicate = (start, start + text.Length); // RFC 2883 §4.2
                break;
        }
    }

    void ReleaseRead()
    {
        if (_readAt == _inOrderEnd && _gaps.Count == 0)
            _receiveRing.Clear();
        else
            _receiveRing.Release(_readAt);
    }

    // The reader took octets, so the window may open.
    void OpenWindow(Instant now, int octets)
    {
        GrowWindow(now);
        // RFC 9293 §3.8.6.2.2: no small steps. A sender that has most of the window left needs no message either.
        long gain = _readAt + _receiveLimit - _receiveEdge, left = _receiveEdge - _received;
        if (State is TcpState.Established or TcpState.FinWait1 or TcpState.FinWait2 && gain >= WindowStep && left < _receiveLimit / 2)
            _isAckDue = true;
    }

    long WindowStep => Math.Min(_receiveLimit / 2, _options.MaxSegmentOctets);

    // The buffer becomes twice what the reader takes in a round trip, so that the sender can double its rate.
    void GrowWindow(Instant now)
    {
        if (_measuredSince == Instant.MinValue)
            (_measuredSince, _readBefore) = (now, _readAt);
        var roundTrip = ReceiverRoundTrip;
        var elapsed = now - _measuredSince;
        if (roundTrip == TimeSpan.Zero || elapsed < roundTrip || _budget is { IsHalfSpent: true })
            return;
        long wanted = (long)(2 * (_readAt - _readBefore) * (roundTrip / elapsed)) + 16 * _options.MaxSegmentOctets;
        _receiveLimit = Math.Min(MaxReceiveLimit, Math.Max(_receiveLimit, wanted));
        (_measuredSince, _readBefore) = (now, _readAt);
    }

    // What the window's field can tell of. A limit beyond it would let each read seem to open the window.
    long MaxReceiveLimit => Math.Min(_options.MaxReceiveBufferOctets, (long)ushort.MaxValue << _receiveScale);

    TimeSpan ReceiverRoundTrip => _echoRoundTrip > TimeSpan.Zero ? _echoRoundTrip : _rtt.Smoothed;

    // The window for a header, and moves the edge that is announced by it.
    ushort AnnounceWindow()
    {
        long edge = _readAt + _receiveLimit;
        if (edge - _receiveEdge < WindowStep)
            edge = _receiveEdge; // RFC 9293 §3.8.6.2.2
        long window = Math.Max(0, edge - _received) >> _receiveScale;
        if (_received + (window << _receiveScale) < _receiveEdge)
            window = (_receiveEdge - _received + (1L << _receiveScale) - 1) >> _receiveScale; // RFC 7323 §2.4: it must not shrink by rounding
        window = Math.Min(window, ushort.MaxValue);
        _receiveEdge = Math.Max(_receiveEdge, _received + (window << _receiveScale));
        return (ushort)window;
    }
}
