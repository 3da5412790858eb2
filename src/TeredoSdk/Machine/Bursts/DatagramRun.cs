using TeredoSdk.Protocol;

namespace TeredoSdk.Machine.Bursts;

/// <summary>Datagrams of one source that came in together. Their payloads lie one after the other in a buffer.</summary>
/// <param name="Source">The source of all of them.</param>
/// <param name="Offset">The start of the first payload in the buffer, in octets.</param>
/// <param name="Length">The length of all payloads, in octets; 0 for one empty datagram.</param>
/// <param name="SegmentSize">The length of each payload except the last, which may be shorter, in octets; at least 1.</param>
readonly record struct DatagramRun(IPv4Endpoint Source, int Offset, int Length, int SegmentSize)
{
    /// <summary>The payloads, one after the other.</summary>
    public Payloads In(ReadOnlySpan<byte> buffer) => new(buffer.Slice(Offset, Length), SegmentSize);

    /// <summary>Enumerates payloads.</summary>
    public ref struct Payloads(ReadOnlySpan<byte> octets, int segmentSize)
    {
        readonly ReadOnlySpan<byte> _octets = octets;
        int _at = -segmentSize;

        public readonly ReadOnlySpan<byte> Current => _octets.Slice(_at, Math.Min(segmentSize, _octets.Length - _at));

        public readonly Payloads GetEnumerator() => this;

        public bool MoveNext() => (_at += segmentSize) < Math.Max(_octets.Length, 1); // an empty datagram is one, too
    }
}

/// <summary>Takes datagrams that came in. Called by one thread at a time per transport; the octets are valid only during the call.</summary>
/// <param name="buffer">The buffer in which the payloads lie.</param>
/// <param name="runs">The runs, in the order in which they came.</param>
delegate void DatagramHandler(ReadOnlySpan<byte> buffer, ReadOnlySpan<DatagramRun> runs);

/// <summary>Takes one datagram; the octets are valid only during the call.</summary>
delegate void SingleHandler(IPv4Endpoint source, ReadOnlySpan<byte> payload);

/// <summary>Helpers for those who handle datagrams one by one.</summary>
static class Datagrams
{
    /// <summary>A handler of bursts that hands over each datagram.</summary>
    public static DatagramHandler Each(SingleHandler handler) => (buffer, runs) =>
    {
        foreach (var run in runs)
            foreach (var payload in run.In(buffer))
                handler(run.Source, payload);
    };

    /// <summary>Hands over one datagram.</summary>
    public static void Take(this DatagramHandler handler, IPv4Endpoint source, ReadOnlySpan<byte> payload)
    {
        var run = new DatagramRun(source, 0, payload.Length, Math.Max(payload.Length, 1));
        handler(payload, new(in run));
    }
}
