namespace TeredoSdk.Protocol.Client;

/// <summary>A port of ours that serves only one peer, behind a symmetric NAT (RFC 6081 §5.4: port-preserving, §5.5: sequential).</summary>
sealed class RandomPortExchange(LocalPort port)
{
    /// <summary>The port's identifier for the driver.</summary>
    public LocalPort Port => port;

    /// <summary>Whether the driver has opened the port.</summary>
    public bool IsOpen { get; set; }

    /// <summary>The port that our NAT is predicted to use, or 0 while that is not known (RFC 6081 §5.4.1: RandomPort).</summary>
    public ushort Predicted { get; set; }

    /// <summary>Whether our last indirect bubble told the peer of the prediction (RFC 6081 §5.4.4.2).</summary>
    public bool IsAdvertised { get; set; }

    /// <summary>How many bubbles have kept the mapping since the last data (RFC 6081 §5.4.1: RefreshCount).</summary>
    public int RefreshCount { get; set; }

    /// <summary>The test that predicts the port behind a NAT that is not port-preserving; null before the first test.</summary>
    public EchoTest? EchoTest { get; set; }
}
