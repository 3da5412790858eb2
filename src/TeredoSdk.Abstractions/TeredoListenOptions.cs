using System.Net.Sockets;

namespace TeredoSdk;

/// <summary>How a TCP listener is opened. Copied when it is used; later changes do not reach the listener.</summary>
public sealed class TeredoListenOptions
{
    /// <summary>The TCP port, 1 to 65535, or 0 (the default) for any free dynamic one. It is a port of the node, not of the machine.</summary>
    public int Port { get; set; }

    /// <summary>
    /// Who may get in: <see cref="IPProtectionLevel.Unrestricted"/> (the default), everybody; <see cref="IPProtectionLevel.EdgeRestricted"/>, only
    /// a peer that the node has sent to from this very port.
    /// </summary>
    public IPProtectionLevel ProtectionLevel { get; set; } = IPProtectionLevel.Unrestricted;

    /// <summary>How many connections may wait until they are accepted: at least 1; 512 by default.</summary>
    public int Backlog { get; set; } = 512;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and what is expected.</exception>
    public void Validate()
    {
        SocketOptionChecks.Port(Port);
        SocketOptionChecks.Level(ProtectionLevel);
        ArgumentOutOfRangeException.ThrowIfLessThan(Backlog, 1);
    }
}

/// <summary>How a UDP socket is opened. Copied when it is used; later changes do not reach the socket.</summary>
public sealed class TeredoBindOptions
{
    /// <summary>The UDP port, 1 to 65535, or 0 (the default) for any free dynamic one. It is a port of the node, not of the machine.</summary>
    public int Port { get; set; }

    /// <summary>
    /// Who may get in: <see cref="IPProtectionLevel.Unrestricted"/>, everybody; <see cref="IPProtectionLevel.EdgeRestricted"/>, only a peer that the
    /// socket has sent to. Null (the default) stands for unrestricted with an explicit <see cref="Port"/>, and for edge-restricted with port 0.
    /// </summary>
    public IPProtectionLevel? ProtectionLevel { get; set; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">An option is outside its range; the message names it, its value and what is expected.</exception>
    public void Validate()
    {
        SocketOptionChecks.Port(Port);
        if (ProtectionLevel is { } level)
            SocketOptionChecks.Level(level);
    }

    /// <summary>The level that holds.</summary>
    internal IPProtectionLevel EffectiveLevel =>
        ProtectionLevel ?? (Port == 0 ? IPProtectionLevel.EdgeRestricted : IPProtectionLevel.Unrestricted);
}

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
