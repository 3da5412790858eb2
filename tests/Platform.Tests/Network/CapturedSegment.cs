using System.Globalization;
using System.Net;

namespace TeredoSdk.Platform.Tests.Network;

/// <summary>A TCP segment as tshark reads it out of a capture.</summary>
/// <param name="Frame">The frame's number.</param>
/// <param name="Source">The IPv6 address.</param>
/// <param name="Stream">The number of the connection.</param>
/// <param name="Start">Its sequence number, counted from the SYN.</param>
/// <param name="End">The sequence number behind it: SYN and FIN count.</param>
/// <param name="Acknowledgment">Its acknowledgment number, counted from the peer's SYN.</param>
/// <param name="Window">The window that it announces, in octets.</param>
/// <param name="Timestamp">The sender's timestamp; null: none.</param>
/// <param name="Echo">The timestamp that it echoes; null: none.</param>
sealed record CapturedSegment(
    int Frame, IPAddress Source, int Stream, long Start, long End, long Acknowledgment, long Window, uint? Timestamp, uint? Echo)
{
    /// <summary>The fields that <see cref="Parse"/> takes a line of, as tshark calls them.</summary>
    public static readonly string[] Fields =
    [
        "frame.number", "ipv6.src", "tcp.stream", "tcp.seq", "tcp.nxtseq", "tcp.ack", "tcp.window_size",
        "tcp.options.timestamp.tsval", "tcp.options.timestamp.tsecr",
    ];

    public static CapturedSegment Parse(string line)
    {
        string[] fields = line.Split('\t');
        return new((int)Number(0)!, IPAddress.Parse(fields[1]), (int)Number(2)!, Number(3)!.Value, Number(4)!.Value,
            Number(5) ?? 0, Number(6)!.Value, (uint?)Number(7), (uint?)Number(8));

        long? Number(int index) => fields[index].Length == 0 ? null : long.Parse(fields[index], CultureInfo.InvariantCulture);
    }

    /// <summary>What some senders did that no TCP may do. Only for captures that lost nothing.</summary>
    /// <param name="segments">All segments, as they passed the host of those senders: what reached them did so after it was captured.</param>
    /// <param name="senders">The addresses of the senders.</param>
    /// <returns>A line for each fault.</returns>
    public static IEnumerable<string> FaultsOf(IEnumerable<CapturedSegment> segments, IReadOnlySet<IPAddress> senders)
    {
        Dictionary<int, PeerView> peers = [];
        foreach (var segment in segments)
        {
            if (!peers.TryGetValue(segment.Stream, out var peer))
                peers.Add(segment.Stream, peer = new());
            if (!senders.Contains(segment.Source))
                peer.Take(segment);
            else if (peer.FaultOf(segment) is { } fault)
                yield return $"{fault}: {segment}";
        }
    }

    /// <summary>What the peer of a connection has sent.</summary>
    sealed class PeerView
    {
        readonly Queue<CapturedSegment> _stamped = [], _data = [];
        long _end, _edge = 1, _known; // nothing but the SYN may leave unasked

        public void Take(CapturedSegment segment)
        {
            if (segment.Timestamp is not null)
                _stamped.Enqueue(segment);
            if (segment.End > _end)
                _data.Enqueue(segment);
            (_end, _edge) = (Math.Max(_end, segment.End), Math.Max(_edge, segment.Acknowledgment + segment.Window));
        }

        public string? FaultOf(CapturedSegment segment)
        {
            // The sender had certainly taken an acknowledgment when it echoes a later timestamp, or acknowledges what came with it or after it.
            // tshark's "spurious retransmission" asks only whether one had been captured, which a probe of the tail may cross.
            while (_stamped.TryPeek(out var stamped) && stamped.Timestamp < segment.Echo)
                _known = Math.Max(_known, _stamped.Dequeue().Acknowledgment);
            while (_data.TryPeek(out var data) && data.End <= segment.Acknowledgment)
                _known = Math.Max(_known, _data.Dequeue().Acknowledgment);
            bool isWindowProbe = segment.End - segment.Start == 1 && segment.Start >= _edge; // RFC 9293 §3.8.6.1
            return segment.Acknowledgment > _end ? $"acknowledges more than the peer sent, {_end}"
                : segment.End > segment.Start && segment.Start < _known ? $"sends again what it knew to be acknowledged, to {_known}"
                : segment.End > _edge && !isWindowProbe ? $"goes beyond the peer's window, {_edge}"
                : null;
        }
    }
}
