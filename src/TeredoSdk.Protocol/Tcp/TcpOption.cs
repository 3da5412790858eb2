namespace TeredoSdk.Protocol.Tcp;

/// <summary>The kinds of options and their lengths in octets.</summary>
static class TcpOption
{
    public const byte End = 0, Nop = 1;                                     // RFC 9293 §3.1
    public const byte MaxSegmentSize = 2, MaxSegmentSizeLength = 4;         // RFC 9293 §3.7.1
    public const byte WindowScale = 3, WindowScaleLength = 3;               // RFC 7323 §2.2
    public const byte SackPermitted = 4, SackPermittedLength = 2;           // RFC 2018 §2
    public const byte Sack = 5, SackBlockLength = 8;                        // RFC 2018 §3
    public const byte Timestamps = 8, TimestampsLength = 10;                // RFC 7323 §3.2

    public const int MaxWindowScale = 14;                                   // RFC 7323 §2.3
    public const int DefaultMaxSegmentOctets = 1220;                        // RFC 9293 §3.7.1: MUST-15, for IPv6
    public const int MaxOctets = 40;                                        // the header's length has four bits
}
