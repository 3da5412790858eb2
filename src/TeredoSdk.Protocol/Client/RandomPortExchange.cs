namespace TeredoSdk.Protocol.Client;

/// <summary>A port of ours for one peer only, behind a symmetric NAT (RFC 6081 §5.4: port-preserving, §5.5: sequential).</summary>
sealed class RandomPortExchange(LocalPort port)
{
    /// <summary>Its number for the driver.</summary>
    public LocalPort Port => port;

    /// <summary>Whether the driver has opened it; it is waited for until then.</summary>
    public bool IsOpen { get; set; }

    /// <summary>The port that our NAT is predicted to use for it, or 0 while that is not known (RFC 6081 §5.4.1: RandomPort).</summary>
    public ushort Predicted { get; set; }

    /// <summary>Whether our last indirect bubble told the peer of the prediction (RFC 6081 §5.4.4.2).</summary>
    public bool IsAdvertised { get; set; }

    /// <summary>How many bubbles have kept its mapping since the last data (RFC 6081 §5.4.1: RefreshCount).</summary>
    public int RefreshCount { get; set; }

    /// <summary>How the prediction is found behind a NAT that is not port-preserving; null before the first test.</summary>
    public EchoTest? EchoTest { get; set; }
}
