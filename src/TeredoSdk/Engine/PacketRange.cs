namespace TeredoSdk.Engine;

/// <summary>Where an IPv6 packet lies in a buffer.</summary>
/// <param name="Offset">Its start, in octets.</param>
/// <param name="Length">Its length, in octets.</param>
readonly record struct PacketRange(int Offset, int Length)
{
    /// <summary>The octets of the packet.</summary>
    public ReadOnlySpan<byte> In(ReadOnlySpan<byte> buffer) => buffer.Slice(Offset, Length);
}
