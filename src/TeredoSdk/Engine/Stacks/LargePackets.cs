using System.Net.Sockets;

namespace TeredoSdk.Engine.Stacks;

/// <summary>Whether packets of the full MTU reach the peers, as far as TCP connections show it. Safe for any number of threads.</summary>
/// <remarks>
/// The kernel makes the segments of a connection smaller when large ones get no acknowledgement (RFC 4821). Nothing else tells it: a path that drops
/// the fragments of large UDP datagrams sends no error.
/// </remarks>
sealed class LargePackets
{
    const int IpProtoTcp = 6, TcpInfo = 11;
    const int SegmentSizeAt = 16, RetransmitsAt = 100, AcknowledgedAt = 120, InfoOctets = 128; // linux/tcp.h: struct tcp_info
    const uint FullSegment = 1200;      // at an MTU of 1280: 1220 octets, or 1208 with timestamps
    const uint FewestRetransmits = 3;   // the kernel tries smaller segments after so many
    const ulong EnoughOctets = 16384;

    int _judgement; // -1: they do not arrive, 1: they do, 0: not known

    /// <summary>Null while no connection has shown it.</summary>
    public bool? Arrive => Volatile.Read(ref _judgement) switch
    {
        0 => null,
        var judgement => judgement > 0,
    };

    /// <summary>Called when the node's address, and so perhaps its path, changes.</summary>
    public void Forget() => Volatile.Write(ref _judgement, 0);

    /// <summary>Looks at a connection of the kernel.</summary>
    public void Note(Socket connection)
    {
        try
        {
            Span<byte> info = stackalloc byte[InfoOctets];
            if (connection.GetRawSocketOption(IpProtoTcp, TcpInfo, info) == InfoOctets)
                Judge(info);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The connection has ended.
        }
    }

    /// <summary>Takes what a connection shows. One that shows a loss counts more than all others.</summary>
    public void Note(bool? arrive)
    {
        if (arrive == false)
            Volatile.Write(ref _judgement, -1);
        else if (arrive == true)
            Interlocked.CompareExchange(ref _judgement, 1, 0);
    }

    /// <summary>Takes what the kernel says of a connection.</summary>
    internal void Judge(ReadOnlySpan<byte> info)
    {
        bool isFull = BitConverter.ToUInt32(info[SegmentSizeAt..]) >= FullSegment;
        Note(!isFull && BitConverter.ToUInt32(info[RetransmitsAt..]) >= FewestRetransmits ? false
            : isFull && BitConverter.ToUInt64(info[AcknowledgedAt..]) >= EnoughOctets ? true : null);
    }
}
