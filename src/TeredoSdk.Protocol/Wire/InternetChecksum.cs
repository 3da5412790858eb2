using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace TeredoSdk.Protocol.Wire;

/// <summary>The Internet checksum (RFC 1071) with the IPv6 pseudo-header (RFC 8200 §8.1).</summary>
/// <remarks>Stateless and allocation-free; safe for any number of threads.</remarks>
public static class InternetChecksum
{
    /// <summary>Computes the checksum of a transport segment whose checksum field is set to zero.</summary>
    /// <param name="source">The IPv6 source address.</param>
    /// <param name="destination">The IPv6 destination address.</param>
    /// <param name="nextHeader">The transport's protocol number.</param>
    /// <param name="segment">The whole segment: transport header and payload.</param>
    /// <returns>The value for the checksum field, in host order.</returns>
    public static ushort Compute(IPv6Address source, IPv6Address destination, byte nextHeader, ReadOnlySpan<byte> segment) =>
        (ushort)~Fold(PseudoHeader(source, destination, nextHeader, segment.Length) + Sum(segment));

    /// <summary>Whether a transport segment's checksum is right.</summary>
    /// <param name="source">The IPv6 source address.</param>
    /// <param name="destination">The IPv6 destination address.</param>
    /// <param name="nextHeader">The transport's protocol number.</param>
    /// <param name="segment">The whole segment, with the checksum field as received.</param>
    public static bool Verify(IPv6Address source, IPv6Address destination, byte nextHeader, ReadOnlySpan<byte> segment) =>
        Fold(PseudoHeader(source, destination, nextHeader, segment.Length) + Sum(segment)) == 0xFFFF;

    /// <summary>The ones' complement sum of at most 1 MiB as big-endian 16-bit words, neither folded to 16 bits nor inverted.</summary>
    public static ulong Sum(ReadOnlySpan<byte> octets)
    {
        ref byte start = ref MemoryMarshal.GetReference(octets);
        nuint length = (nuint)octets.Length, at = 0;
        ulong sum = 0;
        // The sum is the same in either byte order, except for a final swap (RFC 1071 §2 B). So whole vectors are added in the machine's byte order.
        if (Vector256.IsHardwareAccelerated && length >= 64)
        {
            // Each 32-bit word is split into its two halves, so that a lane takes 2 MiB of words before it can overflow.
            Vector256<uint> even = default, odd = default, mask = Vector256.Create(0xFFFFu);
            nuint end = length - length % 64;
            for (; at < end; at += 64)
            {
                var a = Vector256.LoadUnsafe(ref start, at).AsUInt32();
                var b = Vector256.LoadUnsafe(ref start, at + 32).AsUInt32();
                even += (a & mask) + (b & mask);
                odd += (a >>> 16) + (b >>> 16);
            }
            sum = SumLanes(even) + SumLanes(odd);
        }
        for (; at + 4 <= length; at += 4)
            sum += Unsafe.ReadUnaligned<uint>(ref Unsafe.AddByteOffset(ref start, at));
        ulong folded = Fold(sum);
        if (BitConverter.IsLittleEndian)
            folded = BinaryPrimitives.ReverseEndianness((ushort)folded);
        if (at + 2 <= length)
        {
            folded += BinaryPrimitives.ReadUInt16BigEndian(octets[(int)at..]);
            at += 2;
        }
        return at < length ? folded + ((ulong)octets[(int)at] << 8) : folded;
    }

    /// <summary>Folds a sum into sixteen bits with end-around carry (RFC 1071 §4.1).</summary>
    public static ushort Fold(ulong sum)
    {
        sum = (sum & 0xFFFF_FFFF) + (sum >> 32);
        sum = (sum & 0xFFFF) + (sum >> 16);
        sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)((sum & 0xFFFF) + (sum >> 16));
    }

    internal static ulong PseudoHeader(IPv6Address source, IPv6Address destination, byte nextHeader, int length) =>
        Words(source.High) + Words(source.Low) + Words(destination.High) + Words(destination.Low) + (uint)length + nextHeader;

    static ulong Words(ulong value) => (value >> 32) + (value & 0xFFFF_FFFF);

    static ulong SumLanes(Vector256<uint> lanes)
    {
        var (low, high) = Vector256.Widen(lanes);
        return Vector256.Sum(low + high);
    }
}
