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

    /// <exception cref="ArgumentException">The time is none that all systems take.</exception>
    public static TimeSpan KeepAlive(TimeSpan value)
    {
        if (value.Ticks % TimeSpan.TicksPerSecond != 0 || value.TotalSeconds is < 1 or > 32767) // Linux: MAX_TCP_KEEPIDLE
            throw new ArgumentOutOfRangeException(nameof(value), value, "Expected 1 to 32767 whole seconds.");
        return value;
    }
}
