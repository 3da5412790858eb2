namespace TeredoSdk.Protocol.Client;

/// <summary>The pairs of bubbles that were sent to one peer (RFC 4380 §5.2.6), and how far their direct bubbles go.</summary>
/// <remarks>
/// A Linux NAT takes an unsolicited datagram for a flow of its own and then cannot keep our port for the flow that answers it. A
/// first bubble that leaves our NAT but dies before the peer's opens our side and harms nothing there. The lowest TTL comes first:
/// a bubble that gets through spoils the next 30 s.
/// </remarks>
struct BubblePairs
{
    /// <summary>How many were sent since the exchange began; it stays as it is when they were all in vain.</summary>
    public int Count;

    /// <summary>Whether bubbles with a low TTL do not get out of our own NATs.</summary>
    public bool NeedDefaultTtl;

    /// <summary>The TTL of a direct bubble to a peer that has not opened its side; 0 stands for the default.</summary>
    public readonly byte LowTtl => (byte)(NeedDefaultTtl ? 0 : Count switch { <= 1 => 2, 2 => 4, 3 => 8, _ => 0 });
}
