namespace TeredoSdk.Protocol.Tests.WireFormats;

/// <summary>Writes part of a datagram and returns how many octets it took.</summary>
public delegate int OctetWriter(Span<byte> octets);

/// <summary>Puts datagrams together from the writers of the library.</summary>
public static class Octets
{
    /// <summary>What the writers write, one behind the other.</summary>
    public static byte[] Of(params ReadOnlySpan<OctetWriter> writers)
    {
        byte[] buffer = new byte[65536];
        Array.Fill(buffer, (byte)0xA5); // a writer leaves nothing to what was there before
        int at = 0;
        foreach (var write in writers)
            at += write(buffer.AsSpan(at));
        return buffer[..at];
    }
}
