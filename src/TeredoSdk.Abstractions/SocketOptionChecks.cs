using System.Net.Sockets;

namespace TeredoSdk;

/// <summary>The checks that the options of TCP and UDP sockets share.</summary>
static class SocketOptionChecks
{
    /// <exception cref="ArgumentException">The port is outside its range.</exception>
    public static ushort Port(int port, bool allowZero = true)
    {
        if (port is < 0 or > ushort.MaxValue || (port == 0 && !allowZero))
            throw new ArgumentOutOfRangeException(nameof(port), port, allowZero ? "Expected 0 (any) or 1 to 65535." : "Expected 1 to 65535.");
        return (ushort)port;
    }

    /// <exception cref="ArgumentException">The level is not supported: a socket with it would get no Teredo packets.</exception>
    public static void Level(IPProtectionLevel level)
    {
        if (level is not (IPProtectionLevel.Unrestricted or IPProtectionLevel.EdgeRestricted))
            throw new ArgumentOutOfRangeException(nameof(level), level, "Expected Unrestricted or EdgeRestricted.");
    }
}
