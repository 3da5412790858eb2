using System.Net.Sockets;

namespace TeredoSdk;

/// <summary>How to open a UDP socket. The call copies the options; later changes do not affect the socket.</summary>
public sealed class TeredoBindOptions
{
    /// <summary>
    /// The UDP port, 1 to 65535, or 0 (the default) for any free dynamic port. With the embedded engine it is a port of the node, not of the machine.
    /// </summary>
    public int Port { get; set; }

    /// <summary>
    /// Whose packets get in: with <see cref="IPProtectionLevel.Unrestricted"/> everybody's, with <see cref="IPProtectionLevel.EdgeRestricted"/> only
    /// those of peers that the socket has sent to. Null (the default) stands for unrestricted when <see cref="Port"/> is set, and for edge-restricted
    /// when it is 0.
    /// </summary>
    public IPProtectionLevel? ProtectionLevel { get; set; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="ArgumentException">
    /// An option is outside its range; the message names the option, its value and the expected values.
    /// </exception>
    public void Validate()
    {
        SocketOptionChecks.Port(Port);
        if (ProtectionLevel is { } level)
            SocketOptionChecks.Level(level);
    }

    /// <summary>Checks the options, and returns a copy that later changes do not affect.</summary>
    internal TeredoBindOptions Snapshot()
    {
        Validate();
        return (TeredoBindOptions)MemberwiseClone();
    }

    /// <summary>The protection level, with null replaced by the level that it stands for.</summary>
    internal IPProtectionLevel EffectiveLevel =>
        ProtectionLevel ?? (Port == 0 ? IPProtectionLevel.EdgeRestricted : IPProtectionLevel.Unrestricted);
}
