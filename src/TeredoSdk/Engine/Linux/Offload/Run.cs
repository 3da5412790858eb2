using System.Buffers.Binary;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Linux.Offload;

/// <summary>Packets of one flow that follow each other and become one packet; or a single packet of any kind.</summary>
struct Run(in Arrival first)
{
    /// <summary>How many UDP datagrams become one packet. More of them at once overflow the buffers of receivers.</summary>
    public const int MaxDatagrams = 16;

    /// <summary>How many TCP segments become one packet.</summary>
    public const int MaxSegments = 128;

    /// <summary>The first packet.</summary>
    public readonly Arrival First = first;

    /// <summary>The index of the last packet in the coalescer's list; of no meaning while there is only one packet.</summary>
    public int Last;

    /// <summary>How many packets there are.</summary>
    public int Count = 1;

    /// <summary>Whether no packet can follow.</summary>
    public bool IsComplete = !first.CanJoin || first.HasPush;

    bool _hasPush = first.HasPush;
    int _payloadLength = first.PayloadLength;

    /// <summary>Adds a packet of the same flow when it continues the run.</summary>
    /// <returns>False when it does not, and nothing was changed.</returns>
    public bool TryJoin(in Arrival next)
    {
        bool isTcp = First.Protocol == NextHeader.Tcp;
        if (!next.HasHeadersOf(First)
            || next.PayloadLength > First.PayloadLength
            || First.HeaderLength - IPv6Packet.HeaderSize + _payloadLength + next.PayloadLength > ushort.MaxValue // RFC 8200 §3: 16 bits
            || isTcp && next.Sequence != First.Sequence + (uint)_payloadLength)
            return false;
        Count++;
        _payloadLength += next.PayloadLength;
        _hasPush = next.HasPush;
        IsComplete = _hasPush || next.PayloadLength < First.PayloadLength || Count == (isTcp ? MaxSegments : MaxDatagrams);
        return true;
    }

    /// <summary>Writes the headers of the packet that the run becomes.</summary>
    /// <param name="headers">Takes the IPv6 and the transport header; as long as those of <see cref="First"/>.</param>
    /// <returns>The header that tells the kernel how to take the packet apart.</returns>
    public readonly VirtioHeader WriteHeaders(Span<byte> headers)
    {
        First.Headers.CopyTo(headers);
        bool isTcp = First.Protocol == NextHeader.Tcp;
        var transport = headers[IPv6Packet.HeaderSize..];
        int length = transport.Length + _payloadLength;
        int checksum = isTcp ? TcpField.Checksum : UdpField.Checksum;
        BinaryPrimitives.WriteUInt16BigEndian(headers[4..], (ushort)length);
        if (!isTcp)
            BinaryPrimitives.WriteUInt16BigEndian(transport[UdpField.Length..], (ushort)length);
        else if (_hasPush)
            transport[TcpField.Flags] |= TcpField.Push;
        // The kernel adds the sum of the segment to that of the pseudo-header (RFC 8200 §8.1), which is folded, but not complemented.
        ushort pseudoHeader = InternetChecksum.Fold(InternetChecksum.Sum(headers[8..IPv6Packet.HeaderSize]) + (uint)length + First.Protocol);
        BinaryPrimitives.WriteUInt16BigEndian(transport[checksum..], pseudoHeader);
        return new()
        {
            Flags = VirtioHeader.NeedsChecksum,
            GsoType = isTcp ? VirtioHeader.GsoTcpV6 : VirtioHeader.GsoUdpL4,
            HeaderLength = (ushort)headers.Length,
            GsoSize = (ushort)First.PayloadLength,
            ChecksumStart = IPv6Packet.HeaderSize,
            ChecksumOffset = (ushort)checksum,
        };
    }
}
