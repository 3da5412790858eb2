namespace TeredoSdk.Protocol.Tcp;

/// <remarks>What the path says: its size, its congestion marks, and its errors.</remarks>
sealed partial class TcpConnection
{
    const int EnoughToJudge = 16384; // octets; not in an RFC

    PathSizeSearch _path;
    bool _isUnreachable;
    long _ecnFrom, _ecnReactedUntil;

    /// <summary>Takes an ICMPv6 error about a segment of this flow.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="quotedSequence">The sequence number of the segment that the error quotes.</param>
    /// <param name="isHard">Whether it says that nothing can come of it: port unreachable, or communication prohibited.</param>
    /// <returns>False when the number is not of what is under way, so that a stranger may have made it up (RFC 5927 §4.1).</returns>
    public bool HandleUnreachable(Instant now, uint quotedSequence, bool isHard)
    {
        if (!IsUnderWay(quotedSequence))
            return false;
        _isUnreachable = true; // soft: what a timeout later says (RFC 9293 §3.9.2.2: MUST-56)
        if (isHard && State is TcpState.SynSent or TcpState.SynReceived)
            End(TcpError.Unreachable); // RFC 5927 §5.2: only before the connection is established
        return true;
    }

    /// <summary>Takes a Packet Too Big about a segment of this flow (RFC 8201 §4).</summary>
    /// <returns>False when it is not believed.</returns>
    public bool HandlePacketTooBig(Instant now, int mtuOctets, uint quotedSequence)
    {
        if (!IsUnderWay(quotedSequence) || !_path.HandleTooBig(now, mtuOctets))
            return false;
        UpdateSegmentSize();
        for (int i = 0; i < _runs.Count; i++)
            if (!_runs[i].IsIn(SentState.Sacked))
                _runs.Set(i, _runs[i].State | SentState.Lost); // sent again in smaller segments; no sign of congestion (RFC 8899 §3)
        return true;
    }

    bool IsUnderWay(uint number) => State != TcpState.Closed && SendPosition(number) is var at && at >= _una && at < _next;

    /// <summary>Whether packets of the size with which connections begin arrive; null: not known. They do not where smaller ones arrive and they are lost.</summary>
    public bool? LargePacketsArrive { get; private set; }

    void JudgeLargePackets()
    {
        if (_path.IsInDoubt)
            return;
        if (_path.PacketOctets < _options.PathOctets)
            LargePacketsArrive = false;
        else if (_una > EnoughToJudge && PacketOctets >= _options.PathOctets)
            LargePacketsArrive = true;
    }

    // How many octets to send in a segment that tries a larger packet; 0: none now. It carries data like others (RFC 8899 §4.1, RFC 4821 §7.2).
    int ProbeSegment(Instant now, int bufferOctets, long usable)
    {
        int packet = Math.Min(_path.ProbeOctets(now), _peerSegmentOctets + FixedHeaderOctets);
        if (packet <= PacketOctets || packet > bufferOctets || _recovery != Recovery.None || _next == _una || _gaps.Count > 0 || _duplicate.End > 0)
            return 0;
        int octets = packet - FixedHeaderOctets - (_hasTimestamps ? TimestampOctets : 0);
        return octets <= _control.Window && octets + 4 * _control.SegmentOctets <= usable ? octets : 0; // enough behind it shows whether it is lost
    }

    void WriteProbe(Instant now, Span<byte> buffer, int octets, out int length)
    {
        var header = MakeHeader(now, TcpFlags.Ack);
        _path.NoteSent(header.Length + octets);
        SendNew(now, octets, SentState.Probe);
        WriteTrain(now, buffer, header, octets, _next - octets, _next, out length, out _);
    }

    // RFC 3168 §6.1.2: at most once in a round trip
    void TakeEcnEcho(Instant now)
    {
        if (!_hasEcnEcho || !_isEcnAllowed || _una < _ecnReactedUntil || _recovery != Recovery.None)
            return;
        (_ecnReactedUntil, _isWindowReducedDue) = (_next, true);
        _control.HandleCongestion(now, Math.Min(_next - _una, _control.Window));
        _control.Window = Math.Min(_control.Window, _control.SlowStartThreshold);
        _slowStart.End();
    }

    bool _hasEcnEcho; // the segment at hand has ECE
}
