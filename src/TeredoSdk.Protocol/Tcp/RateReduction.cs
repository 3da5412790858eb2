namespace TeredoSdk.Protocol.Tcp;

/// <summary>How much may be sent while losses are repaired (RFC 6937 §3, with the safe bound of its successor).</summary>
struct RateReduction(long flight)
{
    long _delivered, _out;

    public void NoteSent(long octets) => _out += octets;

    /// <returns>The window.</returns>
    /// <param name="delivered">DeliveredData: what this acknowledgment says has arrived.</param>
    /// <param name="pipe">What is under way.</param>
    /// <param name="threshold">ssthresh.</param>
    /// <param name="segmentOctets">SMSS.</param>
    /// <param name="isSafe">Whether it made progress, and no more was lost.</param>
    public long Take(long delivered, long pipe, long threshold, int segmentOctets, bool isSafe)
    {
        _delivered += delivered;
        long allowed;
        if (pipe > threshold)
            allowed = (_delivered * threshold + flight - 1) / Math.Max(flight, 1) - _out; // proportional
        else
        {
            allowed = Math.Max(_delivered - _out, delivered); // conservation of packets
            if (isSafe)
                allowed += segmentOctets;
            allowed = Math.Min(threshold - pipe, allowed);
        }
        if (_out == 0)
            allowed = Math.Max(allowed, segmentOctets); // the fast retransmit itself
        return pipe + Math.Max(allowed, 0);
    }
}
