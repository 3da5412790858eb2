namespace TeredoSdk.Protocol.Client;

/// <summary>Counts the pairs of bubbles that were sent to one peer (RFC 4380 §5.2.6), and chooses the TTL of the direct bubbles.</summary>
/// <remarks>
/// When an unsolicited datagram reaches a Linux NAT, the NAT makes a flow for it and then can't keep the mapped port for the flow that answers it. So
/// the first bubbles have a low TTL: they leave our NAT and open our side, but die before the peer's NAT. The lowest TTL comes first, because a
/// bubble that gets through too early does harm for 30 s.
/// </remarks>
struct BubblePairs
{
    /// <summary>How many pairs were sent since the exchange began. The count is kept when all of them were in vain.</summary>
    public int Count;

    /// <summary>Whether bubbles with a low TTL do not get out of our own NATs.</summary>
    public bool NeedDefaultTtl;

    /// <summary>The TTL of a direct bubble to a peer that has not opened its side; 0 means the default.</summary>
    public readonly byte LowTtl => (byte)(NeedDefaultTtl ? 0 : Count switch { <= 1 => 2, 2 => 4, 3 => 8, _ => 0 });
}
