using System.Net;
using System.Net.Sockets;

namespace TeredoSdk.Xp;

/// <summary>The prefixes of Teredo addresses.</summary>
static class TeredoPrefix
{
    /// <summary>Whether an address is in 2001::/32 (RFC 4380 §2.6) or 3ffe:831f::/32 (Windows XP and Server 2003 before MS06-064).</summary>
    public static bool Contains(IPAddress address)
    {
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
            return false;
        byte[] octets = address.GetAddressBytes();
        uint prefix = (uint)(octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]);
        return prefix is 0x20010000 or 0x3ffe831f;
    }
}
