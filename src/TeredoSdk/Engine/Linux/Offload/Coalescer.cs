using TeredoSdk.Machine.Bursts;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Engine.Linux.Offload;

/// <summary>Joins packets of the tunnel, so that the kernel takes many of them in one system call and as one packet.</summary>
/// <remarks>
/// It takes the packets of a burst in order, then writes them all. Only such packets are joined as the kernel can take apart again just as they were
/// (TUN_F_TSO6, TUN_F_USO6). Packets of one flow are written in the order in which they came; flows may overtake each other. The tables grow with the
/// longest burst; after that nothing is allocated. Not safe for several threads.
/// </remarks>
/// <param name="tcp">Whether the device takes joined TCP segments.</param>
/// <param name="udp">Whether the device takes joined UDP datagrams.</param>
sealed unsafe class Coalescer(bool tcp, bool udp)
{
    /// <summary>The most pieces of a packet that is written: its headers and the payloads.</summary>
    public const int MaxPieces = 1 + Run.MaxSegments;

    const int OpenRuns = 16;
    const int None = -1;

    readonly byte[] _headers = new byte[DatagramBatch.HeaderOctets];
    readonly Piece[] _pieces = new Piece[MaxPieces];

    Run[] _runs = new Run[64]; // in the order of their first packets
    int _runCount;
    Joined[] _joined = new Joined[256];
    int _joinedCount;

    // The runs that may go on, at most one for a fingerprint. A flow whose fingerprint another has, too, ends the other's run, which does no harm.
    readonly int[] _open = Enumerable.Repeat(None, OpenRuns).ToArray();
    readonly ulong[] _fingerprints = new ulong[OpenRuns];

    /// <summary>Takes a packet.</summary>
    /// <param name="packet">The packet. It must stay as it is until <see cref="Flush"/> returns.</param>
    /// <param name="length">The length of the packet in octets.</param>
    public void Add(byte* packet, int length)
    {
        if (!IPv6Packet.TryParse(new(packet, length), out var ip))
            AddRun(Arrival.Alone(packet, length));
        else if (Arrival.TryParse(packet, ip, length, ip.NextHeader == NextHeader.Tcp ? tcp : udp, out var arrival))
            AddToFlow(arrival);
        else
        {
            CloseBetween(ip.Source, ip.Destination); // a fragment, for instance, may belong to any of their flows
            AddRun(Arrival.Alone(packet, length));
        }
    }

    /// <summary>Writes all packets, and forgets them.</summary>
    public void Flush(IPacketWriter writer)
    {
        var runs = _runs.AsSpan(0, _runCount);
        (_runCount, _joinedCount) = (0, 0);
        _open.AsSpan().Fill(None);
        fixed (byte* headers = _headers)
        fixed (Piece* pieces = _pieces)
        {
            foreach (ref readonly var run in runs)
                Write(run, writer, headers, pieces);
        }
    }

    void AddToFlow(in Arrival arrival)
    {
        ulong fingerprint = arrival.Fingerprint;
        int slot = _fingerprints.AsSpan().IndexOf(fingerprint);
        if (slot != None && _open[slot] != None)
        {
            ref var run = ref _runs[_open[slot]];
            bool joins = arrival.CanJoin && run.TryJoin(arrival);
            if (joins)
                AddJoined(ref run, arrival);
            if (!joins || run.IsComplete)
                _open[slot] = None;
            if (joins)
                return;
        }
        if (AddRun(arrival).IsComplete)
            return;
        if (slot == None)
            slot = OldestSlot();
        _fingerprints[slot] = fingerprint;
        _open[slot] = _runCount - 1;
    }

    ref Run AddRun(in Arrival first)
    {
        if (_runCount == _runs.Length)
            Array.Resize(ref _runs, 2 * _runCount);
        ref var run = ref _runs[_runCount++];
        run = new(first);
        return ref run;
    }

    void AddJoined(ref Run run, in Arrival arrival)
    {
        if (_joinedCount == _joined.Length)
            Array.Resize(ref _joined, 2 * _joinedCount);
        _joined[_joinedCount] = new() { Payload = arrival.Payload, Previous = run.Last };
        run.Last = _joinedCount++;
    }

    /// <summary>A slot that is free, else that of the run which was begun first.</summary>
    int OldestSlot()
    {
        int oldest = 0;
        for (int slot = 1; slot < OpenRuns; slot++)
        {
            if (_open[slot] < _open[oldest])
                oldest = slot;
        }
        return oldest;
    }

    void CloseBetween(IPv6Address source, IPv6Address destination)
    {
        foreach (ref int open in _open.AsSpan())
        {
            if (open != None && _runs[open].First.IsBetween(source, destination))
                open = None;
        }
    }

    void Write(in Run run, IPacketWriter writer, byte* headers, Piece* pieces)
    {
        if (run.Count == 1)
        {
            *pieces = new(run.First.Packet, run.First.Length);
            writer.Write(default, pieces, 1);
            return;
        }
        var header = run.WriteHeaders(new(headers, run.First.HeaderLength));
        pieces[0] = new(headers, run.First.HeaderLength);
        pieces[1] = run.First.Payload;
        int joined = run.Last;
        for (int piece = run.Count; piece > 1; piece--)
        {
            pieces[piece] = _joined[joined].Payload;
            joined = _joined[joined].Previous;
        }
        writer.Write(header, pieces, run.Count + 1);
    }

    /// <summary>A packet that joined a run.</summary>
    struct Joined
    {
        public Piece Payload;

        /// <summary>The index of the packet before it; of no meaning for the second of a run.</summary>
        public int Previous;
    }
}
