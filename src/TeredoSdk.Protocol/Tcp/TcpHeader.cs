using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Tcp;

/// <summary>What is written in front of a segment's payload: the headers of IPv6 and TCP.</summary>
/// <remarks>Source: RFC 8200 §3, RFC 9293 §3.1. The fields are in host order.</remarks>
struct TcpHeader()
{
    /// <summary>The most blocks of selective acknowledgment that fit (RFC 2018 §3).</summary>
    public const int MaxSackBlocks = 4;

    const byte HopLimit = 64; // RFC 9293 §3.9.2: MUST-49, configurable; this is the value of the other packets of the stack
    const int SegmentStart = IPv6Packet.HeaderSize;

    public TcpFlow Flow;
    public uint Sequence, Acknowledgment;
    public TcpFlags Flags;
    public ushort Window;
    public byte Ecn;

    /// <summary>0: the option is not written.</summary>
    public ushort MaxSegmentOctets;
    /// <summary>-1: the option is not written.</summary>
    public int WindowScale = -1;
    public bool SackPermitted, HasTimestamps;
    public uint Timestamp, TimestampEcho;
    public SackBlocks Sack;
    public int SackCount;

    /// <summary>The length of both headers with the options, in octets.</summary>
    public readonly int Length => SegmentStart + TcpSegment.HeaderSize + OptionOctets;

    readonly int OptionOctets => (MaxSegmentOctets != 0 ? TcpOption.MaxSegmentSizeLength : 0)
        + (SackPermitted && !HasTimestamps ? 4 : 0)
        + (HasTimestamps ? 12 : 0)
        + (WindowScale >= 0 ? 4 : 0)
        + (SackCount > 0 ? 4 + SackCount * TcpOption.SackBlockLength : 0);

    /// <summary>How many blocks of selective acknowledgment fit beside the timestamps.</summary>
    public static int SackRoom(bool hasTimestamps) => hasTimestamps ? MaxSackBlocks - 1 : MaxSackBlocks; // RFC 2018 §3

    /// <summary>Writes one packet without payload.</summary>
    /// <returns>Its length in octets.</returns>
    public readonly int WritePacket(Span<byte> packet)
    {
        ulong sum = Write(packet);
        Complete(packet[..Length], sum, Sequence, Flags);
        return Length;
    }

    /// <summary>Writes the headers; the payload's length, the sequence number, the flags and the checksum are left to <see cref="Complete"/>.</summary>
    /// <returns>The sum of what is the same in all segments of a train, for <see cref="Complete"/>.</returns>
    public readonly ulong Write(Span<byte> packet)
    {
        IPv6Packet.WriteHeader(packet, 0, NextHeader.Tcp, HopLimit, Flow.LocalAddress, Flow.RemoteAddress);
        packet[1] |= (byte)(Ecn << 4);
        var tcp = packet[SegmentStart..Length];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, Flow.LocalPort);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], Flow.RemotePort);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], Acknowledgment);
        tcp[12] = (byte)(tcp.Length / 4 << 4);
        tcp[13] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(tcp[14..], Window);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[16..], 0); // the checksum, and no urgent data
        WriteOptions(tcp[TcpSegment.HeaderSize..]);
        return InternetChecksum.PseudoHeader(Flow.LocalAddress, Flow.RemoteAddress, NextHeader.Tcp, 0) + InternetChecksum.Sum(tcp);
    }

    /// <summary>Fills in what differs between the segments of a train. The payload is at its place already.</summary>
    /// <param name="packet">The whole packet.</param>
    /// <param name="sum">What <see cref="Write"/> returned for its headers.</param>
    /// <param name="sequence">The sequence number.</param>
    /// <param name="flags">The control bits.</param>
    public readonly void Complete(Span<byte> packet, ulong sum, uint sequence, TcpFlags flags)
    {
        int length = packet.Length - SegmentStart;
        BinaryPrimitives.WriteUInt16BigEndian(packet[4..], (ushort)length);
        var tcp = packet[SegmentStart..];
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        tcp[13] = (byte)flags;
        sum += (ulong)length + (sequence >> 16) + (sequence & 0xFFFF) + (byte)flags + InternetChecksum.Sum(packet[Length..]);
        BinaryPrimitives.WriteUInt16BigEndian(tcp[16..], (ushort)~InternetChecksum.Fold(sum));
    }

    // Each option is padded in front, so that all of them start at multiples of four but for their own two octets (RFC 7323 appendix A).
    readonly void WriteOptions(Span<byte> options)
    {
        if (MaxSegmentOctets != 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(options,
                (uint)(TcpOption.MaxSegmentSize << 24 | TcpOption.MaxSegmentSizeLength << 16 | MaxSegmentOctets));
            options = options[4..];
        }
        if (SackPermitted || HasTimestamps)
        {
            options[0] = SackPermitted ? TcpOption.SackPermitted : TcpOption.Nop;
            options[1] = SackPermitted ? TcpOption.SackPermittedLength : TcpOption.Nop;
            options[2] = HasTimestamps ? TcpOption.Timestamps : TcpOption.Nop;
            options[3] = HasTimestamps ? TcpOption.TimestampsLength : TcpOption.Nop;
            options = options[4..];
        }
        if (HasTimestamps)
        {
            BinaryPrimitives.WriteUInt32BigEndian(options, Timestamp);
            BinaryPrimitives.WriteUInt32BigEndian(options[4..], TimestampEcho);
            options = options[8..];
        }
        if (WindowScale >= 0)
        {
            BinaryPrimitives.WriteUInt32BigEndian(options,
                (uint)(TcpOption.Nop << 24 | TcpOption.WindowScale << 16 | TcpOption.WindowScaleLength << 8 | WindowScale));
            options = options[4..];
        }
        if (SackCount == 0)
            return;
        BinaryPrimitives.WriteUInt32BigEndian(options,
            (uint)(TcpOption.Nop << 24 | TcpOption.Nop << 16 | TcpOption.Sack << 8 | 2 + SackCount * TcpOption.SackBlockLength));
        for (int i = 0; i < SackCount; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(options[(4 + i * TcpOption.SackBlockLength)..], Sack[i].Start);
            BinaryPrimitives.WriteUInt32BigEndian(options[(8 + i * TcpOption.SackBlockLength)..], Sack[i].End);
        }
    }

    /// <summary>Writes the reset that answers a segment to no connection (RFC 9293 §3.10.7.1).</summary>
    /// <param name="segment">The segment, which must not be a reset.</param>
    /// <param name="packet">At least 60 octets.</param>
    /// <returns>The packet's length in octets.</returns>
    public static int WriteReset(in TcpSegment segment, Span<byte> packet)
    {
        bool isAck = segment.Has(TcpFlags.Ack);
        var header = new TcpHeader
        {
            Flow = TcpFlow.Of(segment),
            Sequence = isAck ? segment.Acknowledgment : 0,
            Acknowledgment = isAck ? 0 : segment.Sequence + (uint)segment.SequenceLength,
            Flags = isAck ? TcpFlags.Reset : TcpFlags.Reset | TcpFlags.Ack,
        };
        return header.WritePacket(packet);
    }

    [InlineArray(MaxSackBlocks)]
    public struct SackBlocks
    {
        (uint Start, uint End) _first;
    }
}
