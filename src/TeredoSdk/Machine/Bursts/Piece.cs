using System.Runtime.InteropServices;

namespace TeredoSdk.Machine.Bursts;

/// <summary>A range of native memory. It has the layout of struct iovec (sys/uio.h), so that system calls take an array of them as it is.</summary>
[StructLayout(LayoutKind.Sequential)]
unsafe struct Piece(byte* start, int length)
{
    public byte* Start = start;

    public nuint Length = (nuint)length;

    public readonly ReadOnlySpan<byte> Octets => new(Start, (int)Length);
}
