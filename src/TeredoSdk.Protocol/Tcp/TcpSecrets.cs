using System.Buffers.Binary;
using System.Security.Cryptography;

namespace TeredoSdk.Protocol.Tcp;

/// <summary>Makes the numbers that nobody beside the path may guess: initial sequence numbers, clocks of timestamps, and local ports.</summary>
/// <remarks>All are keyed hashes, so they need no memory for each peer. Not thread-safe.</remarks>
sealed class TcpSecrets
{
    const int Counters = 256, FirstPort = 49152; // RFC 6335 §6: the dynamic ports
    static readonly long TicksOfSequence = TimeSpan.TicksPerMicrosecond * 4; // RFC 9293 §3.4.1: the clock of initial sequence numbers

    /// <summary>How many dynamic ports there are.</summary>
    public const int Ports = 65536 - FirstPort;

    enum Use : byte
    {
        Start = 1,
        Port,
        Cookie,
    }

    readonly byte[] _key = new byte[HMACSHA256.HashSizeInBytes];
    readonly ushort[] _next = new ushort[Counters];

    /// <param name="random">Draws the key and the first ports.</param>
    public TcpSecrets(IRandomSource random)
    {
        random.Fill(_key);
        random.Fill(System.Runtime.InteropServices.MemoryMarshal.AsBytes(_next.AsSpan()));
    }

    /// <summary>The numbers with which a connection starts.</summary>
    public TcpStart Start(Instant now, in TcpFlow flow)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Hash(Use.Start, flow, default, hash);
        uint clock = (uint)(now.SinceStart.Ticks / TicksOfSequence);
        // RFC 6528 §3: ISN = M + F(localip, localport, remoteip, remoteport, secretkey). RFC 7323 §5.4: a clock of its own for each flow.
        return new(clock + BinaryPrimitives.ReadUInt32BigEndian(hash), BinaryPrimitives.ReadUInt32BigEndian(hash[4..]));
    }

    /// <summary>Chooses a local port towards a peer (RFC 6056 §3.3.4, algorithm 4: double-hash port selection).</summary>
    /// <param name="to">The flow; its local port is ignored.</param>
    /// <param name="isFree">Whether a flow can be used.</param>
    /// <returns>The flow with its port, or null when no port is free.</returns>
    public TcpFlow? ChoosePort(in TcpFlow to, Func<TcpFlow, bool> isFree)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Hash(Use.Port, to with { LocalPort = 0 }, default, hash);
        uint offset = BinaryPrimitives.ReadUInt32BigEndian(hash);
        ref ushort next = ref _next[hash[4]];
        for (int i = 0; i < Ports; i++)
        {
            var flow = to with { LocalPort = (ushort)(FirstPort + (offset + next++) % Ports) };
            if (isFree(flow))
                return flow;
        }
        return null;
    }

    /// <summary>The keyed hash of a flow and what else a cookie covers.</summary>
    public uint Cookie(in TcpFlow flow, ulong covered)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Hash(Use.Cookie, flow, covered, hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    void Hash(Use use, in TcpFlow flow, ulong covered, Span<byte> hash)
    {
        Span<byte> input = stackalloc byte[2 * IPv6Address.Size + 13];
        flow.LocalAddress.Write(input);
        flow.RemoteAddress.Write(input[IPv6Address.Size..]);
        var rest = input[(2 * IPv6Address.Size)..];
        BinaryPrimitives.WriteUInt16BigEndian(rest, flow.LocalPort);
        BinaryPrimitives.WriteUInt16BigEndian(rest[2..], flow.RemotePort);
        BinaryPrimitives.WriteUInt64BigEndian(rest[4..], covered);
        rest[12] = (byte)use;
        HMACSHA256.HashData(_key, input, hash);
    }
}
