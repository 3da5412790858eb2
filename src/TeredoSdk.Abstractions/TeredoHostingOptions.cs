namespace TeredoSdk;

/// <summary>How an application's host treats the node. Read from the same section of the configuration as <see cref="TeredoOptions"/>.</summary>
public sealed class TeredoHostingOptions
{
    /// <summary>
    /// Whether the host starts the node before its services and waits for the address; without an address the host then does not start. False by
    /// default: the first socket starts the node, so an application that also works without Teredo starts without a network.
    /// </summary>
    public bool StartWithHost { get; set; }

    /// <summary>
    /// Whether a listen, a bind and a wait for the node go on, for as long as it takes, while no server gives an address, so that an application starts
    /// although its server is silent; the log and the health check say so. True by default. Otherwise they fail as those of a node of one's own do. What
    /// does not pass by itself, such as a port that is taken, fails in either case, and so does a connect, whose caller can try again.
    /// </summary>
    public bool WaitForAddress { get; set; } = true;
}
