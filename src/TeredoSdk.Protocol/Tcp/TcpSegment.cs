using System.Buffers.Binary;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tcp;

/// <summary>A TCP segment inside an IPv6 packet. Its payload may be that of many segments which came together, up to 64 KB.</summary>
/// <remarks>Source: RFC 9293 §3.1, RFC 7323, RFC 2018. It is a view, and valid only as long as the octets that it was parsed from.</remarks>
readonly ref struct TcpSegment
{
    // source port 16, destination port 16 | sequence number 32 | acknowledgment 32 | data offset 4, reserved 4, flags 8, window 16 | checksum 16,
    // urgent pointer 16 | options

    /// <summary>The size of the header without options, in octets.</summary>
    public const int HeaderSize = 20;

    readonly ReadOnlySpan<byte> _packet; // an IPv6 packet whose payload is a whole TCP header at least, because only TryParse makes one
    readonly ReadOnlySpan<byte> _sack;   // whole blocks of 8 octets

    TcpSegment(ReadOnlySpan<byte> packet)
    {
        _packet = packet;
        var tcp = packet[IPv6Packet.HeaderSize..];
        Flags = (TcpFlags)tcp[13];
        int headerLength = (tcp[12] >> 4) * 4;
        Payload = tcp[headerLength..];
        WindowScale = -1;
        var options = tcp[HeaderSize..headerLength];
        // RFC 9293 §3.1: unknown options are skipped (MUST-6). Behind an option with an impossible length nothing is read (MUST-7).
        while (options.Length > 0 && options[0] != TcpOption.End)
        {
            if (options[0] == TcpOption.Nop)
            {
                options = options[1..];
                continue;
            }
            if (options.Length < 2 || options[1] < 2 || options[1] > options.Length)
                break;
            var option = options[..options[1]];
            options = options[option.Length..];
            switch (option[0], option.Length)
            {
                case (TcpOption.MaxSegmentSize, TcpOption.MaxSegmentSizeLength):
                    MaxSegmentOctets = BinaryPrimitives.ReadUInt16BigEndian(option[2..]);
                    break;
                case (TcpOption.WindowScale, TcpOption.WindowScaleLength):
                    WindowScale = Math.Min((int)option[2], TcpOption.MaxWindowScale); // RFC 7323 §2.3: a larger one counts as 14
                    break;
                case (TcpOption.SackPermitted, TcpOption.SackPermittedLength):
                    SackPermitted = true;
                    break;
                case (TcpOption.Sack, > 2) when (option.Length - 2) % TcpOption.SackBlockLength == 0:
                    _sack = option[2..];
                    break;
                case (TcpOption.Timestamps, TcpOption.TimestampsLength):
                    HasTimestamps = true;
                    Timestamp = BinaryPrimitives.ReadUInt32BigEndian(option[2..]);
                    TimestampEcho = BinaryPrimitives.ReadUInt32BigEndian(option[6..]);
                    break;
            }
        }
    }

    /// <summary>The source address.</summary>
    public IPv6Address Source => IPv6Address.Read(_packet[8..]);

    /// <summary>The destination address.</summary>
    public IPv6Address Destination => IPv6Address.Read(_packet[24..]);

    /// <summary>The mark of congestion in the traffic class; see <see cref="Tcp.Ecn"/>.</summary>
    public byte Ecn => (byte)(_packet[1] >> 4 & 3);

    /// <summary>The source port.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(_packet[40..]);

    /// <summary>The destination port.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(_packet[42..]);

    /// <summary>The sequence number.</summary>
    public uint Sequence => BinaryPrimitives.ReadUInt32BigEndian(_packet[44..]);

    /// <summary>The acknowledgment number; meaningful only with <see cref="TcpFlags.Ack"/>.</summary>
    public uint Acknowledgment => BinaryPrimitives.ReadUInt32BigEndian(_packet[48..]);

    /// <summary>The control bits.</summary>
    public TcpFlags Flags { get; }

    /// <summary>The window as it stands in the header, not scaled.</summary>
    public ushort Window => BinaryPrimitives.ReadUInt16BigEndian(_packet[54..]);

    /// <summary>The octets after the header.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>What the segment takes of the sequence space: its payload, and one each for SYN and FIN (RFC 9293 §3.4).</summary>
    public int SequenceLength => Payload.Length + (Has(TcpFlags.Syn) ? 1 : 0) + (Has(TcpFlags.Fin) ? 1 : 0);

    /// <summary>The option of the largest segment, in octets; 0 without it.</summary>
    public int MaxSegmentOctets { get; }

    /// <summary>The shift of the option of the window's scale, 0 to 14; -1 without it.</summary>
    public int WindowScale { get; }

    /// <summary>Whether the sender takes selective acknowledgments.</summary>
    public bool SackPermitted { get; }

    /// <summary>Whether there are timestamps.</summary>
    public bool HasTimestamps { get; }

    /// <summary>TSval.</summary>
    public uint Timestamp { get; }

    /// <summary>TSecr.</summary>
    public uint TimestampEcho { get; }

    /// <summary>How many blocks of selective acknowledgment there are.</summary>
    public int SackCount => _sack.Length / TcpOption.SackBlockLength;

    /// <summary>Whether one of the control bits is set.</summary>
    public bool Has(TcpFlags flags) => (Flags & flags) != 0;

    /// <summary>A block of selective acknowledgment: its first sequence number, and the one behind it (RFC 2018 §3).</summary>
    public (uint Start, uint End) Sack(int index)
    {
        var block = _sack[(index * TcpOption.SackBlockLength)..];
        return (BinaryPrimitives.ReadUInt32BigEndian(block), BinaryPrimitives.ReadUInt32BigEndian(block[4..]));
    }

    /// <summary>Parses an IPv6 packet whose next header is TCP.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="segment">The segment.</param>
    /// <param name="isVerified">Whether the checksum is known to be right, so that it need not be computed.</param>
    /// <returns>False when the segment is cut short or has a wrong checksum (RFC 9293 §3.1: MUST-3).</returns>
    public static bool TryParse(scoped in IPv6Packet packet, out TcpSegment segment, bool isVerified = false)
    {
        segment = default;
        var octets = packet.Payload;
        if (packet.NextHeader != NextHeader.Tcp || octets.Length < HeaderSize)
            return false;
        int headerLength = (octets[12] >> 4) * 4;
        if (headerLength < HeaderSize || headerLength > octets.Length)
            return false;
        if (!isVerified && !InternetChecksum.Verify(packet.Source, packet.Destination, NextHeader.Tcp, octets))
            return false;
        segment = new(packet.Octets);
        return true;
    }
}
