namespace TeredoSdk;

/// <summary>Whether the gateway maps an external UDP port to the node.</summary>
public enum PortMappingState
{
    /// <summary>The gateway was not asked: port mapping is off, or no UDP port is open.</summary>
    NotAsked,
    /// <summary>The gateway is being asked.</summary>
    Asking,
    /// <summary>The gateway maps a port.</summary>
    Mapped,
    /// <summary>The gateway maps no port: there is no gateway, it does not answer, or it refuses.</summary>
    NotMapped,
    /// <summary>
    /// The gateway maps a port, but its external address is not a public one: another NAT is in front of it (double NAT). Only peers behind that
    /// other NAT can use the mapping.
    /// </summary>
    BehindAnotherNat,
}
