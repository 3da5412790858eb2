namespace TeredoSdk;

/// <summary>Whether the gateway leads an external UDP port to the node.</summary>
public enum PortMappingState
{
    /// <summary>It was not asked: port mapping is off, or no UDP port is open.</summary>
    NotAsked,
    /// <summary>It is being asked.</summary>
    Asking,
    /// <summary>It does.</summary>
    Mapped,
    /// <summary>It does not: there is none, it does not answer, or it refuses.</summary>
    NotMapped,
}
