namespace TeredoSdk;

/// <summary>How an application's host treats the node. Read from the same section of the configuration as <see cref="TeredoOptions"/>.</summary>
public sealed class TeredoHostingOptions
{
    /// <summary>
    /// Whether the host starts the node before its services and waits for the address; without an address the host then does not start. False by
    /// default: the first socket starts the node, so an application that also works without Teredo starts without a network.
    /// </summary>
    public bool StartWithHost { get; set; }
}
