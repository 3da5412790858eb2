using System.Net.Sockets;

namespace TeredoSdk;

/// <summary>How to open a TCP listener. The call copies the options; later changes do not affect the listener.</summary>
public sealed class TeredoListenOptions
{
    /// <summary>
    /// The TCP port, 1 to 65535, or 0 (the default) for any free dynamic port. With the embedded engine it is a port of the node, not of the machine.
    /// </summary>
    public int Port { get; set; }

    /// <summary>
    /// Who can connect: with <see cref="IPProtectionLevel.Unrestricted"/> (the default) everybody, with <see
    /// cref="IPProtectionLevel.EdgeRestricted"/> only a peer that the node has sent to from this very port.
    /// </summary>
    public IPProtectionLevel ProtectionLevel { get; set; } = IPProtectionLevel.Unrestricted;

    /// <summary>The number of connections that may wait until they are accepted: at least 1; 512 by default.</summary>
    public int Backlog { get; set; } = 512;

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        SocketOptionChecks.Port(Port);
        SocketOptionChecks.Level(ProtectionLevel);
        ArgumentOutOfRangeException.ThrowIfLessThan(Backlog, 1);
    }

    /// <summary>Checks the options, and returns a copy that later changes do not affect.</summary>
    internal TeredoListenOptions Snapshot()
    {
        Validate();
        return (TeredoListenOptions)MemberwiseClone();
    }
}
