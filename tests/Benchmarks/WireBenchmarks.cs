using System.Buffers.Binary;
using BenchmarkDotNet.Attributes;
using TeredoSdk.Protocol;
using TeredoSdk.Protocol.Wire;

namespace TeredoSdk.Benchmarks;

/// <summary>
/// Simple encapsulation (RFC 4380 §5.1.1) of a UDP payload of 1200 octets: writing it and taking it apart, beside a plain
/// loop that copies and sums the same octets.
/// </summary>
[MemoryDiagnoser]
public class WireBenchmarks
{
    const int PayloadSize = 1200;

    static readonly IPv6Address Source = IPv6Address.Parse("2001:0:4136:1:0:3cae:afff:fffe"), Destination = IPv6Address.Parse("2001:db8:6::50");

    readonly byte[] _payload = new byte[PayloadSize], _datagram, _output = new byte[1500];

    public WireBenchmarks()
    {
        new Random(1).NextBytes(_payload);
        UdpDatagram.WritePacket(_output, Source, 1, Destination, 2, _payload);
        _datagram = _output[..(48 + PayloadSize)];
    }

    /// <summary>What nobody can do without: the octets copied, and summed as 16-bit words in a plain loop.</summary>
    [Benchmark(Baseline = true)]
    public uint CopyAndSumPlainly()
    {
        _payload.CopyTo(_output, 48);
        ReadOnlySpan<byte> octets = _output.AsSpan(0, 48 + PayloadSize);
        uint sum = 0;
        for (int i = 0; i + 1 < octets.Length; i += 2)
            sum += BinaryPrimitives.ReadUInt16BigEndian(octets[i..]);
        return sum;
    }

    /// <summary>Headers, payload and UDP checksum.</summary>
    [Benchmark]
    public int Encode() => UdpDatagram.WritePacket(_output, Source, 1, Destination, 2, _payload);

    /// <summary>The datagram's parts, the IPv6 packet and the UDP datagram with its checksum verified.</summary>
    [Benchmark]
    public int DecodeAndVerify() =>
        Encapsulation.TryParse(_datagram, out var parts, out _) && UdpDatagram.TryParse(parts.Packet, out var udp)
            ? udp.Payload.Length : throw new InvalidOperationException("The datagram is not valid.");
}
