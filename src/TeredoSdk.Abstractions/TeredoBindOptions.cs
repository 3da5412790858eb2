using System.Net.Sockets;

namespace TeredoSdk;

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

    /// <summary>A copy that later changes do not reach, checked.</summary>
    internal TeredoBindOptions Snapshot()
    {
        Validate();
        return (TeredoBindOptions)MemberwiseClone();
    }

    /// <summary>The level that holds.</summary>
    internal IPProtectionLevel EffectiveLevel =>
        ProtectionLevel ?? (Port == 0 ? IPProtectionLevel.EdgeRestricted : IPProtectionLevel.Unrestricted);
}
