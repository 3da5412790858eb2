using System.Buffers.Binary;
using TeredoSdk.Protocol.Peers;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Protocol.Client;

/// <summary>A direct IPv6 connectivity test (RFC 4380 §5.2.9): echo requests with one nonce, through the server, to a native peer.</summary>
/// <remarks>A late reply, after the test was given up, counts for 8 s after the last request.</remarks>
sealed class ConnectivityTest(IRandomSource random, HoldBudget budget) : PeerExchange
{
    /// <summary>The length of the data in a request, in octets. Identifier and nonce are random (RFC 4380 §5.2.9 asks for 64 bits).</summary>
    public const int DataSize = 16;

    static readonly TimeSpan ReplyTimeout = BubbleSchedule.Spacing * BubbleSchedule.MaxBubblesWithoutReply;

    readonly ulong _nonceHigh = random.NextUInt64(), _nonceLow = random.NextUInt64();
    Instant? _sentAt;

    /// <summary>The identifier of the requests.</summary>
    public ushort Identifier { get; } = (ushort)random.NextUInt64();

    /// <summary>Packets of the peer that wait for the reply (RFC 4380 §5.2.3 case 6). Empty after the test.</summary>
    public HeldPackets Held { get; } = new(budget);

    /// <summary>How many rounds passed without a request, because too many other tests were running.</summary>
    public int RoundsPassedOver { get; set; }

    /// <summary>Writes the data of a request, and notes the time at which it is sent.</summary>
    public void WriteData(Instant now, Span<byte> data)
    {
        _sentAt = now;
        BinaryPrimitives.WriteUInt64BigEndian(data, _nonceHigh);
        BinaryPrimitives.WriteUInt64BigEndian(data[8..], _nonceLow);
    }

    /// <summary>Whether an echo message is a reply to one of the requests, in time (RFC 4380 §5.2.3 case 2).</summary>
    public bool IsAnsweredBy(Instant now, in EchoMessage echo) =>
        _sentAt is { } sent && now - sent < ReplyTimeout && echo.IsReply && echo.Identifier == Identifier && echo.Data.Length == DataSize
        && BinaryPrimitives.ReadUInt64BigEndian(echo.Data) == _nonceHigh && BinaryPrimitives.ReadUInt64BigEndian(echo.Data[8..]) == _nonceLow;
}
