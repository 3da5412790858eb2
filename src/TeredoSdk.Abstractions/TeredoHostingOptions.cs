namespace TeredoSdk;

/// <summary>How a host treats the node. Read from the same section of the configuration as <see cref="TeredoOptions"/>.</summary>
public sealed class TeredoHostingOptions
{
    /// <summary>
    /// Whether the host starts the node before its services, waits for the address, and does not start without one. False by default: the
    /// first socket starts it, so that an application that is of use without Teredo starts without a network, too.
    /// </summary>
    public bool StartWithHost { get; set; }
}
