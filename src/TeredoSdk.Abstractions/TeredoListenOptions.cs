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

    /// <summary>A copy that later changes do not reach, checked.</summary>
    internal TeredoListenOptions Snapshot()
    {
        Validate();
        return (TeredoListenOptions)MemberwiseClone();
    }
}
