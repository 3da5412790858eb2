using System.Net;
using TeredoSdk.Protocol.Client;

namespace TeredoSdk;

/// <summary>What a check found: whether a stranger's packets get in to a node.</summary>
/// <remarks>
/// The stranger is a Teredo peer at an IPv4 address that the node has never sent to: that of <c>TeredoServerHostOptions.ReflectAddress</c> of the
/// node's server (docs/protocol §9).
/// </remarks>
public sealed record ReachabilityCheck
{
    /// <summary>
    /// Yes: a packet of the stranger came in. No: the stranger sent, both unasked and as any Teredo peer does, and nothing came in. Not checked:
    /// nobody could be asked to send; <see cref="Finding"/> says why.
    /// </summary>
    public required Reachability Reachability { get; init; }

    /// <summary>
    /// Which packets the NAT passes to the node (RFC 4787 §5), or "not checked". With a port mapping that lets everybody in, the NAT's own filter
    /// stays unknown.
    /// </summary>
    public required FilteringBehaviour Filtering { get; init; }

    /// <summary>The IPv4 address of the stranger, or null when there was none.</summary>
    public IPAddress? Stranger { get; init; }

    /// <summary>Why no packet came in, or why nothing was checked, and what to do; null when the answer is yes.</summary>
    public Finding? Finding { get; init; }
}
