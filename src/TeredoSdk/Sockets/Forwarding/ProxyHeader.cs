using System.Buffers.Binary;
using System.Net;

namespace TeredoSdk.Sockets.Forwarding;

/// <summary>The header of the PROXY protocol, version 2, for a session over IPv6 (HAProxy's specification §2.2).</summary>
static class ProxyHeader
{
    const int AddressOctets = 16 + 16 + 2 + 2;

    public const int Octets = 12 + 4 + AddressOctets;

    static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Makes the header that tells where a session comes from and where it went.</summary>
    public static byte[] Of(IPEndPoint source, IPEndPoint destination, bool isStream)
    {
        byte[] header = new byte[Octets];
        Signature.CopyTo(header);
        header[12] = 0x21; // version 2, the command PROXY
        header[13] = (byte)(isStream ? 0x21 : 0x22); // IPv6; TCP or UDP
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(14), AddressOctets);
        source.Address.TryWriteBytes(header.AsSpan(16), out _);
        destination.Address.TryWriteBytes(header.AsSpan(32), out _);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(48), (ushort)source.Port);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(50), (ushort)destination.Port);
        return header;
    }
}
