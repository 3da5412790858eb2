namespace TeredoSdk.Engine.Linux.Offload;

/// <summary>Where the fields of a TCP header are, and its flags (RFC 9293 §3.1).</summary>
static class TcpField
{
    // source port 16, destination port 16 | sequence number 32 | acknowledgment 32 | data offset 4, reserved 4, flags 8, window 16 | checksum 16,
    // urgent pointer 16 | options

    /// <summary>The size of the header without options, in octets.</summary>
    public const int MinHeaderSize = 20;

    public const int Sequence = 4;
    public const int Acknowledgment = 8;
    public const int DataOffset = 12;
    public const int Flags = 13;
    public const int Window = 14;
    public const int Checksum = 16;
    public const int UrgentPointer = 18;

    public const byte Fin = 0x01;
    public const byte Push = 0x08;
    public const byte Ack = 0x10;
    public const byte Cwr = 0x80;

    /// <summary>The length of the header with its options, in octets: 0 to 60, as the octet with the data offset says.</summary>
    public static int HeaderLength(ReadOnlySpan<byte> tcp) => (tcp[DataOffset] >> 4) * 4;
}

/// <summary>Where the fields of a UDP header are (RFC 768).</summary>
static class UdpField
{
    public const int Length = 4;
    public const int Checksum = 6;
}
