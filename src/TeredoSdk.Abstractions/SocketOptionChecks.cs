using System.Net.Sockets;

namespace TeredoSdk;

/// <summary>The checks that sockets of either kind share.</summary>
static class SocketOptionChecks
{
    /// <exception cref="ArgumentException">The port is no port, or 0 where that has no meaning.</exception>
    public static ushort Port(int port, bool allowZero = true)
    {
        if (port is < 0 or > ushort.MaxValue || (port == 0 && !allowZero))
            throw new ArgumentOutOfRangeException(nameof(port), port, allowZero ? "Expected 0 (any) or 1 to 65535." : "Expected 1 to 65535.");
        return (ushort)port;
    }

    /// <exception cref="ArgumentException">It is a level that would let nothing of Teredo in.</exception>
    public static void Level(IPProtectionLevel level)
    {
        if (level is not (IPProtectionLevel.Unrestricted or IPProtectionLevel.EdgeRestricted))
            throw new ArgumentOutOfRangeException(nameof(level), level, "Expected Unrestricted or EdgeRestricted.");
    }
}
