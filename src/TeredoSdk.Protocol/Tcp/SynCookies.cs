namespace TeredoSdk.Protocol.Tcp;

/// <summary>Answers SYNs without memory for each (RFC 4987 §3.6): the initial sequence number says what has to be known when its acknowledgment comes.</summary>
/// <remarks>
/// A cookie holds the time, and the largest segment the peer takes, rounded down to one of eight values. The scale of the window and selective
/// acknowledgment are in the lowest bits of the answer's timestamp, which the peer sends back; without timestamps they are lost. Cookies are good for 64 to 128 s, and none is looked at when none was made lately;
/// so guessing them is of use during a flood only, and then one guess in 16 million makes a connection.
/// </remarks>
sealed class SynCookies(TcpSecrets secrets)
{
    // time 5, size 3, keyed hash 24
    const int TimeBits = 5, HashBits = 24;
    const uint TimeMask = (1u << TimeBits) - 1, HashMask = (1u << HashBits) - 1;

    // in the timestamp: selective acknowledgment 1, scale of the window 4
    const uint OptionMask = 31, SackBit = 16, NoScale = 15;

    static readonly TimeSpan Epoch = TimeSpan.FromSeconds(64);
    static readonly int[] Sizes = [64, 256, 536, 940, 1120, 1180, 1208, TcpOption.DefaultMaxSegmentOctets];

    Instant _lastMade = Instant.MinValue;

    /// <summary>Makes the cookie that is the initial sequence number of the answer to a SYN.</summary>
    public uint Make(Instant now, in TcpSegment syn)
    {
        _lastMade = now;
        int offered = syn.MaxSegmentOctets == 0 ? TcpOption.DefaultMaxSegmentOctets : syn.MaxSegmentOctets, size = Sizes.Length - 1;
        while (size > 0 && Sizes[size] > offered)
            size--;
        return Make(TcpFlow.Of(syn), syn.Sequence, TimeOf(now), size);
    }

    /// <summary>Checks a segment that acknowledges a SYN which nobody remembers.</summary>
    /// <param name="now">The current instant.</param>
    /// <param name="segment">The segment, with an acknowledgment.</param>
    /// <param name="maxSegmentOctets">The largest segment that the peer takes, in octets.</param>
    /// <returns>Whether the segment acknowledges a cookie.</returns>
    public bool TryOpen(Instant now, in TcpSegment segment, out int maxSegmentOctets)
    {
        uint cookie = segment.Acknowledgment - 1;
        int size = (int)(cookie >> HashBits) & 7;
        uint time = cookie >> HashBits + 3, age = (TimeOf(now) - time) & TimeMask;
        maxSegmentOctets = Sizes[size];
        return now - _lastMade < 2 * Epoch && age <= 1 && Make(TcpFlow.Of(segment), segment.Sequence - 1, time, size) == cookie;
    }

    /// <summary>The timestamp of an answer that remembers options, up to 31 ms before the one given.</summary>
    /// <param name="timestamp">The timestamp.</param>
    /// <param name="windowScale">The peer's scale of the window; -1 when it is not used.</param>
    /// <param name="sackPermitted">Whether selective acknowledgment is used.</param>
    public static uint Remember(uint timestamp, int windowScale, bool sackPermitted)
    {
        uint options = (windowScale < 0 ? NoScale : (uint)windowScale) | (sackPermitted ? SackBit : 0);
        uint with = timestamp & ~OptionMask | options;
        return with > timestamp ? with - OptionMask - 1 : with; // the peer's clock of us must not go back (RFC 7323 §5)
    }

    /// <summary>What <see cref="Remember"/> was told, by the segment that acknowledges the answer.</summary>
    public static (int WindowScale, bool SackPermitted) Recall(in TcpSegment ack)
    {
        uint options = ack.TimestampEcho & OptionMask, scale = options & NoScale;
        return ack.HasTimestamps ? (scale == NoScale ? -1 : (int)scale, (options & SackBit) != 0) : (-1, false);
    }

    uint Make(in TcpFlow flow, uint sequence, uint time, int size)
    {
        uint open = time << 3 | (uint)size;
        return open << HashBits | secrets.Cookie(flow, (ulong)sequence << 32 | open) & HashMask;
    }

    static uint TimeOf(Instant now) => (uint)(now.SinceStart.Ticks / Epoch.Ticks) & TimeMask;
}
